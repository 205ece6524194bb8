from __future__ import annotations

from types import SimpleNamespace

import pytest
from django_q.models import OrmQ

from speech.errors import BadInput, ParamErrors, WrongState
from speech.models import Event, Job, Line, Take
from speech.services.comments import write_comment
from speech.services.doubts import dismiss_unknown, settle_unknowns, submit_again, unsettled
from speech.services.projects import archive_project
from speech.services.takes import archive_take, choose_take, request_takes, retry_take, star_take
from speech.states import ClipState, JobState
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def line(cast: SimpleNamespace) -> Line:
    cast.project.voice = factories.make_voice(params={"temperature": 0.5})
    cast.project.defaults = {"top_p": 0.8}
    cast.project.save()
    return factories.make_line(cast.project, params={"top_k": 100})


def test_takes_keep_what_went_into_them(cast: SimpleNamespace, line: Line) -> None:
    take = request_takes(cast.producer, line=line, engine="draft")[0]

    assert take.text == line.text
    assert (take.temperature, take.top_p, take.top_k, take.repetition_penalty) == (
        0.5,
        0.8,
        100,
        1.3,
    )
    assert take.voice_name == "Amara"
    assert take.reference_sha256 == "a" * 64
    assert take.created_by == cast.producer
    assert take.seed > 0
    assert take.number == 1
    assert take.state == JobState.QUEUED


def test_each_take_gets_a_seed_and_a_number_of_its_own(cast: SimpleNamespace, line: Line) -> None:
    takes = request_takes(cast.owner, line=line, engine="draft", count=8)
    takes += request_takes(cast.owner, line=line, engine="draft", count=2)
    assert len({take.seed for take in takes}) == 10
    assert [take.number for take in takes] == list(range(1, 11))


def test_a_typed_seed_is_used_and_the_next_takes_count_up(
    cast: SimpleNamespace, line: Line
) -> None:
    takes = request_takes(cast.owner, line=line, engine="draft", count=3, seed=42)
    assert [take.seed for take in takes] == [42, 43, 44]


def test_rows_and_wake_up_commit_together(cast: SimpleNamespace, line: Line) -> None:
    request_takes(cast.owner, line=line, engine="draft", count=3)
    assert Job.objects.filter(state=JobState.QUEUED).count() == 3
    assert OrmQ.objects.count() == 1


def test_every_fault_is_listed_and_nothing_is_made(cast: SimpleNamespace) -> None:
    line = factories.make_line(cast.project, " ")
    with pytest.raises(ParamErrors) as caught:
        request_takes(
            cast.owner, line=line, engine="draft", count=9,
            tuning={"temperature": "hot", "nonsense": 1},
        )  # fmt: skip
    assert {fault.field for fault in caught.value.faults} == {
        "count", "voice", "text", "temperature", "nonsense",
    }  # fmt: skip
    assert not Take.objects.exists()
    assert Line.objects.get(pk=line.pk).takes_made == 0


def test_a_voice_that_is_not_ready_cannot_be_used(cast: SimpleNamespace, line: Line) -> None:
    voice = factories.make_voice("Bo", state=ClipState.CHECKING)
    with pytest.raises(ParamErrors, match="Bo"):
        request_takes(cast.owner, line=line, engine="draft", voice=voice)


def test_an_archived_project_makes_no_takes(cast: SimpleNamespace, line: Line) -> None:
    archive_project(cast.owner, project=cast.project)
    with pytest.raises(WrongState, match="archived"):
        request_takes(cast.owner, line=line, engine="draft")


def test_an_engine_that_is_not_there_is_refused(cast: SimpleNamespace, line: Line) -> None:
    with pytest.raises(BadInput, match="no engine"):
        request_takes(cast.owner, line=line, engine="nonsense")


def test_a_failed_take_is_tried_again_with_the_same_seed(cast: SimpleNamespace, line: Line) -> None:
    take = factories.make_take(line, state=JobState.FAILED)
    job = retry_take(cast.owner, take=take)
    take.refresh_from_db()
    assert (take.state, take.job_id, take.seed) == (JobState.QUEUED, job.pk, 7)
    assert take.jobs.count() == 2


@pytest.mark.parametrize("state", [JobState.DONE, JobState.RUNNING, JobState.UNKNOWN])
def test_only_a_take_without_doubt_about_money_can_be_retried(
    cast: SimpleNamespace, line: Line, state: JobState
) -> None:
    with pytest.raises(WrongState):
        retry_take(cast.owner, take=factories.make_take(line, state=state))


def test_an_unknown_take_is_sent_again_once_only(cast: SimpleNamespace, line: Line) -> None:
    take = factories.make_take(line, state=JobState.UNKNOWN)
    submit_again(cast.owner, take=take)
    with pytest.raises(WrongState):
        submit_again(cast.owner, take=take)
    assert take.jobs.filter(settled="resubmitted").count() == 1


def test_unknowns_are_settled_in_bulk(cast: SimpleNamespace, line: Line) -> None:
    for _ in range(3):
        factories.make_take(line, state=JobState.UNKNOWN)
    assert unsettled(cast.project).count() == 3
    settled = settle_unknowns(cast.owner, project=cast.project, again=False)
    assert (settled.takes, settled.projects) == (3, 1)
    assert unsettled(cast.project).count() == 0
    with pytest.raises(WrongState):
        dismiss_unknown(cast.owner, take=Take.objects.get(number=1))


def test_what_people_say_of_a_take_is_kept_and_told(cast: SimpleNamespace, line: Line) -> None:
    take = factories.make_take(line)
    star_take(cast.reviewer, take=take, on=True)
    star_take(cast.owner, take=take, on=True)
    write_comment(cast.reviewer, take=take, text=" warmer ")
    assert take.star.by == cast.reviewer
    assert [comment.text for comment in take.comments.all()] == ["warmer"]
    with pytest.raises(BadInput):
        write_comment(cast.reviewer, take=take, text="  ")
    star_take(cast.owner, take=take, on=False)
    assert not hasattr(Take.objects.get(pk=take.pk), "star")
    assert set(Event.objects.values_list("verb", flat=True)) >= {"take starred", "comment written"}


def test_one_take_of_a_line_is_chosen(cast: SimpleNamespace, line: Line) -> None:
    first, second = factories.make_take(line), factories.make_take(line)
    choose_take(cast.owner, take=first, on=True)
    choose_take(cast.owner, take=second, on=True)
    assert Line.objects.get(pk=line.pk).chosen_take == second
    with pytest.raises(WrongState):
        choose_take(cast.owner, take=factories.make_take(line, state=JobState.FAILED), on=True)


def test_a_live_take_cannot_be_archived(cast: SimpleNamespace, line: Line) -> None:
    with pytest.raises(WrongState):
        archive_take(cast.owner, take=factories.make_take(line, state=JobState.RUNNING), on=True)
    take = archive_take(cast.owner, take=factories.make_take(line), on=True)
    assert take.archived_at
    assert archive_take(cast.owner, take=take, on=False).archived_at is None


def test_every_change_moves_the_projects_version(cast: SimpleNamespace, line: Line) -> None:
    take = request_takes(cast.owner, line=line, engine="draft")[0]
    cast.project.refresh_from_db()
    take.refresh_from_db()
    assert take.version == cast.project.version > 0
