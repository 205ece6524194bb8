"""A real server process that speaks Segmind's protocol, and misbehaves when told to.

Rule: everything about the remote engine is proved against this process, over sockets; nothing is
patched. `client.Upstream` starts, instructs and questions it; `fixtures` holds the pytest
fixtures. It keeps a log of all it saw, so a test can say "posted exactly once" from the other
side. Reason: the expensive faults (lost answers, double posts) live between the processes. Price:
about 0.2 s for the start, once for each test session. It reads HTTP by hand (`http1.py`), because
a proper server library will not break off an answer half-way.
"""
