"""Listening tests. A cast vote is final; what was voted is in no event, only that somebody did."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.db import transaction
from django.utils import timezone

from speech.errors import BadInput, Fault, ParamErrors, WrongState
from speech.models import Ballot, ListeningTest, Project, Take, TestEntry, User
from speech.queries import listening as queries
from speech.queries.listening import FEWEST, MOST
from speech.services.events import log, touch
from speech.services.notices import bump, read_answered, tell
from speech.states import JobState, NoticeKind, VoteMethod
from speech.text import one_line, tidy

TITLE_LIMIT, QUESTION_LIMIT, REMARK_LIMIT = 120, 300, 1000


@transaction.atomic
def make_test(
    actor: User,
    *,
    project: Project,
    takes: Sequence[int],
    title: str = "",
    question: str = "",
    method: str = VoteMethod.PICK,
) -> ListeningTest:
    """A blind test of 2 to 8 finished takes of the project, in the order of `takes` (keys).

    What is not finished, not of the project, or of a deleted line is left out. Without a title
    it says what is compared. Raises `BadInput`.
    """
    _refuse_archived(project)
    wanted = list(dict.fromkeys(takes))
    found = Take.objects.filter(
        pk__in=wanted, project=project, state=JobState.DONE, line__deleted_at=None
    ).select_related("line")
    ordered = sorted(found.only("id", "line__position"), key=lambda take: wanted.index(take.pk))
    if not FEWEST <= len(ordered) <= MOST:
        raise BadInput(f"Choose {FEWEST} to {MOST} finished takes to hear them blind.")
    title, question = one_line(title) or _usual_title(ordered), one_line(question)
    if faults := _faults(title=title, question=question, method=method):
        raise ParamErrors(faults)
    test = ListeningTest.objects.create(
        project=project, title=title, question=question, method=method, created_by=actor
    )
    TestEntry.objects.bulk_create(
        TestEntry(test=test, take=take, position=at) for at, take in enumerate(ordered)
    )
    log(actor, "listening test made", project=project, target=f"test {test.pk}",
        title=test.title, takes=len(ordered))  # fmt: skip
    touch(project.pk)
    return test


@transaction.atomic
def send_test(
    actor: User,
    *,
    test: ListeningTest,
    title: str,
    question: str = "",
    method: str = VoteMethod.PICK,
    people: Collection[User] = (),
) -> list[Ballot]:
    """Say what is asked, and make it a task of `people`: the new ballots. Whoever was asked
    before is not asked again. Raises `ParamErrors`."""
    test = _locked(test)
    _refuse_archived(test.project)
    _set_up(actor, test, title=title, question=question, method=method)
    able = set(queries.people_to_ask(actor, test).values_list("pk", flat=True))
    asked = set(test.ballots.values_list("person", flat=True))
    fresh = [person for person in people if person.pk not in asked]
    unable = [person.label for person in fresh if person.pk not in able]
    if unable:
        sentence = f"{', '.join(unable)} cannot vote in this project. Ask reviewers and up."
        raise ParamErrors([Fault(field="people", sentence=sentence)])
    ballots = [Ballot.objects.create(test=test, person=person, asked_by=actor) for person in fresh]
    if ballots:
        tell(
            fresh, kind=NoticeKind.VOTE_ASKED, project=test.project, actor=actor,
            sentence=f"{actor.label} asks for your vote in “{test.title}”.",
            path=test.get_absolute_url(),
        )  # fmt: skip
        log(actor, "listening test sent", project=test.project, target=f"test {test.pk}",
            title=test.title, people=[person.label for person in fresh])  # fmt: skip
    touch(test.project_id)
    return ballots


@transaction.atomic
def cast_vote(
    actor: User, *, test: ListeningTest, ranking: Sequence[int], remark: str = ""
) -> Ballot:
    """The actor's one vote: keys of takes, best first; one only where the method is to pick."""
    test = _locked(test)
    if Ballot.objects.filter(test=test, person=actor).exclude(voted_at=None).exists():
        raise WrongState("Your vote in this test is cast, and a cast vote is final.")
    _check_ranking(test, ranking)
    remark = tidy(remark)
    if len(remark) > REMARK_LIMIT:
        sentence = f"A remark has at most {REMARK_LIMIT:,} characters; this has {len(remark):,}."
        raise ParamErrors([Fault(field="remark", sentence=sentence)])
    ballot, _ = Ballot.objects.update_or_create(
        test=test, person=actor,
        defaults={"ranking": list(ranking), "remark": remark, "voted_at": timezone.now()},
    )  # fmt: skip
    log(actor, "vote cast", project=test.project, target=f"test {test.pk}", title=test.title)
    read_answered(actor, kind=NoticeKind.VOTE_ASKED, path=test.get_absolute_url())
    bump([actor.pk])
    touch(test.project_id)
    return ballot


@transaction.atomic
def close_test(actor: User, *, test: ListeningTest) -> ListeningTest:
    """No more votes; everybody on the project sees the results."""
    test = _locked(test)
    test.closed_at, test.closed_by = timezone.now(), actor
    test.save(update_fields=["closed_at", "closed_by"])
    ballots = test.ballots.values_list("person", "voted_at")
    log(actor, "listening test closed", project=test.project, target=f"test {test.pk}",
        title=test.title, votes=sum(voted is not None for _, voted in ballots))  # fmt: skip
    bump(person for person, voted in ballots if voted is None)
    touch(test.project_id)
    return test


@transaction.atomic
def discard_test(actor: User, *, test: ListeningTest) -> None:
    """Undo making it, as long as nobody was asked and nobody voted. Raises `WrongState`."""
    test = _locked(test)
    if test.ballots.exists():
        raise WrongState("Somebody was asked or voted already. Close the test instead.")
    log(actor, "listening test discarded", project=test.project, target=f"test {test.pk}",
        title=test.title)  # fmt: skip
    test.delete()
    touch(test.project_id)


def _set_up(actor: User, test: ListeningTest, *, title: str, question: str, method: str) -> None:
    before = {"title": test.title, "question": test.question, "method": test.method}
    after = {"title": one_line(title), "question": one_line(question), "method": method}
    faults = _faults(**after)
    if method != test.method and test.ballots.exclude(voted_at=None).exists():
        sentence = "Somebody has voted already, so the way of voting stays as it is."
        faults.append(Fault(field="method", sentence=sentence))
    if faults:
        raise ParamErrors(faults)
    if after == before:
        return
    for name, value in after.items():
        setattr(test, name, value)
    test.save(update_fields=list(after))
    log(actor, "listening test changed", project=test.project, target=f"test {test.pk}",
        old=before, new=after)  # fmt: skip


def _faults(*, title: str, question: str, method: str) -> list[Fault]:
    faults = []
    if not title:
        faults.append(Fault(field="title", sentence="Give the test a title."))
    for name, words, limit in (
        ("title", title, TITLE_LIMIT), ("question", question, QUESTION_LIMIT),
    ):  # fmt: skip
        if len(words) > limit:
            faults.append(Fault(field=name, sentence=f"At most {limit} characters."))
    if method not in VoteMethod.values:
        faults.append(Fault(field="method", sentence="Choose how people vote."))
    return faults


def _check_ranking(test: ListeningTest, ranking: Sequence[int]) -> None:
    there = {take.pk for take in queries.takes_of(test) if queries.is_there(take)}
    if not there:
        raise WrongState("None of the sounds of this test is there any more.")
    if test.is_ranked:
        if len(ranking) != len(there) or set(ranking) != there:
            raise BadInput("Give each sound a place of its own.")
    elif len(ranking) != 1 or ranking[0] not in there:
        raise BadInput("Pick one of the sounds.")


def _usual_title(takes: Sequence[Take]) -> str:
    lines = {take.line.position for take in takes}
    if len(lines) == 1:
        return f"Line {lines.pop()}: {len(takes)} takes"
    return f"{len(takes)} takes of {len(lines)} lines"


def _refuse_archived(project: Project) -> None:
    if project.archived_at is not None:
        raise WrongState("This project is archived. Restore it to make listening tests.")


def _locked(test: ListeningTest) -> ListeningTest:
    """The test as it is now, held until the transaction ends; an open one."""
    found = (
        ListeningTest.objects.select_for_update(of=("self",))
        .select_related("project")
        .get(pk=test.pk)
    )
    if not found.is_open:
        raise WrongState("This test is closed. Its results are on its page.")
    return found
