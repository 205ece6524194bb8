from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from speech import tasks
from speech.errors import BadInput, ParamErrors, WrongState
from speech.models import Membership, Project
from speech.services.projects import (
    archive_project,
    create_project,
    delete_project,
    media_folder,
    rename_project,
    restore_project,
    set_project_defaults,
)
from speech.states import JobState, Role
from tests import factories

pytestmark = pytest.mark.django_db


def test_whoever_makes_a_project_owns_it(cast: SimpleNamespace) -> None:
    project = create_project(cast.producer, name="  Autumn   film ")
    assert project.name == "Autumn film"
    assert Membership.objects.get(project=project).role == Role.OWNER


def test_equal_names_get_different_addresses(cast: SimpleNamespace) -> None:
    slugs = [create_project(cast.owner, name="Spot").slug for _ in range(3)]
    assert slugs == ["spot", "spot-2", "spot-3"]
    assert create_project(cast.owner, name="日本語").slug == "project"


@pytest.mark.parametrize("name", ["", "   ", "x" * 121])
def test_a_project_needs_a_name_of_fair_length(cast: SimpleNamespace, name: str) -> None:
    with pytest.raises(BadInput):
        create_project(cast.owner, name=name)


def test_renaming_keeps_shared_links_working(cast: SimpleNamespace) -> None:
    slug = cast.project.slug
    assert rename_project(cast.owner, project=cast.project, name="New").slug == slug


def test_defaults_keep_only_what_differs_and_list_every_fault(cast: SimpleNamespace) -> None:
    project = set_project_defaults(
        cast.owner, project=cast.project, tuning={"temperature": "0.7", "top_p": "0.5"}, voice=None
    )
    assert project.defaults == {"top_p": 0.5}
    with pytest.raises(ParamErrors) as caught:
        set_project_defaults(
            cast.owner, project=project, tuning={"top_p": 7, "top_k": "x"}, voice=None
        )
    assert len(caught.value.faults) == 2


def test_only_an_archived_project_without_live_takes_is_deleted(cast: SimpleNamespace) -> None:
    line = factories.make_line(cast.project)
    take = factories.make_take(line, state=JobState.RUNNING)
    with pytest.raises(WrongState, match="Archive"):
        delete_project(cast.owner, project=cast.project)
    archive_project(cast.owner, project=cast.project)
    with pytest.raises(WrongState, match="still being made"):
        delete_project(cast.owner, project=cast.project)
    take.job.delete()
    take.delete()
    restore_project(cast.owner, project=cast.project)
    archive_project(cast.owner, project=cast.project)
    delete_project(cast.owner, project=cast.project)
    assert not Project.objects.filter(slug=cast.project.slug).exists()


def test_deleting_removes_the_audio_too(cast: SimpleNamespace) -> None:
    folder = media_folder(cast.project.pk)
    name = default_storage.save(f"{folder}/a.flac", ContentFile(b"fLaC"))
    other = default_storage.save(f"{media_folder(cast.project.pk + 1)}/b.flac", ContentFile(b"x"))

    tasks.remove_media(folder)
    tasks.remove_media(folder)

    assert not default_storage.exists(name)
    assert default_storage.exists(other)


def test_archiving_cancels_what_was_not_sent_yet(cast: SimpleNamespace) -> None:
    line = factories.make_line(cast.project)
    waiting = factories.make_take(line, state=JobState.QUEUED)
    under_way = factories.make_take(line, state=JobState.RUNNING)

    archive_project(cast.owner, project=cast.project)

    waiting.refresh_from_db()
    under_way.refresh_from_db()
    assert (waiting.state, under_way.state) == (JobState.CANCELLED, JobState.RUNNING)
    assert "Nothing was charged" in waiting.job.error
