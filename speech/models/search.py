from __future__ import annotations

from typing import Any

from django.db import models

from speech.text import search_key


class SearchKeyField(models.TextField):  # type: ignore[type-arg]  # of texts
    """The text of another field, folded: what a search is held against.

    It is made in Python whenever a row is written, so that every database finds the same, in any
    case and accent; SQLite's own LIKE knows case in ASCII only. Price: a search reads all rows of
    its project. `update()` does not fill it: it is for a text that is written once.
    """

    def __init__(self, *, of: str, **more: Any) -> None:
        super().__init__(blank=True, editable=False, default="", **more)
        self.of = of

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        """A plain text to the database and its migrations."""
        name, _, _, _ = super().deconstruct()
        plain = {"blank": True, "editable": False, "default": ""}
        return name, "django.db.models.TextField", [], plain

    def clone(self) -> models.TextField:  # type: ignore[override,type-arg]
        return models.TextField(blank=True, editable=False, default="")

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        key = search_key(getattr(model_instance, self.of))
        setattr(model_instance, self.attname, key)
        return key
