from __future__ import annotations

from django.db import models
from django.db.models import Q


class ApiKey(models.Model):
    """A key of the studio's own front door: looks like Segmind's, belongs to one project.

    Only the SHA-256 of the key is stored; it is shown once, on the page that made it.
    """

    project = models.ForeignKey("speech.Project", on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=80)
    key_hash = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=12)
    """The first characters, to tell keys apart: not enough to use or to guess one."""
    engine = models.CharField(max_length=20, blank=True)
    """The engine that its calls are made with; empty for the studio's default."""
    budget = models.DecimalField(max_digits=10, decimal_places=2, null=True, blank=True)
    """US dollars that all its calls together may cost; None for no limit of its own."""
    per_minute = models.IntegerField(default=60)
    """Submits a minute."""
    created_by = models.ForeignKey(
        "speech.User", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="api_key_has_a_name", condition=~Q(name="")),
            models.CheckConstraint(
                name="api_key_budget", condition=Q(budget=None) | Q(budget__gte=0)
            ),
            models.CheckConstraint(
                name="api_key_rate", condition=Q(per_minute__gte=1, per_minute__lte=10_000)
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ApiCall(models.Model):
    """One submit through the front door. The request id that its caller holds is `job.ref`."""

    key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="calls")
    job = models.OneToOneField("speech.Job", on_delete=models.CASCADE, related_name="call")
    idempotency_key = models.CharField(max_length=200, blank=True)
    body_sha256 = models.CharField(max_length=64)
    """Of the cleaned parameters: tells a repeat from another request under the same key."""
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    """When the protocol forgets it. The take stays."""

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["key", "idempotency_key"],
                condition=~Q(idempotency_key=""),
                name="idempotency_key_once",
            ),
        ]
        indexes = [
            models.Index(fields=["key", "created_at"], name="api_calls_by_key"),
        ]
