from __future__ import annotations

import json
from typing import Any

import pytest

from config.body_limit import FORM_ROOM, BodyLimit

MOST = 1024


async def reader(scope: Any, receive: Any, send: Any) -> None:
    """Takes the whole body in, as Django does."""
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def status(
    pieces: list[int], *, announced: int | None, path: str = "/", kind: bytes = b"text/plain"
) -> tuple[int, int]:
    """The status, and how many pieces of the body were taken in."""
    status, taken, _ = await answer(pieces, announced=announced, path=path, kind=kind)
    return status, taken


async def answer(
    pieces: list[int], *, announced: int | None, path: str = "/", kind: bytes = b"text/plain"
) -> tuple[int, int, bytes]:
    queue = [
        {"type": "http.request", "body": b"x" * size, "more_body": True} for size in pieces
    ] + [{"type": "http.request", "body": b"", "more_body": False}]
    taken, sent = 0, []

    async def receive() -> Any:
        nonlocal taken
        taken += 1
        return queue.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [] if announced is None else [(b"content-length", str(announced).encode())]
    headers.append((b"content-type", kind))
    limit = BodyLimit(reader, most=MOST, encoded=frozenset({"/upload-asset"}))
    await limit({"type": "http", "path": path, "headers": headers}, receive, send)
    return sent[0]["status"], taken, sent[1]["body"]


async def test_a_body_within_the_limit_goes_through() -> None:
    assert await status([MOST, FORM_ROOM], announced=MOST + FORM_ROOM) == (200, 3)


async def test_a_body_announced_as_too_large_is_refused_unread() -> None:
    assert await status([10], announced=MOST + FORM_ROOM + 1) == (413, 0)


@pytest.mark.parametrize("announced", [None, 10])
async def test_a_body_that_turns_out_too_large_is_cut_off(announced: int | None) -> None:
    assert await status([FORM_ROOM, MOST, 1, 10**6], announced=announced) == (413, 3)


async def test_a_file_that_comes_as_base64_may_be_as_large_as_another() -> None:
    encoded = FORM_ROOM + MOST * 4 // 3
    assert await status([encoded], announced=encoded, path="/upload-asset") == (200, 2)
    assert await status([encoded], announced=encoded, path="/v2/x") == (413, 0)
    more = encoded + 1
    assert await status([more], announced=None, path="/upload-asset") == (413, 1)


async def test_who_sent_json_is_answered_in_the_apis_envelope() -> None:
    code, _, body = await answer([10], announced=10**9, path="/v2/x", kind=b"application/json")
    assert code == 413
    assert "larger than" in json.loads(body)["error"]
