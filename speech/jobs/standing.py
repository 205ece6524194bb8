"""What is known of an engine as a whole, kept in `EngineState` for pages and other hosts."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from speech.catalog import ENGINES
from speech.limits import BREAK_SECONDS, BREAKS_AFTER
from speech.models import Balance, EngineState, Job
from speech.services.engines import tell_waiting
from speech.services.events import log
from speech.states import LIVE, NOT_CONFIGURED

NOT_CONFIGURED_SENTENCE = (
    "This engine is not configured on the server any more. Its takes wait until the administrator"
    " sets it up again; nothing is lost."
)


def pause(key: str, *, sentence: str, code: str) -> None:
    """Stop submits until a person resumes them. The queue is kept."""
    EngineState.objects.get_or_create(key=key)
    paused = EngineState.objects.filter(key=key, paused_at=None).update(
        paused_at=timezone.now(), pause_sentence=sentence, pause_code=code
    )
    if paused:
        log(None, "submissions paused", target=key, code=code)
        tell_waiting(key)
    note_error(key, sentence=sentence, code=code)


def hold(key: str, *, until: datetime, sentence: str) -> None:
    """No submit before `until`. A longer hold that stands already is not cut short."""
    EngineState.objects.get_or_create(key=key)
    shorter = Q(hold_until=None) | Q(hold_until__lt=until)
    EngineState.objects.filter(shorter, key=key).update(hold_until=until, hold_sentence=sentence)


def end_holds() -> None:
    """Take off the holds that are over: cards of takes that wait on would name them for ever."""
    for key in EngineState.objects.filter(hold_until__lte=timezone.now()).values_list(
        "key", flat=True
    ):
        with transaction.atomic():
            over = EngineState.objects.filter(key=key, hold_until__lte=timezone.now())
            if over.update(hold_until=None, hold_sentence=""):
                tell_waiting(key)


def note_error(key: str, *, sentence: str, code: str) -> None:
    """The last trouble with an engine, for the administrator's page."""
    EngineState.objects.filter(key=key).update(
        last_error=sentence, last_error_code=code, last_error_at=timezone.now()
    )


def submit_refused(key: str, *, sentence: str, code: str) -> None:
    """Count a refusal; the breaker opens after five in a row and lets one probe in at a time."""
    EngineState.objects.get_or_create(key=key)
    note_error(key, sentence=sentence, code=code)
    EngineState.objects.filter(key=key).update(failures=F("failures") + 1)
    if EngineState.objects.get(key=key).failures >= BREAKS_AFTER:
        hold(key, until=timezone.now() + timedelta(seconds=BREAK_SECONDS), sentence=sentence)


def is_broken(key: str) -> bool:
    """Whether the breaker is open: the engine refuses everybody."""
    return EngineState.objects.filter(key=key, failures__gte=BREAKS_AFTER).exists()


def submit_accepted(key: str) -> None:
    """Close the breaker. A hold runs its time: the answer to a request that was sent before the
    rate limit was named says nothing about the limit."""
    EngineState.objects.filter(key=key).exclude(failures=0).update(failures=0)


def remember_credits(key: str, left: float) -> None:
    """What the account has left, now and as the last figure of the day."""
    now = timezone.now()
    EngineState.objects.update_or_create(key=key, defaults={"credits": left, "credits_at": now})
    Balance.objects.update_or_create(
        engine=key, day=timezone.localdate(now), defaults={"credits": left, "at": now}
    )


def note_configured(keys: Collection[str]) -> None:
    """Jobs of an engine that is not configured (any more) wait, with a sentence, until it is."""
    for key in ENGINES:
        state = EngineState.objects.filter(key=key, pause_code=NOT_CONFIGURED)
        if key in keys:
            state.update(paused_at=None, pause_code="", pause_sentence="")
        elif Job.objects.filter(engine=key, state__in=LIVE).exists():
            pause(key, sentence=NOT_CONFIGURED_SENTENCE, code=NOT_CONFIGURED)
            # Over any other reason: it alone says that not even polls can go on.
            EngineState.objects.filter(key=key).exclude(pause_code=NOT_CONFIGURED).update(
                pause_sentence=NOT_CONFIGURED_SENTENCE, pause_code=NOT_CONFIGURED
            )
