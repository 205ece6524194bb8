"""The OpenAPI 3.1 document of the front door, from the same data as everything else.

Pure: the caller says where the studio is reached and how long the protocol remembers a request.
"""

from __future__ import annotations

from typing import Any

from speech.params import SPEC_VERSION
from speech.wire.codes import BY_STATUS
from speech.wire.endpoints import ENDPOINTS, IDEMPOTENCY_LONGEST, Body, Endpoint
from speech.wire.paths import (
    COST_HEADER,
    ENGINE_HEADER,
    GENERATION_TIME_HEADER,
    IDEMPOTENCY_HEADER,
    KEY_HEADER,
    RATE_RESET_HEADER,
    REMAINING_HEADER,
    REQUEST_ID_HEADER,
    SEED_HEADER,
)
from speech.wire.schemas import MONEY, SECONDS, TEXT, schemas

VERSION = "3.1.0"
_FAILED = ("status", "result", "poll")
"""Calls whose 422 carries the body of a take that failed."""


def document(*, base_url: str, kept_seconds: int) -> dict[str, Any]:
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in ENDPOINTS:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint)
    return {
        "openapi": VERSION,
        "info": {
            "title": "Takeroom",
            "version": str(SPEC_VERSION),
            "summary": "Takes by Chatterbox Turbo, in Segmind’s own protocol.",
            "description": f"A request can be asked for during {kept_seconds // 60} minutes after"
            " it was made; its take stays in the project of the key. Only 200 can cost money.",
        },
        "servers": [{"url": base_url}],
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": KEY_HEADER}},
            "schemas": schemas(),
        },
    }


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "description": endpoint.about,
        "responses": {str(status): _answer(endpoint, status) for status in endpoint.in_order},
    }
    if "{request_id}" in endpoint.path:
        found["parameters"] = [
            {
                "name": "request_id",
                "in": "path",
                "required": True,
                "schema": {"type": "string", "format": "uuid"},
            }
        ]
    if endpoint.idempotent:
        found["parameters"] = [
            {
                "name": IDEMPOTENCY_HEADER,
                "in": "header",
                "description": "The same value and body answer the same request id.",
                "schema": {"type": "string", "minLength": 1, "maxLength": IDEMPOTENCY_LONGEST},
            }
        ]
    if endpoint.takes:
        schema = {"$ref": f"#/components/schemas/{_NAMES[endpoint.takes]}"}
        content = {"application/json": {"schema": schema}}
        found["requestBody"] = {"required": True, "content": content}
    return found


def _answer(endpoint: Endpoint, status: int) -> dict[str, Any]:
    code = BY_STATUS[status]
    found: dict[str, Any] = {"description": f"{code.name}. {code.means} {code.do}"}
    if status == 200 and endpoint.gives == "audio":
        found["description"] = "The sound."
        found["content"] = {"audio/flac": {}}
        found["headers"] = {name: {"schema": schema} for name, schema in _SOUND_HEADERS.items()}
        return found
    name = "Error"
    if status == 200:
        found["description"] = endpoint.about
        found["headers"] = {ENGINE_HEADER: {"schema": TEXT}} if endpoint.gives in _MADE else {}
        name = _NAMES[endpoint.gives]
    elif status == 422 and endpoint.name in _FAILED:
        name = "Failed"
    elif status == 429:
        found["headers"] = {RATE_RESET_HEADER: {"schema": TEXT}}
    schema: dict[str, Any] = {"$ref": f"#/components/schemas/{name}"}
    if name == "Result":  # asked for too early, it is the status
        schema = {"anyOf": [schema, {"$ref": "#/components/schemas/Status"}]}
    if status != 502:  # a proxy's page, not ours
        found["content"] = {"application/json": {"schema": schema}}
    return found


_MADE = ("submit", "status", "result")
"""Answers about a take, which name its engine."""
_NAMES: dict[Body, str] = {
    "request": "Request",
    "upload": "Upload",
    "submit": "Submitted",
    "status": "Status",
    "result": "Result",
    "credits": "Credits",
    "files": "Files",
}
_SOUND_HEADERS: dict[str, dict[str, Any]] = {
    REQUEST_ID_HEADER: TEXT,
    ENGINE_HEADER: TEXT,
    SEED_HEADER: {"type": "integer"},
    COST_HEADER: MONEY,
    REMAINING_HEADER: MONEY,
    GENERATION_TIME_HEADER: SECONDS,
    RATE_RESET_HEADER: TEXT,
}
