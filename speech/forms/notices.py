from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms

from speech.forms.base import StudioForm
from speech.models import User
from speech.services import mail
from speech.states import NoticeKind


@dataclass(frozen=True, kw_only=True)
class KindRow:
    kind: NoticeKind
    in_app: bool
    by_mail: bool


class NoticeKindsForm(StudioForm):
    """A table of kinds, each on or off for the studio and, where letters can go out, for e-mail."""

    app = forms.MultipleChoiceField(choices=NoticeKind.choices, required=False)
    mail = forms.MultipleChoiceField(choices=NoticeKind.choices, required=False)

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person
        if self.why_no_mail:
            del self.fields["mail"]

    @property
    def why_no_mail(self) -> str:
        """The sentence that stands instead of the e-mail column; empty where there is one."""
        if not mail.can_mail():
            return "This studio sends no e-mail. An administrator can set SMTP_URL and PUBLIC_URL."
        if not self.person.email:
            return "Give your e-mail address above to choose what is sent to it."
        return ""

    def rows(self) -> Iterator[KindRow]:
        muted = set(self.person.muted)
        for kind in NoticeKind:
            yield KindRow(
                kind=kind, in_app=f"app:{kind}" not in muted, by_mail=f"mail:{kind}" not in muted
            )
