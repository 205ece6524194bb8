"""Segmind's bodies as values, both directions: parse liberally, dump strictly.

Rule: the client (`engines/segmind`) and the front door read and write the provider's JSON only
through this module. Reason: one place knows the spelling of every key, so what we accept and what
we serve cannot drift apart. Price: a field the provider adds is dropped on dump until it is named
here (it is kept in `raw`). Source: the model page of `chatterbox-turbo-tts` and the SDK `segmind`
1.3.0. Revisit when either changes. Parsers take decoded JSON and raise `WireError`.
"""

from __future__ import annotations

from speech.wire.bodies import (
    CreditsBody,
    ErrorBody,
    Metrics,
    ResultBody,
    StatusBody,
    SubmitBody,
    UploadBody,
    UploadRequest,
    request_body,
)
from speech.wire.paths import (
    BASE_URL,
    COST_HEADER,
    CREDITS_PATH,
    ENGINE_HEADER,
    GENERATION_TIME_HEADER,
    IDEMPOTENCY_HEADER,
    KEY_HEADER,
    RATE_RESET_HEADER,
    REMAINING_HEADER,
    REQUEST_ID_HEADER,
    SEED_HEADER,
    SLUG,
    UPLOAD_PATH,
    UPLOAD_URL,
    poll_path,
    result_path,
    status_path,
    submit_path,
    sync_path,
)
from speech.wire.reading import (
    StatusWord,
    WireError,
    decode,
    error_text,
    find_output_url,
    message_of,
    status_word,
)

__all__ = [
    "BASE_URL",
    "COST_HEADER",
    "CREDITS_PATH",
    "ENGINE_HEADER",
    "GENERATION_TIME_HEADER",
    "IDEMPOTENCY_HEADER",
    "KEY_HEADER",
    "RATE_RESET_HEADER",
    "REMAINING_HEADER",
    "REQUEST_ID_HEADER",
    "SEED_HEADER",
    "SLUG",
    "UPLOAD_PATH",
    "UPLOAD_URL",
    "CreditsBody",
    "ErrorBody",
    "Metrics",
    "ResultBody",
    "StatusBody",
    "StatusWord",
    "SubmitBody",
    "UploadBody",
    "UploadRequest",
    "WireError",
    "decode",
    "error_text",
    "find_output_url",
    "message_of",
    "poll_path",
    "request_body",
    "result_path",
    "status_path",
    "status_word",
    "submit_path",
    "sync_path",
]
