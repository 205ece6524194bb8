"""Where the protocol lives: hosts, headers and paths."""

from __future__ import annotations

from urllib.parse import quote

BASE_URL = "https://api.segmind.com"
UPLOAD_URL = "https://workflows-api.segmind.com/upload-asset"
SLUG = "chatterbox-turbo-tts"
KEY_HEADER = "x-api-key"
RATE_RESET_HEADER = "x-rate-limit-reset-at-utc"
CREDITS_PATH = "/v1/get-user-credits"
UPLOAD_PATH = "/upload-asset"


def submit_path(slug: str = SLUG) -> str:
    return f"/v2/{quote(slug, safe='')}"


def sync_path(slug: str = SLUG) -> str:
    return f"/v1/{quote(slug, safe='')}"


def status_path(request_id: str) -> str:
    return f"/v2/requests/{quote(request_id, safe='')}/status"


def result_path(request_id: str) -> str:
    return f"/v2/requests/{quote(request_id, safe='')}"


def poll_path(request_id: str) -> str:
    return f"/v1/requests/{quote(request_id, safe='')}"
