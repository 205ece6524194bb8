"""Takes that are asked for with a key: the write side of the Segmind-compatible front door.

Rule: a request becomes an ordinary take of the key's project, on the line with its very text, or
on a new one at the end; its id is the job's `ref`. It is refused before anything is written where
the key or the project has not enough left, or the key has asked too often; the limits are counted
in the rows, so they hold for all processes. With an idempotency key a request is taken once: the
project is held while it is looked for, so that two that arrive together are one. Reason: whatever
an API makes is seen, paid and judged like everything else. Price: the requests of one project are
taken in one after the other.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from speech import params
from speech.catalog import DRAFT, ENGINES, SEGMIND
from speech.errors import BadInput, StudioError, WrongState
from speech.models import ApiCall, ApiKey, Batch, EngineState, Line, Project, Voice
from speech.queries.tuning import inherited_tuning
from speech.services import budgets, takes
from speech.services.api_voices import bring_clips, clips_in_a_minute, voice_for
from speech.services.events import hold, log
from speech.services.lines import add_line
from speech.states import BatchKind
from speech.text import lower_tags

WINDOW = timedelta(minutes=1)
"""Over which a key's requests are counted."""
LONGEST_IDEMPOTENCY_KEY = 200


class SpendLimit(StudioError):
    """The budget does not cover this request. Nothing was written."""

    code = "spend_limit"


class TooManyCalls(StudioError):
    """The key has asked as often as it may; `until` is when it may ask again."""

    code = "too_many_calls"

    def __init__(self, sentence: str, *, until: datetime) -> None:
        super().__init__(sentence)
        self.until = until


class OtherBody(StudioError):
    """The idempotency key was used for another request."""

    code = "other_body"


class NotSetUp(StudioError):
    """The engine of the key cannot be used in this studio as it is."""

    code = "not_set_up"


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a key may still spend, in US dollars. None: nothing limits it, or nobody knows."""

    key: Decimal | None
    project: Decimal | None
    balance: Decimal | None

    @property
    def least(self) -> Decimal | None:
        known = [one for one in (self.key, self.project, self.balance) if one is not None]
        return min(known, default=None)


@transaction.atomic
def submit(key: ApiKey, *, body: Mapping[str, object], idempotency_key: str = "") -> ApiCall:
    """The call that `body` (the nine fields) becomes, or became under the same idempotency key.

    Raises `ParamErrors` with every fault, `OtherBody`, `TooManyCalls`, `SpendLimit`, `NotSetUp`,
    and `WrongState` where the project is archived.
    """
    values = params.clean(body)
    mark = _mark_of(values)
    _refuse_odd(idempotency_key)
    hold(key.project_id)
    known = _earlier(key, idempotency_key)
    if known is not None:
        if known.body_sha256 != mark:
            raise OtherBody(
                "This idempotency key was used for a request with another body. Use a new one."
            )
        return known
    _refuse_haste(key)
    engine = engine_of(key)
    _refuse_poverty(key, engine)
    voice = voice_for(key, address=str(values["reference_audio"]))
    line = takes.lock_line(_line_for(key, values, voice))
    return _make(
        key, values, line=line, voice=voice, engine=engine, mark=mark, once=idempotency_key
    )


def upload(key: ApiKey, *, clips: list[bytes]) -> list[Voice]:
    """Voices for uploaded clips. Raises `TooManyCalls`."""
    if clips_in_a_minute(key) + len(clips) > key.per_minute:
        raise TooManyCalls(
            f"This key may bring {key.per_minute} clips a minute.", until=timezone.now() + WINDOW
        )
    return bring_clips(key, clips=clips)


def engine_of(key: ApiKey) -> str:
    """The key's own engine, or else the studio's default."""
    default = SEGMIND.key if settings.SEGMIND_API_KEY else DRAFT.key
    engine = key.engine or default
    if engine == SEGMIND.key and not settings.SEGMIND_API_KEY:
        raise NotSetUp(
            f"This key asks for {ENGINES[engine].label}, which is not set up in this studio."
            " Tell its administrator. Nothing was charged."
        )
    return engine


def limits_of(key: ApiKey, *, engine: str) -> Limits:
    """What is left of the budgets, and of the provider's account where its balance is known."""
    balance = None
    if budgets.price_of(engine):
        state = EngineState.objects.filter(key=engine)
        credits_left = state.values_list("credits", flat=True).first()
        balance = None if credits_left is None else Decimal(str(max(0.0, credits_left)))
    return Limits(
        key=budgets.room_of_key(key),
        project=budgets.room_of_project(Project.objects.only("budget").get(pk=key.project_id)),
        balance=balance,
    )


def free_again_at(key: ApiKey) -> datetime:
    """When the oldest request that counts now will count no more."""
    now = timezone.now()
    counted = ApiCall.objects.filter(key=key, created_at__gt=now - WINDOW).order_by("created_at")
    oldest = counted.values_list("created_at", flat=True).first()
    return (oldest or now) + WINDOW


def _make(
    key: ApiKey,
    values: Mapping[str, Any],
    *,
    line: Line,
    voice: Voice,
    engine: str,
    mark: str,
    once: str,
) -> ApiCall:
    knobs = {param.name: values[param.name] for param in params.TUNING}
    clean = takes.check_request(
        line, engine=engine, count=1, seed=values["seed"], tuning=knobs, voice=voice,
        text=lower_tags(values["text"]), await_clip=True,
    )  # fmt: skip
    batch = Batch.objects.create(project=line.project, kind=BatchKind.API, count=1)
    seed = clean["seed"] or takes.draw_seed()
    [take] = takes.make_takes(
        None, line=line, batch=batch, engine=engine, voice=voice, text=clean["text"], key=key,
        readings=[takes.Reading(seed=seed, tuning=knobs)], after_clip=voice.is_live,
    )  # fmt: skip
    log(
        None, "takes asked for", project=line.project, target=f"line {line.pk}",
        numbers=[take.number], engine=engine, api_key=key.name,
    )  # fmt: skip
    assert take.job is not None
    expires_at = timezone.now() + timedelta(seconds=settings.API_RESULT_SECONDS)
    return ApiCall.objects.create(
        key=key, job=take.job, idempotency_key=once, body_sha256=mark, expires_at=expires_at
    )


def _line_for(key: ApiKey, values: Mapping[str, Any], voice: Voice) -> Line:
    """The first line with this very text, or a new one, which is read as its first take is."""
    project, text = key.project, str(values["text"]).replace("\r\n", "\n")
    same = project.lines.filter(deleted_at=None, text=text).order_by("position").first()
    if same is not None:
        return same
    line = add_line(None, project=project, text=text, api_key=key.name)
    # A voice whose consent nobody has stated becomes no line's.
    own = voice if voice.unlisted_in_id is None else None
    standard = inherited_tuning(project, own or project.voice)
    line.voice = own if own is not None and own.pk != project.voice_id else None
    line.params = {
        param.name: values[param.name]
        for param in params.TUNING
        if values[param.name] != standard[param.name]
    }
    line.save(update_fields=["voice", "params"])
    return line


def _earlier(key: ApiKey, idempotency_key: str) -> ApiCall | None:
    if not idempotency_key:
        return None
    same = ApiCall.objects.filter(key=key, idempotency_key=idempotency_key)
    return same.select_related("job__take", "key").first()


def _refuse_odd(idempotency_key: str) -> None:
    if len(idempotency_key) > LONGEST_IDEMPOTENCY_KEY or not idempotency_key.isprintable():
        raise BadInput(
            f"An idempotency key has at most {LONGEST_IDEMPOTENCY_KEY} printable characters."
        )


def _refuse_haste(key: ApiKey) -> None:
    """The one that is `per_minute` requests back must be a minute old."""
    since = timezone.now() - WINDOW
    latest = ApiCall.objects.filter(key=key, created_at__gt=since).order_by("-created_at")
    at = list(latest.values_list("created_at", flat=True)[key.per_minute - 1 : key.per_minute])
    if at:
        raise TooManyCalls(
            f"Too many requests: this key may ask {key.per_minute} times a minute."
            " Nothing was taken.",
            until=at[0] + WINDOW,
        )


def _refuse_poverty(key: ApiKey, engine: str) -> None:
    price = budgets.price_of(engine)
    if not price:
        return
    left = limits_of(key, engine=engine)
    for whose, room in (("key", left.key), ("project", left.project)):
        if room is not None and room < price:
            raise SpendLimit(
                f"Spend limit reached: {_dollars(room)} of this {whose}’s budget is left, and"
                f" this request needs {_dollars(price)}. Nothing was charged."
            )


def _dollars(amount: Decimal) -> str:
    """At least cents, and as many places more as it has."""
    places = max(2, -int(amount.normalize().as_tuple().exponent))
    return f"${amount.quantize(Decimal(1).scaleb(-min(places, 6)), rounding=ROUND_DOWN)}"


def _mark_of(values: Mapping[str, Any]) -> str:
    """Of the cleaned fields, as they were asked for: a drawn seed is still 0 here."""
    body = json.dumps({param.name: values[param.name] for param in params.PARAMS})
    return hashlib.sha256(body.encode()).hexdigest()


def refuse_archived(key: ApiKey) -> None:
    if key.project.archived_at is not None:
        raise WrongState("The project of this key is archived. Restore it to go on.")
