from __future__ import annotations

from django.db import models
from django.db.models import Q


class StudioSettings(models.Model):
    """What administrators decide for the whole studio: one row, of key 1."""

    default_budget = models.DecimalField(max_digits=10, decimal_places=2, null=True, blank=True)
    """US dollars that a new project may spend until its owners say otherwise; None for no limit."""
    monthly_limit = models.DecimalField(max_digits=10, decimal_places=2, null=True, blank=True)
    """US dollars that all takes of a calendar month may cost together; None for no limit."""
    limits_decided_at = models.DateTimeField(null=True, blank=True)
    """When an administrator decided on both amounts; until then pages ask."""
    announces_rights = models.BooleanField(default=False)
    """An upgrade brought the rights of people in the studio, and no administrator has said yet
    that they have seen it."""

    class Meta:
        constraints = [
            models.CheckConstraint(name="studio_settings_once", condition=Q(pk=1)),
            models.CheckConstraint(
                name="studio_default_budget",
                condition=Q(default_budget=None) | Q(default_budget__gte=0),
            ),
            models.CheckConstraint(
                name="studio_monthly_limit",
                condition=Q(monthly_limit=None) | Q(monthly_limit__gte=0),
            ),
        ]

    @classmethod
    def load(cls) -> StudioSettings:
        """The row as it is; nothing is written where it is missing."""
        return cls._default_manager.filter(pk=1).first() or cls(pk=1)

    @classmethod
    def lock(cls) -> StudioSettings:
        """The row, held until the transaction ends. Whoever holds projects too, held them first:
        two that lock in another order wait for each other for ever."""
        cls._default_manager.get_or_create(pk=1)
        return cls._default_manager.select_for_update().get(pk=1)
