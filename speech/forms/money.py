from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone

from speech.errors import BadInput
from speech.forms.base import StudioForm
from speech.models import Project
from speech.queries.spending import Period
from speech.services.budgets import refuse_odd

_SENSIBLE = (
    MinValueValidator(date(2000, 1, 1), "Before 2000 there was nothing to spend."),
    MaxValueValidator(date(2999, 12, 31), "That is too far away."),
)


_AMOUNT = {"inputmode": "decimal", "autocomplete": "off"}


class BudgetForm(StudioForm):
    budget = forms.DecimalField(
        label="Budget in US dollars",
        required=False,
        help_text="All that its takes may cost together, ever. Empty for no limit.",
        widget=forms.TextInput(attrs=_AMOUNT),
    )

    def __init__(self, data: Any = None, *, project: Project) -> None:
        super().__init__(data, initial={"budget": project.budget}, prefix="money")

    def given(self) -> Decimal | None:
        budget: Decimal | None = self.cleaned_data["budget"]
        return budget


class LimitsForm(StudioForm):
    """What projects start with, and what the studio may spend in a month."""

    default_budget = forms.DecimalField(
        label="Budget of a new project, in US dollars",
        required=False,
        help_text="Its owners can change it. Empty for no limit.",
        widget=forms.TextInput(attrs=_AMOUNT),
    )
    monthly_limit = forms.DecimalField(
        label="Monthly limit of the studio, in US dollars",
        required=False,
        help_text="All that takes may cost in a calendar month. At the limit new takes wait until"
        " the next month. Empty for no limit.",
        widget=forms.TextInput(attrs=_AMOUNT),
    )

    def clean_default_budget(self) -> Decimal | None:
        return _amount(self.cleaned_data["default_budget"])

    def clean_monthly_limit(self) -> Decimal | None:
        return _amount(self.cleaned_data["monthly_limit"])


def _amount(given: Decimal | None) -> Decimal | None:
    try:
        refuse_odd(given)
    except BadInput as error:
        raise forms.ValidationError(error.sentence) from error
    return given


class SpendFilter(StudioForm):
    """Which days to sum up: this month where nothing is said, everything with `?all=1`. A wrong
    date is named, and filters nothing."""

    since = forms.DateField(
        label="From", required=False, validators=_SENSIBLE,
        widget=forms.DateInput(attrs={"type": "date"}),
    )  # fmt: skip
    until = forms.DateField(
        label="To", required=False, validators=_SENSIBLE,
        widget=forms.DateInput(attrs={"type": "date"}),
    )  # fmt: skip

    def __init__(self, data: Any) -> None:
        today = timezone.localdate()
        asked = any(data.get(name) for name in ("since", "until", "all"))
        month = {"since": today.replace(day=1), "until": today}
        super().__init__(data if asked else month, auto_id="filter_%s")
        self.everything = data.get("all") == "1" and not (data.get("since") or data.get("until"))

    def period(self) -> Period:
        self.is_valid()
        given: dict[str, date | None] = self.cleaned_data
        return Period(since=given.get("since"), until=given.get("until"))

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        since, until = given.get("since"), given.get("until")
        if since and until and since > until:
            self.add_error("until", "This is before the first day.")
        return given
