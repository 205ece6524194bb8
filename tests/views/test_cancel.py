from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from speech.jobs import standing
from speech.models import EngineState, Event, Job, Line, Project, Take
from speech.services.engines import resume_engine
from speech.services.events import touch
from speech.states import JobState, Waits
from tests import factories
from tests.upstream.client import KEY

HTMX = {"HX-Request": "true"}


@pytest.fixture
def line(cast: SimpleNamespace, settings: Settings) -> Line:
    settings.SEGMIND_API_KEY = KEY
    Project.objects.update(budget=Decimal("1.20"))
    return factories.make_line(cast.project)


@pytest.fixture
def producer(client: Client, cast: SimpleNamespace) -> Client:
    client.force_login(cast.producer)
    return client


def page_of(client: Client, line: Line) -> str:
    html = client.get(line.get_absolute_url()).content.decode()
    return " ".join(re.sub(r"<(?!a |button)[^>]+>", " ", html).split())


def cancel(client: Client, take: Take, **sent: str) -> str:
    url = reverse("speech:take_cancel", args=[take.pk])
    return client.post(url, sent, headers=HTMX).content.decode()


def test_a_queued_card_is_cancelled_with_one_press(producer: Client, line: Line) -> None:
    take = factories.make_take(line, state=JobState.QUEUED)
    assert f'formaction="/takes/{take.pk}/cancel/"' in page_of(producer, line)
    html = cancel(producer, take)
    assert 'data-state="cancelled"' in html
    assert "Nothing was charged." in html
    assert "bea cancelled it before this take was sent." in html


def test_one_that_is_being_made_offers_what_becomes_of_its_result(
    producer: Client, line: Line
) -> None:
    take = factories.make_take(line, state=JobState.RUNNING, engine="segmind")
    words = page_of(producer, line)
    assert "It is being made already and will be charged, about $0.021." in words
    html = cancel(producer, take, then="keep")
    assert "Cancelled, but it is being made already and will be charged;" in html
    assert "cancel/" not in html, "a marked card offers nothing more"
    draft = factories.make_line(line.project)
    factories.make_take(draft, state=JobState.RUNNING)
    assert "It is being made already. It costs nothing." in page_of(producer, draft)


def test_one_that_was_sent_meanwhile_is_not_thrown_away_without_a_choice(
    producer: Client, line: Line
) -> None:
    take = factories.make_take(line, state=JobState.SUBMITTING, engine="segmind")
    html = cancel(producer, take)
    assert "This take is being made by now. Choose what becomes of its result" in html
    assert 'value="discard"' in html, "the card as it is now"
    assert Job.objects.get().cancel == ""
    stood = {"Referer": f"http://testserver{line.get_absolute_url()}"}
    plain = producer.post(
        reverse("speech:take_cancel", args=[take.pk]), headers=stood, follow=True
    ).content.decode()
    assert "being made by now" in plain
    assert 'action=""><' not in plain, "no undo without an address"


def test_a_reviewer_sees_no_way_to_cancel(
    client: Client, cast: SimpleNamespace, line: Line
) -> None:
    client.force_login(cast.reviewer)
    for state in (JobState.QUEUED, JobState.RUNNING):
        factories.make_take(line, state=state)
    for _ in range(5):
        factories.make_take(line, state=JobState.QUEUED)
    page = client.get(line.get_absolute_url()).content.decode()
    assert "cancel/" not in page
    assert "6 takes wait" in page


def test_a_card_that_waits_for_budget_says_so_and_who_can_help(
    client: Client, cast: SimpleNamespace, line: Line
) -> None:
    factories.make_take(line, state=JobState.QUEUED, engine="segmind")
    Job.objects.update(waits=Waits.BUDGET)
    client.force_login(cast.owner)
    words = page_of(client, line)
    assert "Waiting for budget. What is left of the project’s $1.20 does not cover it." in words
    settings = reverse("speech:project_settings", args=[line.project.slug])
    assert f'href="{settings}#budget">Raise the budget' in words
    client.force_login(cast.producer)
    assert "An owner can raise it." in page_of(client, line)


def test_a_card_says_that_its_engine_is_paused_as_soon_as_it_is(
    client: Client, cast: SimpleNamespace, line: Line
) -> None:
    take = factories.make_take(line, state=JobState.QUEUED, engine="segmind")
    url = reverse("speech:changes", args=[line.project.slug])

    def news(since: int) -> str:
        query = {"view": "line", "line": str(line.pk), "since": str(since), "wait": "0"}
        return client.get(url, query).content.decode()

    client.force_login(cast.producer)
    since = touch(line.project_id)
    standing.pause("segmind", sentence="The key was refused.", code="unauthorized")
    html = news(since)
    assert f'id="take-{take.pk}-live"' in html
    assert "Turbo is paused." in html
    assert "The key was refused." in html
    assert "An administrator has to act." in html
    assert "Turbo is paused." in page_of(client, line)

    since = Project.objects.values_list("version", flat=True).get(pk=line.project_id)
    resume_engine(cast.administrator, key="segmind")
    html = news(since)
    assert "paused" not in html
    assert f'id="take-{take.pk}-live"' in html

    EngineState.objects.update(hold_until=timezone.now() + timedelta(minutes=1))
    assert "Turbo waits until" in page_of(client, line)


@pytest.mark.parametrize(("many", "offered"), [(4, False), (5, True)])
def test_many_that_wait_can_be_cancelled_together(
    producer: Client, line: Line, many: int, offered: bool
) -> None:
    for _ in range(many):
        factories.make_take(line, state=JobState.QUEUED)
    running = factories.make_take(line, state=JobState.RUNNING)
    url = reverse("speech:waiting_cancel", args=[line.project.slug])
    words = page_of(producer, line)
    assert (f"{many} takes wait to be made." in words) is offered
    assert (f"Cancel all {many}" in words) is offered
    done = producer.post(url, follow=True).content.decode()
    assert f"{many} waiting takes are cancelled. Nothing was charged." in done
    assert list(Take.objects.exclude(state=JobState.CANCELLED)) == [running]
    assert producer.post(url).status_code == 409
    assert Event.objects.filter(verb="waiting takes cancelled").count() == 1


def test_trying_a_discarded_take_again_says_that_it_costs_again(
    producer: Client, line: Line
) -> None:
    take = factories.make_take(line, state=JobState.CANCELLED, engine="segmind")
    assert re.search(r"Retry · about \$0\.021 ", page_of(producer, line))
    Job.objects.filter(take=take).update(charged="yes", cancel="discard")
    words = page_of(producer, line)
    assert "Retry · costs about $0.021 again" in words
    assert "The earlier try was charged, or may have been; this one costs again" in words
    Take.objects.update(engine="draft")
    Job.objects.update(charged="no")
    assert "Retry ·" not in page_of(producer, line)
