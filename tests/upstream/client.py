"""Starts the server process, tells it how to behave, asks it what it saw."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

ROOT = Path(__file__).resolve().parents[2]
KEY = "SG_0123456789abcdef"


@dataclass(frozen=True, kw_only=True)
class Log:
    """What the server saw since the last reset. Moments are seconds since 1970."""

    posts: list[dict[str, Any]]
    """kind, path, at, headers (names), content_type, key_ok, body, accepted (id or None)."""
    hits: dict[str, int]
    """Requests by kind: submit, sync, status, result, credits, upload, output, asset, other."""
    keyed: dict[str, int]
    """Those of them that carried a key."""
    text_posts: dict[str, int]
    """Submits by text: more than 1 means posted twice."""
    reference_posts: dict[str, int]
    jobs: list[dict[str, Any]]
    """id, text, seed, submitted_at, ready_at, state, polls, results, downloads and so on."""

    def submits(self) -> list[dict[str, Any]]:
        return [post for post in self.posts if post["kind"] == "submit"]


class Upstream:
    """One server process. `with Upstream() as upstream:` or `start()` and `stop()`."""

    key = KEY

    def __init__(self, *, port: int = 0) -> None:
        self._wanted_port = port
        self._process: subprocess.Popen[str] | None = None
        self.url = ""
        self.port = 0

    def start(self) -> Self:
        self._process = subprocess.Popen(
            [
                sys.executable, "-m", "tests.upstream.server",
                "--port", str(self._wanted_port), "--leave-with-parent",
            ],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the upstream server did not start")
        hello = json.loads(line)
        self.url, self.port = hello["url"], hello["port"]
        return self

    def stop(self) -> None:
        if self._process is None:
            return
        process, self._process = self._process, None
        process.kill()
        process.communicate()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def rule(self, on: str, do: str, *, times: int | None = 1, **more: Any) -> None:
        """Misbehave at the next `times` requests (None: always) of the kind `on`.

        `do` is one of: answer (status, body, headers, content_type, body_base64), hang (seconds),
        drop_early (before the body is read), drop_late (after), cut (at), drip (seconds), delay
        (seconds), redirect (to, status), big (size, announce). `match`: only where the text, the
        reference or the path holds it. `accept=True`: a submit is accepted all the same.
        On `job`: fail (error), slow (seconds), odd (result: keys laid over the final body).
        """
        self._call("POST", "/_control", {"rules": [{"on": on, "do": do, "times": times, **more}]})

    def set(self, **settings: Any) -> None:
        """Change `tests.upstream.state.Settings` until the next reset."""
        self._call("POST", "/_control", {"set": settings})

    def expire(self, *request_ids: str) -> None:
        """Forget these jobs now, as the provider does after an hour."""
        self._call("POST", "/_control", {"expire": list(request_ids)})

    def relent(self) -> None:
        """Forget all rules; jobs and settings stay."""
        self._call("POST", "/_control", {"relent": True})

    def finish(self) -> None:
        """Let all jobs be ready now."""
        self._call("POST", "/_control", {"finish": True})

    def reset(self) -> None:
        self._call("POST", "/_reset", {})

    def log(self) -> Log:
        return Log(**self._call("GET", "/_log"))

    def wait_for(self, on: str, *, count: int = 1, timeout: float = 10.0) -> None:
        """Return when `count` requests of the kind `on` have come in; TimeoutError if not."""
        query = urlencode({"on": on, "count": count, "timeout": timeout})
        if not self._call("GET", f"/_wait?{query}", wait=timeout)["seen"]:
            raise TimeoutError(f"{count} requests of kind {on} did not come in {timeout} s")

    def _call(self, method: str, path: str, data: Any = None, *, wait: float = 0.0) -> Any:
        connection = http.client.HTTPConnection(
            "127.0.0.1", urlsplit(self.url).port, timeout=wait + 20
        )
        try:
            body = None if data is None else json.dumps(data)
            connection.request(method, path, body)
            response = connection.getresponse()
            answer = json.loads(response.read())
        finally:
            connection.close()
        if response.status != 200:
            raise ValueError(answer.get("error", "the upstream server refused"))
        return answer
