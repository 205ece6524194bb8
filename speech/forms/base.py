from __future__ import annotations

from django import forms

from speech.errors import ParamErrors


class StudioForm(forms.Form):
    """A form drawn field by field with `forms/field.html`."""

    use_required_attribute = False
    """Faults are listed by the server, all at once, beside their fields."""

    @property
    def asks_password(self) -> bool:
        """Whether a browser shows it again without something that was typed."""
        return any(isinstance(one.widget, forms.PasswordInput) for one in self.fields.values())

    def add_faults(self, error: ParamErrors) -> None:
        """Put each fault next to its field; those of unknown fields go on top."""
        for fault in error.faults:
            name = fault.field if fault.field in self.fields else None
            if name is None or fault.sentence not in self.errors.get(name, []):
                self.add_error(name, fault.sentence)
