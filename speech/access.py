"""Who may do what: one table, and the only way to an object.

Rule: a view gets its object from here, through the right it needs; a stranger gets 404 (nothing
is revealed), a member without the right gets `NotAllowed` (403). Reason: a view that forgot the
check would have no object. An administrator acts as an owner everywhere.

What belongs to the whole studio is never had by a project that one made oneself: administrators
name the people who may create projects, and those who keep the library of voices. Whoever is on a
project listens to the library; whoever edits one may add a voice, and change the voices that they
added. Price: a voice whose adder has left waits for a keeper. Until somebody has stated its
consent, a voice that came through a project's API belongs to that project alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from django.db.models import Q, QuerySet
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
    VOICES = "add voices"
    KEEP_VOICES = "change voices that somebody else added"
    CREATE_PROJECTS = "create projects"
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
_OF_THE_STUDIO = frozenset({Can.KEEP_VOICES, Can.CREATE_PROJECTS, Can.ADMINISTER})
"""Rights that only administrators hand out, whatever the project."""
_ADMINISTRATOR = _OWNER | _OF_THE_STUDIO
_IN_THE_LIBRARY = frozenset({Can.LISTEN, Can.VOICES})
"""Of what a role in a project allows, the part that holds for the library too."""


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
    roles = Membership.objects.filter(user=user).values_list("role", flat=True).distinct()
    can = frozenset[Can]().union(*(ROLE_CAN[role] & _IN_THE_LIBRARY for role in roles))
    if user.may_create_projects:
        can |= _IN_THE_LIBRARY | {Can.CREATE_PROJECTS}
    if user.keeps_voices:
        can |= _IN_THE_LIBRARY | {Can.KEEP_VOICES}
    return can


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


def get_voice(user: User, pk: int, need: Can = Can.LISTEN, *, to_delete: bool = False) -> Voice:
    """A voice of the library: everybody who is on a project listens; `Can.VOICES` asks for who may
    change this one. One that came through a project's API, and whose consent nobody stated yet, by
    the right that `user` has there."""
    voice = Voice.objects.select_related("unlisted_in", "arrived_by").filter(pk=pk).first()
    if voice is not None and voice.unlisted_in is not None:
        _through(user, voice.unlisted_in, need)
        return voice
    can = studio_capabilities(user)
    if voice is None or not can:
        raise Http404
    if need is not Can.VOICES:
        _demand(can, need)
    elif not _may_change(user, voice, can):
        raise NotAllowed(
            "This voice was added by somebody else. Whoever added it, or a keeper of the voice"
            " library, can change it."
        )
    elif to_delete and _used_beyond(user, voice, can):
        raise NotAllowed(
            f"“{voice.name}” is used in projects that you do not edit. A keeper of the voice"
            " library can delete it; you can archive it."
        )
    return voice


def may_change_voice(user: User, voice: Voice) -> bool:
    """Whether `get_voice` gives it for `Can.VOICES`."""
    if voice.unlisted_in is not None:
        return Can.VOICES in capabilities(user, voice.unlisted_in)
    return _may_change(user, voice, studio_capabilities(user))


def may_delete_voice(user: User, voice: Voice) -> bool:
    return may_change_voice(user, voice) and (
        voice.unlisted_in is not None or not _used_beyond(user, voice, studio_capabilities(user))
    )


def _may_change(user: User, voice: Voice, can: frozenset[Can]) -> bool:
    added = Can.VOICES in can and voice.created_by_id == user.pk
    return added or Can.KEEP_VOICES in can


def _used_beyond(user: User, voice: Voice, can: frozenset[Can]) -> bool:
    """Whether deleting it would take it from projects that `user` does not edit."""
    if Can.KEEP_VOICES in can:
        return False
    using = Project.objects.filter(
        Q(voice=voice) | Q(lines__voice=voice, lines__deleted_at=None)
    ).exclude(pk__in=projects_where(user, Can.EDIT))
    return using.exists()


def need_studio(user: User, need: Can) -> None:
    """Raise unless `user` may do `need` with what belongs to the whole studio. That projects can
    be created is no secret: there the answer is a sentence for everybody."""
    can = studio_capabilities(user)
    if need is Can.CREATE_PROJECTS and need not in can:
        raise NotAllowed(
            "Only administrators, and people whom they allow it, create projects. Ask an"
            " administrator."
        )
    if not can:
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
        whom = "administrator" if need in _OF_THE_STUDIO else "owner"
        raise NotAllowed(f"Your role does not allow you to {need.value}. Ask an {whom}.")
