"""Takes that may have been charged and that nobody has decided on, across projects."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.db.models import F

from speech.catalog import ENGINES
from speech.models import Job, Project
from speech.states import JobState

MOST = 500
"""That are decided on at once: a form, and its address, name each of them."""


@dataclass(frozen=True, kw_only=True)
class ProjectDoubt:
    """`cost`: US dollars, at most. `jobs`: keys, so that a decision is about these and no other."""

    project: Project
    count: int
    cost: float
    jobs: str


@dataclass(frozen=True, kw_only=True)
class Doubts:
    rows: Sequence[ProjectDoubt]
    count: int
    cost: float
    jobs: str
    more: bool
    """There are more than can be decided on at once."""


def doubts(*, engine: str = "", jobs: Collection[int] | None = None) -> Doubts:
    """Of all projects, or those of one engine, or those of `jobs` that are still undecided; the
    project with the most first. Two queries."""
    found = Job.objects.filter(
        state=JobState.UNKNOWN, settled="", take__line__deleted_at=None, take__job=F("pk")
    )
    if engine:
        found = found.filter(engine=engine)
    if jobs is not None:
        found = found.filter(pk__in=jobs)
    rows = list(found.order_by("pk").values_list("pk", "project", "engine")[: MOST + 1])
    shown = rows[:MOST]
    by_project: dict[int, list[tuple[int, str]]] = {}
    for pk, project_id, key in shown:
        by_project.setdefault(project_id, []).append((pk, key))
    projects = Project.objects.in_bulk(list(by_project))
    listed = [
        ProjectDoubt(
            project=projects[project_id],
            count=len(mine),
            cost=sum(_price(key) for _, key in mine),
            jobs=named(pk for pk, _ in mine),
        )
        for project_id, mine in by_project.items()
    ]
    return Doubts(
        rows=sorted(listed, key=lambda row: (-row.count, row.project.name)),
        count=len(shown),
        cost=sum(_price(key) for *_, key in shown),
        jobs=named(pk for pk, *_ in shown),
        more=len(rows) > MOST,
    )


def named(jobs: Iterable[int]) -> str:
    """As a form passes them on: "3,14,15"."""
    return ",".join(map(str, jobs))


def _price(engine: str) -> float:
    return ENGINES[engine].price if engine in ENGINES else 0.0
