"""HTTP Range as data: which bytes of a file an answer holds, and how it says so (RFC 9110)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_ONE_RANGE = re.compile(r"bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """`status` is 200, 206, 304 or 416; `length` bytes from `start` of a file of `size`."""

    status: int
    start: int
    length: int
    size: int

    @property
    def content_range(self) -> str:
        """The header of a 206 or 416; empty for the others."""
        if self.status == 416:
            return f"bytes */{self.size}"
        if self.status == 206:
            return f"bytes {self.start}-{self.start + self.length - 1}/{self.size}"
        return ""


def answer(headers: Mapping[str, str], *, size: int, etag: str) -> Answer:
    """What to send of a file of `size` bytes whose strong, quoted ETag is `etag`.

    Several ranges at once, and ranges that make no sense, get the whole file, as the RFC allows.
    """
    if _names(headers.get("If-None-Match", ""), etag):
        return Answer(status=304, start=0, length=0, size=size)
    whole = Answer(status=200, start=0, length=size, size=size)
    condition = headers.get("If-Range", "")
    wanted = _ONE_RANGE.fullmatch(headers.get("Range", "").strip())
    if wanted is None or (condition and condition.strip() != etag):
        return whole
    first, last = wanted.groups()
    if not first and not last:
        return whole
    if not first:
        length = min(int(last), size)
        return _part(size - length, length, size)
    start = int(first)
    end = min(int(last), size - 1) if last else size - 1
    if last and int(last) < start:
        return whole
    return _part(start, end - start + 1, size)


def _part(start: int, length: int, size: int) -> Answer:
    if length <= 0 or start >= size:
        return Answer(status=416, start=0, length=0, size=size)
    return Answer(status=206, start=start, length=length, size=size)


def _names(header: str, etag: str) -> bool:
    """If-None-Match compares weakly: `W/"x"` names `"x"`."""
    names = [name.strip().removeprefix("W/") for name in header.split(",")]
    return "*" in names or etag in names
