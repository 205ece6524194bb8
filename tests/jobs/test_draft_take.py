from __future__ import annotations

import pytest
from django.conf import settings
from django.core.files.storage import default_storage

from speech.jobs import driver
from speech.models import Event, Job, Take
from speech.services.takes import request_takes
from speech.states import JobState
from tests import factories

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("warm_audio")]


def test_it_makes_a_playable_take() -> None:
    ada = factories.make_user("ada")
    project = factories.make_project(owner=ada, voice=factories.make_voice())
    line = factories.make_line(project, "Seven days on a single charge. [chuckle] Yes.")

    take = request_takes(ada, line=line, engine="draft")[0]
    driver.run_slice()

    take = Take.objects.get(pk=take.pk)
    assert take.state == JobState.DONE, take.job.error
    with default_storage.open(str(take.audio)) as file:
        assert file.read(4) == b"fLaC"
    assert take.duration > 1
    assert take.sha256
    assert take.lufs == pytest.approx(-27, abs=1)
    assert take.seed_used == take.seed > 0
    assert take.words[0][0].startswith("Seven")
    assert "espeak" in take.engine_version
    assert take.job.owner == ""
    assert Event.objects.filter(verb="take made", target=f"take {take.pk}").count() == 1


def test_it_makes_the_same_sound_from_the_same_seed_and_marks_the_repeat() -> None:
    ada = factories.make_user("ada")
    project = factories.make_project(owner=ada, voice=factories.make_voice())
    line = factories.make_line(project)

    first = request_takes(ada, line=line, engine="draft", seed=42)[0]
    second = request_takes(ada, line=line, engine="draft", seed=42)[0]
    other = request_takes(ada, line=line, engine="draft", seed=43)[0]
    driver.run_slice()

    shas = dict(Take.objects.values_list("pk", "sha256"))
    assert shas[first.pk] == shas[second.pk] != shas[other.pk]
    assert Take.objects.get(pk=second.pk).repeat_of_id == first.pk
    assert Take.objects.get(pk=other.pk).repeat_of_id is None


def test_it_leaves_nothing_behind_when_all_is_done() -> None:
    ada = factories.make_user("ada")
    project = factories.make_project(owner=ada, voice=factories.make_voice())
    request_takes(ada, line=factories.make_line(project), engine="draft", count=8)

    driver.run_slice()

    assert not Job.objects.actionable().exists()
    assert Take.objects.filter(state=JobState.DONE).count() == 8
    assert len({take.seed for take in Take.objects.all()}) == 8
    assert not [path for path in settings.WORK_DIR.rglob("*") if path.is_file()]


def test_what_the_draft_voice_warned_of_is_kept_with_the_take() -> None:
    ada = factories.make_user("ada")
    project = factories.make_project(owner=ada, voice=factories.make_voice())
    line = factories.make_line(project, "Hello [giggle] there 🎈")
    take = request_takes(ada, line=line, engine="draft")[0]
    driver.run_slice()
    take.refresh_from_db()
    assert take.warnings == [
        "Emoji and pictures are left out.", "“[giggle]” is not a tag; it is read aloud.",
    ]  # fmt: skip
