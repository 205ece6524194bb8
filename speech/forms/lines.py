from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from speech import params
from speech.catalog import DRAFT, ENGINES, SEGMIND
from speech.errors import ParamErrors
from speech.forms.params import TuningForm
from speech.models import Line, Take, Voice
from speech.queries.staleness import plain
from speech.queries.tuning import effective_tuning, effective_voice, inherited_tuning
from speech.services.takes import MOST_AT_ONCE
from speech.states import ClipState
from speech.text import sent


class LineForm(TuningForm):
    """Everything of one line: its text, what it is read with, and what is asked for.

    With `asking`, the text and the voice must be fit for a take; otherwise they may wait.
    """

    text = forms.CharField(required=False, strip=False, widget=forms.Textarea(attrs={"rows": 2}))
    direction = forms.CharField(
        required=False,
        max_length=300,
        label="Direction",
        widget=forms.TextInput(attrs={"placeholder": "How it should sound; for people only"}),
    )
    revision = forms.IntegerField(required=False, widget=forms.HiddenInput)
    voice = forms.ModelChoiceField(queryset=Voice.objects.none(), required=False, label="Voice")
    seed = forms.CharField(
        required=False,
        label="Seed",
        widget=forms.TextInput(
            attrs={
                "inputmode": "numeric",
                "placeholder": "Fresh for each take",
                "autocomplete": "off",
            }
        ),
    )
    pin = forms.BooleanField(required=False, label="Pin this seed")
    engine = forms.ChoiceField(required=False, label="Engine")
    count = forms.TypedChoiceField(
        required=False,
        label="Takes",
        coerce=int,
        empty_value=1,  # type: ignore[arg-type]  # the stub knows text only
        choices=[(n, str(n)) for n in range(1, MOST_AT_ONCE + 1)],
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        line: Line,
        engines: tuple[str, ...],
        asking: bool = False,
        tweak: Take | None = None,
    ) -> None:
        voice = effective_voice(line)
        super().__init__(
            data,
            standard=inherited_tuning(line.project, voice),
            initial=_initial(line, engines, tweak),
            auto_id="id_%s",
        )
        self.line, self.asking = line, asking
        self.fields["voice"].queryset = usable_voices(line)  # type: ignore[attr-defined]
        of_project = line.project.voice
        self.fields["voice"].empty_label = (  # type: ignore[attr-defined]
            f"{of_project.name} (the project’s)" if of_project else "Choose a voice"
        )
        self.fields["engine"].choices = [  # type: ignore[attr-defined]
            (key, ENGINES[key].label) for key in engines
        ]
        self.engines = engines

    def clean_seed(self) -> int | None:
        raw = self.cleaned_data["seed"].strip()
        if not raw:
            return None
        try:
            return params.clean_seed(raw) or None
        except ParamErrors as error:
            raise forms.ValidationError([fault.sentence for fault in error.faults]) from error

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"]
        if self.asking:
            try:
                params.BY_NAME["text"].parse(sent(text))
            except ValueError as error:
                raise forms.ValidationError(str(error)) from error
        return text

    def clean(self) -> None:
        found = self.cleaned_data
        if self.asking and "voice" in found and not (found["voice"] or self.line.project.voice):
            self.add_error("voice", "Choose a voice first.")
        if found.get("pin") and found.get("seed") is None and "seed" not in self.errors:
            self.add_error("seed", "Type or roll a seed to pin it.")

    @property
    def pinned(self) -> int | None:
        seed: int | None = self.cleaned_data.get("seed")
        return seed if self.cleaned_data.get("pin") else None

    @property
    def engine_key(self) -> str:
        return self.cleaned_data.get("engine") or self.engines[0]


def usable_voices(line: Line) -> Any:
    """Voices that can be used now, and the line's own even where it no longer can."""
    ready = Voice.objects.listed().filter(state=ClipState.READY, archived_at=None)
    own = Voice.objects.filter(pk=line.voice_id or 0)
    return (ready | own).order_by("name", "id")


def _initial(line: Line, engines: tuple[str, ...], tweak: Take | None) -> dict[str, Any]:
    tuning = tweak.params if tweak else effective_tuning(line)
    seed = tweak.seed if tweak else line.pinned_seed
    voice = tweak.voice_id if tweak and tweak.voice_id != line.project.voice_id else line.voice_id
    if tweak and tweak.voice_id == line.project.voice_id:
        voice = None
    engine = tweak.engine if tweak and tweak.engine in engines else engines[0]
    return {
        **{
            name: value if isinstance(value, bool) else plain(value)
            for name, value in tuning.items()
        },
        "text": line.text,
        "direction": line.direction,
        "revision": line.revision,
        "voice": voice,
        "seed": "" if seed is None else str(seed),
        "pin": line.pinned_seed is not None and not tweak,
        "engine": engine,
        "count": 1,
    }


def engine_keys(*, segmind: bool) -> tuple[str, ...]:
    """Engines that can be asked now, the default one first."""
    return (SEGMIND.key, DRAFT.key) if segmind else (DRAFT.key,)
