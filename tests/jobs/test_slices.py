"""What happens to jobs when a slice ends."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from speech.jobs import driver
from speech.models import DriverLease, Job
from speech.services.takes import request_takes
from speech.states import JobState
from tests import factories
from tests.upstream.client import KEY, Upstream

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("warm_audio")]


@pytest.fixture(autouse=True)
def short_slices(settings: Settings, upstream: Upstream) -> None:
    settings.SEGMIND_API_KEY = KEY
    settings.SEGMIND_BASE_URL = upstream.url
    settings.DRIVER_SLICE_SECONDS = 0.5
    settings.DRIVER_LEASE_SECONDS = 1


def ask(*, count: int = 1) -> None:
    ada = factories.make_user(is_superuser=True)
    project = factories.make_project(owner=ada, voice=factories.make_voice())
    request_takes(ada, line=factories.make_line(project), engine="segmind", count=count)


def test_it_waits_for_a_submission_that_outlasts_the_slice_and_the_lease(
    upstream: Upstream,
) -> None:
    upstream.rule("submit", "delay", seconds=2)
    ask()

    driver.run_slice()
    assert Job.objects.get().state == JobState.RUNNING

    driver.run_slice()
    assert Job.objects.get().state == JobState.DONE
    assert upstream.log().hits["submit"] == 1


def test_it_hands_over_what_is_rendering_at_once(upstream: Upstream) -> None:
    upstream.set(job_seconds=[1.5, 1.5])
    ask(count=3)

    for _ in range(8):
        driver.run_slice()
        assert not DriverLease.objects.exists()

    assert {job.state for job in Job.objects.all()} == {JobState.DONE}
    assert upstream.log().hits["submit"] == 3
    assert all(job.epoch > 1 for job in Job.objects.all()), "more than one driver held them"


def test_it_does_not_stay_for_a_download_that_fails_and_would_wait(
    settings: Settings, upstream: Upstream
) -> None:
    """It would claim nothing meanwhile."""
    settings.DRIVER_SLICE_SECONDS = 1.5
    upstream.set(job_seconds=[0, 0])
    upstream.rule("output", "hang", times=None, seconds=2)
    ask()

    driver.run_slice()

    assert upstream.log().hits["output"] == 2, "once more at once, since the connection broke"
    assert Job.objects.get().state == JobState.DOWNLOADING
