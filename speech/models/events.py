from __future__ import annotations

from django.db import models


class Event(models.Model):
    """Who did what, when. Written by each service; never changed."""

    project = models.ForeignKey(
        "speech.Project", on_delete=models.CASCADE, null=True, related_name="events"
    )
    actor = models.ForeignKey("speech.User", on_delete=models.SET_NULL, null=True, related_name="+")
    verb = models.CharField(max_length=40)
    target = models.CharField(max_length=60, blank=True)
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["project", "-id"], name="event_history")]
