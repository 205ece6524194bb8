from __future__ import annotations

from typing import Any

from django import forms

from speech import params
from speech.forms.base import StudioForm, TextField
from speech.forms.params import TuningForm
from speech.models import Project, Voice
from speech.queries.voices import choices
from speech.services.projects import NAME_LIMIT
from speech.states import Role


class ProjectForm(TuningForm):
    """Name and defaults of a project; a line may say otherwise."""

    name = TextField(label="Name", max_length=NAME_LIMIT)
    voice = forms.ModelChoiceField(
        label="Voice",
        queryset=Voice.objects.none(),
        required=False,
        empty_label="No voice yet",
        help_text="Lines that name no voice of their own are read by this one.",
    )

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        initial = params.defaults() | project.defaults
        initial |= {"name": project.name, "voice": project.voice_id}
        super().__init__(*args, standard=params.defaults(), initial=initial, **kwargs)
        # A voice that was archived meanwhile stays until somebody chooses another.
        usable = choices() | Voice.objects.filter(pk=project.voice_id or 0)
        self.fields["voice"].queryset = usable  # type: ignore[attr-defined]


class InviteForm(StudioForm):
    role = forms.ChoiceField(label="Role", choices=Role.choices, initial=Role.REVIEWER)
    note = TextField(
        label="For whom (optional)",
        required=False,
        max_length=200,
        help_text="Only you and the other owners see this.",
    )
    email = forms.EmailField(
        label="Send it to (optional)",
        required=False,
        help_text="The link is shown to you in any case.",
    )
