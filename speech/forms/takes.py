from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q

from speech.catalog import ENGINES
from speech.forms.base import StudioForm, TextField
from speech.models import Line, Project, User, Voice
from speech.queries.history import STATE_CHOICES

ARCHIVED_CHOICES = (("", "Without archived"), ("with", "With archived"), ("only", "Only archived"))


class HistoryFilter(StudioForm):
    """Which takes of a project to list. A wrong value is named, and filters nothing."""

    text = TextField(required=False, label="Text", widget=forms.TextInput(attrs={"type": "search"}))
    line = forms.ModelChoiceField(
        queryset=Line.objects.none(), required=False, label="Line", empty_label="Any line"
    )
    state = forms.ChoiceField(required=False, label="State", choices=STATE_CHOICES)
    voice = forms.ModelChoiceField(
        queryset=Voice.objects.none(), required=False, label="Voice", empty_label="Any voice"
    )
    engine = forms.ChoiceField(
        required=False,
        label="Engine",
        choices=[("", "Any engine"), *((card.key, card.label) for card in ENGINES.values())],
    )
    seed = forms.IntegerField(
        required=False,
        label="Seed",
        min_value=0,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    person = forms.ModelChoiceField(
        queryset=User.objects.none(), required=False, label="Asked by", empty_label="Anybody"
    )
    archived = forms.ChoiceField(required=False, label="Archived", choices=ARCHIVED_CHOICES)
    star = forms.BooleanField(required=False, label="With a star")

    def __init__(self, data: Any, *, project: Project) -> None:
        super().__init__(data, auto_id="filter_%s")
        line = self.fields["line"]
        line.queryset = project.lines.filter(  # type: ignore[attr-defined]
            deleted_at=None
        ).order_by("position")
        line.label_from_instance = _line_label  # type: ignore[attr-defined]
        voice, person = self.fields["voice"], self.fields["person"]
        heard = Voice.objects.listed() | Voice.objects.filter(unlisted_in=project)
        voice.queryset = heard.order_by("name", "id")  # type: ignore[attr-defined]
        members = Q(pk__in=project.memberships.values("user")) | Q(is_superuser=True)
        person.queryset = User.objects.filter(members).order_by(  # type: ignore[attr-defined]
            "username"
        )
        person.label_from_instance = lambda user: user.label  # type: ignore[attr-defined]


def _line_label(line: Line) -> str:
    text = " ".join(line.text.split())
    return f"{line.position}. {text[:48]}{'…' if len(text) > 48 else ''}" if text else "(empty)"
