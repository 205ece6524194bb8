from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.utils import timezone

from speech.errors import BadInput, WrongState
from speech.models import Comment, Event, GuestLink, Notice, Take
from speech.queries.comments import guest_threads
from speech.services import guests
from speech.services.comments import write_comment
from speech.services.guests import GuestGone, TooMany
from speech.services.lines import delete_line
from speech.services.projects import archive_project
from speech.services.takes import archive_take
from speech.states import JobState
from tests import factories


@pytest.fixture
def take(cast: SimpleNamespace) -> Take:
    return factories.make_take(factories.make_line(cast.project), duration=3.2)


def _issue(cast: SimpleNamespace, take: Take, label: str = "Zoe") -> tuple[GuestLink, str]:
    issued = guests.make_guest_link(cast.producer, take=take, label=label, days=7)
    return issued.link, issued.path.removeprefix("/guest/").removesuffix("/")


def test_only_the_hash_of_its_token_is_kept(cast: SimpleNamespace, take: Take) -> None:
    link, token = _issue(cast, take)
    assert guests.find_guest_link(token) == link
    assert len(token) >= 43
    kept = f"{GuestLink.objects.values().get()} {list(Event.objects.values())}"
    assert token not in kept


@pytest.mark.parametrize("days", [0, 2, 365])
def test_it_lasts_1_7_or_30_days(cast: SimpleNamespace, take: Take, days: int) -> None:
    with pytest.raises(BadInput, match="1, 7 or 30"):
        guests.make_guest_link(cast.producer, take=take, label="Zoe", days=days)


def test_only_a_finished_take_of_an_open_project_is_shown(
    cast: SimpleNamespace, take: Take
) -> None:
    failed = factories.make_take(take.line, state=JobState.FAILED)
    with pytest.raises(WrongState, match="finished take"):
        guests.make_guest_link(cast.producer, take=failed, label="Zoe", days=7)
    with pytest.raises(BadInput, match="for whom"):
        guests.make_guest_link(cast.producer, take=take, label=" \u200b ", days=7)
    archive_project(cast.owner, project=take.project)
    take.project.refresh_from_db()
    with pytest.raises(WrongState, match="archived"):
        guests.make_guest_link(cast.producer, take=take, label="Zoe", days=7)


@pytest.mark.parametrize(
    ("happens", "says"),
    [
        ("revoked", "taken back"),
        ("expired", "expired"),
        ("take archived", "put away"),
        ("line deleted", "put away"),
        ("project archived", "put away"),
        ("project deleted", "not one of ours"),
    ],
)
def test_it_stops_working_and_says_why(
    cast: SimpleNamespace, take: Take, happens: str, says: str
) -> None:
    link, token = _issue(cast, take)
    match happens:
        case "revoked":
            guests.revoke_guest_link(cast.owner, link=link)
        case "expired":
            GuestLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        case "take archived":
            archive_take(cast.owner, take=take, on=True)
        case "line deleted":
            delete_line(cast.owner, line=take.line)
        case "project archived":
            archive_project(cast.owner, project=take.project)
        case "project deleted":
            take.project.delete()
    with pytest.raises(GuestGone, match=says):
        guests.find_guest_link(token)


def test_a_link_that_is_taken_back_takes_no_more_words(cast: SimpleNamespace, take: Take) -> None:
    link, _ = _issue(cast, take)
    guests.revoke_guest_link(cast.owner, link=link)
    with pytest.raises(GuestGone):
        guests.write_as_guest(link, name="Zoe", text="Too late")
    with pytest.raises(GuestGone, match="already"):
        guests.revoke_guest_link(cast.owner, link=link)


def test_a_guest_sees_only_what_was_begun_through_their_link(
    cast: SimpleNamespace, take: Take
) -> None:
    (mine, _), (other, _) = _issue(cast, take), _issue(cast, take, "Tom")
    inside = write_comment(cast.owner, take=take, text="Do not show the client this")
    begun = guests.write_as_guest(mine, name="Zoe", text="Warmer", start=1.0, end=2.0)
    theirs = guests.write_as_guest(other, name="Tom", text="Colder")
    write_comment(cast.producer, take=take, text="Will do.", parent=begun)
    [thread] = guest_threads(mine)
    assert thread.pk == begun.pk
    assert [one.comment.text for one in thread.replies] == ["Will do."]
    for foreign in (inside, theirs):
        with pytest.raises(BadInput, match="cannot be answered"):
            guests.write_as_guest(mine, name="Zoe", text="Me too", parent=foreign)
    reply = guests.write_as_guest(mine, name="Zoe", text="Thanks", parent=begun)
    assert (reply.parent_id, reply.who) == (begun.pk, "Zoe (guest)")


def test_the_team_is_told_and_the_activity_names_guest_and_link(
    cast: SimpleNamespace, take: Take
) -> None:
    link, _ = _issue(cast, take, "Zoe, the client")
    begun = guests.write_as_guest(link, name="Zoe\n\u202eM.", text="Warmer, @ada")
    [notice] = Notice.objects.all()
    assert notice.person == cast.producer, "who made the link; a guest mentions nobody"
    assert notice.sentence == "Zoe M. (guest) comments on take 1 of line 1: “Warmer, @ada”"
    write_comment(cast.reviewer, take=take, text="How warm?", parent=begun)
    guests.write_as_guest(link, name="Zoe", text="Very.", parent=begun)
    assert Notice.objects.filter(person=cast.reviewer).count() == 1
    event = Event.objects.filter(verb="guest comment written").first()
    assert event is not None
    assert event.actor is None
    assert (event.data["guest"], event.data["label"]) == ("Zoe M.", "Zoe, the client")


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [("", "Hello", "your name"), ("Zoe", " ", "Write something"), ("Zoe", "x" * 2001, "at most")],
)
def test_a_guest_gives_a_name_and_some_words(
    cast: SimpleNamespace, take: Take, name: str, text: str, says: str
) -> None:
    link, _ = _issue(cast, take)
    with pytest.raises(BadInput, match=says):
        guests.write_as_guest(link, name=name, text=text)


def test_a_link_takes_30_comments_an_hour_and_200_in_all(cast: SimpleNamespace, take: Take) -> None:
    link, _ = _issue(cast, take)
    rows = [
        Comment(take=take, guest=link, guest_name="Zoe", text="again")
        for _ in range(guests.AN_HOUR)
    ]
    Comment.objects.bulk_create(rows)
    with pytest.raises(TooMany, match="within an hour"):
        guests.write_as_guest(link, name="Zoe", text="One more")
    Comment.objects.update(created_at=timezone.now() - timedelta(hours=2))
    guests.write_as_guest(link, name="Zoe", text="One more")
    rows = [Comment(take=take, guest=link, guest_name="Zoe", text="again") for _ in range(170)]
    Comment.objects.bulk_create(rows)
    Comment.objects.update(created_at=timezone.now() - timedelta(hours=2))
    with pytest.raises(TooMany, match="200 comments"):
        guests.write_as_guest(link, name="Zoe", text="And one more")
