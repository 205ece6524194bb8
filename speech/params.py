"""The nine fields of `chatterbox-turbo-tts`: the only place that knows their ranges and defaults.

Rule: forms, widget attributes, database constraints, engine payloads, the reference page and the
tests read `PARAMS`; nobody writes a range a second time. `clean` lists every fault at once, in
plain words. Source: Segmind's model page for the slug (2026). Revisit when Segmind adds a field.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal
from urllib.parse import urlsplit

from speech.errors import Fault, ParamErrors
from speech.text import nothing_to_say

Kind = Literal["text", "url", "number", "integer", "boolean"]
Value = str | float | int | bool

SPEC_VERSION = 1
SEED_MAX = 2**31 - 1
"""Seeds are drawn from 1 to this; the largest that every engine in the field takes."""

TEXT_REFUSED_OVER = 500
TEXT_WARNED_OVER = 300
URL_REFUSED_OVER = 2000


def _plain(number: float) -> str:
    """All digits of a limit: the largest seed is no 2.14748e+09 to a person."""
    return f"{number:.12g}"


@dataclass(frozen=True, kw_only=True)
class Param:
    """One field as the provider takes it. `low` and `high` are inclusive."""

    name: str
    label: str
    kind: Kind
    help: str
    default: Value | None = None
    low: float | None = None
    high: float | None = None
    step: float | None = None
    required: bool = False
    no_effect_on: Mapping[str, str] = field(default_factory=dict)
    """Engine key → the sentence that says why this field changes nothing there."""

    @property
    def range_text(self) -> str:
        if self.low is None or self.high is None:
            return ""
        return f"{_plain(self.low)} to {_plain(self.high)}"

    def parse(self, raw: object) -> Value:
        """The typed value of `raw` (JSON value or form text); ValueError holds the sentence."""
        match self.kind:
            case "boolean":
                return self._boolean(raw)
            case "number" | "integer":
                return self._number(raw)
            case "text" | "url":
                return self._text(raw)

    def _boolean(self, raw: object) -> bool:
        if isinstance(raw, bool):
            return raw
        if isinstance(raw, str) and raw.lower() in {"true", "on", "1", "yes"}:
            return True
        if isinstance(raw, str) and raw.lower() in {"false", "off", "0", "no"}:
            return False
        raise ValueError(f"{self.label} must be on or off.")

    def _number(self, raw: object) -> float | int:
        wanted = "a whole number" if self.kind == "integer" else "a number"
        wrong = ValueError(f"{self.label} must be {wanted}{self._between()}.")
        if isinstance(raw, bool) or not isinstance(raw, int | float | str):
            raise wrong
        try:
            value = float(raw)
        except (ValueError, OverflowError) as error:
            raise wrong from error
        if not math.isfinite(value):
            raise wrong
        if self.kind == "integer":
            if value != int(value):
                raise wrong
            value = int(raw) if isinstance(raw, int) else int(value)
        if (self.low is not None and value < self.low) or (
            self.high is not None and value > self.high
        ):
            raise ValueError(f"{self.label} must be{self._between()}; {raw} is not.")
        return value

    def _between(self) -> str:
        return (
            f" between {_plain(self.low)} and {_plain(self.high)}"
            if self.low is not None and self.high is not None
            else ""
        )

    def _text(self, raw: object) -> str:
        if not isinstance(raw, str):
            raise ValueError(f"{self.label} must be text.")
        # A text is sent as it is given: whoever cleans it does so before.
        value = raw if self.kind == "text" else raw.strip()
        if self.required and not value.strip():
            raise ValueError(f"{self.label} is needed.")
        if "\x00" in value or any("\ud800" <= sign <= "\udfff" for sign in value):
            raise ValueError(f"{self.label} holds a character that cannot be stored.")
        if self.kind == "text" and (reason := nothing_to_say(value)):
            raise ValueError(reason)
        if self.kind == "text" and len(value) > TEXT_REFUSED_OVER:
            raise ValueError(
                f"{self.label} has {len(value)} characters; past {TEXT_REFUSED_OVER} the model"
                " garbles. Split it into shorter lines."
            )
        if self.kind == "url":
            try:
                parts = urlsplit(value)
            except ValueError as error:
                raise ValueError(f"{self.label} is not a web address.") from error
            if parts.scheme not in {"http", "https"} or not parts.hostname:
                raise ValueError(f"{self.label} must be a web address that starts with https://.")
        return value


PARAMS: tuple[Param, ...] = (
    Param(
        name="text",
        label="Text",
        kind="text",
        required=True,
        help="What to say. Sound tags such as [laugh] or [chuckle] go between the words.",
    ),
    Param(
        name="reference_audio",
        label="Reference clip",
        kind="url",
        required=True,
        help="Public address of a clip of the voice to match; the first 10 to 15 seconds count.",
    ),
    Param(
        name="temperature",
        label="Temperature",
        kind="number",
        default=0.7,
        low=0.05,
        high=2,
        step=0.05,
        help="How lively the reading is. Lower is steadier, higher is more surprising.",
    ),
    Param(
        name="seed",
        label="Seed",
        kind="integer",
        default=42,
        low=0,
        high=SEED_MAX,
        step=1,
        help="The same seed asks for the same reading; 0 lets the engine draw one.",
    ),
    Param(
        name="min_p",
        label="Min-p",
        kind="number",
        default=0.0,
        low=0,
        high=1,
        step=0.01,
        help="Drops sounds that are unlikely beside the likeliest one. 0 is off.",
        no_effect_on=MappingProxyType(
            {"segmind": "No effect: Turbo’s public code ignores min-p. It is sent all the same."}
        ),
    ),
    Param(
        name="top_p",
        label="Top-p",
        kind="number",
        default=0.9,
        low=0,
        high=1,
        step=0.01,
        help="Keeps the likeliest sounds up to this share. Lower is more predictable.",
    ),
    Param(
        name="top_k",
        label="Top-k",
        kind="integer",
        default=500,
        low=0,
        high=1000,
        step=1,
        help="How many candidate sounds stay in play at each step.",
    ),
    Param(
        name="repetition_penalty",
        label="Repetition penalty",
        kind="number",
        default=1.3,
        low=1,
        high=2,
        step=0.05,
        help="Works against repeated words and stutters. 1 is off.",
    ),
    Param(
        name="norm_loudness",
        label="Normalise loudness",
        kind="boolean",
        default=True,
        help="Brings the reference clip to a standard loudness before it is matched.",
    ),
)

BY_NAME: Mapping[str, Param] = MappingProxyType({param.name: param for param in PARAMS})
TUNING: tuple[Param, ...] = tuple(
    param for param in PARAMS if param.kind not in {"text", "url"} and param.name != "seed"
)
"""The six knobs that a project, a voice or a line may set; text, clip and seed are not knobs."""


def defaults() -> dict[str, Any]:
    """The provider's default for each tuning knob."""
    return {param.name: param.default for param in TUNING}


def clean(raw: Mapping[str, object], *, fill: bool = True) -> dict[str, Any]:
    """All nine fields of one request, typed and in range.

    With `fill`, a missing optional field takes the provider's default. Raises `ParamErrors` with
    every fault: wrong type, NaN, out of range, missing, unknown.
    """
    return _clean(raw, PARAMS, fill=fill)


def clean_tuning(raw: Mapping[str, object]) -> dict[str, Any]:
    """Only the knobs that `raw` names, typed and in range; blank ones are left out."""
    given = {name: value for name, value in raw.items() if value not in ("", None)}
    return _clean(given, TUNING, fill=False)


def clean_seed(raw: object) -> int:
    """A seed a person typed: 0 (draw one) or a positive number."""
    try:
        return int(BY_NAME["seed"].parse(raw))
    except ValueError as error:
        raise ParamErrors([Fault(field="seed", sentence=str(error))]) from error


def _clean(raw: Mapping[str, object], specs: tuple[Param, ...], *, fill: bool) -> dict[str, Any]:
    faults: list[Fault] = []
    values: dict[str, Any] = {}
    known = {param.name for param in specs}
    for name in raw:
        if name not in known:
            faults.append(Fault(field=str(name), sentence=f"There is no field “{name}”."))
    for param in specs:
        if param.name not in raw:
            if param.required:
                faults.append(Fault(field=param.name, sentence=f"{param.label} is needed."))
            elif fill:
                values[param.name] = param.default
            continue
        try:
            values[param.name] = param.parse(raw[param.name])
        except ValueError as error:
            faults.append(Fault(field=param.name, sentence=str(error)))
    if faults:
        raise ParamErrors(faults)
    return values
