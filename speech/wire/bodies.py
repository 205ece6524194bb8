"""Each body of the protocol as a frozen value, with `parse` and `dump`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from speech.params import PARAMS
from speech.wire.reading import (
    StatusWord,
    WireError,
    as_object,
    as_request_id,
    as_string,
    find_output_url,
    message_of,
    number,
    status_word,
    web_addresses,
)


def request_body(
    *, text: str, reference_audio: str, seed: int, tuning: Mapping[str, Any]
) -> dict[str, Any]:
    """The nine fields in the model page's order; a knob that `tuning` lacks takes its default."""
    given = {**tuning, "text": text, "reference_audio": reference_audio, "seed": seed}
    return {param.name: _plain(given.get(param.name, param.default)) for param in PARAMS}


@dataclass(frozen=True, kw_only=True)
class Metrics:
    """Times in seconds, money in US dollars; None where the body does not say."""

    inference_time: float | None = None
    queue_time: float | None = None
    total_time: float | None = None
    cost: float | None = None
    remaining_credits: float | None = None
    retry_count: int | None = None
    raw: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @classmethod
    def parse(cls, data: object) -> Metrics:
        raw = data if isinstance(data, dict) else {}
        retries = number(raw.get("retry_count"))
        return cls(
            inference_time=number(raw.get("inference_time")),
            queue_time=number(raw.get("queue_time")),
            total_time=number(raw.get("total_time")),
            cost=number(raw.get("cost")),
            remaining_credits=number(raw.get("remaining_credits")),
            retry_count=None if retries is None else int(retries),
            raw={str(key): _finite(value) for key, value in raw.items()},
        )

    def dump(self) -> dict[str, Any]:
        names = (
            "inference_time",
            "queue_time",
            "total_time",
            "cost",
            "remaining_credits",
        )
        pairs = {name: getattr(self, name) for name in (*names, "retry_count")}
        return {name: value for name, value in pairs.items() if value is not None}


@dataclass(frozen=True, kw_only=True)
class SubmitBody:
    """The answer to a submit. The URLs are empty where the body lacks them."""

    request_id: str
    status: StatusWord = StatusWord.QUEUED
    poll_url: str = ""
    status_url: str = ""
    response_url: str = ""

    @classmethod
    def parse(cls, data: object) -> SubmitBody:
        body = as_object(data)
        try:
            status = status_word(body.get("status"))
        except WireError:
            # The id alone makes the job ours; the next poll reads the state again.
            status = StatusWord.QUEUED
        return cls(
            request_id=as_request_id(body.get("request_id")),
            status=status,
            poll_url=as_string(body.get("poll_url")),
            status_url=as_string(body.get("status_url")),
            response_url=as_string(body.get("response_url")),
        )

    def dump(self) -> dict[str, Any]:
        return {
            "request_id": self.request_id,
            "status": self.status.value,
            "poll_url": self.poll_url,
            "status_url": self.status_url,
            "response_url": self.response_url,
        }


@dataclass(frozen=True, kw_only=True)
class StatusBody:
    """The answer to a status poll; `error` is set only where the job failed."""

    status: StatusWord
    request_id: str = ""
    status_url: str = ""
    response_url: str = ""
    metrics: Metrics = field(default_factory=Metrics)
    error: str = ""

    @classmethod
    def parse(cls, data: object) -> StatusBody:
        body = as_object(data)
        return cls(
            status=status_word(body.get("status")),
            request_id=as_string(body.get("request_id")),
            status_url=as_string(body.get("status_url")),
            response_url=as_string(body.get("response_url")),
            metrics=Metrics.parse(body.get("metrics")),
            error=message_of(body),
        )

    def dump(self) -> dict[str, Any]:
        body: dict[str, Any] = {
            "status": self.status.value,
            "request_id": self.request_id,
        }
        if self.status in {StatusWord.QUEUED, StatusWord.PROCESSING}:
            body |= {"status_url": self.status_url, "response_url": self.response_url}
        if self.status is StatusWord.FAILED:
            body["error"] = self.error
        return body | {"metrics": self.metrics.dump()}


@dataclass(frozen=True, kw_only=True)
class ResultBody:
    """The final body. `output_url` is the first web address found in it, or empty.

    `engine` and `engine_note` are the front door's own addition: which engine was used, and what
    a caller should know of it. The provider sends neither.
    """

    status: StatusWord
    output_url: str = ""
    seed: int | None = None
    metrics: Metrics = field(default_factory=Metrics)
    error: str = ""
    engine: str = ""
    engine_note: str = ""

    @classmethod
    def parse(cls, data: object) -> ResultBody:
        body = as_object(data)
        metrics = Metrics.parse(body.get("metrics"))
        seed = number(body.get("seed", metrics.raw.get("seed")))
        return cls(
            status=status_word(body.get("status")),
            output_url=find_output_url(body),
            seed=None if seed is None else int(seed),
            metrics=metrics,
            error=message_of(body),
            engine=as_string(body.get("engine")),
            engine_note=as_string(body.get("engine_note")),
        )

    def dump(self) -> dict[str, Any]:
        failed = self.status is StatusWord.FAILED
        body: dict[str, Any] = {
            "status": self.status.value,
            "error": self.error if failed else None,
            "metrics": self.metrics.dump(),
        }
        if not failed:
            body["output"] = self.output_url or None
        if not failed and self.seed is not None:
            body["seed"] = self.seed
        named = {"engine": self.engine, "engine_note": self.engine_note}
        return body | {name: words for name, words in named.items() if words}


@dataclass(frozen=True, kw_only=True)
class CreditsBody:
    """US dollars left, paid and free."""

    credits: float
    free_credits: float

    @classmethod
    def parse(cls, data: object) -> CreditsBody:
        body = as_object(data)
        paid = number(body.get("credits"))
        free = number(body.get("free-credits", body.get("free_credits")))
        if paid is None and free is None:
            raise WireError("no balance in the answer")
        return cls(credits=paid or 0.0, free_credits=free or 0.0)

    def dump(self) -> dict[str, Any]:
        return {"credits": self.credits, "free-credits": self.free_credits}


@dataclass(frozen=True, kw_only=True)
class UploadRequest:
    """Files to be kept, each as a data URL: `data:audio/mpeg;base64,…`."""

    data_urls: tuple[str, ...]

    @classmethod
    def parse(cls, data: object) -> UploadRequest:
        urls = as_object(data).get("data_urls")
        if not isinstance(urls, list) or not all(isinstance(url, str) for url in urls):
            raise WireError("data_urls is not a list of data URLs")
        return cls(data_urls=tuple(urls))

    def dump(self) -> dict[str, Any]:
        return {"data_urls": list(self.data_urls)}


@dataclass(frozen=True, kw_only=True)
class UploadBody:
    """The answer to an upload: one public address for each file, in order."""

    file_urls: tuple[str, ...]
    message: str = ""

    @classmethod
    def parse(cls, data: object) -> UploadBody:
        body = as_object(data)
        urls = body.get("file_urls", body.get("file_url"))
        found = tuple(web_addresses(urls, depth=0))
        if not found:
            raise WireError("no file address in the answer")
        return cls(file_urls=found, message=as_string(body.get("message")))

    def dump(self) -> dict[str, Any]:
        return {"file_urls": list(self.file_urls), "message": self.message}


@dataclass(frozen=True, kw_only=True)
class ErrorBody:
    """The envelope of every refusal; `description` only where the auth surface answers."""

    error: str
    description: str = ""
    status_code: int | None = None

    def dump(self) -> dict[str, Any]:
        body: dict[str, Any] = {"error": self.error}
        if self.description:
            body["error_description"] = self.description
        if self.status_code is not None:
            body["status_code"] = self.status_code
        return body


def _finite(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _plain(value: object) -> object:
    """Whole numbers without a fraction, as the model page writes them."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
