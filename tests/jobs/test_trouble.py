"""Every way an engine can fail, and what it means for the job and the money."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from speech import errors
from speech.jobs import trouble
from speech.jobs.trouble import Ends, QueuesAgain, ReadsAgain
from speech.states import Charged, JobState

CLASSES: list[type[errors.EngineError]] = [
    errors.Refused,
    errors.GenerationFailed,
    errors.NotAccepted,
    errors.RateLimited,
    errors.SubmitsPaused,
    errors.OutcomeUnknown,
    errors.TryLater,
    errors.RecordExpired,
    errors.BrokenAnswer,
]
SENDS_AGAIN = {errors.NotAccepted, errors.RateLimited, errors.SubmitsPaused}
"""Surely not accepted. Nothing else may ever be sent again by itself."""


def tree(root: type[errors.EngineError]) -> Iterator[type[errors.EngineError]]:
    yield root
    for child in root.__subclasses__():
        yield from tree(child)


def error(kind: type[errors.EngineError], **more: Any) -> errors.EngineError:
    return kind("It went wrong.", **more)


def fetched(kind: type[errors.EngineError], *, failures: int = 0, **more: Any) -> Any:
    options: dict[str, Any] = {"completed_at": timezone.now(), "free": False, **more}
    return trouble.after_fetch(error(kind), failures=failures, **options)


def test_these_tests_know_every_class() -> None:
    assert set(tree(errors.EngineError)) == {*CLASSES, errors.EngineError}


@pytest.mark.parametrize("kind", CLASSES)
def test_it_sends_again_only_what_was_surely_not_accepted(kind: type[errors.EngineError]) -> None:
    verdict = trouble.after_submit(error(kind), failures=0)
    assert isinstance(verdict, QueuesAgain) == (kind in SENDS_AGAIN)
    assert verdict.sentence
    assert verdict.code


@pytest.mark.parametrize(
    ("kind", "state", "charged"),
    [
        (errors.Refused, JobState.FAILED, Charged.NO),
        (errors.GenerationFailed, JobState.FAILED, Charged.NO),
        (errors.OutcomeUnknown, JobState.UNKNOWN, Charged.MAYBE),
        (errors.TryLater, JobState.UNKNOWN, Charged.MAYBE),
        (errors.RecordExpired, JobState.UNKNOWN, Charged.MAYBE),
        (errors.BrokenAnswer, JobState.UNKNOWN, Charged.MAYBE),
        (errors.EngineError, JobState.UNKNOWN, Charged.MAYBE),
    ],
)
def test_it_says_in_doubt_unless_it_knows_better(
    kind: type[errors.EngineError], state: JobState, charged: Charged
) -> None:
    verdict = trouble.after_submit(error(kind), failures=0)
    assert isinstance(verdict, Ends)
    assert (verdict.state, verdict.charged) == (state, charged)


def test_it_gives_up_after_ten_refusals_and_says_that_nothing_was_charged() -> None:
    verdict = trouble.after_submit(error(errors.NotAccepted), failures=9)
    assert isinstance(verdict, Ends)
    assert (verdict.state, verdict.charged) == (JobState.FAILED, Charged.NO)
    assert "nothing was charged" in verdict.sentence


def test_a_rate_limit_never_gives_up_and_holds_the_engine_until_the_named_time() -> None:
    at = timezone.now() + timedelta(seconds=40)
    verdict = trouble.after_submit(error(errors.RateLimited, retry_at=at), failures=1000)
    assert isinstance(verdict, QueuesAgain)
    assert (verdict.due_at, verdict.holds_engine, verdict.counts) == (at, True, False)


def test_a_missing_key_or_money_pauses_the_engine_and_costs_no_try() -> None:
    verdict = trouble.after_submit(error(errors.SubmitsPaused), failures=1000)
    assert isinstance(verdict, QueuesAgain)
    assert (verdict.pauses_engine, verdict.counts) == (True, False)


@pytest.mark.parametrize("kind", [kind for kind in CLASSES if kind is not errors.RecordExpired])
def test_nothing_is_charged_by_what_fails_before_the_submission(
    kind: type[errors.EngineError],
) -> None:
    verdict = trouble.before_submit(error(kind), failures=0)
    if isinstance(verdict, Ends):
        assert (verdict.state, verdict.charged) == (JobState.FAILED, Charged.NO)


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        (errors.GenerationFailed, Ends),
        (errors.NotAccepted, QueuesAgain),
        (errors.RateLimited, ReadsAgain),
        (errors.SubmitsPaused, ReadsAgain),
        (errors.OutcomeUnknown, ReadsAgain),
        (errors.TryLater, ReadsAgain),
        (errors.RecordExpired, ReadsAgain),
        (errors.BrokenAnswer, ReadsAgain),
        (errors.Refused, ReadsAgain),
        (errors.EngineError, ReadsAgain),
    ],
)
def test_a_read_that_failed_is_repeated(
    kind: type[errors.EngineError], outcome: type[object]
) -> None:
    assert isinstance(trouble.after_read(error(kind), failures=0, lost=0), outcome)


def test_trouble_with_reads_alone_never_fails_a_job() -> None:
    for kind in (errors.TryLater, errors.RateLimited, errors.OutcomeUnknown):
        assert isinstance(trouble.after_read(error(kind), failures=10_000, lost=0), ReadsAgain)


def test_a_record_counts_as_expired_after_three_answers_in_a_row() -> None:
    assert isinstance(
        trouble.after_read(error(errors.RecordExpired), failures=9, lost=1), ReadsAgain
    )
    verdict = trouble.after_read(error(errors.RecordExpired), failures=9, lost=2)
    assert isinstance(verdict, Ends)
    assert (verdict.state, verdict.charged) == (JobState.EXPIRED, Charged.MAYBE)


def test_a_record_that_expired_in_a_long_outage_is_asked_for_three_times_soon() -> None:
    """Within one slice, since each begins to count anew."""
    verdict = trouble.after_read(error(errors.RecordExpired), failures=10_000, lost=1)
    assert isinstance(verdict, ReadsAgain)
    assert verdict.seconds < 5


def test_answers_that_make_no_sense_end_after_five() -> None:
    verdict = trouble.after_read(error(errors.BrokenAnswer), failures=4, lost=0)
    assert isinstance(verdict, Ends)
    assert verdict.charged == Charged.MAYBE


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        (errors.BrokenAnswer, Ends),
        (errors.GenerationFailed, Ends),
        (errors.NotAccepted, ReadsAgain),
        (errors.RateLimited, ReadsAgain),
        (errors.SubmitsPaused, ReadsAgain),
        (errors.OutcomeUnknown, ReadsAgain),
        (errors.TryLater, ReadsAgain),
        (errors.RecordExpired, ReadsAgain),
        (errors.Refused, ReadsAgain),
        (errors.EngineError, ReadsAgain),
    ],
)
def test_a_download_is_repeated_and_never_bought_again(
    kind: type[errors.EngineError], outcome: type[object]
) -> None:
    verdict = fetched(kind)
    assert isinstance(verdict, outcome)
    if isinstance(verdict, Ends):
        assert verdict.charged == Charged.YES


def test_a_download_ends_when_the_provider_keeps_the_file_no_longer() -> None:
    old = timezone.now() - timedelta(days=7, minutes=1)
    verdict = fetched(errors.TryLater, failures=3, completed_at=old)
    assert isinstance(verdict, Ends)
    assert (verdict.state, verdict.charged) == (JobState.EXPIRED, Charged.YES)
    assert isinstance(fetched(errors.TryLater, failures=10_000), ReadsAgain)


def test_audio_that_falls_short_is_kept_the_third_time() -> None:
    assert [trouble.after_cut_off(times=times) is None for times in (1, 2, 3)] == [
        False, False, True,
    ]  # fmt: skip


def test_a_lost_draft_is_simply_made_again() -> None:
    assert isinstance(fetched(errors.NotAccepted, free=True), QueuesAgain)


@pytest.mark.parametrize(
    ("sentence", "blamed"),
    [
        ("Could not download reference_audio", True),
        ("Invalid audio_prompt", True),
        ("CUDA out of memory", False),
    ],
)
def test_it_knows_when_the_clip_is_blamed(sentence: str, blamed: bool) -> None:
    assert trouble.blames_reference(sentence) is blamed
