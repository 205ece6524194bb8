from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms

from speech.catalog import ENGINES
from speech.errors import ParamErrors
from speech.forms.base import StudioForm
from speech.models import Line
from speech.plans import KNOBS, MOST_AXES, MOST_TAKES, SweepPlan
from speech.services.sweeps import plan_sweep

NUMBER = r"[+-]?(?:\d+(?:\.\d+)?|\.\d+)"
STRETCH = re.compile(
    rf"({NUMBER})\s*(?:to|–|-|\.\.+)\s*({NUMBER})\s*(?:step|by|,?\s*each)\s*({NUMBER})",
    re.IGNORECASE,
)
LONGEST_LIST = 12_000
FIRST_COUNT = 3


class SweepForm(StudioForm):
    """Seeds, up to two knobs with values, and the engine. `plan` is there once it is valid."""

    many = forms.IntegerField(
        required=False,
        label="Seeds",
        help_text="How many to draw. Every combination is read with the same ones.",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    seeds = forms.CharField(
        required=False,
        max_length=LONGEST_LIST,
        label="Or these seeds",
        help_text="Seeds that you know already, with commas.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "Drawn for you"}),
    )
    engine = forms.ChoiceField(required=False, label="Engine")

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, line: Line, engines: tuple[str, ...]
    ) -> None:
        given = data if data is not None else first_choice(line, engines)
        super().__init__(given, auto_id="sweep_%s")
        self.engines = engines
        self.plan: SweepPlan | None = None
        self.fields["engine"].choices = [  # type: ignore[attr-defined]
            (key, ENGINES[key].label) for key in engines
        ]
        knobs = [("", "None"), *((name, param.label) for name, param in KNOBS.items())]
        for number in range(1, MOST_AXES + 1):
            self.fields[f"knob_{number}"] = forms.ChoiceField(
                required=False, label=_ORDINAL[number - 1], choices=knobs
            )
            self.fields[f"values_{number}"] = forms.CharField(
                required=False,
                max_length=LONGEST_LIST,
                label="Its values",
                help_text="With commas, or as a stretch: 0.5 to 0.9 step 0.1",
                widget=forms.TextInput(
                    attrs={"autocomplete": "off", "placeholder": "0.5, 0.7, 0.9"}
                ),
            )

    def clean(self) -> None:
        if self.errors:
            return
        found = self.cleaned_data
        axes = []
        for number in range(1, MOST_AXES + 1):
            name, typed = found[f"knob_{number}"], found[f"values_{number}"]
            if name:
                axes.append((name, values_of(typed)))
            elif typed:
                self.add_error(f"knob_{number}", "Choose which knob these values are for.")
        try:
            plan = plan_sweep(many=found["many"] or 0, seeds=values_of(found["seeds"]), axes=axes)
        except ParamErrors as error:
            self.add_faults(error)
        else:
            self.plan = None if self.errors else plan

    @property
    def engine_key(self) -> str:
        return self.cleaned_data.get("engine") or self.engines[0]

    def axes(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """For the template: each knob with its values."""
        numbers = range(1, MOST_AXES + 1)
        return [(self[f"knob_{number}"], self[f"values_{number}"]) for number in numbers]


_ORDINAL = ("A knob to turn", "A second knob")


def values_of(typed: str) -> list[str]:
    """What a typed list names, unchecked: values, and stretches such as "0.5 to 0.9 step 0.2".
    Never longer than a sweep and one more."""
    found: list[str] = []
    at = 0
    for match in STRETCH.finditer(typed):
        found += re.split(r"[\s,;]+", typed[at : match.start()])
        found += _stretched(*(Decimal(part) for part in match.groups()))
        at = match.end()
    found += re.split(r"[\s,;]+", typed[at:])
    return [value for value in found if value][: MOST_TAKES + 1]


def first_choice(line: Line, engines: tuple[str, ...]) -> dict[str, Any]:
    """What the page begins with: some fresh seeds, or the line's pinned one."""
    pinned = line.pinned_seed
    return {
        "many": str(FIRST_COUNT),
        "seeds": "" if pinned is None else str(pinned),
        "engine": engines[0],
        "knob_1": next(iter(KNOBS)) if pinned is not None else "",
    }


def _stretched(first: Decimal, last: Decimal, step: Decimal) -> list[str]:
    if step == 0 or (last - first) * step < 0:
        return [str(first), str(last)]
    count = min(int((last - first) / step) + 1, MOST_TAKES + 1)
    return [f"{first + index * step:f}" for index in range(count)]
