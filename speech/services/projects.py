from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from speech import params
from speech.background import enqueue
from speech.errors import BadInput, WrongState
from speech.models import Membership, Project, StudioSettings, User, Voice
from speech.services.budgets import said
from speech.services.cancelling import cancel_queued
from speech.services.events import log, moved, touch
from speech.services.fallen import recheck
from speech.services.voices import clips_folder, remove_files
from speech.states import LIVE, Role
from speech.text import one_line

NAME_LIMIT = 120


@transaction.atomic
def create_project(actor: User, *, name: str) -> Project:
    """Owned by `actor`, with the budget that new projects get in this studio."""
    project = Project.objects.create(
        name=_clean_name(name), slug=_free_slug(name), created_by=actor,
        budget=StudioSettings.load().default_budget,
    )  # fmt: skip
    Membership.objects.create(project=project, user=actor, role=Role.OWNER)
    log(actor, "project created", project=project, name=project.name, budget=said(project.budget))
    return project


@transaction.atomic
def rename_project(actor: User, *, project: Project, name: str) -> Project:
    """The slug stays: links that people shared keep working."""
    old, project.name = project.name, _clean_name(name)
    project.save(update_fields=["name"])
    log(actor, "project renamed", project=project, old=old, new=project.name)
    touch(project.pk)
    return project


@transaction.atomic
def set_project_defaults(
    actor: User, *, project: Project, tuning: Mapping[str, object], voice: Voice | None
) -> Project:
    """What lines use unless they say otherwise. Only values that differ are kept."""
    given = params.clean_tuning(tuning)
    standard = params.defaults()
    before = _defaults_of(project)
    project.defaults = {name: value for name, value in given.items() if value != standard[name]}
    project.voice = voice
    project.save(update_fields=["defaults", "voice"])
    what = moved(before, _defaults_of(project))
    if what:
        log(actor, "project defaults changed", project=project, **what)
    recheck(actor, project=project)
    touch(project.pk, lines=project.lines.filter(deleted_at=None).values_list("pk", flat=True))
    return project


@transaction.atomic
def archive_project(actor: User, *, project: Project) -> Project:
    """Put it away. Its takes that were not sent yet are cancelled; those under way are finished."""
    project.archived_at = timezone.now()
    project.save(update_fields=["archived_at"])
    cancelled = cancel_queued(
        project.takes.all(), why="The project was archived", code="project_archived"
    )
    log(actor, "project archived", project=project)
    touch(project.pk, takes=cancelled)
    return project


@transaction.atomic
def restore_project(actor: User, *, project: Project) -> Project:
    project.archived_at = None
    project.save(update_fields=["archived_at"])
    log(actor, "project restored", project=project)
    touch(project.pk)
    return project


@transaction.atomic
def delete_project(actor: User, *, project: Project) -> None:
    """Everything in it goes: lines, takes and their audio, deliveries, keys, and the voices that
    came through its API and whose consent nobody stated. Archived projects only.

    Files are removed by a task after the rows are gone, so a crash between the two leaves
    orphaned files at worst, never rows without their audio.
    """
    if project.archived_at is None:
        raise WrongState("Archive the project first; only an archived project can be deleted.")
    if project.takes.filter(state__in=LIVE).exists():
        raise WrongState("Takes are still being made. Wait until they are done, then delete.")
    log(actor, "project deleted", target=project.slug, name=project.name)
    unlisted = list(Voice.objects.filter(unlisted_in=project).values_list("pk", "incoming"))
    folders = [media_folder(project.pk), deliveries_folder(project.pk)]
    folders += [clips_folder(pk) for pk, _ in unlisted]
    project.delete()
    # An upload that a crash leaves here is found by the sweep of what no voice names.
    transaction.on_commit(lambda: remove_files(name for _, name in unlisted), robust=True)
    for folder in folders:
        enqueue("speech.tasks.remove_media", folder)


def media_folder(project_id: int) -> str:
    return f"takes/{project_id}"


def deliveries_folder(project_id: int) -> str:
    return f"deliveries/{project_id}"


def remove_folder(folder: str) -> int:
    """Delete every file below a storage folder; the number of files removed."""
    try:
        folders, files = default_storage.listdir(folder)
    except FileNotFoundError:  # a folder of a disk; object storage lists nothing instead
        return 0
    for name in files:
        default_storage.delete(f"{folder}/{name}")
    removed = len(files) + sum(remove_folder(f"{folder}/{inner}") for inner in folders)
    default_storage.delete(folder)
    return removed


def _defaults_of(project: Project) -> dict[str, Any]:
    voice = project.voice
    return {**params.defaults(), **project.defaults, "voice": voice.name if voice else None}


def _clean_name(name: str) -> str:
    name = one_line(name)
    if not name:
        raise BadInput("Give the project a name.")
    if len(name) > NAME_LIMIT:
        raise BadInput(f"A project's name has at most {NAME_LIMIT} characters.")
    return name


def _free_slug(name: str) -> str:
    base = slugify(name)[:60] or "project"
    if base in {"new"}:
        base = f"{base}-project"
    taken = set(Project.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    number, slug = 1, base
    while slug in taken:
        number += 1
        slug = f"{base}-{number}"
    return slug
