"""Two hands on one button."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import connection

from speech.errors import WrongState
from speech.models import Job, Take, User
from speech.services.doubts import submit_again
from speech.services.takes import retry_take
from speech.states import LIVE, JobState
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("act", "state"), [(submit_again, JobState.UNKNOWN), (retry_take, JobState.FAILED)]
)
def test_a_take_is_sent_again_once_though_two_press_at_the_same_moment(
    act: Callable[..., Job], state: JobState
) -> None:
    ada = factories.make_user()
    line = factories.make_line(factories.make_project(owner=ada))
    take = factories.make_take(line, state=state)
    ready = threading.Barrier(4)
    answers: list[type[object]] = []

    def press(user: User, pressed: Take) -> None:
        ready.wait()
        try:
            answers.append(type(act(user, take=pressed)))
        except WrongState as error:
            answers.append(type(error))
        finally:
            connection.close()

    hands = [threading.Thread(target=press, args=(ada, take)) for _ in range(4)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()

    assert answers.count(Job) == 1
    assert answers.count(WrongState) == 3
    assert Job.objects.filter(take=take, state__in=LIVE).count() == 1
