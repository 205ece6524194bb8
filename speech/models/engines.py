from __future__ import annotations

from django.db import models
from django.db.models import Q


class EngineStateQuerySet(models.QuerySet["EngineState"]):
    def paused(self) -> dict[str, str]:
        """Paused engines: key → the code of the reason."""
        return dict(self.exclude(paused_at=None).values_list("key", "pause_code"))


class EngineState(models.Model):
    """What is known of an engine right now: paused or not, credits, last trouble."""

    key = models.CharField(max_length=20, primary_key=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    pause_code = models.CharField(max_length=40, blank=True)
    pause_sentence = models.TextField(blank=True)
    failures = models.IntegerField(default=0)
    """Refused submits in a row, for the breaker."""
    hold_until = models.DateTimeField(null=True, blank=True)
    """No submit before this (rate limit or breaker)."""
    hold_sentence = models.TextField(blank=True)
    credits = models.FloatField(null=True, blank=True)
    credits_at = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    check_asked_at = models.DateTimeField(null=True, blank=True)
    check_sentence = models.TextField(blank=True)
    check_ok = models.BooleanField(default=False)
    turn = models.BigIntegerField(default=0)
    """The turn of the last job that was claimed: where a flow that was idle joins in."""
    last_error = models.TextField(blank=True)
    last_error_code = models.CharField(max_length=40, blank=True)
    last_error_at = models.DateTimeField(null=True, blank=True)

    objects = EngineStateQuerySet.as_manager()


class Allowance(models.Model):
    """Turns that all drivers together may still take at a provider: one row for submits, one for
    polls. Drawn in advance, in one UPDATE, so that limits hold across hosts and slices.
    """

    name = models.CharField(max_length=40, primary_key=True)
    """Engine and kind, such as "segmind submits"."""
    turns = models.FloatField()
    """What is left right now; refilled by the time that passes."""
    per_minute = models.FloatField()
    """The limit as learned: halved on a 429, slowly back to the setting."""
    at = models.DateTimeField()
    halved_at = models.DateTimeField(null=True, blank=True)


class Balance(models.Model):
    """What an engine's account had left, once a day: the last figure that the provider named."""

    engine = models.CharField(max_length=20)
    day = models.DateField()
    credits = models.FloatField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["engine", "day"], name="one_balance_a_day"),
            models.CheckConstraint(name="balance_of_an_engine", condition=~Q(engine="")),
        ]
