from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from speech.background import enqueue, wake_driver
from speech.models import EngineState, Job, User
from speech.services.events import log, touch
from speech.states import JobState


@transaction.atomic
def resume_engine(actor: User, *, key: str) -> None:
    """Let submissions go on; the queue was kept."""
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
    for project_id in sorted(set(waiting.values_list("project", flat=True))):
        touch(project_id)


@transaction.atomic
def ask_engine_check(actor: User, *, key: str) -> None:
    """A test call that costs nothing, made by a task; its sentence lands in `EngineState`."""
    EngineState.objects.update_or_create(
        key=key, defaults={"check_asked_at": timezone.now(), "check_sentence": ""}
    )
    log(actor, "engine check asked for", target=key)
    enqueue("speech.tasks.check_engine", key)
