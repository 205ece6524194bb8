"""Who may do what: one table, and the only way to an object.

Rule: a view gets its object from here, through the right it needs; a stranger gets 404 (nothing
is revealed), a member without the right gets `NotAllowed` (403). Reason: a view that forgot the
check would have no object. An administrator acts as an owner everywhere. Voices are a library of
the whole studio: the best role that a person has on any project counts there. Until somebody has
stated its consent, a voice that came through a project's API belongs to that project alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from django.db.models import QuerySet
from django.http import Http404

from speech.errors import NotAllowed
from speech.models import (
    ApiKey,
    Batch,
    Comment,
    GuestLink,
    Line,
    ListeningTest,
    Membership,
    Project,
    Take,
    User,
    Voice,
)
from speech.states import BatchKind, Role


class Can(StrEnum):
    """Capabilities. The value is the sentence's verb: "Viewers cannot …"."""

    LISTEN = "listen"
    COMMENT = "comment and set stars"
    VOTE = "vote in listening tests"
    APPROVE = "approve takes or ask for changes"
    EDIT = "edit lines"
    GENERATE = "generate takes"
    VOICES = "change voices"
    MANAGE = "manage the project and its people"
    ADMINISTER = "administer the studio"


_VIEWER = frozenset({Can.LISTEN})
_REVIEWER = _VIEWER | {Can.COMMENT, Can.VOTE, Can.APPROVE}
_PRODUCER = _REVIEWER | {Can.EDIT, Can.GENERATE, Can.VOICES}
_OWNER = _PRODUCER | {Can.MANAGE}

ROLE_CAN: Mapping[str, frozenset[Can]] = MappingProxyType(
    {
        Role.VIEWER: _VIEWER,
        Role.REVIEWER: _REVIEWER,
        Role.PRODUCER: _PRODUCER,
        Role.OWNER: _OWNER,
    }
)
_ADMINISTRATOR = _OWNER | {Can.ADMINISTER}
_ORDER = (Role.OWNER, Role.PRODUCER, Role.REVIEWER, Role.VIEWER)


def capabilities(user: User, project: Project) -> frozenset[Can]:
    """Everything `user` may do in `project`; empty for a stranger. One query."""
    if not user.is_active:
        return frozenset()
    if user.is_superuser:
        return _ADMINISTRATOR
    role = Membership.objects.filter(project=project, user=user).values_list("role", flat=True)
    return ROLE_CAN.get(role.first() or "", frozenset())


def studio_capabilities(user: User) -> frozenset[Can]:
    """What `user` may do with things that belong to the whole studio, such as voices."""
    if not user.is_active:
        return frozenset()
    if user.is_superuser:
        return _ADMINISTRATOR
    roles = set(Membership.objects.filter(user=user).values_list("role", flat=True))
    best = next((role for role in _ORDER if role in roles), None)
    return ROLE_CAN[best] - {Can.MANAGE} if best else frozenset()


def projects_of(user: User) -> QuerySet[Project]:
    """Every project that `user` may open."""
    if user.is_superuser:
        return Project.objects.all()
    return Project.objects.filter(memberships__user=user)


def projects_where(user: User, need: Can) -> frozenset[int]:
    """Keys of the projects in which `user` may do `need`. One query."""
    if not user.is_active:
        return frozenset()
    if user.is_superuser:
        return frozenset(Project.objects.values_list("pk", flat=True))
    roles = [role for role, can in ROLE_CAN.items() if need in can]
    found = Membership.objects.filter(user=user, role__in=roles)
    return frozenset(found.values_list("project", flat=True))


def get_project(user: User, slug: str, need: Can = Can.LISTEN) -> Project:
    return _through(user, Project.objects.filter(slug=slug).first(), need)


def get_line(user: User, pk: int, need: Can = Can.LISTEN, *, deleted: bool = False) -> Line:
    """A line of a project that `user` may open; deleted ones only on request (to undo)."""
    lines = Line.objects.select_related("project", "voice", "project__voice")
    if not deleted:
        lines = lines.filter(deleted_at=None)
    line = lines.filter(pk=pk).first()
    _through(user, line.project if line else None, need)
    assert line is not None
    return line


def get_take(user: User, pk: int, need: Can = Can.LISTEN) -> Take:
    take = (
        Take.objects.select_related("project", "line", "job", "voice", "created_by")
        .filter(pk=pk, line__deleted_at=None)
        .first()
    )
    _through(user, take.project if take else None, need)
    assert take is not None
    return take


def get_sweep(user: User, pk: int, need: Can = Can.LISTEN) -> Batch:
    """A sweep of a line that is still there."""
    sweeps = Batch.objects.filter(kind=BatchKind.SWEEP, takes__line__deleted_at=None)
    batch = sweeps.filter(pk=pk).select_related("project__voice", "asked_by").first()
    _through(user, batch.project if batch else None, need)
    assert batch is not None
    return batch


def get_test(user: User, pk: int, need: Can = Can.LISTEN, *, to_run: bool = False) -> ListeningTest:
    """A listening test; `to_run` asks for its maker, or for an owner."""
    test = (
        ListeningTest.objects.select_related("project", "created_by", "closed_by")
        .filter(pk=pk)
        .first()
    )
    project = _through(user, test.project if test else None, need)
    assert test is not None
    if to_run and test.created_by_id != user.pk and Can.MANAGE not in capabilities(user, project):
        raise NotAllowed("Only whoever made this test, or an owner, can send or close it.")
    return test


def get_comment(user: User, pk: int, need: Can = Can.LISTEN) -> Comment:
    """A comment that is not deleted, with its take."""
    comment = (
        Comment.objects.select_related("take__line", "take__project", "author", "guest")
        .filter(pk=pk, deleted_at=None, take__line__deleted_at=None)
        .first()
    )
    _through(user, comment.take.project if comment else None, need)
    assert comment is not None
    return comment


def get_guest_link(user: User, pk: int, need: Can = Can.EDIT) -> GuestLink:
    """A guest link as the team sees it; guests themselves come in by its token."""
    link = GuestLink.objects.select_related("take__line", "take__project").filter(pk=pk).first()
    _through(user, link.take.project if link else None, need)
    assert link is not None
    return link


def get_key(user: User, slug: str, pk: int, need: Can = Can.MANAGE) -> ApiKey:
    """An API key of the project at this address, revoked or not."""
    keys = ApiKey.objects.select_related("project", "created_by")
    key = keys.filter(pk=pk, project__slug=slug).first()
    _through(user, key.project if key else None, need)
    assert key is not None
    return key


def get_voice(user: User, pk: int, need: Can = Can.LISTEN) -> Voice:
    """A voice of the library, by the right that `user` has in the studio; one that came through a
    project's API, and whose consent nobody stated yet, by the right that they have there."""
    voice = Voice.objects.select_related("unlisted_in", "arrived_by").filter(pk=pk).first()
    if voice is not None and voice.unlisted_in is not None:
        _through(user, voice.unlisted_in, need)
        return voice
    can = studio_capabilities(user)
    if voice is None or not can:
        raise Http404
    _demand(can, need)
    return voice


def need_studio(user: User, need: Can) -> None:
    """Raise unless `user` may do `need` with what belongs to the whole studio."""
    can = studio_capabilities(user)
    if not can and not user.is_superuser:
        raise Http404
    _demand(can, need)


def _through(user: User, project: Project | None, need: Can) -> Project:
    if project is None:
        raise Http404
    can = capabilities(user, project)
    if not can:
        raise Http404
    _demand(can, need)
    return project


def _demand(can: frozenset[Can], need: Can) -> None:
    if need not in can:
        whom = "administrator" if need is Can.ADMINISTER else "owner"
        raise NotAllowed(f"Your role does not allow you to {need.value}. Ask an {whom}.")
