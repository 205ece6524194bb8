from __future__ import annotations

from types import SimpleNamespace

import pytest

from speech.forms.lines import usable_voices
from speech.forms.project import ProjectForm
from speech.forms.takes import HistoryFilter
from speech.models import Voice
from speech.queries import voices
from tests import factories

pytestmark = pytest.mark.django_db


def test_a_voice_whose_consent_nobody_stated_is_in_no_list(cast: SimpleNamespace) -> None:
    listed = factories.make_voice("Amara")
    factories.make_unlisted_voice(cast.project)
    line = factories.make_line(cast.project)
    assert [card.voice for card in voices.voice_cards()] == [listed]
    assert list(voices.choices()) == [listed]
    assert list(usable_voices(line)) == [listed]
    of_project = ProjectForm(project=cast.project).fields["voice"]
    assert list(of_project.queryset) == [listed]  # type: ignore[attr-defined]
    assert list(Voice.objects.listed()) == [listed]


def test_an_archived_one_does_not_open_the_archive(cast: SimpleNamespace) -> None:
    gone = cast.project.created_at
    factories.make_unlisted_voice(cast.project, archived_at=gone)
    assert not voices.any_archived()
    assert voices.voice_cards(archived=True) == []


def test_a_line_keeps_the_voice_that_it_came_with(cast: SimpleNamespace) -> None:
    own = factories.make_unlisted_voice(cast.project)
    line = factories.make_line(cast.project, voice=own)
    assert list(usable_voices(line)) == [own]


def test_takes_can_be_looked_for_by_a_voice_of_the_project_s_own_api(
    cast: SimpleNamespace,
) -> None:
    own = factories.make_unlisted_voice(cast.project)
    factories.make_unlisted_voice(factories.make_project(name="Secret"))
    field = HistoryFilter({}, project=cast.project).fields["voice"]
    assert list(field.queryset) == [own]  # type: ignore[attr-defined]
