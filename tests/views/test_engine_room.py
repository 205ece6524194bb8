"""The status of an engine, its pause, and takes in doubt across projects."""

from __future__ import annotations

import re
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from speech.models import EngineState, Event, Job, Take
from speech.pauses import PAUSES
from speech.services.budgets import price_of
from speech.states import JobState
from tests import factories
from tests.views.people import signed_in

HTMX = {"HX-Request": "true"}
STATUS = "/settings/engines/segmind/status/"


@pytest.fixture
def boss(cast: SimpleNamespace, settings: Settings) -> Client:
    settings.SEGMIND_API_KEY = "a-key"
    return signed_in(cast.administrator)


def page_of(client: Client, path: str = STATUS) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", client.get(path).content.decode()).split())


def test_it_shows_what_the_engine_is_doing(cast: SimpleNamespace, boss: Client) -> None:
    line = factories.make_line(cast.project)
    factories.make_take(line, state=JobState.RUNNING, engine="segmind")
    waits = factories.make_take(line, state=JobState.QUEUED, engine="segmind")
    Job.objects.filter(take=waits).update(due_at=timezone.now() - timedelta(minutes=3))
    failed = factories.make_take(line, state=JobState.FAILED, engine="segmind")
    EngineState.objects.create(
        key="segmind",
        failures=2,
        last_error_at=timezone.now(),
        last_error="Segmind had a problem.",
        last_error_code="server_error",
    )
    page = page_of(boss)
    for words in (
        "Rendering 1", "Due now 1", "Line 1, take 2 of Skyline, waits 3 min", "0 of 8",
        "1 of 1000", "Submits a minute 60", "2 of 5 submits refused in a row",
        "server_error", "Segmind had a problem.", "The provider could not make this take.",
        "Pause submitting",
    ):  # fmt: skip
        assert words in page, words
    assert f'href="/takes/{failed.pk}/"' in boss.get(STATUS).content.decode()


def test_the_part_that_moves_comes_alone_to_whoever_asks_by_itself(boss: Client) -> None:
    whole = boss.get(STATUS).content.decode()
    part = boss.get(STATUS, headers=HTMX)
    assert 'hx-trigger="every 2s"' in whole
    assert "Look again" in whole
    assert part["X-Changes"] == ""
    assert part.content.decode().startswith('<div id="engine-status"')
    assert "<html" not in part.content.decode()


def test_an_engine_that_there_is_not_has_no_status(boss: Client) -> None:
    assert boss.get("/settings/engines/nonsense/status/").status_code == 404
    assert boss.post("/settings/engines/nonsense/pause/").status_code == 404


def test_an_administrator_pauses_and_resumes(cast: SimpleNamespace, boss: Client) -> None:
    paused = boss.post("/settings/engines/segmind/pause/", headers={"Referer": f"http://x{STATUS}"})
    assert paused["Location"] == "/settings/"
    page = page_of(boss)
    assert "root paused submitting. The queue is kept." in page
    assert "An administrator has to resume it." in page
    assert "Keep it paused" not in page
    again = boss.post("/settings/engines/segmind/pause/", follow=True).content.decode()
    assert "Submitting is paused already." in again

    here = {"Referer": f"http://testserver{STATUS}"}
    resumed = boss.post("/settings/engines/segmind/resume/", headers=here)
    assert resumed["Location"] == STATUS, "back to where the button stood"
    assert EngineState.objects.get(key="segmind").paused_at is None
    assert "goes on with its queue" in page_of(boss)
    assert [event.actor for event in Event.objects.all()] == [cast.administrator] * 2


@pytest.mark.parametrize("code", sorted(PAUSES))
def test_each_pause_says_who_has_to_do_what(cast: SimpleNamespace, boss: Client, code: str) -> None:
    EngineState.objects.create(
        key="segmind", paused_at=timezone.now(), pause_code=code, pause_sentence="It stopped.",
        check_sentence="Segmind answered: $0.00 left.", checked_at=timezone.now(),
    )  # fmt: skip
    reason = PAUSES[code]
    for page in (page_of(boss), page_of(boss, "/settings/")):
        assert f"It stopped. {reason.ends}" in page.replace(" The queue is kept.", "")
    page = page_of(boss)
    assert ("Resume now" in page) == reason.can_resume
    assert ("Keep it paused" in page) == reason.looked_at
    assert ("$0.00 left" in page) == reason.looked_at
    line = factories.make_line(cast.project)
    assert reason.ends in page_of(signed_in(cast.viewer), line.get_absolute_url())


# --- takes in doubt ---


def in_doubt(cast: SimpleNamespace) -> tuple[list[Take], list[Take]]:
    """Two of Skyline, one of another project."""
    line = factories.make_line(cast.project)
    other = factories.make_line(factories.make_project(name="Autumn film"))
    make = factories.make_take
    return (
        [make(line, state=JobState.UNKNOWN, engine="segmind") for _ in range(2)],
        [make(other, state=JobState.UNKNOWN, engine="segmind")],
    )


def jobs_of(*takes: Take) -> str:
    return ",".join(str(take.job_id) for take in takes)


def test_takes_in_doubt_are_listed_by_project_with_count_and_sum(
    cast: SimpleNamespace, boss: Client
) -> None:
    mine, others = in_doubt(cast)
    for path in ("/settings/", STATUS):
        page = page_of(boss, path)
        assert "3 takes in 2 projects may have been charged, about $0.06 together" in page
        assert "Skyline 2 takes, about $0.042" in page
        assert "Submit all 3 again · about $0.06" in page
        html = boss.get(path).content.decode()
        for shown in (jobs_of(*mine), jobs_of(*others), jobs_of(*mine, *others)):
            assert f'name="jobs" value="{shown}"' in html
    assert "may have been charged," not in page_of(boss, "/settings/engines/draft/status/")


@pytest.mark.parametrize("do", ["again", "dismiss"])
def test_they_are_settled_in_bulk_once_count_and_sum_were_confirmed(
    cast: SimpleNamespace, boss: Client, do: str
) -> None:
    mine, others = in_doubt(cast)
    shown = jobs_of(*mine, *others)
    asked = boss.get("/settings/doubts/", {"do": do, "jobs": shown}).content.decode()
    assert ("Submit 3 takes again, about $0.06?" if do == "again" else "Dismiss 3 takes") in asked
    assert f'name="jobs" value="{shown}"' in asked
    assert Job.objects.exclude(settled="").count() == 0, "nothing is done yet"

    late = factories.make_take(mine[0].line, state=JobState.UNKNOWN, engine="segmind")
    sure = {"do": do, "jobs": shown}
    page = boss.post("/settings/doubts/", sure, follow=True).content.decode()

    done = "submitted again" if do == "again" else "dismissed"
    assert f"3 takes in 2 projects {done}, about $0.06 together." in page
    assert Job.objects.filter(settled="").exclude(state=JobState.QUEUED).get() == late.job
    assert "1 take in 1 project may have been charged" in page
    verbs = set(Event.objects.values_list("verb", flat=True))
    assert verbs == {"unknown take submitted again" if do == "again" else "unknown take dismissed"}


def test_what_somebody_else_decided_meanwhile_stands(cast: SimpleNamespace, boss: Client) -> None:
    mine, _ = in_doubt(cast)
    owner = signed_in(cast.owner)
    owner.post(f"/takes/{mine[0].pk}/dismiss/")
    sure = {"do": "again", "jobs": jobs_of(*mine)}
    page = boss.post("/settings/doubts/", sure, follow=True).content.decode()
    assert "1 take submitted again, about $0.021 together. 1 take had been decided on" in page
    assert Job.objects.get(take=mine[0]).settled == "dismissed"
    late = boss.get("/settings/doubts/", {"do": "again", "jobs": jobs_of(*mine)}, follow=True)
    assert "These takes are decided on already." in late.content.decode()


@pytest.mark.parametrize("odd", ["", "nonsense", "9" * 40, "-1", "1;2", "٣"])
def test_what_names_no_job_settles_nothing(cast: SimpleNamespace, boss: Client, odd: str) -> None:
    in_doubt(cast)
    sure = {"do": "again", "jobs": odd}
    assert boss.post("/settings/doubts/", sure).status_code == 302
    assert not Job.objects.exclude(settled="").exists()


def test_a_job_that_is_not_in_doubt_is_left_alone(cast: SimpleNamespace, boss: Client) -> None:
    done = factories.make_take(factories.make_line(cast.project), engine="segmind")
    sure = {"do": "again", "jobs": str(done.job_id)}
    assert (
        "0 takes submitted again."
        in boss.post("/settings/doubts/", sure, follow=True).content.decode()
    )
    assert Take.objects.get().state == JobState.DONE


def test_the_header_calls_an_administrator_and_nobody_else(
    cast: SimpleNamespace, boss: Client
) -> None:
    assert 'id="alarm"' not in boss.get("/").content.decode()
    in_doubt(cast)
    assert 'id="alarm"' in boss.get("/").content.decode()
    assert 'id="alarm"' not in signed_in(cast.owner).get("/").content.decode()


def test_the_mark_costs_an_administrator_two_queries_at_most(
    cast: SimpleNamespace, boss: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    stranger = signed_in(cast.stranger)
    for _ in range(2):
        in_doubt(cast)
        with django_assert_num_queries(8):
            boss.get("/notices/")
        with django_assert_num_queries(6):
            stranger.get("/notices/")


def test_the_price_of_a_doubt_is_the_catalogues(cast: SimpleNamespace) -> None:
    [take, _], _ = in_doubt(cast)
    assert take.job.amount == price_of("segmind")
    assert reverse("speech:doubts_settle") == "/settings/doubts/"
