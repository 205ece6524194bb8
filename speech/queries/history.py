"""Filters of a history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Q, QuerySet

from speech.models import Project, Take
from speech.queries.takes import base
from speech.states import FINISHED, LIVE, JobState
from speech.text import search_key

STATE_CHOICES: tuple[tuple[str, str], ...] = (
    ("", "Any state"),
    ("live", "In the making"),
    (JobState.DONE.value, "Done"),
    (JobState.FAILED.value, "Failed"),
    (JobState.CANCELLED.value, "Cancelled"),
    (JobState.EXPIRED.value, "Expired"),
    (JobState.UNKNOWN.value, "May have been charged"),
)
assert {value for value, _ in STATE_CHOICES} >= {state.value for state in FINISHED}


def history(project: Project, wanted: Mapping[str, Any]) -> QuerySet[Take]:
    """The takes of a project that match what `forms.takes.HistoryFilter` cleaned."""
    takes = base().filter(project=project, line__deleted_at=None)
    if wanted.get("line"):
        takes = takes.filter(line=wanted["line"])
    if wanted.get("state") == "live":
        takes = takes.filter(state__in=sorted(LIVE))
    elif wanted.get("state"):
        takes = takes.filter(state=wanted["state"])
    if wanted.get("voice"):
        takes = takes.filter(voice=wanted["voice"])
    if wanted.get("engine"):
        takes = takes.filter(engine=wanted["engine"])
    if wanted.get("seed"):
        takes = takes.filter(Q(seed=wanted["seed"]) | Q(seed_used=wanted["seed"]))
    if wanted.get("person"):
        takes = takes.filter(created_by=wanted["person"])
    if wanted.get("star"):
        takes = takes.filter(star__isnull=False)
    if wanted.get("text"):
        takes = takes.filter(search_text__contains=search_key(wanted["text"]))
    archived = wanted.get("archived") or ""
    if archived == "":
        takes = takes.filter(archived_at=None)
    elif archived == "only":
        takes = takes.exclude(archived_at=None)
    return takes
