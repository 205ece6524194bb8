from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from speech import catalog, params
from speech.background import wake_driver
from speech.errors import BadInput, Fault, ParamErrors, WrongState
from speech.models import ApiKey, Batch, Comment, Job, Line, Star, Take, User, Voice
from speech.params import SEED_MAX
from speech.queries.tuning import effective_tuning, effective_voice
from speech.services.adopting import adopt_setup
from speech.services.events import hold, log, touch
from speech.services.fallen import recheck
from speech.services.queueing import queue_takes
from speech.states import RETRYABLE, BatchKind, ClipState
from speech.text import nothing_to_say, sent

MOST_AT_ONCE = 8


def draw_seed() -> int:
    """A positive seed. 0 means "random" upstream, and such a take could not be asked for again."""
    return secrets.randbelow(SEED_MAX) + 1


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What one of several takes is made with. `tuning` holds all six knobs, clean."""

    seed: int
    tuning: Mapping[str, Any]


@transaction.atomic
def request_takes(
    actor: User | None,
    *,
    line: Line,
    engine: str,
    count: int = 1,
    seed: int | None = None,
    tuning: Mapping[str, object] | None = None,
    voice: Voice | None = None,
    text: str | None = None,
    kind: BatchKind = BatchKind.REPEATS,
    answers: Comment | None = None,
) -> list[Take]:
    """Ask for 1 to 8 takes of a line. They are queued when this commits.

    `seed` None or 0 draws one for each take; a typed seed goes to the first take and the others
    count up from it, since the same seed would only make the same take again. `tuning`, `voice`
    and `text` default to the line's own; its text is cleaned before it is sent. Raises
    `ParamErrors` with every fault.
    """
    line = lock_line(line)
    voice = voice or effective_voice(line)
    values = check_request(
        line, engine=engine, count=count, seed=seed, tuning=tuning, voice=voice, text=text
    )
    batch = Batch.objects.create(
        project=line.project, kind=kind, count=count, asked_by=actor, answers=answers
    )
    knobs = {param.name: values[param.name] for param in params.TUNING}
    takes = make_takes(
        actor,
        line=line,
        batch=batch,
        engine=engine,
        voice=voice,
        text=values["text"],
        own_text=text,
        readings=[
            Reading(seed=_seed_for(values["seed"], index), tuning=knobs) for index in range(count)
        ],
    )
    log(
        actor, "takes asked for", project=line.project, target=f"line {line.pk}",
        numbers=[take.number for take in takes], engine=engine,
    )  # fmt: skip
    return takes


def make_takes(
    actor: User | None,
    *,
    line: Line,
    batch: Batch,
    engine: str,
    voice: Voice | None,
    text: str,
    readings: Sequence[Reading],
    key: ApiKey | None = None,
    after_clip: bool = False,
    own_text: str | None = None,
) -> list[Take]:
    """The rows of a batch: takes with their jobs, queued in this order. `line` comes from
    `lock_line`, and everything was checked. What is asked for is logged by the caller.

    `text` is what is sent; `own_text` what it was made from, if not the line's text."""
    own_text = line.text if own_text is None else own_text
    reference = (voice.sha256 or voice.source_url) if voice else ""
    marks = [
        fingerprint(text=text, reference=reference, tuning=one.tuning, seed=one.seed, engine=engine)
        for one in readings
    ]
    earlier: dict[str, Take] = {}
    for take in Take.objects.filter(fingerprint__in=marks, line=line).only("fingerprint", "pk"):
        earlier.setdefault(take.fingerprint, take)
    takes = Take.objects.bulk_create(
        Take(
            project=line.project,
            line=line,
            number=line.takes_made + index,
            batch=batch,
            created_by=actor,
            text=text,
            line_text="" if own_text.strip() == text.strip() else own_text,
            voice=voice,
            voice_name=voice.name if voice else "",
            reference_url=voice.source_url if voice else "",
            reference_sha256=voice.sha256 if voice else "",
            seed=one.seed,
            spec_version=params.SPEC_VERSION,
            engine=engine,
            fingerprint=mark,
            repeat_of=earlier.get(mark),
            via_api=key is not None,
            **one.tuning,
        )
        for index, (one, mark) in enumerate(zip(readings, marks, strict=True), start=1)
    )
    Line.objects.filter(pk=line.pk).update(takes_made=F("takes_made") + len(takes))
    sweep = batch.kind == BatchKind.SWEEP
    queue_takes(takes, actor=actor, key=key, sweep=sweep, after_clip=after_clip)
    touch(line.project_id, takes=[take.pk for take in takes], lines=[line.pk])
    wake_driver()
    return takes


def lock_line(line: Line) -> Line:
    """The line as it is now, held together with its project until the transaction ends."""
    hold(line.project_id)
    return (
        Line.objects.select_for_update(of=("self",))
        .select_related("project", "voice", "project__voice")
        .get(pk=line.pk)
    )


@transaction.atomic
def retry_take(actor: User, *, take: Take) -> Job:
    """Ask again for a take that failed, expired or was cancelled. The row of the earlier try keeps
    what is known of its charge: an expired one may have cost money, and its sentence says so."""
    take = locked(take)
    if take.state not in {state.value for state in RETRYABLE}:
        raise WrongState("Only a take that failed can be tried again.")
    if take.voice is not None and take.voice.state == ClipState.REFUSED:
        raise WrongState(
            f"The reference clip of the voice “{take.voice.name}” cannot be used."
            f" {take.voice.sentence}"
        )
    return ask_again(actor, take=take, verb="take retried")


@transaction.atomic
def star_take(actor: User, *, take: Take, on: bool) -> Take:
    if on:
        Star.objects.get_or_create(take=take, defaults={"by": actor})
    else:
        Star.objects.filter(take=take).delete()
    log(
        actor,
        "take starred" if on else "star removed",
        project=take.project,
        target=f"take {take.pk}",
    )
    touch(take.project_id, takes=[take.pk])
    return take


@transaction.atomic
def archive_take(actor: User, *, take: Take, on: bool) -> Take:
    """Put a take out of sight, or back. A live take cannot be archived."""
    take = locked(take)
    if on and take.is_live:
        raise WrongState("This take is still being made.")
    take.archived_at = timezone.now() if on else None
    take.save(update_fields=["archived_at"])
    log(
        actor,
        "take archived" if on else "take restored",
        project=take.project,
        target=f"take {take.pk}",
    )
    recheck(actor, lines=[take.line_id])
    touch(take.project_id, takes=[take.pk], lines=[take.line_id])
    return take


@transaction.atomic
def choose_take(actor: User, *, take: Take, on: bool) -> Line:
    """The take that the line goes with for now, one a line; its voice and parameters are the
    line's from then on, so that the next takes are made like it."""
    if on and not take.is_done:
        raise WrongState("Only a finished take can be chosen.")
    hold(take.project_id)
    line = Line.objects.select_for_update(of=("self",)).get(pk=take.line_id)
    before = line.chosen_take_id
    earlier = Take.objects.filter(pk=before or 0).values_list("number", flat=True).first()
    if on:
        adopt_setup(actor, take=take)
    line.chosen_take = take if on else None
    line.save(update_fields=["chosen_take"])
    log(
        actor,
        "take chosen" if on else "choice removed",
        project=take.project,
        target=f"take {take.pk}",
        old=earlier,
        new=take.number if on else None,
    )
    recheck(actor, lines=[line.pk])
    touch(take.project_id, takes=[pk for pk in (before, take.pk) if pk], lines=[line.pk])
    return line


def fingerprint(
    *, text: str, reference: str, tuning: Mapping[str, Any], seed: int, engine: str
) -> str:
    """Equal for two takes that were asked for in exactly the same way."""
    body = json.dumps([text, reference, dict(sorted(tuning.items())), seed, engine])
    return hashlib.sha256(body.encode()).hexdigest()


def check_request(
    line: Line,
    *,
    engine: str,
    count: int,
    seed: int | None,
    tuning: Mapping[str, object] | None,
    voice: Voice | None,
    text: str | None,
    most: int = MOST_AT_ONCE,
    await_clip: bool = False,
) -> dict[str, Any]:
    """The nine fields of a request for takes of a line, clean. Raises `ParamErrors` with every
    fault. `await_clip`: a voice whose clip is still being checked will do."""
    faults: list[Fault] = []
    card = catalog.ENGINES.get(engine)
    if card is None:
        raise BadInput(f"There is no engine “{engine}”.")
    if not 1 <= count <= most:
        faults.append(
            Fault(field="count", sentence=f"Between 1 and {most} takes can be made at once.")
        )
    if line.project.archived_at is not None:
        raise WrongState("This project is archived. Restore it to make takes.")
    if voice is None:
        faults.append(Fault(field="voice", sentence="Choose a voice first."))
    elif not voice.is_usable and not (await_clip and voice.is_live):
        faults.append(
            Fault(field="voice", sentence=f"The voice “{voice.name}” cannot be used now.")
        )
    given = effective_tuning(line) | {
        k: v for k, v in (tuning or {}).items() if v not in ("", None)
    }
    raw = {
        **given,
        "text": sent(line.text) if text is None else text,
        "seed": seed or 0,
        # The address that is sent is found by the driver; here it only has to be there.
        "reference_audio": "https://takeroom.invalid/clip",
    }
    try:
        values = params.clean(raw)
    except ParamErrors as error:
        raise ParamErrors([*faults, *error.faults]) from error
    if faults:
        raise ParamErrors(faults)
    return values


def _seed_for(first: int, index: int) -> int:
    return draw_seed() if first == 0 else (first + index - 1) % SEED_MAX + 1


def ask_again(actor: User, *, take: Take, verb: str) -> Job:
    """Queue a take that was asked for before, with a job of its own. `take` comes from `locked`."""
    if reason := nothing_to_say(take.text):
        raise WrongState(f"{reason} Nothing was sent.")
    Take.objects.filter(pk=take.pk).update(archived_at=None)
    [job] = queue_takes([take], actor=actor)
    log(actor, verb, project=take.project, target=f"take {take.pk}")
    touch(take.project_id, takes=[take.pk], lines=[take.line_id])
    wake_driver()
    return job


def locked(take: Take) -> Take:
    """The take as it is now, held together with its project until the transaction ends."""
    hold(take.project_id)
    return (
        Take.objects.select_for_update(of=("self",))
        .select_related("project", "line", "voice")
        .get(pk=take.pk)
    )
