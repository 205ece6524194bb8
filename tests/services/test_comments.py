from __future__ import annotations

from types import SimpleNamespace

import pytest

from speech.errors import BadInput, NotAllowed, WrongState
from speech.models import Comment, Event, Notice, Project, Take, User
from speech.queries import takes as take_queries
from speech.queries.comments import mentioned, pieces
from speech.services.comments import (
    answered_by,
    delete_comment,
    resolve_comment,
    write_comment,
)
from speech.services.takes import request_takes
from speech.states import JobState, NoticeKind
from tests import factories


@pytest.fixture
def take(cast: SimpleNamespace) -> Take:
    line = factories.make_line(cast.project)
    return factories.make_take(line, voice=factories.make_voice(), duration=3.2)


def _card(take: Take) -> take_queries.TakeCard:
    return take_queries.card(take_queries.base().get(pk=take.pk))


def _version(take: Take) -> int:
    return Project.objects.values_list("version", flat=True).get(pk=take.project_id)


def _told(person: User) -> list[tuple[str, str]]:
    notices = Notice.objects.filter(person=person).order_by("id")
    return [(notice.kind, notice.sentence) for notice in notices]


def test_a_comment_is_about_all_of_a_take_a_moment_or_a_range(
    cast: SimpleNamespace, take: Take
) -> None:
    before = _version(take)
    write_comment(cast.reviewer, take=take, text=" Lovely. ")
    write_comment(cast.reviewer, take=take, text="Slower", start=2.119)
    write_comment(cast.reviewer, take=take, text="A click", start=0.5, end=3.3)
    found = [(one.text, one.start, one.end) for one in Comment.objects.all()]
    assert found == [("Lovely.", None, None), ("Slower", 2.12, None), ("A click", 0.5, 3.2)]
    assert _version(take) == before + 3, "pages learn of each"
    threads = [thread.first.comment.text for thread in _card(take).threads]
    assert threads == ["Lovely.", "A click", "Slower"], "in the order of the sound"


@pytest.mark.parametrize(
    ("start", "end", "says"),
    [
        (-0.1, None, "between 0 and 3.2 seconds"),
        (3.5, None, "between 0 and 3.2 seconds"),
        (1.0, 9.0, "between 0 and 3.2 seconds"),
        (float("nan"), None, "between 0 and 3.2 seconds"),
        (1.0, float("inf"), "between 0 and 3.2 seconds"),
        (2.0, 1.0, "end after it starts"),
        (2.0, 2.0, "end after it starts"),
        (None, 2.0, "where the range starts"),
    ],
)
def test_a_time_has_to_lie_in_the_take(
    cast: SimpleNamespace, take: Take, start: float | None, end: float | None, says: str
) -> None:
    with pytest.raises(BadInput, match=says):
        write_comment(cast.reviewer, take=take, text="Here", start=start, end=end)
    assert not Comment.objects.exists()


def test_a_take_without_sound_has_no_moments(cast: SimpleNamespace, take: Take) -> None:
    failed = factories.make_take(take.line, state=JobState.FAILED)
    write_comment(cast.reviewer, take=failed, text="What happened?")
    with pytest.raises(BadInput, match="no sound yet"):
        write_comment(cast.reviewer, take=failed, text="Here", start=0.5)


def test_threads_are_one_level_deep_and_stay_with_their_take(
    cast: SimpleNamespace, take: Take
) -> None:
    first = write_comment(cast.reviewer, take=take, text="Slower?", start=1.0)
    reply = write_comment(cast.owner, take=take, text="Why?", parent=first, start=2.0)
    again = write_comment(cast.reviewer, take=take, text="It rushes.", parent=reply)
    assert (reply.parent_id, again.parent_id, reply.start) == (first.pk, first.pk, None)
    [thread] = _card(take).threads
    assert [one.comment.text for one in thread.replies] == ["Why?", "It rushes."]
    other = factories.make_take(take.line)
    with pytest.raises(BadInput, match="another take"):
        write_comment(cast.owner, take=other, text="Here", parent=first)


def test_a_thread_is_resolved_and_a_reply_opens_it_again(cast: SimpleNamespace, take: Take) -> None:
    first = write_comment(cast.reviewer, take=take, text="Slower?")
    resolved = resolve_comment(cast.owner, comment=first, on=True)
    assert resolved.resolved_by == cast.owner
    assert _card(take).unresolved == 0
    before = Event.objects.count()
    resolve_comment(cast.owner, comment=first, on=True)
    assert Event.objects.count() == before, "twice is once"
    reply = write_comment(cast.reviewer, take=take, text="Still too fast.", parent=first)
    assert _card(take).unresolved == 1
    with pytest.raises(WrongState, match="as a whole"):
        resolve_comment(cast.owner, comment=reply, on=True)
    resolve_comment(cast.owner, comment=first, on=True)
    first.refresh_from_db()
    assert resolve_comment(cast.reviewer, comment=first, on=False).resolved_at is None


def test_ones_own_comment_is_deleted_but_the_activity_keeps_it(
    cast: SimpleNamespace, take: Take
) -> None:
    alone = write_comment(cast.reviewer, take=take, text="Oops")
    first = write_comment(cast.reviewer, take=take, text="Not this one @ada")
    reply = write_comment(cast.owner, take=take, text="Why not?", parent=first)
    with pytest.raises(NotAllowed, match="Only who wrote"):
        delete_comment(cast.owner, comment=alone, others=True)
    for comment in (alone, first):
        delete_comment(cast.reviewer, comment=comment)
    card = _card(take)
    assert [thread.pk for thread in card.threads] == [first.pk]
    assert card.gone_threads == [alone.pk]
    assert (card.threads[0].first.is_deleted, card.threads[0].first.pieces) == (True, ())
    assert not Comment.objects.filter(text__contains="Oops").exists()
    assert Event.objects.filter(verb="comment deleted", data__text="Oops").exists()
    delete_comment(cast.owner, comment=reply)
    assert _card(take).threads == []


def test_members_are_mentioned_by_name_and_told_once(cast: SimpleNamespace, take: Take) -> None:
    cast.owner.first_name, cast.owner.last_name = "Ada", "Lovelace"
    cast.owner.save()
    first = write_comment(
        cast.reviewer, take=take, text="@bea and @Ada Lovelace, @bea, @eve? mail@dot @cy"
    )
    assert {user.username for user in first.mentions.all()} == {"ada", "bea", "cy"}
    [(kind, sentence)] = _told(cast.producer)
    assert kind == NoticeKind.MENTION
    assert sentence.startswith("cy mentions you on take 1 of line 1: “@bea and @Ada")
    assert _told(cast.reviewer) == _told(cast.stranger) == _told(cast.viewer) == []
    assert Notice.objects.get(person=cast.owner).path == f"/takes/{take.pk}/#comment-{first.pk}"
    write_comment(cast.producer, take=take, text="Yes, @cy.", parent=first)
    assert [kind for kind, _ in _told(cast.reviewer)] == [NoticeKind.MENTION], "not a reply too"


def test_whoever_took_part_in_a_thread_is_told_of_a_reply(
    cast: SimpleNamespace, take: Take
) -> None:
    first = write_comment(cast.reviewer, take=take, text="Slower?")
    write_comment(cast.producer, take=take, text="A bit.", parent=first)
    cast.project.memberships.filter(user=cast.reviewer).delete()
    write_comment(cast.owner, take=take, text="Done.", parent=first)
    assert [sentence for _, sentence in _told(cast.producer)] == [
        "ada replies on take 1 of line 1: “Done.”"
    ]
    assert len(_told(cast.reviewer)) == 1, "nobody is told of a project they left"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("@ann", ["ann"]),
        ("@Ann.", ["ann"]),
        ("@anna is not @ann", ["anna", "ann"]),
        ("@ann-marie", ["ann-marie"]),
        ("@ann-mary", []),
        ("@annabel", []),
        ("@ann.lee and @ann’s", ["ann"]),
        ("me@ann.example", []),
        ("(@anna)", ["anna"]),
        ("@@ann @", []),
        ("@ANN-MARIE!", ["ann-marie"]),
    ],
)
def test_a_name_that_begins_another_is_told_apart(db: None, text: str, names: list[str]) -> None:
    people = [factories.make_user(name) for name in ("ann", "anna", "ann-marie")]
    assert [one.username for one in mentioned(text, people)] == names
    assert "".join(piece.text for piece in pieces(text, people)) == text


def test_an_exact_repeat_is_no_answer(cast: SimpleNamespace, take: Take) -> None:
    comment = write_comment(cast.reviewer, take=take, text="Slower, please", start=1.0)
    [made] = request_takes(
        cast.producer, line=take.line, engine="draft", voice=take.voice, answers=comment
    )
    mark = Take.objects.values_list("fingerprint", flat=True).get(pk=take.pk)
    Take.objects.filter(pk=made.pk).update(
        state=JobState.DONE, audio="a.flac", sha256="f" * 64, duration=3.0, fingerprint=mark
    )
    answered_by(made.pk)
    assert _card(take).threads[0].answers == []
    assert _told(cast.reviewer) == []


def test_a_retake_answers_the_comment_once_it_is_done(cast: SimpleNamespace, take: Take) -> None:
    comment = write_comment(cast.reviewer, take=take, text="Slower, please", start=1.0)
    made = request_takes(
        cast.producer, line=take.line, engine="draft", count=2, voice=take.voice, answers=comment
    )
    assert _card(take).threads[0].answers == []
    Take.objects.filter(pk=made[1].pk).update(
        state=JobState.DONE, audio="a.flac", sha256="f" * 64, duration=3.0
    )
    assert answered_by(made[1].pk) == take
    assert [(one.take, one.number) for one in _card(take).threads[0].answers] == [(made[1].pk, 3)]
    [(kind, sentence)] = _told(cast.reviewer)
    assert kind == NoticeKind.REPLY
    assert sentence == "Take 3 of line 1 answers your comment on take 1: “Slower, please”"
    Take.objects.filter(pk=made[0].pk).update(
        state=JobState.DONE, audio="b.flac", sha256="e" * 64, duration=3.0
    )
    answered_by(made[0].pk)
    assert len(_told(cast.reviewer)) == 1, "takes asked for together are told of together"
    assert len(_card(take).threads[0].answers) == 2
    assert answered_by(take.pk) is None
