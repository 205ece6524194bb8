"""Commands for whoever runs the studio: `studio`, `worker`, `web`, `prepare`, `sign_in_link`.

Rule: a command reads its arguments, calls one function and prints. Reason: what it does can then
be tested and used without it. The process care is in `speech.running`.
"""
