from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient, Client
from django.urls import reverse
from django.utils import timezone

from speech.models import Comment, GuestLink, Take
from speech.services import guests
from speech.services.comments import delete_comment, resolve_comment, write_comment
from tests import factories

HTMX = {"HX-Request": "true"}


@pytest.fixture
def take(cast: SimpleNamespace) -> Take:
    line = factories.make_line(cast.project, text="Seven days on one charge.")
    return factories.make_stored_take(
        line, engine="segmind", cost=0.0213, seed=90412, seed_used=90412, created_by=cast.owner,
        temperature=1.37,
    )  # fmt: skip


@pytest.fixture
def link(cast: SimpleNamespace, take: Take) -> guests.IssuedGuest:
    return guests.make_guest_link(cast.producer, take=take, label="Zoe, the client", days=7)


def _say(path: str, guest: Client, **data: Any) -> Any:
    more = data.pop("more", {})
    return guest.post(f"{path}comment/", {"name": "Zoe", "text": "Warmer", **data}, **more)


def test_a_producer_makes_a_link_that_is_shown_once_and_takes_it_back(
    client: Client, cast: SimpleNamespace, take: Take
) -> None:
    client.force_login(cast.producer)
    make = reverse("speech:guest_link_make", args=[take.pk])
    faulty = client.post(make, {"label": "", "days": "7"})
    assert faulty.status_code == 422
    assert "Say for whom the link is meant." in faulty.content.decode()
    shown = client.post(make, {"label": "Zoe", "days": "30"})
    page = shown.content.decode()
    path = page[page.index("/guest/") :].split('"')[0]
    assert shown["Cache-Control"] == "no-store"
    assert Client().get(path).status_code == 200
    listed = client.get(take.get_absolute_url()).content.decode()
    assert "Zoe" in listed
    assert "last used just now" in listed
    assert path.split("/")[2] not in listed
    pk = GuestLink.objects.get().pk
    client.post(reverse("speech:guest_link_revoke", args=[pk]))
    assert "Taken back" in client.get(take.get_absolute_url()).content.decode()
    assert Client().get(path).status_code == 410


def test_the_page_tells_of_the_take_and_of_nothing_else(
    cast: SimpleNamespace, take: Take, link: guests.IssuedGuest
) -> None:
    factories.make_take(take.line, text="Another reading")
    inside = write_comment(cast.reviewer, take=take, text="The client must not see this", start=1.0)
    response = Client().get(link.path)
    page = response.content.decode()
    assert "Seven days on one charge." in page
    assert "Skyline" in page, "whose take it is"
    assert take.peaks in page
    for secret in (
        "90412", "0.021", "1.37", "Amara", "must not see", "Take 1", "Zoe",
        f"comment-{inside.pk}", "sign-out", "/takes/", "/p/", take.sha256,
    ):  # fmt: skip
        assert secret not in page, secret
    assert response["Cache-Control"] == "no-store"
    assert response["Referrer-Policy"] == "no-referrer"
    assert "noindex" in response["X-Robots-Tag"]
    assert not response.cookies


def test_a_guest_comments_replies_and_is_remembered_by_name(
    cast: SimpleNamespace, take: Take, link: guests.IssuedGuest
) -> None:
    guest = Client(enforce_csrf_checks=True)
    assert _say(link.path, guest, start="0:01.0", end="2")["Location"] == link.path
    first = Comment.objects.get()
    assert (first.who, first.start, first.end) == ("Zoe (guest)", 1.0, 2.0)
    write_comment(cast.producer, take=take, text="How warm?", parent=first)
    page = guest.get(link.path).content.decode()
    assert "How warm?" in page
    assert "You are <b>Zoe</b>" in page
    part = _say(link.path, guest, name="", text="Very.", parent=first.pk, more={"headers": HTMX})
    assert part.headers["X-Changes"] == ""
    assert "Very." in part.content.decode()
    assert first.replies.last().who == "Zoe (guest)"
    elsewhere = Client()
    page = elsewhere.get(link.path).content.decode()
    assert page.count('name="name"') == 2, "who is not known is asked with a reply too"
    assert _say(link.path, elsewhere, name="Zo", parent=first.pk).status_code == 302
    other = guests.make_guest_link(cast.producer, take=take, label="Tom", days=7)
    page = guest.get(other.path).content.decode()
    assert "Zoe" not in page
    assert "How warm?" not in page


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"name": ""}, "Write your name"),
        ({"text": " "}, "Write something first."),
        ({"start": "99"}, "has to lie in the take"),
        ({"parent": "999999"}, "no longer here"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    link: guests.IssuedGuest, given: dict[str, str], says: str
) -> None:
    typed = {"name": "Zoe M.", "text": "Warmer, please", **given}
    answer = _say(link.path, Client(), **typed)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert says in page
    assert typed["text"].strip() in page
    assert typed["name"] in page
    part = _say(link.path, Client(), **typed, more={"headers": HTMX})
    assert part.status_code == 422
    assert says in part.content.decode()
    assert not Comment.objects.exists()


def test_markup_stays_words_and_a_forged_name_is_nobody(
    client: Client, cast: SimpleNamespace, take: Take, link: guests.IssuedGuest
) -> None:
    guest = Client()
    _say(link.path, guest, name="<img src=x>", text="<script>alert(1)</script>")
    client.force_login(cast.owner)
    for page in (guest.get(link.path), client.get(take.get_absolute_url())):
        assert "<script>alert" not in page.content.decode()
        assert "<img src=x" not in page.content.decode()
    forger = Client()
    forger.cookies["takeroom_guest"] = "ada"
    assert "You are" not in forger.get(link.path).content.decode()


def test_too_many_comments_are_refused_for_now(take: Take, link: guests.IssuedGuest) -> None:
    rows = [
        Comment(take=take, guest=link.link, guest_name="Zoe", text="again")
        for _ in range(guests.AN_HOUR)
    ]
    Comment.objects.bulk_create(rows)
    answer = _say(link.path, Client(), text="One more thing")
    assert answer.status_code == 429
    assert "Wait a while" in answer.content.decode()
    assert "One more thing" in answer.content.decode()


def test_the_sound_is_sent_in_ranges_and_not_kept(take: Take, link: guests.IssuedGuest) -> None:
    client = Client()
    part = client.get(f"{link.path}sound/", headers={"Range": "bytes=0-3"})
    assert part.status_code == 206
    assert b"".join(_streamed(part)) == b"fLaC"
    assert part["Cache-Control"] == "no-store"
    assert take.sha256 not in str(part.headers)
    assert take.project.slug not in str(part.headers)


def _streamed(response: Any) -> list[bytes]:
    async def read() -> list[bytes]:
        return [piece async for piece in response.streaming_content]

    return async_to_sync(read)() if response.is_async else list(response.streaming_content)


def test_page_sound_feed_and_words_all_stop_with_the_link(
    cast: SimpleNamespace, take: Take, link: guests.IssuedGuest
) -> None:
    guest = Client()
    guests.revoke_guest_link(cast.owner, link=link.link)
    for path in ("", "sound/", "changes/?wait=0"):
        answer = guest.get(link.path + path)
        assert answer.status_code == 410, path
        assert "This link was taken back." in answer.content.decode()
        assert answer["Cache-Control"] == "no-store"
    assert _say(link.path, guest).status_code == 410
    live = guest.get(f"{link.path}changes/?wait=0", headers=HTMX)
    assert 'id="guest-main" data-force' in live.content.decode()


def test_the_feed_speaks_of_this_conversation_only(
    cast: SimpleNamespace, take: Take, link: guests.IssuedGuest
) -> None:
    guest = Client()
    url = f"{link.path}changes/"
    first = guests.write_as_guest(link.link, name="Zoe", text="Warmer")
    news = guest.get(url, {"since": "0", "wait": "0"}, headers=HTMX)
    mark = news["X-Changes"]
    assert "Warmer" in news.content.decode()
    write_comment(cast.owner, take=take, text="Inside talk")
    assert guest.get(url, {"since": mark, "wait": "0"}, headers=HTMX).status_code == 204
    write_comment(cast.owner, take=take, text="How warm?", parent=first)
    news = guest.get(url, {"since": mark, "wait": "0"}, headers=HTMX)
    assert "How warm?" in news.content.decode()
    assert "Inside talk" not in news.content.decode()
    resolve_comment(cast.owner, comment=first, on=True)
    again = guest.get(url, {"since": news["X-Changes"], "wait": "0"}, headers=HTMX)
    assert "✓ Resolved" in again.content.decode()
    assert "<form" in again.content.decode(), "replies"
    assert 'name="name"' not in again.content.decode(), "a form that is being filled in stays"
    spam = guests.write_as_guest(link.link, name="Zoe", text="Oops")
    delete_comment(cast.producer, comment=spam, others=True)
    last = guest.get(url, {"since": "0", "wait": "0"}, headers=HTMX).content.decode()
    assert f'id="thread-{spam.pk}" data-gone' in last
    assert f'id="thread-{first.pk}" data-gone' not in last


@pytest.mark.django_db(transaction=True)
async def test_the_feed_waits_and_ends_with_the_link() -> None:
    from asgiref.sync import sync_to_async

    def set_up() -> guests.IssuedGuest:
        owner = factories.make_user("ada")
        line = factories.make_line(factories.make_project(owner=owner))
        take = factories.make_take(line)
        issued = guests.make_guest_link(owner, take=take, label="Zoe", days=1)
        soon = timezone.now() + timedelta(seconds=0.4)
        GuestLink.objects.update(expires_at=soon)
        return issued

    issued = await sync_to_async(set_up)()
    client = AsyncClient()
    page = await client.get(issued.path)
    mark = page.context["mark"]
    waited = await client.get(f"{issued.path}changes/?since={mark}&wait=20")
    assert waited.status_code == 204, "it asks again, and is told"
    assert (await client.get(f"{issued.path}changes/?since={mark}&wait=20")).status_code == 410
