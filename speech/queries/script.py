"""The script as the studio shows it: one row for each line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Max, OuterRef, Q, QuerySet, Subquery

from speech.catalog import ENGINES, SPOKEN_CHARACTERS_PER_SECOND
from speech.models import EngineState, Line, Project, Review, Take
from speech.queries.doubts import MOST, named
from speech.states import LIVE, JobState, ReviewState
from speech.text import has_words, is_blank, spoken_characters


@dataclass(frozen=True, kw_only=True)
class LineRow:
    line: Line
    seconds: float | None
    """Duration of the chosen take, else of the newest finished one."""
    expected: float
    tone: str
    """Class of the chip: ok, wait, warn, bad, or empty."""
    sign: str
    state: str


@dataclass(frozen=True, kw_only=True)
class Doubt:
    """Takes whose charge nobody knows: how many, and what they cost at most (US dollars)."""

    count: int
    cost: float
    jobs: str = ""
    """Their jobs, as a form names them: a decision is about what was shown."""


@dataclass(frozen=True, kw_only=True)
class Reviewed:
    """The highest number among the takes of a line in each state of review."""

    approved: int | None = None
    waiting: int | None = None
    changes: int | None = None
    fallen: int | None = None


def expected_seconds(text: str) -> float:
    return spoken_characters(text) / SPOKEN_CHARACTERS_PER_SECOND


def live_lines(project: Project) -> QuerySet[Line]:
    return project.lines.filter(deleted_at=None).order_by("position")


def line_rows(project: Project, lines: QuerySet[Line]) -> list[LineRow]:
    """Rows for `lines`, in their order. Five queries."""
    takes = Take.objects.filter(line=OuterRef("pk"), archived_at=None).order_by("-id")
    done = takes.filter(state=JobState.DONE)
    found = list(
        lines.annotate(
            newest_id=Subquery(takes.values("id")[:1]), heard_id=Subquery(done.values("id")[:1])
        )
    )
    wanted = {
        pk for line in found for pk in (line.newest_id, line.heard_id, line.chosen_take_id) if pk
    }
    some = Take.objects.only(
        "id", "number", "state", "duration", "job_id", "text", "line_text"
    ).in_bulk(wanted)
    ids = [line.pk for line in found]
    live = _counts(project, ids, Q(state__in=sorted(LIVE)))
    doubt = _counts(project, ids, Q(state=JobState.UNKNOWN, job__settled=""))
    said = _reviewed(project, ids)
    return [
        _row(
            line,
            newest=some.get(line.newest_id),
            heard=some.get(line.chosen_take_id or line.heard_id),
            live=live.get(line.pk, 0),
            doubt=doubt.get(line.pk, 0),
            said=said.get(line.pk, Reviewed()),
        )
        for line in found
    ]


def in_doubt(project: Project) -> Doubt:
    """Unknown takes of a project that nobody has settled. One query."""
    found = Take.objects.filter(
        project=project, state=JobState.UNKNOWN, job__settled="", line__deleted_at=None
    )
    rows = list(found.order_by("job").values_list("job", "engine")[:MOST])
    cost = sum(ENGINES[key].price for _, key in rows if key in ENGINES)
    return Doubt(count=len(rows), cost=cost, jobs=named(pk for pk, _ in rows if pk))


def troubled_engines() -> Sequence[EngineState]:
    """Engines that submit nothing until a person acts. One query."""
    return list(EngineState.objects.exclude(paused_at=None).order_by("key"))


def _counts(project: Project, lines: Sequence[int], which: Q) -> dict[int, int]:
    rows = Take.objects.filter(which, project=project, line__in=lines).order_by()
    return dict(rows.values_list("line").annotate(many=Count("id")))


def _reviewed(project: Project, lines: Sequence[int]) -> dict[int, Reviewed]:
    """The takes of each line by what the people who decide said. One query."""
    rows = (
        Review.objects.filter(project=project, line__in=lines)
        .order_by()
        .values_list("line")
        .annotate(
            approved=Max("take__number", filter=Q(state=ReviewState.APPROVED)),
            waiting=Max("take__number", filter=Q(state=ReviewState.WAITING)),
            changes=Max("take__number", filter=Q(state=ReviewState.CHANGES)),
            fallen=Max(
                "take__number", filter=Q(state=ReviewState.NONE, fell_from=ReviewState.APPROVED)
            ),
        )
    )
    return {
        pk: Reviewed(approved=approved, waiting=waiting, changes=changes, fallen=fallen)
        for pk, approved, waiting, changes, fallen in rows
    }


def _row(
    line: Line, *, newest: Take | None, heard: Take | None, live: int, doubt: int, said: Reviewed
) -> LineRow:
    if live:
        tone, sign, state = "wait", "◔", f"{live} in the making"
    elif doubt:
        tone, sign, state = "warn", "!", "May have been charged"
    elif said.approved:
        tone, sign, state = "ok", "✓", f"Take {said.approved} approved"
    elif said.waiting:
        tone, sign, state = "wait", "◔", f"Take {said.waiting} waits for review"
    elif said.fallen:
        tone, sign, state = "warn", "↯", f"Approval of take {said.fallen} fell"
    elif said.changes and (newest is None or newest.number <= said.changes):
        # A newer take is an answer to it, and to be heard first.
        tone, sign, state = "warn", "!", f"Changes asked to take {said.changes}"
    elif line.chosen_take_id and heard and heard.own_text.strip() != line.text.strip():
        # It would go out with words that nobody reads in the script any more.
        tone, sign, state = "warn", "↯", f"Take {heard.number} in use, text changed"
    elif line.chosen_take_id and heard:
        tone, sign, state = "ok", "✓", f"Take {heard.number} in use"
    elif newest is None:
        tone, sign, state = "", "", _before_the_first_take(line.text)
    elif newest.state == JobState.DONE:
        tone, sign, state = "accent", "●", f"Take {newest.number} to hear"
    else:
        tone, sign, state = "bad", "!", f"Take {newest.number} {newest.get_state_display().lower()}"
    return LineRow(
        line=line,
        seconds=heard.duration if heard else None,
        expected=expected_seconds(line.text),
        tone=tone,
        sign=sign,
        state=state,
    )


def _before_the_first_take(text: str) -> str:
    if is_blank(text):
        return "Empty"
    return "No take yet" if has_words(text) else "Nothing to say"
