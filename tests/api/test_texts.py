"""What the API does with a text: it is sent as it came, or refused before anything is written."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from speech.models import Line, Take, Voice
from tests.api.conftest import AMARA, SLUG, Caller

pytestmark = pytest.mark.django_db(transaction=True)
ODD = " Fern\u00adweh\u00a0don\u02bct\r\n\u2022 x \ufeff"
NOBODYS = "https://voices.example/nobody.mp3"


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize(
    "text",
    ["…", "— –", "[laugh]", "[LAUGH] [ sigh ]", "🎉🎉", "\u200b", "\u3164", "* * *", "\u00a0"],
)
async def test_nothing_to_say_is_refused_before_anything_is_written(
    caller: Caller, version: str, text: str
) -> None:
    answer = await caller.post(f"/{version}/{SLUG}", {"text": text, "reference_audio": NOBODYS})
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert "nothing to say" in error or "no text" in error or "needed" in error
    assert not await Line.objects.aexists()
    assert not await Take.objects.aexists()
    assert not await Voice.objects.filter(source_url=NOBODYS).aexists()


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("Oh [LAUGH] Well [Clear Throat].", "Oh [laugh] Well [clear throat]."),
        (ODD, ODD),
        ("Cafe\u0301 [SUSH] [Sushi]", "Cafe\u0301 [SUSH] [Sushi]"),
        ("&", "&"),
    ],
)  # fmt: skip
async def test_a_text_is_sent_as_it_came_but_for_its_tags(
    caller: Caller, cast: SimpleNamespace, text: str, sent: str
) -> None:
    first = (await caller.call(text=text, reference_audio=AMARA)).job.take
    again = (await caller.call(text=text, reference_audio=AMARA)).job.take
    assert (first.text, again.text) == (sent, sent)
    assert first.line_id == again.line_id
    assert first.own_text == first.line.text == text.replace("\r\n", "\n")
