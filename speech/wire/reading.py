"""Reading what a provider sent: words, numbers, addresses, however they are wrapped."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

MESSAGE_LIMIT = 300
"""Characters of the provider's own words that we keep."""


class WireError(ValueError):
    """A body that does not say what it must. Holds no body text."""


class StatusWord(StrEnum):
    QUEUED = "QUEUED"
    PROCESSING = "PROCESSING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"


OTHER_WORDS: Mapping[str, StatusWord] = {
    "PENDING": StatusWord.QUEUED,
    "IN_QUEUE": StatusWord.QUEUED,
    "STARTING": StatusWord.QUEUED,
    "RUNNING": StatusWord.PROCESSING,
    "IN_PROGRESS": StatusWord.PROCESSING,
    "SUCCESS": StatusWord.COMPLETED,
    "SUCCEEDED": StatusWord.COMPLETED,
    "ERROR": StatusWord.FAILED,
    "CANCELLED": StatusWord.FAILED,
    "CANCELED": StatusWord.FAILED,
}
"""Spellings of other gateways, read but never written."""


def status_word(raw: object) -> StatusWord:
    word = as_string(raw).strip().upper().replace("-", "_").replace(" ", "_")
    if word in OTHER_WORDS:
        return OTHER_WORDS[word]
    try:
        return StatusWord(word)
    except ValueError as error:
        raise WireError("the state is not one we know") from error


def number(raw: object) -> float | None:
    """A finite number, also where it was sent as text; None for all else."""
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        return None
    try:
        value = float(raw)
    except (ValueError, OverflowError):
        return None
    return value if math.isfinite(value) else None


def decode(body: bytes) -> object:
    """The JSON in `body`; `WireError` for anything else, however deep or odd."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise WireError("not JSON") from error


def message_of(data: object) -> str:
    """The provider's own words in an answer: `error_description`, `error`, `detail`, `message`."""
    if not isinstance(data, dict):
        return _tidy(data) if isinstance(data, str) else ""
    for key in ("error_description", "error", "detail", "message", "msg"):
        words = _words(data.get(key))
        if words:
            return words
    return ""


def error_text(body: bytes) -> str:
    """What an error answer says, in one short line; empty for HTML pages and binary noise."""
    try:
        return message_of(decode(body))
    except WireError:
        text = body[:4096].decode("utf-8", "replace")
    if "\ufffd" in text or re.search(
        r"<\s*(!doctype|html|head|body|h1|center)\b", text, re.IGNORECASE
    ):
        return ""
    return _tidy(text)


MEDIA_KEYS = (
    "output",
    "audio",
    "audios",
    "audio_url",
    "files",
    "file",
    "images",
    "video",
)
ADDRESS_KEYS = (
    "url",
    "audio_url",
    "file_url",
    "audio",
    "file",
    "output",
    "uri",
    "href",
)


def find_output_url(body: Mapping[str, Any]) -> str:
    """Where the audio is: `output` as text, object or list, or a media object beside it."""
    found = [url for key in MEDIA_KEYS for url in web_addresses(body.get(key), depth=0)]
    return found[0] if found else ""


def web_addresses(raw: object, *, depth: int) -> Iterator[str]:
    if depth > 4:
        return
    if isinstance(raw, str):
        if re.match(r"https?://", raw.strip(), re.IGNORECASE):
            yield raw.strip()
    elif isinstance(raw, dict):
        for key in ADDRESS_KEYS:
            yield from web_addresses(raw.get(key), depth=depth + 1)
    elif isinstance(raw, list):
        for entry in raw:
            yield from web_addresses(entry, depth=depth + 1)


def as_object(data: object) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise WireError("not a JSON object")
    return data


def as_string(raw: object) -> str:
    return raw if isinstance(raw, str) else ""


def as_request_id(raw: object) -> str:
    value = str(raw).strip() if isinstance(raw, str | int) and not isinstance(raw, bool) else ""
    # "." and ".." would change the path that the id is put into; the column holds 100.
    if not value or len(value) > 100 or not value.isprintable() or value.strip(".") == "":
        raise WireError("no request id in the answer")
    return value


def _words(raw: object) -> str:
    if isinstance(raw, str):
        return _tidy(raw)
    if isinstance(raw, dict):
        return message_of(raw)
    if isinstance(raw, list):
        return _tidy("; ".join(filter(None, (_words(entry) for entry in raw[:5]))))
    return ""


def _tidy(text: str) -> str:
    line = " ".join("".join(c if c.isprintable() else " " for c in text[:4096]).split())
    return line if len(line) <= MESSAGE_LIMIT else line[: MESSAGE_LIMIT - 1] + "…"
