from __future__ import annotations

import re
from typing import Any

from django import forms

from speech.errors import BadInput
from speech.forms.base import StudioForm, TextField
from speech.services.comments import TEXT_LIMIT
from speech.services.guests import DAYS, LABEL_LIMIT, NAME_LIMIT

_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,5}(?:[.,]\d{0,3})?|[.,]\d{1,3})")


class TimeField(forms.CharField):
    """Seconds, typed as “7.2” or “0:07.2”; None for nothing."""

    def __init__(self, **more: Any) -> None:
        attrs = {"inputmode": "decimal", "autocomplete": "off"}
        super().__init__(required=False, widget=forms.TextInput(attrs=attrs), **more)

    def clean(self, value: Any) -> float | None:
        text = str(value or "").strip()
        if not text:
            return None
        found = _CLOCK.fullmatch(text)
        if found is None:
            raise forms.ValidationError("Write a time in seconds: 7.2, or 0:07.2.")
        return 60 * int(found[1] or 0) + float(found[2].replace(",", "."))


class CommentForm(StudioForm):
    """What was typed; whether it fits the take is the service's to say."""

    text = forms.CharField(required=False, strip=False, max_length=TEXT_LIMIT * 5, label="Comment")
    start = TimeField(label="At")
    end = TimeField(label="To")
    parent = forms.IntegerField(required=False, min_value=1, max_value=2**62)

    def check(self) -> dict[str, Any]:
        """What was typed. Raises `BadInput` with every fault."""
        if not self.is_valid():
            raise BadInput(" ".join(str(fault) for one in self.errors.values() for fault in one))
        return self.cleaned_data

    def lost_thread(self) -> BadInput:
        """The thread that was answered is gone; what was typed is a comment of its own now."""
        self.data = {**self.data.dict(), "parent": ""}  # type: ignore[attr-defined]
        return BadInput("This thread is no longer here. Nothing you typed is lost.")


class GuestCommentForm(CommentForm):
    name = TextField(required=False, max_length=NAME_LIMIT * 5, label="Your name")


class GuestLinkForm(StudioForm):
    label = TextField(
        label="For whom",
        max_length=LABEL_LIMIT,
        error_messages={"required": "Say for whom the link is meant."},
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "Zoe, the client"}),
    )
    days = forms.TypedChoiceField(
        label="Works for",
        coerce=int,
        initial=7,
        choices=[(n, f"{n} day{'' if n == 1 else 's'}") for n in DAYS],
    )
