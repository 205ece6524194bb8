"""Where the protocol lives: hosts, headers and paths."""

from __future__ import annotations

from urllib.parse import quote

BASE_URL = "https://api.segmind.com"
UPLOAD_URL = "https://workflows-api.segmind.com/upload-asset"
SLUG = "chatterbox-turbo-tts"
KEY_HEADER = "x-api-key"
RATE_RESET_HEADER = "x-rate-limit-reset-at-utc"
COST_HEADER = "x-cost"
REMAINING_HEADER = "x-remaining-credits"
GENERATION_TIME_HEADER = "x-generation-time"
SEED_HEADER = "x-seed-value"
REQUEST_ID_HEADER = "x-request-id"
ENGINE_HEADER = "x-takeroom-engine"
"""Not the provider's: our own front door names the engine that it used."""
IDEMPOTENCY_HEADER = "idempotency-key"
"""Not the provider's either: with it, our front door takes a request once."""
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
