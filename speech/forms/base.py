from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet

from speech.errors import ParamErrors
from speech.text import one_line, tidy


class RowsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # of any row
    """Keys that no database could hold name no row; Django would fail on them."""

    def clean(self, value: Any) -> QuerySet[Any]:
        return super().clean([key for key in value or () if len(str(key)) < 19])


class TextField(forms.CharField):
    """What people write: a name, a title, a note, a search term; `lines`: several lines. What
    cannot be seen is nothing, here as in the services, so that a fault stands beside its field."""

    def __init__(self, *, lines: bool = False, **more: Any) -> None:
        super().__init__(**more)
        self.lines = lines

    def to_python(self, value: Any) -> str:
        text = super().to_python(value) or ""
        if "\x00" in text:
            return text  # refused by a validator
        return tidy(text) if self.lines else one_line(text)


class StudioForm(forms.Form):
    """A form drawn field by field with `forms/field.html`."""

    use_required_attribute = False
    """Faults are listed by the server, all at once, beside their fields."""

    @property
    def emptied(self) -> str:
        """What no browser shows again once a form comes back with faults; empty for nothing."""
        if any(isinstance(one.widget, forms.PasswordInput) for one in self.fields.values()):
            return "Passwords have to be typed again; nothing else is lost."
        if self.files:
            return "The file has to be chosen again; nothing you typed is lost."
        return ""

    def add_faults(self, error: ParamErrors) -> None:
        """Put each fault next to its field; those of unknown fields go on top."""
        for fault in error.faults:
            name = fault.field if fault.field in self.fields else None
            if name is None or fault.sentence not in self.errors.get(name, []):
                self.add_error(name, fault.sentence)
