from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.utils import timezone

from speech.errors import BadInput, ParamErrors, WrongState
from speech.models import Ballot, Event, Line, ListeningTest, Notice, Project, Take, User
from speech.queries import listening as queries
from speech.services.listening import cast_vote, close_test, make_test, send_test
from speech.services.projects import archive_project
from speech.states import JobState, NoticeKind, VoteMethod
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def line(cast: SimpleNamespace) -> Line:
    return factories.make_line(cast.project)


@pytest.fixture
def takes(line: Line) -> list[Take]:
    return [factories.make_stored_take(line) for _ in range(3)]


@pytest.fixture
def blind(cast: SimpleNamespace, takes: list[Take]) -> ListeningTest:
    return make_test(cast.producer, project=cast.project, takes=[take.pk for take in takes])


def _send(actor: User, blind: ListeningTest, *people: User, **said: str) -> list[Ballot]:
    return send_test(actor, test=blind, **{"title": "Closing line", **said}, people=people)


def _verbs(project: Project) -> list[str]:
    return list(Event.objects.filter(project=project).order_by("id").values_list("verb", flat=True))


def test_it_is_made_of_the_finished_takes_of_the_project_in_the_order_of_the_board(
    cast: SimpleNamespace, line: Line, takes: list[Take]
) -> None:
    elsewhere = factories.make_line(factories.make_project(owner=cast.producer))
    others = [
        factories.make_take(line, state=JobState.RUNNING),
        factories.make_take(elsewhere),
        factories.make_take(factories.make_line(cast.project, deleted_at=timezone.now())),
    ]
    asked = [takes[2].pk, takes[0].pk, takes[2].pk, *(other.pk for other in others)]
    test = make_test(cast.reviewer, project=cast.project, takes=asked)
    assert [entry.take for entry in test.entries.all()] == [takes[2], takes[0]]
    assert (test.title, test.method, test.is_open) == ("Line 1: 2 takes", VoteMethod.PICK, True)
    assert not test.ballots.exists()
    assert _verbs(cast.project) == ["listening test made"]


@pytest.mark.parametrize("many", [0, 1, 9])
def test_it_needs_two_to_eight_takes(cast: SimpleNamespace, line: Line, many: int) -> None:
    takes = [factories.make_take(line).pk for _ in range(many)]
    with pytest.raises(BadInput, match="2 to 8 finished takes"):
        make_test(cast.producer, project=cast.project, takes=takes)


def test_an_archived_project_gets_no_new_tests(cast: SimpleNamespace, blind: ListeningTest) -> None:
    archive_project(cast.owner, project=cast.project)
    cast.project.refresh_from_db()
    with pytest.raises(WrongState, match="archived"):
        make_test(cast.producer, project=cast.project, takes=[])
    with pytest.raises(WrongState, match="archived"):
        _send(cast.producer, blind, cast.reviewer)


def test_whoever_is_asked_has_a_task_and_a_notice_until_they_vote(
    cast: SimpleNamespace, blind: ListeningTest, takes: list[Take]
) -> None:
    _send(cast.producer, blind, cast.reviewer, cast.owner, question="Which is warmer?")
    notice = Notice.objects.get(person=cast.reviewer)
    assert notice.kind == NoticeKind.VOTE_ASKED
    assert notice.sentence == "bea asks for your vote in “Closing line”."
    assert notice.path == blind.get_absolute_url()
    (waiting,) = queries.tests_waiting_for(cast.reviewer)
    assert (waiting.test, waiting.asked_by) == (blind, cast.producer)
    before = User.objects.get(pk=cast.reviewer.pk).news
    cast_vote(cast.reviewer, test=blind, ranking=[takes[1].pk])
    assert not queries.tests_waiting_for(cast.reviewer).exists()
    assert queries.tests_waiting_for(cast.owner).count() == 1
    assert User.objects.get(pk=cast.reviewer.pk).news > before


def test_nobody_is_asked_twice(cast: SimpleNamespace, blind: ListeningTest) -> None:
    _send(cast.producer, blind, cast.reviewer)
    assert [one.person for one in _send(cast.producer, blind, cast.reviewer, cast.owner)] == [
        cast.owner
    ]
    assert Notice.objects.filter(person=cast.reviewer).count() == 1
    assert _verbs(cast.project).count("listening test sent") == 2


def test_a_task_goes_with_the_seat_the_right_and_the_project(
    cast: SimpleNamespace, blind: ListeningTest
) -> None:
    _send(cast.producer, blind, cast.reviewer)
    seat = cast.project.memberships.get(user=cast.reviewer)
    seat.role = "viewer"
    seat.save()
    assert not queries.tests_waiting_for(cast.reviewer).exists()
    seat.role = "reviewer"
    seat.save()
    archive_project(cast.owner, project=cast.project)
    assert not queries.tests_waiting_for(cast.reviewer).exists()


@pytest.mark.parametrize("who", ["viewer", "stranger"])
def test_only_those_who_may_vote_can_be_asked(
    cast: SimpleNamespace, blind: ListeningTest, who: str
) -> None:
    with pytest.raises(ParamErrors, match="cannot vote in this project"):
        _send(cast.producer, blind, getattr(cast, who))
    assert not Ballot.objects.exists()


def test_title_and_method_are_checked_together(cast: SimpleNamespace, blind: ListeningTest) -> None:
    with pytest.raises(ParamErrors) as caught:
        _send(cast.producer, blind, title=" ", method="shout", question="?" * 301)
    assert [fault.field for fault in caught.value.faults] == ["title", "question", "method"]


def test_the_way_of_voting_stays_once_somebody_has_voted(
    cast: SimpleNamespace, blind: ListeningTest, takes: list[Take]
) -> None:
    _send(cast.producer, blind, method="rank")
    cast_vote(cast.reviewer, test=blind, ranking=[take.pk for take in takes])
    with pytest.raises(ParamErrors, match="Somebody has voted already"):
        _send(cast.producer, blind, method="pick")
    _send(cast.producer, blind, title="Another title", method="rank")
    changes = Event.objects.filter(verb="listening test changed").order_by("-id")
    assert changes[0].data["old"]["title"] == "Closing line"
    assert changes[0].data["new"]["title"] == "Another title"


def test_a_vote_is_final_and_the_activity_says_only_that_it_was_cast(
    cast: SimpleNamespace, blind: ListeningTest, takes: list[Take]
) -> None:
    before = Project.objects.get(pk=cast.project.pk).version
    ballot = cast_vote(cast.reviewer, test=blind, ranking=[takes[0].pk], remark=" Warm. ")
    assert (ballot.ranking, ballot.remark) == ([takes[0].pk], "Warm.")
    assert Project.objects.get(pk=cast.project.pk).version > before
    with pytest.raises(WrongState, match="final"):
        cast_vote(cast.reviewer, test=blind, ranking=[takes[1].pk])
    ballot.refresh_from_db()
    assert ballot.ranking == [takes[0].pk]
    event = Event.objects.get(verb="vote cast")
    assert event.data == {"title": blind.title}


def test_a_pick_is_one_of_the_sounds(
    cast: SimpleNamespace, blind: ListeningTest, takes: list[Take], line: Line
) -> None:
    other = factories.make_stored_take(line)
    for ranking in ([], [other.pk], [takes[0].pk, takes[1].pk]):
        with pytest.raises(BadInput, match="Pick one"):
            cast_vote(cast.reviewer, test=blind, ranking=ranking)


def test_a_ranking_gives_each_sound_its_own_place(
    cast: SimpleNamespace, blind: ListeningTest, takes: list[Take]
) -> None:
    _send(cast.producer, blind, method="rank")
    one, two, three = (take.pk for take in takes)
    for ranking in ([], [one], [one, two], [one, two, two], [one, two, three, three]):
        with pytest.raises(BadInput, match="a place of its own"):
            cast_vote(cast.reviewer, test=blind, ranking=ranking)
    assert cast_vote(cast.reviewer, test=blind, ranking=[three, one, two]).voted_at


def test_a_sound_that_was_lost_is_not_voted_on_and_the_rest_goes_on(
    cast: SimpleNamespace, blind: ListeningTest, takes: list[Take]
) -> None:
    _send(cast.producer, blind, method="rank")
    lost, *rest = takes
    lost.audio.storage.delete(str(lost.audio.name))
    with pytest.raises(BadInput):
        cast_vote(cast.reviewer, test=blind, ranking=[take.pk for take in takes])
    assert cast_vote(cast.reviewer, test=blind, ranking=[take.pk for take in rest]).voted_at
    for take in rest:
        take.audio.storage.delete(str(take.audio.name))
    with pytest.raises(WrongState, match="None of the sounds"):
        cast_vote(cast.owner, test=blind, ranking=[])


def test_an_overlong_remark_is_refused_with_its_length(
    cast: SimpleNamespace, blind: ListeningTest, takes: list[Take]
) -> None:
    with pytest.raises(ParamErrors, match="1,000 characters; this has 1,001"):
        cast_vote(cast.reviewer, test=blind, ranking=[takes[0].pk], remark="x" * 1001)


def test_a_closed_test_takes_no_votes_and_waits_for_nobody(
    cast: SimpleNamespace, blind: ListeningTest, takes: list[Take]
) -> None:
    _send(cast.producer, blind, cast.reviewer)
    cast_vote(cast.owner, test=blind, ranking=[takes[0].pk])
    close_test(cast.producer, test=blind)
    assert not queries.tests_waiting_for(cast.reviewer).exists()
    for act in (
        lambda: cast_vote(cast.reviewer, test=blind, ranking=[takes[0].pk]),
        lambda: close_test(cast.owner, test=blind),
        lambda: _send(cast.producer, blind, cast.reviewer),
    ):
        with pytest.raises(WrongState, match="closed"):
            act()
    event = Event.objects.get(verb="listening test closed")
    assert event.data == {"title": "Closing line", "votes": 1}
