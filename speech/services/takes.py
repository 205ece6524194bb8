from __future__ import annotations

import contextlib
import hashlib
import json
import secrets
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from speech import catalog, params
from speech.background import wake_driver
from speech.errors import BadInput, Fault, ParamErrors, WrongState
from speech.models import Batch, Comment, Job, Line, Project, Star, Take, User, Voice
from speech.params import SEED_MAX
from speech.queries.tuning import effective_tuning, effective_voice
from speech.services.adopting import adopt_setup
from speech.services.events import hold, log, touch
from speech.services.fallen import recheck
from speech.states import RETRYABLE, BatchKind, JobState

MOST_AT_ONCE = 8


def draw_seed() -> int:
    """A positive seed. 0 means "random" upstream, and such a take could not be asked for again."""
    return secrets.randbelow(SEED_MAX) + 1


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
    and `text` default to the line's own. Raises `ParamErrors` with every fault.
    """
    hold(line.project_id)
    line = (
        Line.objects.select_for_update(of=("self",))
        .select_related("project", "voice", "project__voice")
        .get(pk=line.pk)
    )
    voice = voice or effective_voice(line)
    values = _check(
        line, engine=engine, count=count, seed=seed, tuning=tuning, voice=voice, text=text
    )
    batch = Batch.objects.create(
        project=line.project, kind=kind, count=count, asked_by=actor, answers=answers
    )
    takes = [
        _new_take(
            actor,
            line=line,
            number=line.takes_made + index + 1,
            batch=batch,
            engine=engine,
            voice=voice,
            seed=_seed_for(values["seed"], index),
            text=values["text"],
            tuning={param.name: values[param.name] for param in params.TUNING},
        )
        for index in range(count)
    ]
    Line.objects.filter(pk=line.pk).update(takes_made=F("takes_made") + count)
    for take in takes:
        _queue(take)
    log(
        actor, "takes asked for", project=line.project, target=f"line {line.pk}",
        numbers=[take.number for take in takes], engine=engine,
    )  # fmt: skip
    touch(line.project_id, takes=[take.pk for take in takes], lines=[line.pk])
    wake_driver()
    return takes


@transaction.atomic
def retry_take(actor: User, *, take: Take) -> Job:
    """Ask again for a take that failed, expired or was cancelled. The row of the earlier try keeps
    what is known of its charge: an expired one may have cost money, and its sentence says so."""
    take = _locked(take)
    if take.state not in {state.value for state in RETRYABLE}:
        raise WrongState("Only a take that failed can be tried again.")
    return _again(actor, take=take, verb="take retried")


@transaction.atomic
def submit_again(actor: User, *, take: Take) -> Job:
    """A person decides to send an unknown take once more, knowing it may be charged twice."""
    take = _locked(take)
    if take.state != JobState.UNKNOWN:
        raise WrongState("This take is no longer in doubt.")
    Job.objects.filter(take=take, state=JobState.UNKNOWN).update(settled="resubmitted")
    return _again(actor, take=take, verb="unknown take submitted again")


@transaction.atomic
def dismiss_unknown(actor: User, *, take: Take) -> Take:
    """A person lets an unknown take go. The record that it may have been charged stays."""
    take = _locked(take)
    doubtful = Job.objects.filter(pk=take.job_id or 0, state=JobState.UNKNOWN, settled="")
    if not doubtful.update(settled="dismissed"):
        raise WrongState("This take is no longer in doubt.")
    take.archived_at = timezone.now()
    take.save(update_fields=["archived_at"])
    log(actor, "unknown take dismissed", project=take.project, target=f"take {take.pk}")
    touch(take.project_id, takes=[take.pk], lines=[take.line_id])
    return take


@transaction.atomic
def settle_unknowns(actor: User, *, project: Project, again: bool) -> int:
    """Submit again, or dismiss, every unknown take of a project; how many were settled. One that
    somebody else settles meanwhile is left as they decided."""
    settled = 0
    for take in list(unsettled(project)):
        with contextlib.suppress(WrongState):
            if again:
                submit_again(actor, take=take)
            else:
                dismiss_unknown(actor, take=take)
            settled += 1
    return settled


def cancel_queued(takes: QuerySet[Take], *, why: str, code: str) -> list[int]:
    """Cancel those of `takes` that wait to be sent; their keys. Nothing was charged for them.
    Call it inside a transaction."""
    waiting = Job.objects.filter(take__in=takes, state=JobState.QUEUED).select_for_update(
        of=("self",)
    )
    jobs = list(waiting.values_list("pk", flat=True))
    Job.objects.filter(pk__in=jobs).update(
        state=JobState.CANCELLED, finished_at=timezone.now(), error_code=code,
        error=f"{why} before this take was sent. Nothing was charged.",
    )  # fmt: skip
    cancelled = Take.objects.filter(job__in=jobs)
    cancelled.update(state=JobState.CANCELLED)
    return list(cancelled.values_list("pk", flat=True))


def unsettled(project: Project) -> QuerySet[Take]:
    """Takes of a project whose charge is in doubt and that nobody has decided on."""
    return Take.objects.filter(
        project=project, state=JobState.UNKNOWN, job__settled="", line__deleted_at=None
    ).select_related("project", "line", "job")


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
    take = _locked(take)
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


def _check(
    line: Line,
    *,
    engine: str,
    count: int,
    seed: int | None,
    tuning: Mapping[str, object] | None,
    voice: Voice | None,
    text: str | None,
) -> dict[str, Any]:
    faults: list[Fault] = []
    card = catalog.ENGINES.get(engine)
    if card is None:
        raise BadInput(f"There is no engine “{engine}”.")
    if not 1 <= count <= MOST_AT_ONCE:
        faults.append(
            Fault(
                field="count", sentence=f"Between 1 and {MOST_AT_ONCE} takes can be made at once."
            )
        )
    if line.project.archived_at is not None:
        raise WrongState("This project is archived. Restore it to make takes.")
    if voice is None:
        faults.append(Fault(field="voice", sentence="Choose a voice first."))
    elif not voice.is_usable:
        faults.append(
            Fault(field="voice", sentence=f"The voice “{voice.name}” cannot be used now.")
        )
    given = effective_tuning(line) | {
        k: v for k, v in (tuning or {}).items() if v not in ("", None)
    }
    raw = {
        **given,
        "text": line.text if text is None else text,
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


def _new_take(
    actor: User | None,
    *,
    line: Line,
    number: int,
    batch: Batch,
    engine: str,
    voice: Voice | None,
    seed: int,
    text: str,
    tuning: Mapping[str, Any],
) -> Take:
    reference = (voice.sha256 or voice.source_url) if voice else ""
    mark = fingerprint(text=text, reference=reference, tuning=tuning, seed=seed, engine=engine)
    earlier = Take.objects.filter(fingerprint=mark, line=line).order_by("id").first()
    return Take.objects.create(
        project=line.project,
        line=line,
        number=number,
        batch=batch,
        created_by=actor,
        text=text,
        voice=voice,
        voice_name=voice.name if voice else "",
        reference_url=voice.source_url if voice else "",
        reference_sha256=voice.sha256 if voice else "",
        seed=seed,
        spec_version=params.SPEC_VERSION,
        engine=engine,
        fingerprint=mark,
        repeat_of=earlier,
        **tuning,
    )


def _seed_for(first: int, index: int) -> int:
    return draw_seed() if first == 0 else (first + index - 1) % SEED_MAX + 1


def _queue(take: Take) -> Job:
    job = Job.objects.create(take=take, engine=take.engine, due_at=timezone.now())
    take.job, take.state = job, JobState.QUEUED
    take.save(update_fields=["job", "state"])
    return job


def _again(actor: User, *, take: Take, verb: str) -> Job:
    Take.objects.filter(pk=take.pk).update(archived_at=None)
    job = _queue(take)
    log(actor, verb, project=take.project, target=f"take {take.pk}")
    touch(take.project_id, takes=[take.pk], lines=[take.line_id])
    wake_driver()
    return job


def _locked(take: Take) -> Take:
    hold(take.project_id)
    return (
        Take.objects.select_for_update(of=("self",))
        .select_related("project", "line")
        .get(pk=take.pk)
    )
