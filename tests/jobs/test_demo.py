from __future__ import annotations

import pytest

from speech.jobs.demo import seed_demo
from speech.models import Project, Take, Voice
from speech.states import ClipState, JobState

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("warm_audio")]


def test_a_fresh_studio_gets_a_script_a_voice_and_takes_to_play_and_only_once() -> None:
    project = seed_demo()

    assert project is not None
    assert 4 <= project.lines.count() <= 6
    takes = list(Take.objects.all())
    assert len(takes) == 3
    assert {take.state for take in takes} == {JobState.DONE}
    voice = Voice.objects.get()
    assert voice.state == ClipState.READY, voice.sentence
    assert voice.duration > 5
    assert voice.clip
    assert seed_demo() is None
    assert Project.objects.count() == 1
