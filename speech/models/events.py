from __future__ import annotations

from typing import Any, NoReturn

from django.db import models

from speech.seal import SENTENCE


class Sealed(TypeError):
    """Somebody's code tried to change or to delete what has happened."""

    def __init__(self) -> None:
        super().__init__(SENTENCE)


class EventQuerySet(models.QuerySet["Event"]):
    def update(self, **values: Any) -> NoReturn:
        raise Sealed

    def bulk_update(self, *args: Any, **options: Any) -> NoReturn:
        raise Sealed

    def delete(self) -> NoReturn:
        raise Sealed


class Event(models.Model):
    """Who did what, when. Written by `speech.services.events.log`; never changed.

    Both the model and the database refuse to (`speech.seal`). Events of a project go with it, by
    a trigger; people are switched off, not deleted, and one who has acted cannot be deleted.
    """

    project = models.ForeignKey(
        "speech.Project", on_delete=models.DO_NOTHING, null=True, related_name="events"
    )
    actor = models.ForeignKey("speech.User", on_delete=models.PROTECT, null=True, related_name="+")
    """None: the studio itself, or a guest, whose name is in `data`."""
    verb = models.CharField(max_length=40)
    kind = models.CharField(max_length=12, blank=True)
    """What it is about, for filters: see `speech.queries.verbs`."""
    target = models.CharField(max_length=60, blank=True)
    """Such as "line 12" or "take 7", by key."""
    about_line = models.BigIntegerField(null=True, blank=True)
    """Key of the line that it concerns, through its takes too. No foreign key: nothing that is
    deleted elsewhere may reach in here."""
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = EventQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["project", "-id"], name="event_history"),
            models.Index(fields=["project", "kind", "-id"], name="event_by_kind"),
            models.Index(fields=["project", "actor", "-id"], name="event_by_person"),
            models.Index(fields=["project", "about_line", "-id"], name="event_by_line"),
        ]

    def save(self, *args: Any, **options: Any) -> None:
        if not self._state.adding:
            raise Sealed
        super().save(*args, **options)

    def delete(self, *args: Any, **options: Any) -> NoReturn:
        raise Sealed
