"""What the reference page tells, from the data that the studio itself runs on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from speech import catalog, wire
from speech.params import BY_NAME, PARAMS, TEXT_REFUSED_OVER, TEXT_WARNED_OVER, Param
from speech.wire import codes, endpoints
from speech.wire.paths import IDEMPOTENCY_HEADER

SAMPLE_KEY = "SG_your_key"
SAMPLE_TEXT = "Seven days on one charge. [chuckle]"
SAMPLE_CLIP = "https://example.com/amara.mp3"
KINDS = {
    "text": "text",
    "url": "web address",
    "number": "number",
    "integer": "whole number",
    "boolean": "true or false",
}


@dataclass(frozen=True, kw_only=True)
class Parameter:
    param: Param
    kind: str
    range: str
    usual: str
    silent: tuple[tuple[str, str], ...]
    """Where it has no effect: engine, and why."""


@dataclass(frozen=True, kw_only=True)
class Example:
    """Something to copy and run. `name` is its anchor."""

    name: str
    title: str
    language: str
    text: str
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Patience:
    """What the studio is set to, in seconds."""

    kept: int
    """How long a request can be asked for by its id."""
    heard: int
    """How long an address of sound works."""
    held: int
    """How long a call may be kept waiting."""


def reference(*, base_url: str, patience: Patience) -> dict[str, Any]:
    """The context of the page, for somebody who reaches the studio at `base_url`."""
    return {
        "parameters": [_parameter(param) for param in PARAMS],
        "warned_over": TEXT_WARNED_OVER,
        "sounds": catalog.SOUND_TAGS,
        "deliveries": catalog.DELIVERY_TAGS,
        "engines": catalog.ENGINES.values(),
        "draft": catalog.DRAFT,
        "endpoints": endpoints.ENDPOINTS,
        "codes": codes.CODES,
        "states": endpoints.STATES,
        "sent": endpoints.SENT,
        "answered": endpoints.ANSWERED,
        "examples": examples(base_url, held=patience.held),
        "sample_key": SAMPLE_KEY,
        "base_url": base_url,
        "kept": _span(patience.kept),
        "heard": _span(patience.heard),
        "held": _span(patience.held),
        "slug": wire.SLUG,
    }


def examples(base_url: str, *, held: int) -> tuple[Example, ...]:
    """`held`: seconds that a call may be kept waiting; a client has to be more patient."""
    patience = held + 30
    key = f'-H "{wire.KEY_HEADER}: $TAKEROOM_KEY"'
    as_json = '-H "Content-Type: application/json"'
    asked = f'{{"text": "{SAMPLE_TEXT}", "reference_audio": "{SAMPLE_CLIP}"}}'
    return (
        Example(
            name="curl-submit",
            title="curl: ask for a take",
            language="sh",
            text=f"export TAKEROOM_KEY={SAMPLE_KEY}\n"
            f"curl -sS {base_url}{wire.submit_path()} \\\n  {key} {as_json} \\\n"
            f"  -H \"{IDEMPOTENCY_HEADER}: line-7-first-try\" \\\n  -d '{asked}'",
            note="The answer names request_id, status_url and response_url. The idempotency key"
            " is optional: with it, a repeat after a broken connection makes no second take.",
        ),
        Example(
            name="curl-status",
            title="curl: how far it is, and the result",
            language="sh",
            text=f"curl -sS {base_url}{wire.status_path('REQUEST_ID')} {key}\n"
            f"curl -sS {base_url}{wire.result_path('REQUEST_ID')} {key}",
            note="Ask about once a second until the state is COMPLETED or FAILED. output in the"
            " result is an address that needs no key.",
        ),
        Example(
            name="curl-run",
            title="curl: ask and wait in one call",
            language="sh",
            text=f"curl -sS --max-time {patience} {base_url}{wire.sync_path()} \\\n"
            f"  {key} {as_json} \\\n"
            f"  -d '{asked}' \\\n  -D headers.txt -o take.flac",
            note="The sound goes to the file, and seed, cost and request id to headers.txt.",
        ),
        Example(
            name="curl-upload",
            title="curl: hand in a clip, and what is left to spend",
            language="sh",
            text='printf \'{"data_urls": ["data:audio/mpeg;base64,%s"]}\''
            " \"$(base64 < amara.mp3 | tr -d '\\n')\" |\n"
            f"  curl -sS {base_url}{wire.UPLOAD_PATH} {key} {as_json} -d @-\n"
            f"curl -sS {base_url}{wire.CREDITS_PATH} {key}",
            note="file_urls in the answer holds the address to send as reference_audio.",
        ),
        Example(
            name="sdk-run",
            title="Python, with Segmind’s own SDK",
            language="python",
            text=_SDK_RUN.format(
                key=SAMPLE_KEY,
                base_url=base_url,
                slug=wire.SLUG,
                text=SAMPLE_TEXT,
                clip=SAMPLE_CLIP,
                seed=BY_NAME["seed"].default,
                patience=patience,
            ),
            note="pip install segmind. Only api_key and base_url differ from a program that asks"
            " Segmind.",
        ),
        Example(
            name="sdk-wait",
            title="Python: several at once, and what can go wrong",
            language="python",
            text=_SDK_WAIT.format(slug=wire.SLUG),
        ),
        Example(
            name="sdk-upload",
            title="Python: hand in a clip",
            language="python",
            text=_SDK_UPLOAD.format(base_url=base_url, slug=wire.SLUG, text=SAMPLE_TEXT),
            note="The SDK sends files to Segmind’s storage, whatever base_url says, unless this"
            " address is set. Of the formats that the SDK sends, the studio reads mp3.",
        ),
    )


def _span(seconds: int) -> str:
    """Such as "1 hour", "7 days", "90 seconds": in the largest unit that fits whole."""
    for unit, name in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds % unit == 0:
            count = seconds // unit
            return f"{count} {name}" if count == 1 else f"{count} {name}s"
    return f"{seconds} seconds"


def _parameter(param: Param) -> Parameter:
    return Parameter(
        param=param,
        kind=KINDS[param.kind],
        range=param.range_text
        or (f"1 to {TEXT_REFUSED_OVER} characters" if param.kind == "text" else ""),
        usual=_usual(param),
        silent=tuple((catalog.ENGINES[key].label, why) for key, why in param.no_effect_on.items()),
    )


def _usual(param: Param) -> str:
    if param.required:
        return ""
    if isinstance(param.default, bool):
        return "true" if param.default else "false"
    return f"{param.default:g}" if isinstance(param.default, int | float) else ""


_SDK_RUN = """\
from segmind import SegmindClient

client = SegmindClient(api_key="{key}", base_url="{base_url}/v1", timeout={patience})
voice = "{clip}"

take = client.run(
    "{slug}",
    text="{text}",
    reference_audio=voice,
    seed=0,  # 0 draws one; without it, every take is made with {seed}
)
print(take["output"], take["seed"], take["metrics"])

sound = client.run_sync("{slug}", text="One call, held.", reference_audio=voice)
open("take.flac", "wb").write(sound.content)"""
_SDK_WAIT = """\
from segmind import InferenceFailed, InferenceTimeout, SegmindError

lines = ["Seven days.", "One charge.", "No cable in sight."]
try:
    jobs = [
        client.submit_async("{slug}", text=line, reference_audio=voice)
        for line in lines
    ]
    for job in jobs:
        print(job.wait(timeout=300, interval=1)["output"])
except InferenceFailed as failed:
    print("not made:", failed.detail)
except InferenceTimeout as late:
    print("still being made:", late.request_id)
except SegmindError as refused:
    print(refused.status, refused.detail)"""
_SDK_UPLOAD = """\
from segmind.files import Files

Files.STORAGE_BASE_URL = "{base_url}"
voice = client.files.upload("amara.mp3")["file_urls"][0]
take = client.run("{slug}", text="{text}", reference_audio=voice)"""
