from __future__ import annotations

from django.db import models
from django.db.models import Q

from speech.states import DeliveryState


class Delivery(models.Model):
    """A ZIP of every approved take with its manifest, made by a task and kept."""

    project = models.ForeignKey(
        "speech.Project", on_delete=models.CASCADE, related_name="deliveries"
    )
    number = models.IntegerField()
    state = models.CharField(max_length=8, choices=DeliveryState, default=DeliveryState.WAITING)
    asked_by = models.ForeignKey(
        "speech.User", on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    beat_at = models.DateTimeField(null=True, blank=True)
    """Last sign of life of the task; one that stopped is begun again."""
    tries = models.IntegerField(default=0)
    finished_at = models.DateTimeField(null=True, blank=True)
    done = models.IntegerField(default=0)
    total = models.IntegerField(default=0)
    missing = models.JSONField(default=list, blank=True)
    """Lines that are not in it: [{"line", "text", "why"}]."""
    file = models.FileField(upload_to="", blank=True, max_length=200)
    sha256 = models.CharField(max_length=64, blank=True)
    byte_count = models.BigIntegerField(null=True, blank=True)
    error = models.TextField(blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)
    """When the file was thrown away. The entry stays: it says what went out, and its hash."""
    removed_by = models.ForeignKey(
        "speech.User", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="delivery_number"),
            models.CheckConstraint(
                name="delivery_state", condition=Q(state__in=DeliveryState.values)
            ),
        ]
        ordering = ["-id"]

    @property
    def is_live(self) -> bool:
        return self.state in (DeliveryState.WAITING, DeliveryState.MAKING)

    @property
    def lines(self) -> int:
        """How many lines the script had: those in it, and those that were missing."""
        return self.total + len(self.missing)

    @property
    def stamp(self) -> str:
        """Equal for two that read the same."""
        return f"{self.state} {self.done} {self.total} {self.removed_at or ''}"
