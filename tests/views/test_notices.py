from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from speech.models import Notice, User
from speech.services import listening, reviews
from speech.services.notices import tell
from speech.states import NoticeKind
from tests import factories


@pytest.fixture
def notice(client: Client, cast: SimpleNamespace) -> Notice:
    client.force_login(cast.viewer)
    return _tell(cast)


def _tell(cast: SimpleNamespace, **more: Any) -> Notice:
    given = {
        "kind": NoticeKind.MENTION, "project": cast.project, "actor": cast.owner,
        "sentence": "Ada mentions you: “<b>louder</b>”", "path": "/takes/7/#comment-3",
    }  # fmt: skip
    [notice] = tell([cast.viewer], **(given | more))
    return notice


def test_the_bell_counts_what_is_unread_on_every_page(client: Client, notice: Notice) -> None:
    for url in ("/", notice.project.get_absolute_url(), "/account/"):
        assert "Notices, 1 unread" in client.get(url).content.decode()


def test_opening_a_notice_reads_it_and_leads_to_it(client: Client, notice: Notice) -> None:
    page = client.get(reverse("speech:notices")).content.decode()
    assert "Ada mentions you: “&lt;b&gt;louder&lt;/b&gt;”" in page
    assert "Unread:" in page
    response = client.post(reverse("speech:notice_open", args=[notice.pk]))
    assert response.headers["Location"] == "/takes/7/#comment-3"
    page = client.get(reverse("speech:notices")).content.decode()
    assert "Unread:" not in page
    assert "1 unread" not in client.get("/").content.decode()


def test_a_page_that_follows_the_link_itself_only_marks(client: Client, notice: Notice) -> None:
    url = reverse("speech:notice_open", args=[notice.pk])
    response = client.post(url, headers={"HX-Request": "true"})
    page = response.content.decode()
    assert response.headers["X-Changes"] == ""
    assert f'id="notice-{notice.pk}"' in page
    assert 'data-unread="0"' in page


@pytest.mark.parametrize("path", ["https://evil.example/", "//evil.example/", "javascript:x"])
def test_a_notice_leads_nowhere_else(client: Client, cast: SimpleNamespace, path: str) -> None:
    client.force_login(cast.viewer)
    notice = _tell(cast, path=path)
    response = client.post(reverse("speech:notice_open", args=[notice.pk]))
    assert response.headers["Location"] == reverse("speech:notices")


def test_the_notices_of_others_are_not_there(
    client: Client, cast: SimpleNamespace, notice: Notice
) -> None:
    client.force_login(cast.reviewer)
    assert "Ada mentions" not in client.get(reverse("speech:notices")).content.decode()
    url = reverse("speech:notice_open", args=[notice.pk])
    assert client.post(url).status_code == 404


def test_all_are_read_at_once_and_older_ones_are_a_page_away(
    client: Client, cast: SimpleNamespace, notice: Notice
) -> None:
    newest = [_tell(cast, sentence=f"Number {number}.") for number in range(30)][-1]
    page = client.get(reverse("speech:notices")).content.decode()
    assert f"?before={notice.pk + 1}" in page
    assert "Ada mentions" not in page
    older = client.get(reverse("speech:notices"), {"before": notice.pk + 1}).content.decode()
    assert "Ada mentions" in older
    client.post(reverse("speech:notices_read"), {"up_to": newest.pk})
    assert not Notice.objects.filter(read_at=None).exists()


def test_the_account_page_says_why_there_are_no_e_mails(
    client: Client, cast: SimpleNamespace, settings: Settings
) -> None:
    client.force_login(cast.viewer)
    assert "This studio sends no e-mail." in client.get("/account/").content.decode()
    settings.EMAIL_CONFIGURED, settings.PUBLIC_URL = True, "https://studio.example.com"
    page = client.get("/account/").content.decode()
    assert "Give your e-mail address above" in page
    assert "By e-mail" not in page


def test_each_kind_is_switched_for_the_studio_and_for_e_mail(
    client: Client, cast: SimpleNamespace, settings: Settings
) -> None:
    settings.EMAIL_CONFIGURED, settings.PUBLIC_URL = True, "https://studio.example.com"
    cast.viewer.email = "dot@example.com"
    cast.viewer.save()
    client.force_login(cast.viewer)
    page = client.get("/account/").content.decode()
    for kind in NoticeKind:
        assert kind.label in page
    url = reverse("speech:account_notices")
    client.post(url, {"app": ["mention"], "mail": ["decision", "mention"]})
    muted = set(User.objects.get(pk=cast.viewer.pk).muted)
    assert muted >= {"app:decision", "mail:reply"}
    assert not muted & {"app:mention", "mail:decision", "mail:mention"}
    client.post(url, {"app": ["no such kind"]})
    assert set(User.objects.get(pk=cast.viewer.pk).muted) == muted


def test_whoever_did_what_was_asked_for_need_not_read_that_it_was(
    client: Client, cast: SimpleNamespace
) -> None:
    take = factories.make_reviewable_take(cast.project, created_by=cast.producer)
    reviews.ask_review(cast.producer, take=take)
    both = [factories.make_stored_take(take.line).pk for _ in range(2)]
    test = listening.make_test(cast.producer, project=cast.project, takes=both)
    listening.send_test(
        cast.producer, test=test, title="The close", question="", method="pick",
        people=[cast.reviewer],
    )  # fmt: skip
    client.force_login(cast.reviewer)
    assert "Notices, 2 unread" in client.get("/").content.decode()
    client.post(reverse("speech:review_approve", args=[take.pk]))
    assert "Notices, 1 unread" in client.get("/").content.decode()
    listening.cast_vote(cast.reviewer, test=test, ranking=both[:1])
    assert "unread" not in client.get("/").content.decode().replace("data-unread", "")
    client.force_login(cast.owner)  # who was asked for the review too
    assert "Notices, 1 unread" in client.get("/").content.decode()
