"""Submissions to an engine: paused and resumed by people, resumed by the studio."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from speech.background import enqueue, wake_driver
from speech.errors import WrongState
from speech.models import EngineState, Job, User
from speech.pauses import BY_HAND, LOOKED_AT, pause_of
from speech.services.events import log, touch
from speech.states import JobState


@transaction.atomic
def pause_engine(actor: User, *, key: str) -> None:
    """Stop submits until an administrator resumes them. What is being made goes on, and the queue
    is kept. A pause that would end by itself becomes one that does not."""
    EngineState.objects.get_or_create(key=key)
    open_to = Q(paused_at=None) | Q(pause_code__in=LOOKED_AT)
    stopped = EngineState.objects.filter(open_to, key=key).update(
        paused_at=timezone.now(), pause_code=BY_HAND,
        pause_sentence=f"{actor.label} paused submitting. The queue is kept.",
    )  # fmt: skip
    if not stopped:
        raise WrongState("Submitting is paused already.")
    log(actor, "submissions paused", target=key, code=BY_HAND)
    tell_waiting(key)


@transaction.atomic
def resume_engine(actor: User, *, key: str) -> None:
    """Let submissions go on; the queue was kept."""
    code = EngineState.objects.filter(key=key).values_list("pause_code", flat=True).first() or ""
    if not pause_of(code).can_resume:
        raise WrongState(f"It cannot be resumed here. {pause_of(code).ends}")
    EngineState.objects.filter(key=key).update(
        paused_at=None, pause_code="", pause_sentence="", failures=0, hold_until=None,
        hold_sentence="",
    )  # fmt: skip
    log(actor, "submissions resumed", target=key)
    tell_waiting(key)
    wake_driver()


def tell_waiting(key: str) -> None:
    """Let the pages of projects whose takes wait for this engine look again: their cards say why
    they wait."""
    waiting = Job.objects.filter(engine=key, state=JobState.QUEUED).order_by()
    for project_id in sorted(waiting.values_list("project", flat=True).distinct()):
        touch(project_id)


@transaction.atomic
def resume_by_itself(*, state: EngineState) -> bool:
    """Let submissions go on because the reason is gone; False where the pause is no longer the
    one that was looked at. A hold that stands runs its time."""
    same = EngineState.objects.filter(
        pk=state.pk, paused_at=state.paused_at, pause_code=state.pause_code
    )
    if not same.update(paused_at=None, pause_code="", pause_sentence=""):
        return False
    log(None, "submissions resumed", target=state.key, code=state.pause_code)
    tell_waiting(state.key)
    wake_driver()
    return True


@transaction.atomic
def ask_engine_check(actor: User, *, key: str) -> None:
    """A test call that costs nothing, made by a task; its sentence lands in `EngineState`."""
    EngineState.objects.update_or_create(
        key=key, defaults={"check_asked_at": timezone.now(), "check_sentence": ""}
    )
    log(actor, "engine check asked for", target=key)
    enqueue("speech.tasks.check_engine", key)
