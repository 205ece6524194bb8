from __future__ import annotations

import re
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from speech.forms.sweeps import values_of
from speech.models import Batch, Job, Line, Project, Take
from speech.plans import MOST_TAKES
from speech.services.events import touch
from speech.services.takes import star_take
from speech.states import JobState
from tests import factories
from tests.upstream.client import KEY

HTMX = {"HX-Request": "true"}
CHOICE = {
    "many": "3", "seeds": "", "knob_1": "temperature", "values_1": "0.5 to 1.1 step 0.2",
    "knob_2": "top_p", "values_2": "0.8, 0.95", "engine": "segmind",
}  # fmt: skip


@pytest.fixture
def line(cast: SimpleNamespace, settings: Settings) -> Line:
    settings.SEGMIND_API_KEY = KEY
    cast.project.voice = factories.make_voice()
    cast.project.save()
    return factories.make_line(cast.project)


@pytest.fixture
def producer(client: Client, cast: SimpleNamespace) -> Client:
    client.force_login(cast.producer)
    return client


def new(line: Line) -> str:
    return reverse("speech:sweep_new", args=[line.project.slug, line.pk])


def text_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def press(client: Client, line: Line, counted: str, **choice: Any) -> Any:
    """Send what the page's button would send after it has counted."""
    page = client.get(new(line), {**CHOICE, **choice}).content.decode()
    seen = re.search(r'name="seen" value="([^"]+)"', page)
    assert seen
    return client.post(new(line), {**CHOICE, "seen": seen[1], "counted": counted, **choice})


@pytest.mark.parametrize(
    ("typed", "values"),
    [
        ("0.5, 0.7,0.9", ["0.5", "0.7", "0.9"]),
        ("0.5 0.7;0.9\n", ["0.5", "0.7", "0.9"]),
        ("0.5 to 0.9 step 0.1", ["0.5", "0.6", "0.7", "0.8", "0.9"]),
        ("0.3, 0.5–0.7 step .1, 2", ["0.3", "0.5", "0.6", "0.7", "2"]),
        ("1..9 by 4", ["1", "5", "9"]),
        ("3 to 1 step -1", ["3", "2", "1"]),
        ("1 to 5 step 0", ["1", "5"]),
        ("on, off", ["on", "off"]),
        ("  ", []),
    ],
)
def test_values_are_typed_as_a_list_or_as_a_stretch(typed: str, values: list[str]) -> None:
    assert values_of(typed) == values


def test_an_endless_stretch_ends_soon_after_the_largest_sweep() -> None:
    assert len(values_of("0 to 1 step 0.0000001")) == MOST_TAKES + 1


def test_the_line_leads_to_it_and_it_begins_with_a_count(producer: Client, line: Line) -> None:
    assert f'href="{new(line)}">Sweep…' in producer.get(line.get_absolute_url()).content.decode()
    page = text_of(producer.get(new(line)).content.decode())
    assert "3 seeds = 3 takes, about $0.06 ." in page
    assert "Make 3 takes · about $0.06" in page


def test_a_pinned_seed_is_where_it_begins(producer: Client, line: Line) -> None:
    Line.objects.update(pinned_seed=4711)
    page = producer.get(new(line)).content.decode()
    assert 'value="4711"' in page
    assert "Type the values that temperature should take on." in page


def test_count_and_price_come_first_and_nothing_is_made_by_looking(
    producer: Client, line: Line
) -> None:
    Project.objects.update(budget=Decimal("1.20"))
    for headers in ({}, HTMX):
        page = text_of(producer.get(new(line), CHOICE, headers=headers).content.decode())
        assert (
            "3 seeds × 4 values of temperature × 2 values of top-p = 24 takes, about $0.50 ."
            " The project has $1.20 of its budget left, so all 24 fit."
        ) in page
        assert "Make 24 takes · about $0.50" in page
    Project.objects.update(budget=Decimal("0.10"))
    page = text_of(producer.get(new(line), CHOICE).content.decode())
    assert "so 4 of 24 fit; the other 20 wait until there is room." in page
    assert not Take.objects.exists()


def test_the_live_count_is_a_part_of_the_page_that_tells_what_is_wrong(
    producer: Client, line: Line
) -> None:
    answer = producer.get(new(line), {**CHOICE, "values_1": "0.5, 9"}, headers=HTMX)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert page.lstrip().startswith('<div id="sweep-outlook"')
    assert "Temperature must be between 0.05 and 2; 9 is not." in page
    assert "Make" not in page.replace("Nothing to make yet", "")


def test_what_was_counted_is_made(producer: Client, line: Line, cast: SimpleNamespace) -> None:
    answer = press(producer, line, "24 segmind")
    batch = Batch.objects.get()
    assert answer["Location"] == reverse("speech:sweep", args=[batch.pk])
    assert batch.takes.count() == 24
    assert set(Job.objects.values_list("asked_by", flat=True)) == {cast.producer.pk}


@pytest.mark.parametrize(
    ("counted", "changed"),
    [("24 segmind", {"many": "30"}), ("24 draft", {}), ("", {})],
)
def test_nothing_is_made_that_was_not_counted(
    producer: Client, line: Line, counted: str, changed: dict[str, str]
) -> None:
    answer = press(producer, line, counted, **changed)
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "The count has changed since it was shown" in page
    assert 'value="0.5 to 1.1 step 0.2"' in page, "nothing that was typed is lost"
    assert not Take.objects.exists()


def test_nothing_is_made_of_words_that_the_page_did_not_show(producer: Client, line: Line) -> None:
    page = producer.get(new(line), CHOICE).content.decode()
    seen = re.search(r'name="seen" value="([^"]+)"', page)
    assert seen
    Line.objects.update(text="Eight days on one charge.", revision=2)
    sent = {**CHOICE, "counted": "24 segmind", "seen": seen[1]}
    answer = producer.post(new(line), sent)
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "Eight days on one charge." in page
    assert "changed meanwhile" in page
    assert not Take.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"many": "0"},
        {"many": "9999999999999999999999"},
        {"many": "many"},
        {"seeds": "1,1"},
        {"knob_1": "nonsense"},
        {"knob_1": ""},
        {"values_1": ""},
        {"values_1": "x" * 13_000},
        {"knob_2": "temperature"},
        {"engine": "nonsense"},
        {"many": "500"},
    ],
)
def test_faults_are_said_and_what_was_typed_is_kept(
    producer: Client, line: Line, wrong: dict[str, str]
) -> None:
    answer = producer.post(new(line), {**CHOICE, **wrong})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "errorlist" in page or "takes; a sweep makes 500 at most" in page
    assert 'value="0.8, 0.95"' in page
    assert not Take.objects.exists()


def test_a_line_without_text_or_voice_says_so_before_it_counts(
    producer: Client, line: Line
) -> None:
    Line.objects.update(text="")
    Project.objects.update(voice=None)
    page = producer.get(new(line), CHOICE).content.decode()
    assert "Text is needed." in page
    assert "Choose a voice first." in page
    assert "data-make" not in page


def test_the_page_of_a_sweep_is_a_grid_that_plays_compares_and_stars(
    producer: Client, line: Line, cast: SimpleNamespace
) -> None:
    batch = factories.make_sweep(line, seeds=(7, 8))
    first = batch.takes.order_by("pk")[0]
    star_take(cast.owner, take=first, on=True)
    page = producer.get(reverse("speech:sweep", args=[batch.pk])).content.decode()
    assert f'data-src="{reverse("speech:take_audio", args=[first.pk])}"' in page
    assert page.count("data-play ") == 4
    assert page.count('form="compare-form" id="take-') == 4
    assert page.count('aria-pressed="true"') == 1
    assert "data-peaks" not in page, "no waveforms: five hundred would be a megabyte"
    words = text_of(page)
    assert "4 of 4 takes finished" in words
    assert "Open all 4 on the board" in words
    starred = producer.post(
        reverse("speech:take_star", args=[first.pk]), {"on": "0", "view": "sweep"}, headers=HTMX
    )
    assert f'id="take-{first.pk}" class="sweep-take"' in starred.content.decode()


def test_cells_say_in_words_what_cannot_be_heard(producer: Client, line: Line) -> None:
    batch = factories.make_sweep(line, seeds=(1, 2, 3, 4, 5), axes=(), state=JobState.QUEUED)
    states = (JobState.FAILED, JobState.CANCELLED, JobState.UNKNOWN, JobState.RUNNING)
    for take, state in zip(batch.takes.order_by("pk"), states, strict=False):
        Take.objects.filter(pk=take.pk).update(state=state)
    words = text_of(producer.get(reverse("speech:sweep", args=[batch.pk])).content.decode())
    for said in (
        "Take 1 Failed", "Take 2 Cancelled", "Take 3 May have been charged", "Take 4 Rendering",
        "Take 5 Queued", "3 of 5 takes finished", "1 failed", "1 cancelled",
        "1 may have been charged: decide on",
    ):  # fmt: skip
        assert said in words, said


def test_a_sweep_is_stopped_with_a_choice_for_what_is_being_made(
    producer: Client, line: Line
) -> None:
    batch = factories.make_sweep(line, state=JobState.RUNNING, engine="segmind")
    Take.objects.filter(batch=batch, seed=7).update(state=JobState.QUEUED)
    Job.objects.filter(take__seed=7).update(state=JobState.QUEUED, owner="")
    url = reverse("speech:sweep", args=[batch.pk])
    words = text_of(producer.get(url).content.decode())
    assert (
        "2 takes not sent yet are cancelled; nothing is charged for them."
        " 2 takes are being made already and will be charged. What becomes of their results?"
    ) in words
    answer = producer.post(f"{url}stop/", {"then": "discard"}, headers=HTMX)
    words = text_of(answer.content.decode())
    assert "their results are thrown away." in words
    assert "■ Stopped" in words
    assert "2 takes were cancelled while being made and will be charged." in words
    assert "Stop, and keep" not in words
    late = producer.post(f"{url}stop/", headers=HTMX)
    assert late.status_code == 409
    assert "nothing to stop" in late.content.decode()


def test_without_javascript_the_stop_leads_back_with_its_sentence(
    producer: Client, line: Line
) -> None:
    batch = factories.make_sweep(line, state=JobState.QUEUED)
    url = reverse("speech:sweep", args=[batch.pk])
    assert "Stop · cancel 4 waiting" in producer.get(url).content.decode()
    page = producer.post(f"{url}stop/", follow=True).content.decode()
    assert "The sweep is stopped. 4 takes are cancelled; nothing is charged for them." in page


def test_the_page_asks_as_often_for_many_takes_as_for_few(
    producer: Client, line: Line, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    counts = []
    for many in (5, 10):
        axes = (("temperature", (0.5, 0.7, 0.9, 1.1)),)
        batch = factories.make_sweep(line, seeds=range(1, many + 1), axes=axes)
        Take.objects.filter(batch=batch, temperature=1.1).update(state=JobState.QUEUED)
        with django_assert_max_num_queries(20) as seen:
            producer.get(reverse("speech:sweep", args=[batch.pk]))
        counts.append(len(seen))
    assert counts[0] == counts[1]


def news(client: Client, batch: Batch, since: int, **more: str) -> str:
    query = {"view": "sweep", "sweep": str(batch.pk), "since": str(since), "wait": "0", **more}
    answer = client.get(reverse("speech:changes", args=[batch.project.slug]), query)
    return answer.content.decode()


def test_its_news_are_the_progress_and_the_takes_that_changed(producer: Client, line: Line) -> None:
    batch = factories.make_sweep(line, state=JobState.QUEUED)
    other = factories.make_take(line, state=JobState.QUEUED)
    changed = batch.takes.order_by("pk")[1]
    since = touch(line.project_id, takes=[take.pk for take in batch.takes.all()])
    touch(line.project_id, takes=[changed.pk, other.pk])
    html = news(producer, batch, since)
    assert 'id="sweep-progress"' in html
    assert re.findall(r'<li id="take-(\d+)"', html) == [str(changed.pk)]
    brief = news(producer, batch, 0, brief="1")
    assert 'data-text="0 of 4 takes"' in brief
    assert "<li" not in brief


def test_news_of_another_projects_sweep_are_none_of_this_feeds(
    producer: Client, line: Line
) -> None:
    batch = factories.make_sweep(factories.make_line(factories.make_project()))
    touch(line.project_id)
    batch.project = line.project
    assert "sweep-progress" not in news(producer, batch, 0)


def test_a_sweep_of_a_deleted_line_is_gone(producer: Client, line: Line) -> None:
    batch = factories.make_sweep(line)
    other = Batch.objects.create(project=line.project, kind="repeats", count=1)
    Line.objects.update(deleted_at=line.updated_at)
    for pk in (batch.pk, other.pk):
        assert producer.get(reverse("speech:sweep", args=[pk])).status_code == 404


def test_the_list_and_the_history_lead_to_it(producer: Client, line: Line) -> None:
    batch = factories.make_sweep(line)
    listed = reverse("speech:sweeps", args=[line.project.slug])
    history = producer.get(reverse("speech:history", args=[line.project.slug]))
    assert f'href="{listed}"' in history.content.decode()
    page = producer.get(listed).content.decode()
    assert reverse("speech:sweep", args=[batch.pk]) in page
    assert "2 seeds × 2 values of temperature = 4 takes" in page


def test_the_project_names_sweeps_under_way(producer: Client, line: Line) -> None:
    batch = factories.make_sweep(line, state=JobState.RUNNING)
    factories.make_sweep(line)
    page = producer.get(line.get_absolute_url()).content.decode()
    assert "Sweep of line 1:</b> 0 of 4 takes finished." in page
    assert page.count("Open the sweep") == 1
    assert reverse("speech:sweep", args=[batch.pk]) in page


def test_the_page_of_the_line_does_not_grow_by_five_hundred(producer: Client, line: Line) -> None:
    since = touch(line.project_id)
    old = factories.make_take(line, state=JobState.QUEUED)
    batch = factories.make_sweep(line, seeds=range(1, 61), axes=(), state=JobState.QUEUED)
    pks = [*batch.takes.values_list("pk", flat=True), old.pk]
    touch(line.project_id, takes=pks, lines=[line.pk])
    page = producer.get(line.get_absolute_url()).content.decode()
    assert len(re.findall(r'<li id="take-\d+"', page)) == 10
    query = {"view": "line", "line": str(line.pk), "since": str(since), "wait": "0"}
    html = producer.get(reverse("speech:changes", args=[line.project.slug]), query)
    shown = [int(pk) for pk in re.findall(r'<li id="take-(\d+)"', html.content.decode())]
    assert len(shown) == 31, "the newest thirty, and the one that is not of a sweep"
    assert old.pk in shown
    assert max(pks) in shown
