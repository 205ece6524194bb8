"""Segmind's bodies, read liberally and written strictly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from speech import params, wire

SAMPLES = Path(__file__).parent / "samples" / "segmind"


def sample(name: str) -> Any:
    return json.loads((SAMPLES / f"{name}.json").read_text())


def test_it_builds_the_model_pages_request_field_for_field() -> None:
    wanted = sample("request")
    built = wire.request_body(
        text=wanted["text"], reference_audio=wanted["reference_audio"], seed=42, tuning={}
    )
    assert json.dumps(built) == json.dumps(wanted)


def test_it_sends_each_field_of_the_spec_and_no_other() -> None:
    tuning = {"temperature": 1.0, "top_k": 3, "norm_loudness": False, "unheard_of": 1}
    built = wire.request_body(
        text="Hm.", reference_audio="https://a.example/", seed=9, tuning=tuning
    )
    assert list(built) == [param.name for param in params.PARAMS]
    assert (built["temperature"], built["top_k"], built["norm_loudness"]) == (1, 3, False)


def test_it_reads_and_writes_a_submit_answer_unchanged() -> None:
    body = sample("submit")
    assert wire.SubmitBody.parse(body).dump() == body


@pytest.mark.parametrize("name", ["queued", "processing", "completed", "failed"])
def test_it_reads_and_writes_each_status_unchanged(name: str) -> None:
    body = sample(f"status_{name}")
    assert wire.StatusBody.parse(body).dump() == body


@pytest.mark.parametrize("name", ["result_string", "result_failed"])
def test_it_reads_and_writes_a_result_unchanged(name: str) -> None:
    body = sample(name)
    assert wire.ResultBody.parse(body).dump() == body


@pytest.mark.parametrize(
    "name", ["string", "object", "list", "object_list", "audio", "audio_list", "images"]
)
def test_it_finds_the_output_in_every_wrapping(name: str) -> None:
    result = wire.ResultBody.parse(sample(f"result_{name}"))
    assert result.output_url.endswith("3c1b7a2e-7f0d-4f7c-9e53-0d6f1f0f5a11.wav")
    assert result.metrics.cost == 0.021


@pytest.mark.parametrize(
    "output",
    [None, "", 7, [], {}, "data:audio/wav;base64,UklGRg==", "outputs/a.wav", {"url": None}, [[[]]]],
)
def test_it_finds_no_output_where_there_is_no_web_address(output: object) -> None:
    assert wire.find_output_url({"output": output}) == ""


def test_it_prefers_the_output_key_over_media_beside_it() -> None:
    body = {"images": [{"url": "https://a.example/cover.png"}], "output": "https://a.example/a.wav"}
    assert wire.find_output_url(body) == "https://a.example/a.wav"


@pytest.mark.parametrize("identity", [None, "", " ", "..", ".", {}, [], True, "a" * 201, "a\nb"])
def test_it_refuses_a_submit_answer_without_a_usable_id(identity: object) -> None:
    with pytest.raises(wire.WireError):
        wire.SubmitBody.parse({"request_id": identity, "status": "QUEUED"})


def test_it_takes_an_id_though_all_else_is_missing_or_odd() -> None:
    body = wire.SubmitBody.parse({"request_id": 77, "status": "ACCEPTED", "status_url": 5})
    assert (body.request_id, body.status, body.status_url) == ("77", wire.StatusWord.QUEUED, "")


def test_it_keeps_an_id_inside_its_place_in_a_path() -> None:
    assert wire.status_path("a/../b?c") == "/v2/requests/a%2F..%2Fb%3Fc/status"


@pytest.mark.parametrize(
    ("raw", "word"),
    [("completed", "COMPLETED"), ("IN_PROGRESS", "PROCESSING"), ("in-queue", "QUEUED")],
)
def test_it_reads_other_spellings_of_a_state(raw: str, word: str) -> None:
    assert wire.status_word(raw) == word


@pytest.mark.parametrize("raw", ["", None, "DREAMING", 5])
def test_it_refuses_a_state_it_does_not_know(raw: object) -> None:
    with pytest.raises(wire.WireError):
        wire.status_word(raw)


def test_it_reads_numbers_sent_as_text_and_drops_what_is_no_number() -> None:
    raw = json.loads('{"cost": "0.021", "queue_time": NaN, "total_time": true, "retry_count": 2}')
    metrics = wire.Metrics.parse(raw)
    assert metrics.dump() == {"cost": 0.021, "retry_count": 2}
    assert metrics.raw["queue_time"] is None


def test_it_reads_the_balance_and_refuses_an_answer_without_one() -> None:
    body = sample("credits")
    assert wire.CreditsBody.parse(body).dump() == body
    with pytest.raises(wire.WireError):
        wire.CreditsBody.parse({"error": "no"})


def test_it_reads_the_addresses_of_uploaded_files() -> None:
    body = sample("upload")
    assert wire.UploadBody.parse(body).dump() == body
    with pytest.raises(wire.WireError):
        wire.UploadBody.parse({"file_urls": [None, "none"]})


def test_it_reads_and_writes_what_is_uploaded() -> None:
    body = {"data_urls": ["data:audio/mpeg;base64,SUQz"]}
    assert wire.UploadRequest.parse(body).dump() == body
    odd_ones: list[Any] = [{}, {"data_urls": "data:"}, {"data_urls": [1]}, []]
    for odd in odd_ones:
        with pytest.raises(wire.WireError):
            wire.UploadRequest.parse(odd)


def test_a_result_may_name_the_engine_that_was_used() -> None:
    body = sample("result_string") | {"engine": "draft", "engine_note": "A robotic stand-in."}
    assert wire.ResultBody.parse(body).dump() == body


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"error": "no such voice"}', "no such voice"),
        (b'{"error": "unauthorized", "error_description": "Key rejected"}', "Key rejected"),
        (b'{"detail": [{"msg": "seed: not an integer"}]}', "seed: not an integer"),
        (b'{"error": {"message": "deep\\n  down"}}', "deep down"),
        (b'"plain"', "plain"),
        (b"upstream connect error", "upstream connect error"),
        (b"<!DOCTYPE html><html><h1>502</h1>", ""),
        (b"<center>nginx</center><html>", ""),
        (b"\xff\xfe\x00\x01", ""),
        (b"[1, 2]", ""),
        (b"", ""),
    ],
)
def test_it_finds_the_providers_words_in_any_envelope(body: bytes, words: str) -> None:
    assert wire.error_text(body) == words


def test_it_cuts_long_messages_short() -> None:
    assert len(wire.error_text(json.dumps({"error": "so " * 900}).encode())) == 300


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000])
def test_it_calls_broken_json_by_one_name(body: bytes) -> None:
    with pytest.raises(wire.WireError):
        wire.decode(body)


def test_it_writes_the_error_envelope() -> None:
    assert wire.ErrorBody(error="gone").dump() == {"error": "gone"}
    full = wire.ErrorBody(error="unauthorized", description="No key", status_code=401).dump()
    assert full == {"error": "unauthorized", "error_description": "No key", "status_code": 401}
