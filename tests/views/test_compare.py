"""The comparison board: what it shows, and what it says about takes that it cannot show."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from speech.models import Comment, Line, Take
from speech.services import takes as service
from speech.states import JobState
from tests import factories

WORDS = [["Seven", 0.05, 0.4, 0, 5], ["days", 0.42, 0.9, 6, 4]]


@pytest.fixture
def line(cast: SimpleNamespace) -> Line:
    return factories.make_line(cast.project)


@pytest.fixture
def viewer(client: Client, cast: SimpleNamespace) -> Client:
    client.force_login(cast.viewer)
    return client


def board(client: Client, line: Line, *takes: Take | int | str) -> str:
    url = reverse("speech:compare", args=[line.project.slug])
    asked = [take.pk if isinstance(take, Take) else take for take in takes]
    response = client.get(url, {"take": asked}, follow=True)
    assert response.status_code == 200
    return response.content.decode()


def lanes(page: str) -> list[str]:
    """The names of the lanes, from the top."""
    return [part.split('"')[0] for part in page.split('data-name="')[1:]]


def test_lanes_stand_in_the_order_of_the_address(viewer: Client, line: Line) -> None:
    takes = [factories.make_take(line, seed=seed) for seed in (1, 2, 3)]
    page = board(viewer, line, takes[2], takes[0], takes[1], takes[0])
    assert lanes(page) == ["Take 3", "Take 1", "Take 2"]
    assert f'href="?take={takes[0].pk}&amp;take={takes[2].pk}&amp;take={takes[1].pk}"' in page
    assert f'href="?take={takes[2].pk}&amp;take={takes[1].pk}" aria-label="Remove Take 1' in page
    shared = f"take={takes[2].pk}&amp;take={takes[0].pk}&amp;take={takes[1].pk}"
    assert f'data-copy="http://testserver/p/{line.project.slug}/compare/?{shared}"' in page


def test_it_compares_takes_of_several_lines_and_names_the_line(viewer: Client, line: Line) -> None:
    other = factories.make_line(line.project, "We counted twice.")
    page = board(viewer, line, factories.make_take(line), factories.make_take(other))
    assert lanes(page) == ["Line 1, take 1", "Line 2, take 1"]
    assert "2 takes of 2 lines" in page
    assert "We counted twice." in page


def test_it_marks_what_was_asked_for_with_an_api_key(viewer: Client, line: Line) -> None:
    called = factories.make_take(line, via_api=True)
    assert board(viewer, line, called, factories.make_take(line)).count(">via API<") == 1


def test_eight_takes_are_the_most(viewer: Client, line: Line) -> None:
    takes = [factories.make_take(line, seed=seed) for seed in range(1, 11)]
    page = board(viewer, line, *takes)
    assert len(lanes(page)) == 8
    assert "Only the first 8 takes are shown." in page
    assert "left out" not in board(viewer, line, *takes[:8])


def test_it_leaves_out_what_cannot_be_heard_and_says_so(viewer: Client, line: Line) -> None:
    first, second = factories.make_take(line), factories.make_take(line)
    waiting = factories.make_take(line, state=JobState.RUNNING)
    failed = factories.make_take(line, state=JobState.FAILED)
    elsewhere = factories.make_take(factories.make_line(factories.make_project()))
    deleted = factories.make_take(factories.make_line(line.project, deleted_at=timezone.now()))
    page = board(viewer, line, first, waiting, elsewhere, failed, deleted, second, "x", "9" * 30)
    assert lanes(page) == ["Take 1", "Take 2"]
    assert "Take 3 of line 1 is left out: it is not ready yet." in page
    assert "Take 4 of line 1 is left out: it has no sound." in page
    assert "4 takes are left out: they are not in this project, or deleted." in page


def test_one_take_is_not_a_comparison(viewer: Client, line: Line) -> None:
    take = factories.make_take(line)
    alone = board(viewer, line, take, 10**9)
    assert "1 take is left out: it is not in this project, or deleted." in alone
    assert "Tick 2 to 8 takes to compare them." in alone
    assert "Takes of line 1" in alone
    assert "Tick 2 to 8 takes to compare them." in board(viewer, line)
    both = board(viewer, line, take, factories.make_take(line))
    assert "Remove Take 1" not in both, "two are the fewest"


def test_a_lane_brings_all_that_its_sound_needs(viewer: Client, line: Line) -> None:
    known = factories.make_take(line, words=WORDS, duration=2.5, lufs=-19.5)
    bare = factories.make_take(line, lufs=None, engine="segmind")
    page = board(viewer, line, known, bare)
    assert f'data-src="{reverse("speech:take_audio", args=[known.pk])}"' in page
    assert 'data-duration="2.5" data-lufs="-19.5"' in page
    assert f'data-peaks="{factories.PEAKS}" data-words="0.05 0.42"' in page
    assert 'data-lufs="" ' in page
    assert page.count("<noscript><audio controls") == 2, "heard one by one without JavaScript"
    assert "10.0 characters/s" in page  # 25 of them in 2.5 s


def test_the_table_marks_what_differs(viewer: Client, cast: SimpleNamespace, line: Line) -> None:
    takes = [
        factories.make_take(line, seed=1, temperature=0.7, cost=0.021, engine="segmind"),
        factories.make_take(line, seed=2, temperature=0.9, duration=4.0),
        factories.make_take(line, seed=3, temperature=0.7, created_by=cast.producer),
    ]
    Comment.objects.create(take=takes[1], author=cast.reviewer, text="Slower on “seven”.")
    for text in ("Warm.", "Less warm."):
        Comment.objects.create(take=takes[2], author=cast.reviewer, text=text)
    url = reverse("speech:compare", args=[line.project.slug])
    response = viewer.get(url, {"take": [take.pk for take in takes]})
    rows = {row.label: row for row in response.context["board"].table}
    assert [cell.odd for cell in rows["Temperature"].cells] == [False, True, False]
    assert [cell.odd for cell in rows["Seed"].cells] == [True, True, True]
    assert not rows["Top-p"].differs
    assert [cell.text for cell in rows["Length"].cells] == ["3.2 s", "4.0 s", "3.2 s"]
    assert [cell.odd for cell in rows["Pace"].cells] == [False, True, False]
    assert [cell.text for cell in rows["Cost"].cells] == ["$0.021", "free", "free"]
    assert [cell.text for cell in rows["Comments"].cells] == [
        "—",
        "cy: Slower on “seven”.",
        "2 comments, last by cy: Less warm.",
    ]
    assert [cell.text for cell in rows["Asked by"].cells][2] == "bea"
    assert not any(cell.odd for cell in rows["Comments"].cells)


def test_a_producer_can_use_star_and_vary_each_take_and_a_viewer_cannot(
    client: Client, cast: SimpleNamespace, line: Line
) -> None:
    takes = [factories.make_take(line), factories.make_take(line)]
    tweak = f'href="{line.get_absolute_url()}?tweak={takes[0].pk}"'
    client.force_login(cast.producer)
    page = board(client, line, *takes)
    assert page.count("/choose/") == 2
    assert page.count(tweak) == 2, "in the lane’s menu, and under the table"
    client.force_login(cast.viewer)
    page = board(client, line, *takes)
    assert "/choose/" not in page
    assert tweak not in page
    assert "/star/" not in page


def test_news_replace_what_is_said_about_a_take_and_leave_its_sound_alone(
    client: Client, cast: SimpleNamespace, line: Line
) -> None:
    first, second = factories.make_take(line), factories.make_take(line)
    client.force_login(cast.producer)
    headers = {"HX-Request": "true"}
    answer = client.post(
        reverse("speech:take_choose", args=[second.pk]), {"on": "1", "view": "compare"},
        headers=headers,
    )  # fmt: skip
    assert "✓ In use" in answer.content.decode()
    service.star_take(cast.owner, take=first, on=True)
    url = reverse("speech:changes", args=[cast.project.slug])
    asked = f"?since=0&view=compare&takes={first.pk},{second.pk}"
    news = client.get(url + asked, headers=headers)
    html = news.content.decode()
    assert f'id="take-{first.pk}"' in html
    assert 'aria-pressed="true"' in html
    for kept in ("data-lane", "data-src", "board-wave", "data-play"):
        assert kept not in html


def test_it_asks_as_many_queries_for_eight_takes_as_for_two(viewer: Client, line: Line) -> None:
    takes = [factories.make_take(line, words=WORDS) for _ in range(8)]
    counts = []
    for number in (2, 8):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            board(viewer, line, *takes[:number])
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 15, counts


@pytest.mark.parametrize("name", ["line", "history"])
def test_takes_can_be_ticked_where_they_are_listed(viewer: Client, line: Line, name: str) -> None:
    take = factories.make_take(line)
    factories.make_take(line, state=JobState.RUNNING)
    slug = line.project.slug
    args = [slug, line.pk] if name == "line" else [slug]
    page = viewer.get(reverse(f"speech:{name}", args=args)).content.decode()
    assert f'name="take" value="{take.pk}" form="compare-form"' in page
    assert page.count('form="compare-form"') == 1, "only what can be heard"
    assert f'action="{reverse("speech:compare", args=[slug])}"' in page


def test_a_take_can_be_compared_with_the_one_in_use(
    client: Client, cast: SimpleNamespace, line: Line
) -> None:
    used, other = factories.make_take(line), factories.make_take(line)
    client.force_login(cast.viewer)
    assert (
        "Compare with the take in use" not in client.get(other.get_absolute_url()).content.decode()
    )
    service.choose_take(cast.owner, take=used, on=True)
    page = client.get(other.get_absolute_url()).content.decode()
    assert f"compare/?take={used.pk}&amp;take={other.pk}" in page
    assert (
        "Compare with the take in use" not in client.get(used.get_absolute_url()).content.decode()
    )
