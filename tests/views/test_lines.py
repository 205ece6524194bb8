from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from speech.models import Line, Take
from speech.params import TEXT_REFUSED_OVER
from speech.queries.tuning import setup_mark
from speech.services.lines import edit_line, set_line_setup
from tests import factories

HTMX = {"HX-Request": "true"}


@pytest.fixture
def line(cast: SimpleNamespace) -> Line:
    cast.project.voice = factories.make_voice()
    cast.project.save()
    return factories.make_line(cast.project)


@pytest.fixture
def producer(client: Client, cast: SimpleNamespace) -> Client:
    client.force_login(cast.producer)
    return client


def _url(name: str, line: Line) -> str:
    return reverse(f"speech:{name}", args=[line.project.slug, line.pk])


def _all(line: Line, **more: Any) -> dict[str, Any]:
    """The form as a browser sends it."""
    knobs = {"temperature": "0.7", "min_p": "0", "top_p": "0.9", "top_k": "500"}
    knobs |= {"repetition_penalty": "1.3", "norm_loudness": "on"}
    rest = {"text": line.text, "revision": line.revision, "direction": "", "count": "1"}
    return {**knobs, **rest, **more}


def _texts(line: Line) -> list[str]:
    live = Line.objects.filter(project=line.project, deleted_at=None)
    return list(live.order_by("position").values_list("text", flat=True))


def test_it_adds_a_line_at_the_end_or_after_another(producer: Client, line: Line) -> None:
    url = reverse("speech:line_add", args=[line.project.slug])
    producer.post(url, {"text": "Last"})
    response = producer.post(url, {"text": "Between", "after": line.pk})
    assert _texts(line) == [line.text, "Between", "Last"]
    assert response["Location"] == Line.objects.get(text="Between").get_absolute_url()


def test_a_pasted_script_becomes_lines(producer: Client, line: Line) -> None:
    url = reverse("speech:line_paste", args=[line.project.slug])
    response = producer.post(url, {"script": "One.\nStill one.\n\nTwo."}, follow=True)
    assert _texts(line)[1:] == ["One. Still one.", "Two."]
    assert "2 lines added." in response.content.decode()


def test_an_empty_script_is_refused_where_it_was_pasted(producer: Client, line: Line) -> None:
    response = producer.post(
        reverse("speech:line_paste", args=[line.project.slug]), {"script": " \n "}
    )
    assert response.status_code == 422
    assert "There is no text in this script." in response.content.decode()


def test_the_autosave_answers_with_the_new_revision_and_the_row(
    producer: Client, line: Line
) -> None:
    words = {"text": "Eight [sigh] days.", "revision": "1", "direction": "calm"}
    response = producer.post(_url("line_edit", line), words, headers=HTMX)
    assert response.headers["X-Changes"] == ""
    page = response.content.decode()
    assert 'name="revision" value="2"' in page
    assert f'id="line-{line.pk}"' in page
    assert '<span class="tag">sigh</span>' in page
    assert "<html" not in page
    line.refresh_from_db()
    assert (line.text, line.direction) == ("Eight [sigh] days.", "calm")


def test_without_javascript_saving_leads_back_to_the_line(producer: Client, line: Line) -> None:
    response = producer.post(_url("line_edit", line), _all(line, text="Eight days."))
    assert response["Location"] == line.get_absolute_url()
    assert _texts(line) == ["Eight days."]


def test_a_conflict_shows_both_texts_and_overwrites_nothing(
    producer: Client, line: Line, cast: SimpleNamespace
) -> None:
    edit_line(cast.owner, line=line, text="Theirs.")
    words = {"text": "Mine.", "revision": "1", "direction": ""}
    part = producer.post(_url("line_edit", line), words, headers=HTMX)
    assert part.status_code == 409
    assert "Theirs." in part.content.decode()
    assert 'data-revision="2"' in part.content.decode()
    plain = producer.post(_url("line_edit", line), words)
    page = plain.content.decode()
    assert plain.status_code == 409
    assert ">Mine.</textarea>" in page
    assert "Theirs." in page
    assert 'name="revision" value="2"' in page or plain.context["form"]["revision"].value() == "2"
    assert _texts(line) == ["Theirs."]


def test_keeping_mine_is_saving_with_the_revision_that_the_conflict_named(
    producer: Client, line: Line, cast: SimpleNamespace
) -> None:
    edit_line(cast.owner, line=line, text="Theirs.")
    words = {"text": "Mine.", "revision": "2", "direction": ""}
    assert producer.post(_url("line_edit", line), words, headers=HTMX).status_code == 200
    assert _texts(line) == ["Mine."]


def test_a_text_that_no_line_can_hold_is_not_saved_and_says_so(
    producer: Client, line: Line
) -> None:
    words = {"text": "x" * 5001, "revision": "1"}
    response = producer.post(_url("line_edit", line), words, headers=HTMX)
    assert response.status_code == 422
    assert "Not saved" in response.content.decode()


def test_the_setup_of_a_line_keeps_only_what_differs(producer: Client, line: Line) -> None:
    other = factories.make_voice("Ben", params={})
    sent = _all(line, temperature="0.9", voice=other.pk, seed="77", pin="on")
    assert producer.post(_url("line_setup", line), sent, headers=HTMX).status_code == 200
    line.refresh_from_db()
    assert (line.params, line.voice, line.pinned_seed) == ({"temperature": 0.9}, other, 77)
    producer.post(_url("line_setup", line), _all(line, reset="all"))
    line.refresh_from_db()
    assert (line.params, line.voice) == ({}, other)


def test_a_wrong_setup_is_told_and_kept_on_the_plain_page(producer: Client, line: Line) -> None:
    sent = _all(line, temperature="9", seed="x")
    part = producer.post(_url("line_setup", line), sent, headers=HTMX)
    assert part.status_code == 422
    assert "Temperature must be" in part.content.decode()
    plain = producer.post(_url("line_setup", line), sent)
    assert plain.status_code == 422
    assert 'value="9"' in plain.content.decode()


def test_deleting_leaves_a_person_where_they_were(producer: Client, line: Line) -> None:
    second = factories.make_line(line.project, text="Second")
    third = factories.make_line(line.project, text="Third")

    def delete(gone: Line, *, on: Line) -> str:
        place = "http://testserver" + on.get_absolute_url()
        return str(producer.post(_url("line_delete", gone), headers={"Referer": place})["Location"])

    assert delete(line, on=third) == third.get_absolute_url()
    assert delete(second, on=second) == third.get_absolute_url()
    assert delete(third, on=third) == line.project.get_absolute_url()


def test_it_moves_deletes_and_undoes(producer: Client, line: Line) -> None:
    second = factories.make_line(line.project, text="Second")
    third = factories.make_line(line.project, text="Third")
    producer.post(_url("line_move", third), {"to": "1"})
    assert _texts(line) == ["Third", line.text, "Second"]
    page = producer.post(_url("line_delete", second), follow=True).content.decode()
    assert "Line 2 deleted." not in page
    assert "Line 3 deleted." in page
    assert f'action="{_url("line_restore", second)}"' in page
    assert _texts(line) == ["Third", line.text]
    producer.post(_url("line_restore", second))
    assert _texts(line) == ["Third", line.text, "Second"]


def test_a_move_leads_back_to_the_page_it_came_from_but_to_no_other_site(
    producer: Client, line: Line
) -> None:
    other = factories.make_line(line.project)
    stayed = f"http://testserver{line.get_absolute_url()}?before=9"
    response = producer.post(_url("line_move", other), {"to": "1"}, headers={"Referer": stayed})
    assert response["Location"] == f"{line.get_absolute_url()}?before=9"
    evil = {"Referer": "https://evil.example/"}
    response = producer.post(_url("line_move", other), {"to": "1"}, headers=evil)
    assert response["Location"] == other.get_absolute_url()


def test_generate_answers_with_the_cards_at_once(producer: Client, line: Line) -> None:
    sent = _all(line, text="Nine days.", count="3", temperature="0.8")
    response = producer.post(_url("generate", line), sent, headers=HTMX)
    page = response.content.decode()
    takes = Take.objects.order_by("number")
    assert [take.number for take in takes] == [1, 2, 3]
    assert len({take.seed for take in takes}) == 3
    assert {take.text for take in takes} == {"Nine days."}
    assert {take.temperature for take in takes} == {0.8}
    for take in takes:
        assert f'id="take-{take.pk}"' in page
    assert "data-live" in page
    assert 'name="revision" value="2"' in page
    assert "Stale" not in page
    line.refresh_from_db()
    assert line.params == {"temperature": 0.8}


def test_generate_without_javascript_leads_back_to_the_line(producer: Client, line: Line) -> None:
    response = producer.post(_url("generate", line), _all(line))
    assert response["Location"] == line.get_absolute_url()
    assert Take.objects.get().engine == "draft"


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_every_fault_is_told_at_once_beside_its_field_and_nothing_typed_is_lost(
    producer: Client, line: Line, headers: dict[str, str]
) -> None:
    line.project.voice = None
    line.project.save()
    long = "x" * (TEXT_REFUSED_OVER + 1)
    sent = _all(line, text=long, temperature="9", top_k="nan", seed="-4", count="9")
    response = producer.post(_url("generate", line), sent, headers=headers)
    assert response.status_code == 422
    page = response.content.decode()
    for name in ("text", "temperature", "top_k", "seed", "voice"):
        assert f'id="id_{name}_error"' in page, name
    assert long in page
    assert 'value="9"' in page
    assert 'value="nan"' in page
    assert not Take.objects.exists()
    assert ("<html" in page) == (not headers)


def test_a_typed_seed_is_used_and_a_pinned_one_stays(producer: Client, line: Line) -> None:
    producer.post(_url("generate", line), _all(line, seed="90412", pin="on"))
    assert Take.objects.get().seed == 90412
    page = producer.get(line.get_absolute_url()).content.decode()
    assert 'value="90412"' in page


def test_segmind_is_the_default_once_configured_and_a_draft_read_stays_free(
    producer: Client, line: Line, settings: Any
) -> None:
    settings.SEGMIND_API_KEY = "a-key"
    page = producer.get(line.get_absolute_url()).content.decode()
    assert "about $0.021" in page
    assert "Draft read (free, for timing)" in page
    assert "No effect: Turbo" in page
    producer.post(_url("generate", line), _all(line, engine="segmind"))
    producer.post(_url("generate", line), {**_all(line), "engine": ["segmind", "draft"]})
    assert list(Take.objects.order_by("id").values_list("engine", flat=True)) == [
        "segmind",
        "draft",
    ]


def test_an_engine_that_is_not_set_up_cannot_be_asked(producer: Client, line: Line) -> None:
    assert producer.post(_url("generate", line), _all(line, engine="segmind")).status_code == 422
    take = factories.make_take(line, engine="segmind")
    again = producer.post(_url("generate", line), {"again": take.pk}, headers=HTMX)
    assert again.status_code == 422
    assert "not set up" in again.content.decode()


def test_again_with_this_seed_makes_a_marked_repeat(producer: Client, line: Line) -> None:
    producer.post(_url("generate", line), _all(line, temperature="1.1"))
    first = Take.objects.get()
    response = producer.post(_url("generate", line), {"again": first.pk}, headers=HTMX)
    again = Take.objects.exclude(pk=first.pk).get()
    assert (again.seed, again.temperature, again.repeat_of) == (first.seed, 1.1, first)
    assert "Repeat of take 1" in response.content.decode()


def test_tweak_fills_the_setup_from_a_take_and_saves_nothing(producer: Client, line: Line) -> None:
    take = factories.make_take(line, seed=4711, temperature=1.25)
    page = producer.get(f"{line.get_absolute_url()}?tweak={take.pk}").content.decode()
    assert 'value="4711"' in page
    assert 'value="1.25"' in page
    line.refresh_from_db()
    assert line.params == {}
    other = factories.make_line(line.project)
    assert producer.get(f"{other.get_absolute_url()}?tweak={take.pk}").status_code == 404


def test_what_is_made_by_a_tweak_leaves_the_setup_of_the_line(producer: Client, line: Line) -> None:
    take = factories.make_take(line, temperature=1.25)
    asked = _all(line, temperature="1.3", tweak=str(take.pk))
    assert producer.post(_url("generate", line), asked, headers=HTMX).status_code == 200
    made = Take.objects.exclude(pk=take.pk).get()
    line.refresh_from_db()
    assert (made.temperature, line.params) == (1.3, {})
    producer.post(reverse("speech:take_choose", args=[take.pk]), {"on": "1"})
    line.refresh_from_db()
    assert line.params == {"temperature": 1.25}


def test_a_page_that_shows_an_older_setup_does_not_save_it(producer: Client, line: Line) -> None:
    shown = setup_mark(line)
    owner = line.project.memberships.get(role="owner").user
    set_line_setup(owner, line=line, tuning={"top_p": 0.5}, voice=None, pinned_seed=None)
    saved = producer.post(_url("line_setup", line), _all(line, setup=shown), headers=HTMX)
    assert saved.status_code == 409
    assert "changed meanwhile" in saved.content.decode()
    assert 'value="0.5"' in saved.content.decode()
    asked = _all(line, setup=shown, temperature="1.1")
    assert producer.post(_url("generate", line), asked, headers=HTMX).status_code == 200
    line.refresh_from_db()
    assert line.params == {"top_p": 0.5}
    assert (Take.objects.get().temperature, Take.objects.get().top_p) == (1.1, 0.9)


def test_a_reviewer_may_not_change_a_line(
    client: Client, cast: SimpleNamespace, line: Line
) -> None:
    client.force_login(cast.reviewer)
    for name in ("line_edit", "line_setup", "line_move", "line_delete", "line_restore", "generate"):
        plain = client.post(_url(name, line), _all(line, to="1"))
        part = client.post(_url(name, line), _all(line, to="1"), headers=HTMX)
        assert (plain.status_code, part.status_code) == (403, 403), name
        assert "Your role does not allow" in plain.content.decode()
        assert 'id="messages"' in part.content.decode()
        assert "<html" not in part.content.decode()


def test_a_line_answers_only_under_its_own_project(producer: Client, line: Line) -> None:
    other = factories.make_project(owner=line.project.memberships.get(role="producer").user)
    url = reverse("speech:line", args=[other.slug, line.pk])
    assert producer.get(url).status_code == 404
    part = producer.post(
        reverse("speech:line_edit", args=[other.slug, line.pk]), {"text": "x"}, headers=HTMX
    )
    assert part.status_code == 404
    assert "no longer here" in part.content.decode()


@pytest.mark.parametrize("name", ["line_edit", "line_delete", "generate"])
def test_what_changes_something_cannot_be_got(producer: Client, line: Line, name: str) -> None:
    assert producer.get(_url(name, line)).status_code == 405
