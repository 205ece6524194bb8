"""The API keys of a project, with what each has spent and what waits for its budget."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, F, Sum

from speech.catalog import ENGINES
from speech.models import ApiKey, Job, Project
from speech.states import JobState, Waits


@dataclass(frozen=True, kw_only=True)
class KeyRow:
    """One key as its page lists it. Money in US dollars."""

    key: ApiKey
    spent: Decimal
    """What its takes cost, or may yet cost: what its budget is measured against."""
    takes: int
    waiting: int
    """Takes that wait until its budget has room."""

    @property
    def engine(self) -> str:
        """The label of its own engine; empty where it goes with the studio's default."""
        card = ENGINES.get(self.key.engine)
        return card.label if card else self.key.engine

    @property
    def is_over(self) -> bool:
        return self.key.budget is not None and self.spent > self.key.budget


def key_rows(project: Project) -> list[KeyRow]:
    """The living ones, newest first, then the revoked ones. Four queries, however many."""
    keys = project.api_keys.select_related("created_by")
    found = list(keys.order_by(F("revoked_at").desc(nulls_first=True), "-id"))
    jobs = Job.objects.filter(key__in=[key.pk for key in found]).order_by()
    spent = dict(jobs.counted().values_list("key").annotate(Sum("amount")))
    takes = dict(jobs.values_list("key").annotate(Count("take", distinct=True)))
    queued = jobs.filter(state=JobState.QUEUED, waits=Waits.KEY_BUDGET)
    waiting = dict(queued.values_list("key").annotate(Count("id")))
    return [
        KeyRow(
            key=key,
            spent=Decimal(spent.get(key.pk) or 0),
            takes=takes.get(key.pk, 0),
            waiting=waiting.get(key.pk, 0),
        )
        for key in found
    ]


def living_keys(project: Project) -> int:
    return project.api_keys.filter(revoked_at=None).count()


def unfinished(key: ApiKey) -> int:
    """Takes asked for with it that are not made yet: revoking does not stop them."""
    return Job.objects.filter(key=key).live().count()
