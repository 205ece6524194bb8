from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import F, Q

from speech.forms.base import StudioForm
from speech.models import Line, Project, User
from speech.queries.verbs import LABELS


class ActivityFilter(StudioForm):
    """Which events of a project to list. A wrong value is named, and filters nothing."""

    person = forms.ModelChoiceField(
        queryset=User.objects.none(), required=False, label="Person", empty_label="Anybody"
    )
    kind = forms.ChoiceField(
        required=False,
        label="About",
        choices=[("", "Everything"), *((kind.value, label) for kind, label in LABELS.items())],
    )
    line = forms.ModelChoiceField(
        queryset=Line.objects.none(), required=False, label="Line", empty_label="Any line"
    )

    def __init__(self, data: Any, *, project: Project) -> None:
        super().__init__(data, auto_id="filter_%s")
        person, line = self.fields["person"], self.fields["line"]
        # Whoever has left is not in the list, and is found through a link on what they did.
        asked = str(data.get("person", "")) if data else ""
        members = Q(pk__in=project.memberships.values("user")) | Q(is_superuser=True)
        if asked.isascii() and asked.isdigit() and len(asked) < 19:
            members |= Q(pk=int(asked), pk__in=project.events.values("actor"))
        person.queryset = User.objects.filter(members).order_by(  # type: ignore[attr-defined]
            "username"
        )
        person.label_from_instance = lambda user: user.label  # type: ignore[attr-defined]
        line.queryset = project.lines.order_by(  # type: ignore[attr-defined]
            F("deleted_at").asc(nulls_first=True), "position"
        )
        line.label_from_instance = _line_label  # type: ignore[attr-defined]


def _line_label(line: Line) -> str:
    text = " ".join(line.text.split())
    short = f"{text[:48]}{'…' if len(text) > 48 else ''}" or "(empty)"
    return f"Deleted: {short}" if line.deleted_at else f"{line.position}. {short}"
