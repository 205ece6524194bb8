from __future__ import annotations

from typing import Any

from django import forms

from speech.forms.base import RowsField, StudioForm, TextField
from speech.models import Membership, Project
from speech.queries.approval import DECIDING_ROLES
from speech.queries.reviews import SHOW_LABELS, Show
from speech.services.must_say import NOTE_LIMIT, RESPELLING_LIMIT, WORD_LIMIT
from speech.states import ApprovalPolicy

POLICIES = (
    (ApprovalPolicy.ONE, "One approval is enough"),
    (ApprovalPolicy.COUNT, "Several people have to approve"),
    (ApprovalPolicy.NAMED, "Each of the named approvers has to approve"),
)


class QueueFilter(forms.Form):
    """Which part of the queue; what makes no sense filters nothing."""

    show = forms.ChoiceField(
        required=False, choices=[(show.value, label) for show, label in SHOW_LABELS.items()]
    )
    project = forms.SlugField(required=False)

    @property
    def shown(self) -> Show:
        return Show(self.cleaned_data.get("show") or Show.MINE) if self.is_valid() else Show.MINE

    @property
    def slug(self) -> str:
        return self.cleaned_data.get("project") or "" if self.is_valid() else ""


class PolicyForm(StudioForm):
    """Who has to approve the takes of a project."""

    policy = forms.ChoiceField(
        label="How takes are approved", choices=POLICIES, widget=forms.RadioSelect
    )
    needed = forms.IntegerField(
        label="How many different people", min_value=2, max_value=20, required=False
    )
    approvers = RowsField(
        label="Named approvers",
        queryset=Membership.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    own_approval = forms.BooleanField(
        label="People may approve takes that they made themselves", required=False
    )

    def __init__(self, data: Any = None, *, project: Project) -> None:
        members = project.memberships.filter(role__in=DECIDING_ROLES, user__is_active=True)
        initial = {
            "policy": project.approval_policy,
            "needed": project.approvals_needed,
            "own_approval": project.own_approval,
            "approvers": [one.pk for one in members.filter(approver=True)],
        }
        super().__init__(data, initial=initial, prefix="policy")
        field = self.fields["approvers"]
        field.queryset = members.select_related("user").order_by(  # type: ignore[attr-defined]
            "user__username"
        )
        field.label_from_instance = _said  # type: ignore[attr-defined]

    def given(self) -> dict[str, Any]:
        """What `services.policy.set_policy` takes."""
        data = self.cleaned_data
        return {
            "policy": data["policy"],
            "needed": data["needed"] or 2,
            "own_approval": data["own_approval"],
            "approvers": [one.user_id for one in data["approvers"]],
        }


class WordForm(StudioForm):
    """One word that has to be said right."""

    word = TextField(label="Word or name", max_length=WORD_LIMIT)
    respelling = TextField(
        label="Sounds like (optional)",
        max_length=RESPELLING_LIMIT,
        required=False,
        widget=forms.TextInput(attrs={"placeholder": "FAIRN-vay"}),
    )
    note = TextField(label="Note (optional)", max_length=NOTE_LIMIT, required=False)


def _said(member: Membership) -> str:
    return f"{member.user.label} ({member.get_role_display()})"
