"""A studio whose Segmind is another studio, end to end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.scene import Door, add_voice, open_door
from tests.studio_process import Studio, wait_until

TEXT = "Two houses, one voice."


@pytest.fixture(scope="module")
def upstairs(prepared: Path) -> Iterator[Door]:
    """The studio that makes the takes."""
    with Studio(prepared=prepared) as studio:
        yield open_door(studio)


@pytest.fixture(scope="module")
def downstairs(prepared: Path, upstairs: Door) -> Iterator[Studio]:
    """The studio that asks for them, as it would ask Segmind."""
    there = {"SEGMIND_BASE_URL": upstairs.studio.url, "SEGMIND_API_KEY": upstairs.key}
    with Studio(there, prepared=prepared) as studio:
        open_door(studio)
        yield studio


def _take(studio: Studio, pk: int) -> dict[str, Any]:
    found: dict[str, Any] = studio.run_python(
        """
        from speech.models import Take
        take = Take.objects.select_related("job").get(pk=given["pk"])
        result = {"state": take.state, "error": take.job.error, "cost": take.cost,
                  "seed": take.seed_used, "duration": take.duration, "sha256": take.sha256,
                  "request_id": take.job.request_id, "charged": take.job.charged}
        """,
        pk=pk,
    )
    return found


def test_a_take_is_asked_for_made_and_kept_in_both(upstairs: Door, downstairs: Studio) -> None:
    voice = add_voice(downstairs)
    pk = downstairs.run_python(
        """
        from speech.models import Project, User, Voice
        from speech.services.takes import request_takes
        from tests import factories
        line = factories.make_line(Project.objects.get(name="Skyline"), given["text"])
        voice = Voice.objects.get(pk=given["voice"])
        ada = User.objects.get(username="ada")
        result = request_takes(ada, line=line, engine="segmind", voice=voice, seed=7)[0].pk
        """,
        text=TEXT,
        voice=voice,
    )
    wait_until(lambda: _take(downstairs, pk)["state"] in {"done", "failed"}, what="it is made")
    below = _take(downstairs, pk)
    assert (below["state"], below["error"]) == ("done", "")
    assert (below["cost"], below["seed"], below["charged"]) == (0.0, 7, "yes")
    above = upstairs.studio.run_python(
        """
        from speech.models import ApiCall
        call = ApiCall.objects.select_related("job__take__voice", "job__take__line").get(
            job__ref=given["id"])
        take = call.job.take
        result = {"state": take.state, "text": take.line.text, "via": take.via_api,
                  "duration": take.duration, "seed": take.seed_used, "voice": take.voice.name,
                  "consent": take.voice.has_consent, "project": take.project.slug}
        """,
        id=below["request_id"],
    )
    assert above["voice"].startswith("Uploaded via API")
    assert above | {"voice": ""} == {
        "state": "done", "text": TEXT, "via": True, "duration": pytest.approx(below["duration"]),
        "seed": 7, "voice": "", "consent": False, "project": upstairs.slug,
    }  # fmt: skip
    pushed = downstairs.run_python(
        "from speech.models import ProviderClip; result = ProviderClip.objects.get().url"
    )
    assert pushed.startswith(f"{upstairs.studio.url}/clips/")


def test_the_balance_of_the_other_can_be_read(downstairs: Studio) -> None:
    told = downstairs.run_python(
        """
        from speech.jobs.checks import check_engine
        from speech.models import EngineState
        check_engine("segmind")
        state = EngineState.objects.get(key="segmind")
        result = [state.check_ok, state.check_sentence]
        """
    )
    assert told == [True, "Segmind answered: $1,000,000.00 left."]
