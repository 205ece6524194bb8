from __future__ import annotations

import secrets
from decimal import Decimal
from typing import Any

from django import forms

from speech.catalog import ENGINES
from speech.errors import BadInput
from speech.forms.base import StudioForm, TextField
from speech.services.budgets import refuse_odd
from speech.services.keys import MOST_PER_MINUTE, NAME_LIMIT

ODD_RATE = f"Between 1 and {MOST_PER_MINUTE:,} requests a minute, please."


class BudgetForm(StudioForm):
    """US dollars, or nothing for no limit."""

    budget = forms.DecimalField(
        label="Budget in US dollars",
        required=False,
        help_text="What all its takes together may cost. Empty means no limit of its own.",
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        error_messages={"invalid": "Type an amount such as 25 or 12.50, or leave it empty."},
    )

    def clean_budget(self) -> Decimal | None:
        budget: Decimal | None = self.cleaned_data["budget"]
        try:
            refuse_odd(budget)
        except BadInput as error:
            raise forms.ValidationError(error.sentence) from error
        return budget


class KeyForm(BudgetForm):
    """A new key. `once` tells a form that is sent a second time, by a reload, from a new one."""

    name = TextField(
        label="Name",
        max_length=NAME_LIMIT,
        help_text="What it is for, such as “Localisation pipeline”.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Give the key a name: what it is for."},
    )
    engine = forms.ChoiceField(label="Engine", required=False)
    per_minute = forms.IntegerField(
        label="Requests a minute",
        min_value=1,
        max_value=MOST_PER_MINUTE,
        initial=60,
        help_text="More are answered 429, and may be sent again a little later.",
        error_messages={
            "required": ODD_RATE, "invalid": ODD_RATE, "min_value": ODD_RATE,
            "max_value": ODD_RATE,
        },
    )  # fmt: skip
    once = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)
    field_order = ("name", "engine", "budget", "per_minute")

    def __init__(self, *args: Any, engines: tuple[str, ...], **kwargs: Any) -> None:
        kwargs["initial"] = {"once": secrets.token_hex(8)}
        super().__init__(*args, **kwargs)
        usual = ENGINES[engines[0]].label
        self.fields["engine"].choices = [  # type: ignore[attr-defined]
            ("", f"The studio’s default (now {usual})"),
            *((key, ENGINES[key].label) for key in engines),
        ]
