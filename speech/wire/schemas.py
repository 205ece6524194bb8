"""JSON Schema of each body, for the OpenAPI document: the request from the parameter spec."""

from __future__ import annotations

from typing import Any

from speech.params import PARAMS, TEXT_REFUSED_OVER, URL_REFUSED_OVER, Param
from speech.wire.endpoints import MOST_CLIPS
from speech.wire.reading import StatusWord

_KINDS = {"text": "string", "url": "string"}
TEXT = {"type": "string"}
MONEY = {"type": "number", "description": "US dollars."}
SECONDS = {"type": "number", "minimum": 0, "description": "Seconds."}
_URL = {"type": "string", "format": "uri"}
_SOME_TEXT = r"^[^\x00]*[^\s\x00][^\x00]*$"
"""Something to say, and nothing that cannot be stored."""


_ENGINE: dict[str, dict[str, Any]] = {
    "engine": {"type": "string", "description": "The engine that was used."},
    "engine_note": {"type": "string", "description": "What to know of that engine."},
}


def schemas() -> dict[str, dict[str, Any]]:
    """By the name that the document gives each; the bodies are those of `speech.wire.bodies`."""
    state = {"type": "string", "enum": [word.value for word in StatusWord]}
    metrics = {"$ref": "#/components/schemas/Metrics"}
    return {
        "Request": _request(),
        "Submitted": _object(
            {
                "request_id": {"type": "string"},
                "status": state,
                "poll_url": _URL,
                "status_url": _URL,
                "response_url": _URL,
            },
            required=("request_id", "status", "poll_url", "status_url", "response_url"),
        ),
        "Status": _object(
            {
                "status": state,
                "request_id": {"type": "string"},
                "status_url": _URL,
                "response_url": _URL,
                "metrics": metrics,
            },
            required=("status", "request_id", "metrics"),
        ),
        "Result": _object(
            {
                "status": state,
                "error": {"type": ["string", "null"]},
                "metrics": metrics,
                "output": {"type": ["string", "null"], "format": "uri"},
                "seed": {"type": "integer"},
                **_ENGINE,
            },
            required=("status", "metrics", "output"),
        ),
        "Failed": _object(
            {
                "status": {"const": StatusWord.FAILED.value},
                "request_id": TEXT,
                "error": TEXT,
                "metrics": metrics,
                **_ENGINE,
            },
            required=("status", "error", "metrics"),
        ),
        "Metrics": _object(
            {
                "inference_time": SECONDS,
                "queue_time": SECONDS,
                "total_time": SECONDS,
                "cost": MONEY,
                "remaining_credits": MONEY,
                "retry_count": {"type": "integer", "minimum": 0},
            }
        ),
        "Upload": _object(
            {
                "data_urls": {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": MOST_CLIPS,
                    "items": {"type": "string", "pattern": "^data:[^,]*;base64,"},
                }
            },
            required=("data_urls",),
        ),
        "Files": _object(
            {"file_urls": {"type": "array", "items": _URL}, "message": TEXT},
            required=("file_urls",),
        ),
        "Credits": _object(
            {"credits": MONEY, "free-credits": MONEY}, required=("credits", "free-credits")
        ),
        "Error": _object(
            {
                "error": TEXT,
                "error_description": TEXT,
                "status_code": {"type": "integer"},
            },
            required=("error",),
        ),
    }


def _request() -> dict[str, Any]:
    """The nine fields of one request, from the parameter spec."""
    return {
        "type": "object",
        "required": [param.name for param in PARAMS if param.required],
        "properties": {param.name: _property(param) for param in PARAMS},
        "additionalProperties": False,
    }


def _property(param: Param) -> dict[str, Any]:
    found: dict[str, Any] = {
        "type": _KINDS.get(param.kind, param.kind),
        "title": param.label,
        "description": " ".join([param.help, *param.no_effect_on.values()]),
    }
    if param.default is not None:
        found["default"] = param.default
    if param.low is not None:
        found["minimum"] = param.low
    if param.high is not None:
        found["maximum"] = param.high
    if param.kind == "text":
        found |= {"minLength": 1, "maxLength": TEXT_REFUSED_OVER, "pattern": _SOME_TEXT}
    if param.kind == "url":
        found |= {"format": "uri", "maxLength": URL_REFUSED_OVER, "pattern": "^https?://[^/]"}
    return found


def _object(properties: dict[str, Any], *, required: tuple[str, ...] = ()) -> dict[str, Any]:
    """An object that may say more than is promised here: Segmind's answers do as well."""
    found: dict[str, Any] = {"type": "object", "properties": properties}
    return found | {"required": list(required)} if required else found
