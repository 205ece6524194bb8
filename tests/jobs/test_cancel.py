"""A take that is called off: at each moment of its life, what is sent, charged and kept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from pytest_django import Settings

from speech.engines.base import Progress, Result, SpeechRequest, Submitted
from speech.engines.segmind import SegmindEngine
from speech.errors import WrongState
from speech.jobs import driver
from speech.models import Job, Line, Take, User
from speech.queries import takes as queries
from speech.services.cancelling import cancel_take
from speech.services.sweeps import plan_sweep, request_sweep, stop_sweep
from speech.services.takes import retry_take
from speech.states import Cancel, Charged, JobState
from tests import factories
from tests.jobs.review import ask, building, fresh
from tests.upstream.client import KEY, Upstream

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("warm_audio")]


@pytest.fixture(autouse=True)
def segmind(settings: Settings, upstream: Upstream) -> Upstream:
    settings.SEGMIND_API_KEY = KEY
    settings.SEGMIND_BASE_URL = upstream.url
    settings.SEGMIND_UPLOAD_URL = f"{upstream.url}/upload-asset"
    settings.SEGMIND_SUBMITS_PER_MINUTE = 0
    upstream.set(job_seconds=[0.1, 0.1])
    return upstream


def pressing(at: str, press: Callable[[], object]) -> Any:
    """Builds engines: Segmind's, where somebody presses a button just before its first `at`."""
    pressed: list[bool] = []

    def once() -> None:
        if not pressed:
            pressed.append(True)
            try:
                press()
            finally:
                connection.close()

    class Pressed(SegmindEngine):
        async def upload_clip(self, path: Path, content_type: str) -> str:
            if at == "upload":
                await asyncio.to_thread(once)
            return await super().upload_clip(path, content_type)

        async def submit(self, request: SpeechRequest) -> Submitted:
            if at == "submit":
                await asyncio.to_thread(once)
            return await super().submit(request)

        async def status(self, submitted: Submitted) -> Progress:
            if at == "status":
                await asyncio.to_thread(once)
            return await super().status(submitted)

        async def fetch(self, submitted: Submitted, result: Result, into: Path) -> None:
            if at == "fetch":
                await asyncio.to_thread(once)
            await super().fetch(submitted, result, into)

    return building(Pressed)


def run_and_press(take: Take, *, at: str, then: Cancel | None) -> Take:
    """One slice, in which somebody cancels the take at that moment; the take afterwards."""
    somebody = User.objects.get()
    driver.run_slice(
        pressing(at, lambda: cancel_take(somebody, take=Take.objects.get(pk=take.pk), then=then))
    )
    return fresh(take)


def stored_sounds() -> list[str]:
    return default_storage.listdir("takes")[0] if default_storage.exists("takes") else []


def test_one_that_waits_is_never_sent(segmind: Upstream) -> None:
    take = ask()
    cancel_take(User.objects.get(), take=take)
    driver.run_slice()
    take = fresh(take)
    assert take.state == JobState.CANCELLED
    assert (take.job.charged, take.job.amount) == (Charged.NO, 0)
    assert not segmind.log().submits()


def test_one_that_a_driver_has_claimed_but_not_sent_is_never_sent(segmind: Upstream) -> None:
    mp3 = default_storage.save("voices/a.mp3", ContentFile(b"ID3 clip"))
    take = run_and_press(ask(source_url="", clip_mp3=mp3), at="upload", then=None)
    assert take.state == JobState.CANCELLED
    assert (take.job.charged, take.job.submits) == (Charged.NO, 0)
    assert not segmind.log().submits()


def test_discarded_while_it_is_made_it_is_charged_and_not_downloaded(segmind: Upstream) -> None:
    take = run_and_press(ask(), at="status", then=Cancel.DISCARD)
    assert take.state == JobState.CANCELLED
    assert take.job.charged == Charged.YES
    assert float(take.job.amount) == pytest.approx(take.cost)
    assert take.job.error.endswith("the result was thrown away. It was charged.")
    log = segmind.log()
    assert (log.hits["submit"], log.hits.get("output", 0)) == (1, 0)
    assert not take.audio


def test_kept_while_it_is_made_it_becomes_a_take_like_any_other(segmind: Upstream) -> None:
    take = run_and_press(ask(), at="status", then=Cancel.KEEP)
    assert take.state == JobState.DONE
    assert take.job.charged == Charged.YES
    assert default_storage.exists(str(take.audio.name))
    assert queries.card(queries.base().get(pk=take.pk)).marked == ""


@pytest.mark.parametrize("then", Cancel)
def test_cancelled_while_the_provider_refuses_it_is_not_sent_again(
    segmind: Upstream, then: Cancel
) -> None:
    segmind.rule("submit", "answer", status=503, body={"error": "busy"})
    take = run_and_press(ask(), at="submit", then=then)
    assert take.state == JobState.CANCELLED
    assert (take.job.charged, take.job.amount) == (Charged.NO, 0)
    assert "nothing was charged" in take.job.error
    driver.run_slice()
    assert segmind.log().hits["submit"] == 1


def test_cancelled_while_it_is_sent_and_accepted_all_the_same_it_is_charged(
    segmind: Upstream,
) -> None:
    take = run_and_press(ask(), at="submit", then=Cancel.DISCARD)
    assert take.state == JobState.CANCELLED
    assert take.job.charged == Charged.YES
    assert segmind.log().hits["submit"] == 1


def test_whoever_meant_one_that_waits_does_not_discard_one_that_is_charged(
    segmind: Upstream,
) -> None:
    take, somebody, refused = ask(), User.objects.get(), list[str]()

    def press() -> None:
        try:
            cancel_take(somebody, take=Take.objects.get(pk=take.pk))
        except WrongState as error:
            refused.append(error.sentence)

    driver.run_slice(pressing("submit", press))
    assert refused
    assert fresh(take).state == JobState.DONE


def test_discarded_during_the_download_no_sound_stays_behind(segmind: Upstream) -> None:
    take = run_and_press(ask(), at="fetch", then=Cancel.DISCARD)
    assert take.state == JobState.CANCELLED
    assert take.job.charged == Charged.YES
    assert take.cost
    assert not take.audio
    assert not [name for folder in stored_sounds() for name in _files(f"takes/{folder}")]


def test_a_discarded_take_that_is_tried_again_is_sent_and_charged_once_more(
    segmind: Upstream,
) -> None:
    take = run_and_press(ask(), at="status", then=Cancel.DISCARD)
    retry_take(User.objects.get(), take=take)
    driver.run_slice()
    assert fresh(take).state == JobState.DONE
    assert [job.charged for job in take.jobs.order_by("id")] == [Charged.YES, Charged.YES]
    assert segmind.log().hits["submit"] == 2


def test_a_sweep_that_is_stopped_half_way_loses_nothing_that_was_sent(
    settings: Settings, segmind: Upstream
) -> None:
    settings.SEGMIND_SUBMIT_WINDOW = 2
    line = _line()
    ada = User.objects.get()
    batch = request_sweep(ada, line=line, engine="segmind", plan=plan_sweep(many=6))

    driver.run_slice(pressing("submit", lambda: stop_sweep(ada, batch=batch)))

    sent = segmind.log().hits["submit"]
    assert 1 <= sent < 6
    assert batch.takes.filter(state=JobState.DONE).count() == sent
    assert batch.takes.filter(state=JobState.CANCELLED).count() == 6 - sent
    assert Job.objects.filter(charged=Charged.YES).count() == sent
    assert not Job.objects.exclude(charged=Charged.YES).exclude(amount=0).exists()


def _line() -> Line:
    ada = factories.make_user(is_superuser=True)
    return factories.make_line(factories.make_project(owner=ada, voice=factories.make_voice()))


def _files(folder: str) -> list[str]:
    return default_storage.listdir(folder)[1]
