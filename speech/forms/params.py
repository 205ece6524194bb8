from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from speech.catalog import ENGINES
from speech.forms.base import StudioForm
from speech.params import TUNING, Param
from speech.queries.staleness import plain


class ParamField(forms.Field):
    """A field that parses and complains as `speech.params` does; blank means "not said"."""

    def __init__(self, param: Param) -> None:
        self.param = param
        widget: forms.Widget = (
            forms.CheckboxInput()
            if param.kind == "boolean"
            else forms.NumberInput(
                attrs={
                    "min": f"{param.low:g}",
                    "max": f"{param.high:g}",
                    "step": f"{param.step:g}",
                    "inputmode": "decimal" if param.kind == "number" else "numeric",
                }
            )
        )
        super().__init__(required=False, label=param.label, help_text=param.help, widget=widget)

    def clean(self, value: Any) -> Any:
        if value in ("", None):
            return None
        try:
            return self.param.parse(value)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error


class TuningForm(StudioForm):
    """The six knobs, each with its range. `standard` is what each has unless something is said."""

    def __init__(self, *args: Any, standard: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.standard = dict(standard)
        for param in TUNING:
            self.fields[param.name] = ParamField(param)

    def tuning(self) -> dict[str, Any]:
        """The knobs that were given."""
        given = {param.name: self.cleaned_data.get(param.name) for param in TUNING}
        return {name: value for name, value in given.items() if value is not None}

    def knobs(self) -> list[dict[str, Any]]:
        """For the template: each knob with its bound field, standard value and warnings."""
        return [
            {
                "param": param,
                "field": self[param.name],
                "standard": plain(self.standard[param.name]),
                "shown": plain(_typed(self[param.name].value(), param)),
                "differs": _typed(self[param.name].value(), param) != self.standard[param.name],
                "silent": [
                    (ENGINES[key], sentence)
                    for key, sentence in param.no_effect_on.items()
                    if key in ENGINES
                ],
            }
            for param in TUNING
        ]


def _typed(value: Any, param: Param) -> Any:
    try:
        return param.parse(value)
    except ValueError:
        return "" if value is None else value
