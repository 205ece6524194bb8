"""No take is asked for, or paid for, where there is nothing to say."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from speech.errors import ParamErrors, WrongState
from speech.models import Job, Take
from speech.plans import check
from speech.services import doubts, sweeps, takes
from speech.states import JobState
from tests import factories

pytestmark = pytest.mark.django_db
WHY = r"nothing to say|Text is needed"
NOTHING = (
    "…",
    "---",
    "[laugh]",
    "[LAUGH] [ clear  throat ]",
    "🎉",
    "\u200b\ufeff",
    "\u3164",
    "***",
)


@pytest.fixture
def project(cast: SimpleNamespace) -> SimpleNamespace:
    cast.project.voice = factories.make_voice()
    cast.project.save()
    return cast


@pytest.mark.parametrize("text", NOTHING)
@pytest.mark.parametrize("engine", ["draft", "segmind"])
def test_no_take_and_no_sweep_of_it(project: SimpleNamespace, text: str, engine: str) -> None:
    line = factories.make_line(project.project, text)
    with pytest.raises(ParamErrors, match=WHY):
        takes.request_takes(project.owner, line=line, engine=engine)
    with pytest.raises(ParamErrors, match=WHY):
        plan = check(seeds=[1, 2])
        sweeps.request_sweep(project.owner, line=line, engine=engine, plan=plan)
    assert not Take.objects.exists()


@pytest.mark.parametrize("text", NOTHING)
def test_an_old_take_of_it_is_not_sent_again(project: SimpleNamespace, text: str) -> None:
    line = factories.make_line(project.project, text)
    failed = factories.make_take(line, state=JobState.FAILED, engine="segmind")
    doubtful = factories.make_take(line, state=JobState.UNKNOWN, engine="segmind")
    with pytest.raises(WrongState, match=r"Nothing was sent\."):
        takes.retry_take(project.owner, take=failed)
    with pytest.raises(WrongState, match=r"Nothing was sent\."):
        doubts.submit_again(project.owner, take=doubtful)
    assert Job.objects.filter(state=JobState.QUEUED).count() == 0
    assert Job.objects.get(take=doubtful).settled == ""


@pytest.mark.parametrize("text", ["&", "50 %", "€", "½", "日本", "[giggle]", "[laugh] Ha."])
def test_what_can_be_said_is_asked_for(project: SimpleNamespace, text: str) -> None:
    line = factories.make_line(project.project, text)
    [take] = takes.request_takes(project.owner, line=line, engine="segmind")
    assert take.text == text
