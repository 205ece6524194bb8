"""Asking, deciding and the queue, as people meet them on pages."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from speech.models import Review, User
from speech.services import lines, listening, reviews, takes
from speech.services.comments import write_comment
from speech.states import ApprovalPolicy
from tests import factories

PART = {"HX-Request": "true"}


@pytest.fixture
def stage(cast: SimpleNamespace) -> SimpleNamespace:
    """A take that waits for review, with a word that has to be said right."""
    cast.project.must_say.create(word="Fernweh", respelling="FAIRN-vay")
    cast.take = factories.make_reviewable_take(cast.project, created_by=cast.producer)
    reviews.ask_review(cast.producer, take=cast.take, note="For the launch")
    return cast


def enter(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def state(take: Any) -> str:
    return Review.objects.get(take=take).state


def said(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def page(person: User, path: str) -> str:
    response = enter(person).get(path)
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def another(stage: SimpleNamespace, text: str, **more: Any) -> Any:
    take = factories.make_reviewable_take(stage.project, text, created_by=stage.producer, **more)
    reviews.ask_review(stage.producer, take=take)
    return take


def test_a_take_fills_the_screen_with_what_a_decision_needs(stage: SimpleNamespace) -> None:
    html = page(stage.reviewer, f"/review/{stage.take.pk}/")
    for words in (
        "Skyline", "line 1", "take 1", "asked by bea", "For the launch", "1 of 1",
        '<u class="must" title="FAIRN-vay">Fernweh</u>', "(FAIRN-vay)",
        "You have not played it to its end yet", "Approve take 1", "Ask for changes",
    ):  # fmt: skip
        assert words in html, words


def test_a_retake_says_what_it_was_made_for(stage: SimpleNamespace) -> None:
    first = stage.take
    reviews.ask_changes(stage.reviewer, take=first, reason="Slower, please.")
    remark = write_comment(stage.owner, take=first, text="A breath here?", start=0.5)
    batch = stage.project.batches.create(count=1, asked_by=stage.producer, answers=remark)
    retake = factories.make_reviewable_take(
        stage.project, first.text, line=first.line, created_by=stage.producer, batch=batch,
        repeat_of=first,
    )  # fmt: skip
    html = page(stage.reviewer, f"/review/{retake.pk}/")
    assert "Where this take comes from" in html
    assert "“A breath here?”" in html
    assert "“Slower, please.”" in html
    assert "Repeat of" in html
    reviews.take_back(stage.reviewer, take=first)
    assert "“Slower, please.”" not in page(stage.reviewer, f"/review/{retake.pk}/")
    assert "Where this take comes from" not in page(stage.reviewer, f"/review/{first.pk}/")


def test_what_was_played_to_its_end_is_said_so(stage: SimpleNamespace) -> None:
    client = enter(stage.reviewer)
    response = client.post(f"/takes/{stage.take.pk}/heard/", {"view": "review"}, headers=PART)
    assert "You have played it to its end" in response.content.decode()
    assert "You have played it to its end" in page(stage.reviewer, f"/review/{stage.take.pk}/")
    assert "You have not played" in page(stage.owner, f"/review/{stage.take.pk}/")


def test_it_is_not_approved_before_the_words_are_confirmed(stage: SimpleNamespace) -> None:
    client = enter(stage.reviewer)
    path = f"/takes/{stage.take.pk}/approve/"
    response = client.post(path, {"view": "review"})
    assert response.status_code == 422
    assert "Confirm first that you heard “Fernweh” said right." in response.content.decode()
    assert state(stage.take) == "waiting"
    response = client.post(path, {"view": "review", "heard": ["Fernweh"]}, follow=True)
    assert state(stage.take) == "approved"
    assert "You approved take 1 of line 1." in response.content.decode()
    assert "Nothing waits for you" in response.content.decode()


def test_elsewhere_a_refusal_stands_beside_the_words_to_confirm(stage: SimpleNamespace) -> None:
    client = enter(stage.reviewer)
    url = reverse("speech:review_approve", args=[stage.take.pk])
    response = client.post(url, {"view": "detail"}, headers=PART)
    html = response.content.decode()
    assert response.status_code == 422
    assert f'id="take-{stage.take.pk}-decide"' in html
    assert "Confirm first that you heard “Fernweh” said right." in html
    assert 'aria-invalid="true"' in html
    assert state(stage.take) == "waiting"


def test_a_refused_reason_stays_on_the_page(stage: SimpleNamespace) -> None:
    client = enter(stage.reviewer)
    path = f"/takes/{stage.take.pk}/changes/"
    long = "Slower, please. " * 150
    response = client.post(path, {"view": "review", "reason": long})
    assert response.status_code == 422
    assert long.strip() in response.content.decode()
    assert "At most 2,000 characters" in response.content.decode()
    response = client.post(path, {"view": "review", "reason": " "}, headers=PART)
    assert response.status_code == 422
    assert "Say what should change." in response.content.decode()


def test_each_decision_leads_to_the_next_take_and_can_be_undone(stage: SimpleNamespace) -> None:
    second, third = another(stage, "It folds flat."), another(stage, "It weighs nothing.")
    client = enter(stage.reviewer)
    response = client.post(
        f"/takes/{second.pk}/changes/", {"view": "review", "reason": "Warmer."}, follow=True
    )
    assert response.redirect_chain == [(f"/review/{third.pk}/", 302)]
    html = response.content.decode()
    assert "You asked for changes to take 1 of line 2." in html
    assert "2 of 2" in html
    undo = f"/takes/{second.pk}/take-back/?queue="
    assert f'action="{undo}"' in html
    response = client.post(undo, follow=True)
    assert response.redirect_chain == [(f"/review/{second.pk}/", 302)]
    assert state(second) == "waiting"
    client.post(f"/takes/{third.pk}/approve/", {"view": "review"})
    response = client.post(f"/takes/{second.pk}/approve/", {"view": "review"}, follow=True)
    assert response.redirect_chain == [(f"/review/{stage.take.pk}/", 302)]


def test_the_filters_go_along(stage: SimpleNamespace) -> None:
    other = factories.make_project(owner=stage.owner, name="Kettle")
    elsewhere = factories.make_reviewable_take(other)
    reviews.ask_review(stage.owner, take=elsewhere)
    following = another(stage, "It folds flat.")
    query = f"project={stage.project.slug}"
    html = page(stage.owner, f"/review/{stage.take.pk}/?{query}")
    assert f'href="/review/{following.pk}/?{query}" data-next' in html
    assert "1 of 2" in html
    response = enter(stage.owner).post(
        f"/takes/{following.pk}/approve/", {"view": "review", "queue": query}
    )
    assert response.headers["Location"] == f"/review/{stage.take.pk}/?{query}"


def test_the_queue_lists_what_waits_for_this_person(stage: SimpleNamespace) -> None:
    html = page(stage.reviewer, "/review/")
    assert "seconds." in html
    assert "asked by bea" in html
    assert 'aria-label="Review, 1 waiting for you"' in html
    assert "Nothing waits for you" in page(stage.viewer, "/review/")
    assert "Nothing waits for you" in page(stage.administrator, "/review/")
    assert "asked by bea" in page(stage.administrator, "/review/?show=open")
    assert "asked by bea" not in page(stage.stranger, "/review/?show=open")
    assert "asked by bea" in page(stage.producer, "/review/?show=asked")
    reviews.ask_changes(stage.reviewer, take=stage.take, reason="Slower.")
    assert "You asked for changes" in page(stage.reviewer, "/review/?show=decided")
    assert "Nothing waits for you" in page(stage.reviewer, "/review/")


def test_listening_tests_wait_at_the_top(stage: SimpleNamespace) -> None:
    takes = [stage.take, factories.make_reviewable_take(stage.project, line=stage.take.line)]
    keys = [take.pk for take in takes]
    test = listening.make_test(stage.owner, project=stage.project, takes=keys)
    listening.send_test(stage.owner, test=test, title="Which one?", people=[stage.reviewer])
    html = page(stage.reviewer, "/review/")
    assert "Which one?" in html
    assert "Listen and vote" in html
    assert 'aria-label="Review, 2 waiting for you"' in html


def test_several_ticked_takes_are_asked_about_at_once(stage: SimpleNamespace) -> None:
    fresh = factories.make_reviewable_take(stage.project, "It folds flat.")
    draft = factories.make_take(fresh.line)
    response = enter(stage.producer).post(
        f"/p/{stage.project.slug}/review/ask/", {"take": [fresh.pk, draft.pk, stage.take.pk]}
    )
    assert response.status_code == 302
    first, *rest = said(response)
    assert first == "1 take waits for review."
    assert any("A draft take" in one for one in rest)
    assert any("already waiting" in one for one in rest)
    assert state(fresh) == "waiting"


def test_a_card_says_how_far_its_take_has_come(stage: SimpleNamespace) -> None:
    path = f"/p/{stage.project.slug}/lines/{stage.take.line_id}/"
    assert "Waiting for review" in page(stage.viewer, path)
    stage.project.approval_policy = ApprovalPolicy.COUNT
    stage.project.save()
    reviews.approve(stage.reviewer, take=stage.take, heard=["fernweh"])
    assert "Waiting for review, 1 of 2" in page(stage.viewer, path)
    reviews.approve(stage.owner, take=stage.take, heard=["fernweh"])
    html = page(stage.producer, path)
    assert "Approved by cy, ada" in html
    assert "Changing text, voice or parameters lets the approval fall." in html
    assert "lets the approval fall" not in page(stage.reviewer, path)
    lines.edit_line(stage.producer, line=stage.take.line, text="Fernweh boils in a minute.")
    html = page(stage.producer, path)
    assert "Approval fell" in html
    assert "Approval of take 1 fell" in html


def test_the_takes_page_gives_a_reason_where_it_was_decided_and_where_it_is_answered(
    stage: SimpleNamespace,
) -> None:
    reviews.ask_changes(stage.reviewer, take=stage.take, reason="Slower, please.")
    assert page(stage.owner, stage.take.get_absolute_url()).count("Slower, please.") == 2


def test_what_is_in_use_is_said_once(stage: SimpleNamespace) -> None:
    takes.choose_take(stage.owner, take=stage.take, on=True)
    for person in (stage.owner, stage.viewer):
        line = page(person, f"{stage.project.get_absolute_url()}lines/{stage.take.line_id}/")
        assert line.count("✓ In use") == 1


def test_what_was_approved_before_says_what_took_its_place(stage: SimpleNamespace) -> None:
    second = factories.make_reviewable_take(stage.project, line=stage.take.line)
    reviews.approve(stage.reviewer, take=second, heard=["fernweh"])
    html = page(stage.viewer, f"/takes/{stage.take.pk}/")
    assert "Superseded by take 2" in html
    assert "instead of take 2" in page(stage.owner, f"/takes/{stage.take.pk}/")


def test_an_undo_that_comes_too_late_is_said(stage: SimpleNamespace) -> None:
    undo = f"/takes/{stage.take.pk}/take-back/?queue="
    response = enter(stage.reviewer).post(undo, follow=True)
    assert response.redirect_chain == [(f"/review/{stage.take.pk}/", 302)]
    assert "no decision on this take that could be taken back" in response.content.decode()


def test_a_fallen_approval_shows_what_changed_when_and_by_whom(stage: SimpleNamespace) -> None:
    reviews.approve(stage.reviewer, take=stage.take, heard=["fernweh"])
    lines.edit_line(stage.producer, line=stage.take.line, text="Fernweh boils in a minute.")
    html = page(stage.reviewer, f"/takes/{stage.take.pk}/")
    assert "The approval fell" in html
    assert "after a change by bea" in html
    assert "<del>ninety seconds.</del>" in html or "<del>ninety</del>" in html
    assert "<ins>a</ins>" in html or "<ins>a minute.</ins>" in html


def test_a_draft_says_why_and_has_no_dead_buttons(cast: SimpleNamespace) -> None:
    take = factories.make_take(factories.make_line(cast.project))
    html = page(cast.owner, f"/takes/{take.pk}/")
    assert "A draft take is a stand-in" in html
    for words in ("Approve take", "Ask for changes", "Ask for review"):
        assert words not in html


def test_whoever_may_not_approve_is_told_why(stage: SimpleNamespace) -> None:
    stage.project.own_approval = False
    stage.project.save()
    html = page(stage.producer, f"/review/{stage.take.pk}/")
    assert "nobody approves their own" in html
    assert "Approve take" not in html
    assert "You can listen here. Reviewers decide." in page(
        stage.viewer, f"/review/{stage.take.pk}/"
    )


def test_a_decision_elsewhere_answers_with_the_parts_that_changed(stage: SimpleNamespace) -> None:
    response = enter(stage.reviewer).post(
        f"/takes/{stage.take.pk}/approve/", {"view": "detail", "heard": ["Fernweh"]}, headers=PART
    )
    html = response.content.decode()
    assert "X-Changes" in response.headers
    assert f'id="take-{stage.take.pk}-standing"' in html
    assert "Approved by cy" in html
    assert "You approved this take." in html


def test_what_others_decide_comes_to_an_open_review(stage: SimpleNamespace) -> None:
    client = enter(stage.reviewer)
    stage.project.refresh_from_db()
    since = stage.project.version
    reviews.ask_changes(stage.owner, take=stage.take, reason="Slower on “ninety”.")
    another(stage, "It folds flat.")
    path = f"/p/{stage.project.slug}/changes/?since={since}&view=review&takes={stage.take.pk}"
    html = client.get(path + "&wait=0", headers=PART).content.decode()
    assert "asks for changes" in html
    assert "Slower on “ninety”." in html
    assert "1 waiting" in html
    assert f'id="take-{stage.take.pk}-decide"' in html


def test_the_queue_learns_of_what_is_asked(stage: SimpleNamespace) -> None:
    client = enter(stage.reviewer)
    another(stage, "It folds flat.")
    html = client.get(
        "/me/changes/?all=old&news=0&view=queue&wait=0", headers=PART
    ).content.decode()
    assert "It folds flat." in html
    assert 'aria-label="Review, 2 waiting for you"' in html


def test_asking_and_withdrawing_need_the_right_to_edit(stage: SimpleNamespace) -> None:
    client = enter(stage.producer)
    client.post(f"/takes/{stage.take.pk}/withdraw/")
    assert state(stage.take) == "none"
    client.post(f"/takes/{stage.take.pk}/ask/", {"note": "Again"})
    assert state(stage.take) == "waiting"
    assert enter(stage.reviewer).post(f"/takes/{stage.take.pk}/ask/").status_code == 403


@pytest.mark.parametrize("path", ["/review/", "/review/?show=open", "/review/?show=decided"])
def test_a_longer_queue_asks_no_more_of_the_database(
    stage: SimpleNamespace, path: str, django_assert_num_queries: Callable[..., Any]
) -> None:
    client = enter(stage.owner)
    another(stage, "One.")
    reviews.ask_changes(stage.owner, take=another(stage, "Two."), reason="Slower.")
    with CaptureQueriesContext(connection) as few:
        client.get(path)
    for number in range(6):
        take = another(stage, f"Line {number}.")
        if number % 2:
            reviews.ask_changes(stage.owner, take=take, reason="Slower.")
    with django_assert_num_queries(len(few)):
        client.get(path)


def test_projects_say_what_is_approved_and_what_waits(stage: SimpleNamespace) -> None:
    html = page(stage.reviewer, "/")
    assert "0 of 1 line approved" in html
    assert "1 take waits for you" in html
    reviews.approve(stage.reviewer, take=stage.take, heard=["Fernweh"])
    html = page(stage.reviewer, "/")
    assert "1 of 1 line approved" in html
    assert "for you" not in html
