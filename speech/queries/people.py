from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.utils import timezone

from speech.models import Membership, OneTimeLink, Project, User
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
