from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import (
    Case,
    Count,
    IntegerField,
    OuterRef,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils import timezone

from speech.models import Membership, OneTimeLink, Project, User, Voice
from speech.states import LinkKind, Role


@dataclass(frozen=True, kw_only=True)
class PersonRow:
    person: User
    memberships: tuple[Membership, ...]
    is_you: bool
    is_last_administrator: bool


def everyone(viewer: User) -> list[PersonRow]:
    """All people with their projects and roles; the active first. Two queries, whoever is there."""
    people = list(User.objects.order_by("-is_active", "username"))
    memberships: dict[int, list[Membership]] = {}
    for member in Membership.objects.select_related("project").order_by("project__name"):
        memberships.setdefault(member.user_id, []).append(member)
    administrators = [p.pk for p in people if p.is_superuser and p.is_active]
    return [
        PersonRow(
            person=person,
            memberships=tuple(memberships.get(person.pk, ())),
            is_you=person.pk == viewer.pk,
            is_last_administrator=administrators == [person.pk],
        )
        for person in people
    ]


def rights_rows() -> list[User]:
    """Everybody who can sign in, with how many projects they own (`owned`) and how many voices
    they added (`added`). Administrators first. One query."""
    owned = Membership.objects.filter(user=OuterRef("pk"), role=Role.OWNER).order_by()
    added = Voice.objects.listed().filter(created_by=OuterRef("pk")).order_by()
    people = User.objects.filter(is_active=True).annotate(
        owned=_count(owned, "user"), added=_count(added, "created_by")
    )
    return list(people.order_by("-is_superuser", "username"))


def _count(rows: QuerySet[Any], by: str) -> Coalesce:
    many = rows.values(by).annotate(many=Count("pk")).values("many")
    return Coalesce(Subquery(many), 0)


def members(project: Project) -> QuerySet[Membership]:
    """Owners first, then by name."""
    order = Case(
        *(When(role=role, then=Value(rank)) for rank, role in enumerate(Role.values)),
        output_field=IntegerField(),
    )
    found = Membership.objects.filter(project=project).select_related("user")
    return found.order_by(order, "user__username")


def open_invitations(project: Project) -> list[OneTimeLink]:
    """Invitations that still work, newest first."""
    links = OneTimeLink.objects.filter(kind=LinkKind.INVITATION, project=project)
    usable = links.filter(used_at=None, revoked_at=None, expires_at__gt=timezone.now())
    return list(usable.select_related("created_by").order_by("-id"))
