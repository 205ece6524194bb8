"""Takes in doubt, settled in bulk: only those that a person has seen."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace

from speech.models import Job, Take
from speech.queries.doubts import doubts
from speech.services.doubts import Settled, settle_everywhere, settle_unknowns, submit_again
from speech.services.lines import delete_line
from speech.states import JobState
from tests import factories

CENT = Decimal("0.01")


def unknown(cast: SimpleNamespace) -> Take:
    line = factories.make_line(cast.project)
    return factories.make_take(line, state=JobState.UNKNOWN, engine="segmind")


def test_it_settles_those_that_were_shown_and_leaves_what_came_later(cast: SimpleNamespace) -> None:
    shown = [unknown(cast), unknown(cast)]
    late = unknown(cast)
    jobs = [take.job_id for take in shown if take.job_id]

    settled = settle_unknowns(cast.owner, project=cast.project, again=False, jobs=jobs)

    assert settled == Settled(takes=2, projects=1, cost=Decimal("0.042"))
    assert doubts().jobs == str(late.job_id)


def test_one_that_came_in_doubt_again_is_another_decision(cast: SimpleNamespace) -> None:
    """The same take, sent again meanwhile and lost again: nobody has decided on that."""
    take = unknown(cast)
    seen = [take.job_id or 0]
    again = submit_again(cast.owner, take=take)
    Job.objects.filter(pk=again.pk).update(state=JobState.UNKNOWN, charged="maybe")
    Take.objects.filter(pk=take.pk).update(state=JobState.UNKNOWN)

    assert settle_everywhere(cast.administrator, again=True, jobs=seen).takes == 0
    assert doubts().jobs == str(again.pk)


def test_it_settles_across_projects_and_counts_them(cast: SimpleNamespace) -> None:
    other = factories.make_line(factories.make_project(name="Autumn film"))
    takes = [unknown(cast), factories.make_take(other, state=JobState.UNKNOWN, engine="segmind")]
    jobs = [take.job_id for take in takes if take.job_id]

    settled = settle_everywhere(cast.administrator, again=True, jobs=jobs)

    assert settled == Settled(takes=2, projects=2, cost=Decimal("0.042"))
    assert set(Take.objects.values_list("state", flat=True)) == {JobState.QUEUED}
    assert settle_everywhere(cast.administrator, again=True, jobs=jobs).takes == 0


def test_what_is_submitted_again_beyond_the_budget_waits(cast: SimpleNamespace) -> None:
    cast.project.budget = 3 * CENT
    cast.project.save()
    take = unknown(cast)
    settle_everywhere(cast.administrator, again=True, jobs=[take.job_id or 0])
    assert Job.objects.get(take=take, state=JobState.QUEUED).waits == "budget", "2.1 are in doubt"


def test_the_list_leaves_out_what_nobody_can_open(cast: SimpleNamespace) -> None:
    take = unknown(cast)
    assert (doubts().count, doubts(engine="draft").count, doubts(jobs=[]).count) == (1, 0, 0)
    delete_line(cast.owner, line=take.line)
    assert doubts().count == 0
