"""Engines turn one `SpeechRequest` into audio bytes: `submit → status → result → fetch`.

Rules
- Engines import no Django and do not know each other; settings, clocks and resolvers are given.
- `http.py` is the only door to a remote API, `download.py` the only door to a file on the web.
  Every lower error of the HTTP libraries becomes an `EngineError` there, and the class alone says
  whether a request may be sent again.
- POSTs use plain httpx, as many connections as the submit window has places; GETs use aiohttp
  (`reads.py` for answers, `doors.py` for files). Reason: httpx's pool collapses beyond about 20
  connections (396 requests/s at 10, 41 at 100); aiohttp reads on a third of the CPU, but reports a
  refused connection and one that was lost after the server had read the request nearly alike. A
  POST is money, so it needs exact exceptions; a GET may be repeated, so it may be vague. Price: two
  clients, both tested against a server that closes before and after reading.
- POSTs go over many small pools (`pools.py`): one large one costs five times the CPU.
- httpx's transports are used without httpx's client. Reason: the client keeps cookies, reads
  redirects by its own rules and hangs the request, key and all, on its exceptions. The key goes to
  the configured origins only and is in no exception, repr or log line. Price: default headers and
  time limits are set here by hand.
- No environment proxies: addresses are pinned after they are checked, which a proxy would undo.

Revisit when httpx's pool scales, or when the provider offers idempotency keys.
"""
