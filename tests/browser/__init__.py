"""People in front of the studio: real Chromium, real processes, real sound.

Rule: a story does what a person does, and sees what a person sees; rows are made by hand only to
set a scene. Every window is watched (`window.py`): a console error, an exception, a violated
policy, a failed request or an answer of 400 and above that the test did not announce fails it.
One studio serves the whole session, and each test has its own people and project in it; stories
about a first start, PostgreSQL or a provider that misbehaves have studios of their own.

Playwright's synchronous interface keeps an event loop running in its thread for as long as it
lives, and Django and pytest-asyncio refuse to work beside one. So it lives in a thread of its own
(`stage.py`), and the tests of this package run there. Price: a debugger has to be told. Revisit
if pytest-asyncio and Playwright learn to share a thread.
"""
