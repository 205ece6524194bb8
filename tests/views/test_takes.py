from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from speech.models import Line, Star, Take
from speech.services.reviews import approve
from speech.states import JobState
from speech.templatetags.studio import at
from tests import factories

HTMX = {"HX-Request": "true"}


@pytest.fixture
def line(cast: SimpleNamespace) -> Line:
    return factories.make_line(cast.project)


@pytest.fixture
def owner(client: Client, cast: SimpleNamespace) -> Client:
    client.force_login(cast.owner)
    return client


def _url(name: str, take: Take) -> str:
    return reverse(f"speech:{name}", args=[take.pk])


def test_a_done_card_shows_what_it_is(owner: Client, line: Line, cast: SimpleNamespace) -> None:
    factories.make_take(
        line, temperature=1.1, seed=90412, created_by=cast.owner, engine="segmind", cost=0.0213
    )
    draft = factories.make_take(line)
    page = owner.get(line.get_absolute_url()).content.decode()
    for words in ("3.2 s", "−20.1 LUFS", "90412", "temperature 1.1", "$0.021", "ada, "):
        assert words in page, words
    assert page.count('class="chip draft"') == 1
    assert f'data-src="{reverse("speech:take_audio", args=[draft.pk])}"' in page
    assert factories.PEAKS in page


def test_live_and_failed_cards_say_how_far_and_why(owner: Client, line: Line) -> None:
    running = factories.make_take(line, state=JobState.RUNNING, engine="segmind")
    failed = factories.make_take(line, state=JobState.FAILED)
    unknown = factories.make_take(line, state=JobState.UNKNOWN)
    page = owner.get(line.get_absolute_url()).content.decode()
    assert "usually about 13 s" in page
    assert "The provider could not make this take." in page
    assert f'action="{_url("take_retry", failed)}"' in page
    assert f'action="{_url("take_submit_again", unknown)}"' in page
    assert f'action="{_url("take_dismiss", unknown)}"' in page
    assert f'action="{_url("take_retry", running)}"' not in page


def test_a_take_that_its_line_has_left_behind_says_where(owner: Client, line: Line) -> None:
    take = factories.make_take(line, text="Six days on one charge.")
    assert "Stale: text" in owner.get(line.get_absolute_url()).content.decode()
    page = owner.get(take.get_absolute_url()).content.decode()
    assert "<del>Six</del><ins>Seven</ins>" in page


def test_star_note_choose_and_archive_answer_with_the_card(owner: Client, line: Line) -> None:
    take = factories.make_take(line)
    page = owner.post(_url("take_star", take), {"on": "1"}, headers=HTMX).content.decode()
    assert f'id="take-{take.pk}"' in page
    assert 'aria-pressed="true"' in page
    assert Star.objects.filter(take=take).exists()
    noted = owner.post(_url("take_comment", take), {"text": "Lovely."}, headers=HTMX)
    assert "Lovely." in noted.content.decode()
    chosen = owner.post(_url("take_choose", take), {"on": "1"}, headers=HTMX).content.decode()
    assert "Take 1 in use" in chosen
    gone = owner.post(_url("take_archive", take), {"on": "1"}, headers=HTMX).content.decode()
    assert "Archived" in gone
    back = owner.post(_url("take_archive", take), {"on": "0"}, headers=HTMX).content.decode()
    assert ">Archived<" not in back


def test_choosing_another_take_brings_the_card_of_the_first_too(owner: Client, line: Line) -> None:
    first, second = factories.make_take(line), factories.make_take(line)
    owner.post(_url("take_choose", first))
    page = owner.post(_url("take_choose", second), headers=HTMX).content.decode()
    assert f'id="take-{first.pk}"' in page
    assert f'id="take-{second.pk}"' in page
    line.refresh_from_db()
    assert line.chosen_take == second


def test_using_another_take_than_the_approved_one_says_what_falls(
    owner: Client, cast: SimpleNamespace
) -> None:
    first = factories.make_reviewable_take(cast.project)
    second = factories.make_reviewable_take(cast.project, line=first.line)
    approve(cast.owner, take=first)
    page = owner.get(first.line.get_absolute_url()).content.decode()
    button = page[page.index(f'id="take-{second.pk}-instead"') :][:160]
    assert 'title="The approval of take 1 falls"' in button
    assert ">Use instead<" in button
    page = owner.post(_url("take_choose", second), headers=HTMX).content.decode()
    assert "Take 2 is in use; the approval of take 1 fell. Undo brings take 1 back" in page
    assert f'action="{_url("take_choose", first)}"' in page
    stood = {"Referer": f"http://testserver{first.line.get_absolute_url()}"}
    page = owner.post(_url("take_choose", first), headers=stood, follow=True).content.decode()
    assert "fell. Undo" not in page, "nothing was approved any more"
    assert "Use instead" not in page
    first.line.refresh_from_db()
    assert first.line.chosen_take == first


def test_without_javascript_each_action_leads_back(owner: Client, line: Line) -> None:
    take = factories.make_take(line)
    stood = {"Referer": f"http://testserver{line.get_absolute_url()}"}
    for name in ("take_star", "take_choose", "take_archive"):
        response = owner.post(_url(name, take), {"on": "1"}, headers=stood)
        assert response["Location"] == line.get_absolute_url(), name
    assert owner.post(_url("take_star", take))["Location"] == take.get_absolute_url()


def test_an_empty_note_is_refused_and_a_long_one_is_kept_on_the_page(
    owner: Client, line: Line
) -> None:
    take = factories.make_take(line)
    part = owner.post(_url("take_comment", take), {"text": " "}, headers=HTMX)
    assert part.status_code == 422
    assert "Write something first." in part.content.decode()
    plain = owner.post(_url("take_comment", take), {"text": "y" * 2001})
    assert plain.status_code == 422
    assert "y" * 2001 in plain.content.decode()


def test_a_failed_take_is_asked_for_again(owner: Client, line: Line) -> None:
    take = factories.make_take(line, state=JobState.FAILED)
    page = owner.post(_url("take_retry", take), headers=HTMX).content.decode()
    assert 'data-state="queued"' in page
    late = owner.post(_url("take_retry", take), headers=HTMX)
    assert late.status_code == 409
    assert "Only a take that failed" in late.content.decode()
    assert owner.post(_url("take_retry", take)).status_code == 409


@pytest.mark.parametrize(("do", "state"), [("again", "queued"), ("dismiss", "unknown")])
def test_unknown_takes_are_settled_singly_and_together(
    owner: Client, line: Line, do: str, state: str
) -> None:
    takes = [factories.make_take(line, state=JobState.UNKNOWN) for _ in range(3)]
    owner.post(_url("take_submit_again" if do == "again" else "take_dismiss", takes[0]))
    url = reverse("speech:unknowns_settle", args=[line.project.slug])
    shown = ",".join(str(take.job_id) for take in takes[1:])
    later = factories.make_take(line, state=JobState.UNKNOWN, engine="segmind")
    page = owner.post(url, {"do": do, "jobs": shown}, follow=True).content.decode()
    assert f"2 takes {'submitted again' if do == 'again' else 'dismissed'}." in page
    assert "1 take may have been charged</b>" in page, "it came meanwhile, and is left to decide"
    later.delete()
    page = owner.get(line.get_absolute_url()).content.decode()
    assert set(Take.objects.values_list("state", flat=True)) == {state}
    assert Take.objects.filter(archived_at=None).count() == (3 if do == "again" else 0)
    assert "may have been charged</b>" not in page


def test_the_page_of_a_take_keeps_everything(owner: Client, line: Line) -> None:
    first = factories.make_take(line)
    take = factories.make_take(
        line,
        repeat_of=first,
        reference_sha256="c" * 64,
        words=[["Seven", 0.1, 0.4, 0, 5]],
        timings={"inference_time": 9.1},
        measured={"trailing_silence": 0.6, "pitch_hz": None},
        engine="segmind",
        cost=0.02134,
    )
    page = owner.get(take.get_absolute_url()).content.decode()
    for words in (
        take.sha256, "c" * 64, "Repeat of take 1", "$0.02134", "9.1 s", "Silence at the end",
        "espeak-ng 1.52.0 / draft 1", "24000 Hz", "Word times · 1", "Seven days on one charge.",
    ):  # fmt: skip
        assert words in page, words
    assert "None" not in page
    assert (
        f'href="{take.get_absolute_url()}"' in owner.get(first.get_absolute_url()).content.decode()
    )


def test_only_the_newest_takes_are_drawn_and_the_older_are_a_page_away(
    owner: Client, line: Line
) -> None:
    takes = [factories.make_take(line) for _ in range(23)]
    page = owner.get(line.get_absolute_url())
    assert [card.take.number for card in page.context["page"].cards] == list(range(23, 13, -1))
    older = owner.get(f"{line.get_absolute_url()}?before={takes[10].pk}")
    assert [card.take.number for card in older.context["page"].cards] == list(range(10, 0, -1))
    assert older.context["page"].older is None


def test_an_address_that_is_remembered_is_the_one_that_leads_there() -> None:
    for name, args in (("take", (7,)), ("line", ("a-slug", 12)), ("take_audio", (10**12,))):
        assert at(name, *args) == reverse(f"speech:{name}", args=args)


def test_a_reviewer_notes_and_stars_but_does_not_choose_or_spend(
    client: Client, cast: SimpleNamespace, line: Line
) -> None:
    client.force_login(cast.reviewer)
    take = factories.make_take(line)
    assert client.post(_url("take_star", take)).status_code == 302
    assert client.post(_url("take_comment", take), {"text": "Good."}).status_code == 302
    names = ("take_choose", "take_archive", "take_retry", "take_submit_again", "take_dismiss")
    for name in names:
        assert client.post(_url(name, take)).status_code == 403, name


def _history(owner: Client, at: Line, **query: Any) -> list[int]:
    response = owner.get(reverse("speech:history", args=[at.project.slug]), query)
    assert response.status_code == 200
    return [card.take.number for card in response.context["page"].cards]


def test_the_history_is_filtered(owner: Client, line: Line, cast: SimpleNamespace) -> None:
    voice = factories.make_voice("Ben")
    factories.make_take(line, text="Kettle", created_by=cast.owner, seed=5)
    factories.make_take(line, state=JobState.FAILED, voice=voice)
    factories.make_take(line, engine="segmind", archived_at=line.updated_at)
    starred = factories.make_take(line, state=JobState.DONE)
    Star.objects.create(take=starred)
    factories.make_take(line, state=JobState.RUNNING)
    other = factories.make_line(cast.project)
    factories.make_take(other)
    assert _history(owner, line) == [1, 5, 4, 2, 1]
    assert _history(owner, line, line=line.pk) == [5, 4, 2, 1]
    assert _history(owner, line, line=line.pk, archived="with") == [5, 4, 3, 2, 1]
    assert _history(owner, line, archived="only") == [3]
    assert _history(owner, line, archived="with", engine="segmind") == [3]
    assert _history(owner, line, state="live") == [5]
    assert _history(owner, line, state="failed") == [2]
    assert _history(owner, line, voice=voice.pk) == [2]
    assert _history(owner, line, star="on") == [4]
    assert _history(owner, line, seed="5") == [1]
    assert _history(owner, line, person=cast.owner.pk) == [1]
    assert _history(owner, line, text="kett") == [1]
    assert _history(owner, line, text="nothing like this") == []


def test_a_wrong_filter_is_named_and_the_page_still_shows(owner: Client, line: Line) -> None:
    factories.make_take(line)
    url = reverse("speech:history", args=[line.project.slug])
    response = owner.get(url, {"seed": "abc", "state": "odd", "before": "x"})
    assert len(response.context["page"].cards) == 1
    assert "filter_seed_error" in response.content.decode()


def test_the_history_pages_by_key_with_a_constant_number_of_queries(
    owner: Client, line: Line, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    url = reverse("speech:history", args=[line.project.slug])
    counts = []
    for _ in range(2):
        for _ in range(12):
            factories.make_take(line, voice=None)
        with django_assert_max_num_queries(16) as seen:
            response = owner.get(url, {"line": line.pk})
        counts.append(len(seen))
    assert counts[0] == counts[1]
    older = response.context["page"].older
    assert f"line={line.pk}&amp;before={older}" in response.content.decode()
    rest = owner.get(url, {"line": line.pk, "before": older}).context["page"]
    assert [card.take.number for card in rest.cards] == list(range(4, 0, -1))
