"""The OpenAPI document is well formed, and says what the bodies and the parameters say."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from speech import wire
from speech.errors import ParamErrors
from speech.params import PARAMS, clean
from speech.wire import StatusWord
from speech.wire.codes import CODES
from speech.wire.endpoints import ENDPOINTS
from speech.wire.openapi import document

BASE = "https://studio.example.com"
TYPES = {
    "object": dict, "array": list, "string": str, "integer": int, "number": (int, float),
    "boolean": bool, "null": type(None),
}  # fmt: skip
URL = f"{BASE}/v2/requests/1"
GOOD = {"text": "Seven days.", "reference_audio": "https://example.com/a.mp3"}


@pytest.fixture(scope="module")
def doc() -> dict[str, Any]:
    return document(base_url=BASE, kept_seconds=3600)


def _walk(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from _walk(value)
    elif isinstance(node, list):
        for value in node:
            yield from _walk(value)


def _operations(doc: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, verbs in doc["paths"].items():
        for verb, operation in verbs.items():
            yield path, verb, operation


def _resolve(doc: dict[str, Any], ref: str) -> dict[str, Any]:
    found: Any = doc
    for step in ref.removeprefix("#/").split("/"):
        found = found[step]
    assert isinstance(found, dict)
    return found


def faults(doc: dict[str, Any], schema: dict[str, Any], value: Any, at: str = "$") -> list[str]:
    """What JSON Schema has against a value, as far as the document uses JSON Schema."""
    if "$ref" in schema:
        return faults(doc, _resolve(doc, schema["$ref"]), value, at)
    if "const" in schema:
        return [] if value == schema["const"] else [f"{at}: not {schema['const']}"]
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    fits = any(
        isinstance(value, TYPES[kind]) and (kind == "boolean") == isinstance(value, bool)  # type: ignore[arg-type]
        for kind in kinds
    )
    if not fits:
        return [f"{at}: not {kinds}"]
    found = []
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{at}: not one of {schema['enum']}")
    if isinstance(value, str):
        if not re.search(schema.get("pattern", ""), value):
            found.append(f"{at}: pattern")
        if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
            found.append(f"{at}: length")
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        found.append(f"{at}: range")
    if isinstance(value, list):
        for place, one in enumerate(value):
            found += faults(doc, schema["items"], one, f"{at}[{place}]")
    if isinstance(value, dict):
        known = schema.get("properties", {})
        found += [f"{at}: no {name}" for name in schema.get("required", ()) if name not in value]
        for name, one in value.items():
            if name in known:
                found += faults(doc, known[name], one, f"{at}.{name}")
            elif schema.get("additionalProperties", True) is False:
                found.append(f"{at}: {name} is unknown")
    return found


def _named(doc: dict[str, Any], name: str, value: Any) -> list[str]:
    return faults(doc, {"$ref": f"#/components/schemas/{name}"}, value)


def test_anybody_may_read_it_with_the_base_url_that_they_use(
    client: Client, settings: Settings, db: None
) -> None:
    answer = client.get("/openapi.json")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/json"
    assert answer.json()["servers"] == [{"url": "http://testserver"}]
    settings.PUBLIC_URL = BASE
    settings.SEGMIND_API_KEY = "SG_0123456789abcdef"
    text = client.get("/openapi.json").content.decode()
    assert json.loads(text)["servers"] == [{"url": BASE}]
    assert not re.search(r"SG_[0-9a-f]{16}", text)


def test_every_reference_in_it_leads_somewhere(doc: dict[str, Any]) -> None:
    refs = [node["$ref"] for node in _walk(doc) if "$ref" in node]
    assert refs
    for ref in refs:
        _resolve(doc, ref)
    used = {ref.rsplit("/", 1)[1] for ref in refs}
    assert used == set(doc["components"]["schemas"])


def test_each_call_is_whole(doc: dict[str, Any]) -> None:
    assert doc["openapi"].startswith("3.1.")
    assert doc["components"]["securitySchemes"]["key"] == {
        "type": "apiKey", "in": "header", "name": "x-api-key",
    }  # fmt: skip
    assert doc["security"] == [{"key": []}]
    ids = []
    for path, verb, operation in _operations(doc):
        ids.append(operation["operationId"])
        given = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "path"}
        assert given == set(re.findall(r"{(\w+)}", path)), f"{verb} {path}"
        assert (verb == "post") == ("requestBody" in operation)
        assert all(one["description"] for one in operation["responses"].values())
    assert len(ids) == len(set(ids)) == len(ENDPOINTS)


def test_it_has_every_endpoint_and_every_code(doc: dict[str, Any]) -> None:
    served = {(path, verb.upper()) for path, verb, _ in _operations(doc)}
    assert served == {(one.path, one.method) for one in ENDPOINTS}
    told = {status for _, _, one in _operations(doc) for status in one["responses"]}
    # No call of the list can be answered with the wrong verb.
    assert told == {str(code.status) for code in CODES} - {"405"}


def test_the_request_is_the_parameter_spec(doc: dict[str, Any]) -> None:
    schema = doc["components"]["schemas"]["Request"]
    assert list(schema["properties"]) == [param.name for param in PARAMS]
    assert schema["required"] == [param.name for param in PARAMS if param.required]
    for param in PARAMS:
        told = schema["properties"][param.name]
        assert told.get("default") == param.default
        assert (told.get("minimum"), told.get("maximum")) == (param.low, param.high)
        assert param.help in told["description"]


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"temperature": 0.05},
        {"temperature": 2, "seed": 0, "top_k": 1000, "norm_loudness": False},
        {"temperature": 2.01},
        {"seed": -1},
        {"top_k": 1.5},
        {"norm_loudness": 3},
        {"text": ""},
        {"text": "  "},
        {"text": "x" * 501},
        {"text": None},
        {"reference_audio": "ftp://example.com/a"},
        {"exaggeration": 0.5},
        {"text": "Seven\x00 days."},
        {"text": " Two\nlines. "},
        {"reference_audio": "https:///a.mp3"},
    ],
)
def test_it_takes_and_refuses_what_the_studio_does(
    doc: dict[str, Any], given: dict[str, Any]
) -> None:
    body = {**GOOD, **given}
    try:
        clean(body)
    except ParamErrors:
        assert _named(doc, "Request", body)
    else:
        assert not _named(doc, "Request", body)


METRICS = wire.Metrics(inference_time=3.1, cost=0.021, remaining_credits=4.0, total_time=5.0)


@pytest.mark.parametrize(
    ("name", "body"),
    [
        (
            "Submitted",
            wire.SubmitBody(request_id="1", poll_url=URL, status_url=URL, response_url=URL),
        ),
        ("Status", wire.StatusBody(status=StatusWord.QUEUED, request_id="1", status_url=URL)),
        ("Status", wire.StatusBody(status=StatusWord.COMPLETED, request_id="1", metrics=METRICS)),
        ("Failed", wire.StatusBody(status=StatusWord.FAILED, request_id="1", error="No.")),
        (
            "Result",
            wire.ResultBody(status=StatusWord.COMPLETED, output_url=URL, seed=7, metrics=METRICS),
        ),
        ("Failed", wire.ResultBody(status=StatusWord.FAILED, error="No.", metrics=METRICS)),
        ("Credits", wire.CreditsBody(credits=4.5, free_credits=0)),
        ("Files", wire.UploadBody(file_urls=(URL,), message="done")),
        ("Error", wire.ErrorBody(error="No.", description="Really not.", status_code=401)),
    ],
)
def test_what_is_dumped_is_what_is_promised(doc: dict[str, Any], name: str, body: Any) -> None:
    dumped = body.dump()
    assert not _named(doc, name, dumped)
    assert set(dumped) <= set(doc["components"]["schemas"][name]["properties"])


def test_the_client_s_own_request_fits(doc: dict[str, Any]) -> None:
    body = wire.request_body(
        text="Seven days.", reference_audio="https://example.com/a.mp3", seed=7, tuning={}
    )
    assert not _named(doc, "Request", body)
    assert not _named(doc, "Upload", {"data_urls": ["data:audio/mpeg;base64,AAAA"]})
    assert _named(doc, "Upload", {"data_urls": ["https://example.com/a.mp3"]})
