"""The demo project of a fresh studio, made by the same ways as everybody's takes.

Its voice's reference clip is spoken by the draft engine, so that nothing has to be shipped or
downloaded, and its takes are real draft takes, played at once.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from django.conf import settings
from django.db import transaction

from speech import params
from speech.engines.base import SpeechRequest
from speech.engines.draft import DraftEngine
from speech.jobs import clips, driver
from speech.models import Line, Project, Take, Voice
from speech.services.scripts import paste_script
from speech.services.takes import request_takes
from speech.services.voices import add_voice
from speech.states import BatchKind, JobState

NAME = "Fernweh kettle, 30 seconds"
SCRIPT = """\
Meet Fernweh, the kettle that packs as small as a paperback.
Fill it at any tap, and four minutes later there is tea. [sigh] Real tea.
It runs on the charger that is already in your bag.
One button. No app, no account, no blinking blue light. [chuckle]
Fernweh. Home is where the kettle is.
"""
CLIP_TEXT = (
    "Good morning. This is the studio's own draft voice, so that there is something to listen to"
    " from the very first minute. It is only a stand-in. Add a real clip, with consent, and takes"
    " will sound like a person."
)
VOICE_NAME = "Demo narrator"
SEEDS = ((0, 1207), (0, 88), (4, 4711))
"""Line (from 0) and seed of each finished take."""


def seed_demo() -> Project | None:
    """Make the demo project, once. None if there is any project already."""
    if Project.objects.exists():
        return None
    voice = _voice()
    with transaction.atomic():
        project = Project.objects.create(
            name=NAME, slug="fernweh-kettle", is_demo=True, voice=voice
        )
        lines = paste_script(None, project=project, script=SCRIPT).lines
        for index, seed in SEEDS:
            request_takes(None, line=lines[index], engine="draft", seed=seed, kind=BatchKind.DEMO)
    driver.run_slice()
    _choose_finished(project)
    return project


def _voice() -> Voice:
    with tempfile.TemporaryDirectory(dir=settings.WORK_DIR) as folder:
        clip = Path(folder) / "clip.wav"
        asyncio.run(_speak(clip, Path(folder)))
        with clip.open("rb") as upload:
            voice = add_voice(
                None,
                name=VOICE_NAME,
                consent_by="Nobody: a synthetic voice, made by the studio itself",
                consent_for="Trying out the studio",
                upload=upload,
                original_name="demo-narrator.wav",
            )
    Voice.objects.filter(pk=voice.pk).update(is_demo=True)
    clips.check_voice(voice.pk)
    voice.refresh_from_db()
    return voice


async def _speak(into: Path, workdir: Path) -> None:
    engine = DraftEngine(workdir=workdir / "draft")
    request = SpeechRequest(
        ref="demo-clip", text=CLIP_TEXT, seed=7, params=params.defaults(), reference_pitch_hz=150.0
    )
    submitted = await engine.submit(request)
    await engine.fetch(submitted, await engine.result(submitted), into)
    await engine.aclose()


def _choose_finished(project: Project) -> None:
    for line in Line.objects.filter(project=project):
        line.chosen_take = (
            Take.objects.filter(line=line, state=JobState.DONE).order_by("number").first()
        )
        line.save(update_fields=["chosen_take"])
