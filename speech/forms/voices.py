from __future__ import annotations

from typing import Any

from django import forms

from speech import params
from speech.errors import ParamErrors
from speech.forms.base import StudioForm, TextField
from speech.forms.params import TuningForm
from speech.models import Voice
from speech.services.voices import source_faults, word_faults

WORDS = ("name", "consent_by", "consent_for")
ACCEPT = "audio/*,.wav,.mp3,.m4a,.ogg,.opus,.webm,.flac"


def _url_field(label: str) -> forms.CharField:
    # Not a URLField: what an address may be, the services say, in one voice.
    return forms.CharField(
        label=label,
        required=False,
        max_length=4096,
        widget=forms.URLInput(attrs={"placeholder": "https://", "autocomplete": "off"}),
        help_text="A public address. It is fetched once, checked, and kept as a copy of ours.",
    )


def _file_field(label: str) -> forms.FileField:
    return forms.FileField(
        label=label,
        required=False,
        allow_empty_file=True,
        widget=forms.ClearableFileInput(attrs={"accept": ACCEPT}),
        help_text="WAV, MP3, M4A, OGG or Opus, WebM, FLAC. Longer than 5 s; 10 to 15 s are best.",
    )


class ClipForm(StudioForm):
    """Another clip for a voice: an address or a file."""

    source_url = _url_field("Web address of a clip")
    upload = _file_field("or a file")


class ConsentForm(StudioForm):
    """Whose voice it is, and what was agreed. Lengths and what is missing, the service finds."""

    name = TextField(label="Name", required=False, widget=forms.TextInput())
    consent_by = TextField(
        label="Who gave consent",
        required=False,
        help_text="The person whose voice this is, or who may speak for them.",
    )
    consent_for = TextField(
        label="What for",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="For example: product films of 2026, web and social media.",
    )

    @classmethod
    def of(cls, voice: Voice) -> ConsentForm:
        """An empty one for a voice among others on a page; the name it arrived with is proposed."""
        return cls(initial={"name": voice.name}, auto_id=f"voice-{voice.pk}-%s")


class VoiceForm(TuningForm, ConsentForm):
    """What a person says about a voice, and the knobs that it prefers."""

    def __init__(self, *args: Any, voice: Voice | None = None, **kwargs: Any) -> None:
        initial = params.defaults()
        if voice is not None:
            initial |= voice.params
            initial |= {f: getattr(voice, f) for f in WORDS}
        super().__init__(*args, standard=params.defaults(), initial=initial, **kwargs)

    def clean(self) -> dict[str, Any]:
        """The service would say the same, but only once the knobs are right: all at once."""
        cleaned = super().clean() or self.cleaned_data
        words = {field: cleaned.get(field, "") for field in WORDS}
        if faults := word_faults(**words):
            self.add_faults(ParamErrors(faults))
        return cleaned


class NewVoiceForm(VoiceForm, ClipForm):
    field_order = ("name", "source_url", "upload", "consent_by", "consent_for")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        upload = cleaned.get("upload")
        if faults := source_faults(cleaned.get("source_url", ""), upload and upload.file):
            self.add_faults(ParamErrors(faults))
        return cleaned
