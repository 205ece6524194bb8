"""The database itself refuses what must not be, whoever writes it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from speech.models import Job, Line, Take, Voice
from speech.params import TUNING
from speech.states import ClipState, JobState, Role
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def take() -> Take:
    return factories.make_take(factories.make_line(factories.make_project()))


def refused(change: Any) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        change()


@pytest.mark.parametrize("param", [p for p in TUNING if p.low is not None], ids=lambda p: p.name)
def test_parameters_stay_within_the_ranges_of_the_spec(take: Take, param: Any) -> None:
    rows = Take.objects.filter(pk=take.pk)
    refused(lambda: rows.update(**{param.name: param.high + 1}))
    refused(lambda: rows.update(**{param.name: param.low - 1}))
    rows.update(**{param.name: param.high})


def test_a_take_number_is_given_once_within_a_line(take: Take) -> None:
    refused(lambda: factories.make_take(take.line, number=take.number))


def test_a_finished_take_has_its_audio(take: Take) -> None:
    refused(lambda: Take.objects.filter(pk=take.pk).update(sha256=""))


@pytest.mark.parametrize("seed", [0, -1, 2**31])
def test_a_seed_is_positive(take: Take, seed: int) -> None:
    with pytest.raises(Exception), transaction.atomic():  # noqa: B017 - a constraint or an overflow
        Take.objects.filter(pk=take.pk).update(seed=seed)


def test_two_live_lines_never_share_a_place(take: Take) -> None:
    refused(
        lambda: Line.objects.create(project=take.project, text="x", position=take.line.position)
    )


def test_a_take_has_one_live_job_at_most(take: Take) -> None:
    factories.make_job(take, state=JobState.QUEUED)
    refused(lambda: factories.make_job(take, state=JobState.QUEUED))


@pytest.mark.parametrize(
    "fields",
    [
        {"state": JobState.RUNNING, "owner": "", "request_id": "r"},
        {"state": JobState.RUNNING, "owner": "me", "request_id": ""},
        {"state": JobState.SUBMITTING, "owner": "me", "submit_started_at": None},
        {"state": JobState.UNKNOWN, "charged": "no"},
        {"state": "resting"},
    ],
)
def test_a_jobs_state_and_fields_fit_together(take: Take, fields: dict[str, Any]) -> None:
    refused(lambda: Job.objects.filter(take=take).update(**fields))


def test_a_voice_has_consent_and_a_ready_one_has_a_clip() -> None:
    voice = factories.make_voice()
    rows = Voice.objects.filter(pk=voice.pk)
    refused(lambda: rows.update(consent_by=""))
    refused(lambda: rows.update(clip=""))
    rows.update(clip="", state=ClipState.REFUSED)


def test_a_person_has_one_role_in_a_project() -> None:
    ada = factories.make_user()
    project = factories.make_project(owner=ada)
    refused(lambda: factories.add_member(project, ada, Role.VIEWER))
