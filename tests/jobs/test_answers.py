from __future__ import annotations

import pytest

from speech.jobs import driver
from speech.models import Notice, Take
from speech.services.comments import write_comment
from speech.services.takes import request_takes
from speech.states import JobState, Role
from tests import factories

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("warm_audio")]


def test_the_take_that_was_commented_on_changes_when_its_answer_is_done() -> None:
    ada, cy = factories.make_user("ada"), factories.make_user("cy")
    project = factories.make_project(owner=ada, voice=factories.make_voice())
    factories.add_member(project, cy, Role.REVIEWER)
    line = factories.make_line(project)
    heard = factories.make_take(line)
    comment = write_comment(cy, take=heard, text="Slower, please")
    asked = request_takes(ada, line=line, engine="draft", count=2, answers=comment)
    before = Take.objects.get(pk=heard.pk).version

    driver.run_slice()

    assert {Take.objects.get(pk=one.pk).state for one in asked} == {JobState.DONE}
    assert Take.objects.get(pk=heard.pk).version > before, "so its pages learn of the answer"
    [notice] = Notice.objects.filter(person=cy)
    assert notice.actor == ada
    assert "answers your comment on take 1" in notice.sentence
