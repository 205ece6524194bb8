from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django_q.models import OrmQ

from speech import tasks
from speech.errors import WrongState
from speech.models import Delivery, Event
from speech.queries import disk
from speech.queries.deliveries import outlook
from speech.services.deliveries import ask_for_delivery, remove_delivery
from speech.services.lines import delete_line, edit_line
from speech.services.projects import set_project_defaults
from speech.services.reviews import ask_changes, ask_review
from speech.states import JobState
from tests import factories
from tests.exporting.approved import approved_take

pytestmark = pytest.mark.django_db


def why(cast: SimpleNamespace) -> list[str]:
    return [one.why for one in outlook(cast.project).missing]


def test_each_missing_line_is_named_with_its_reason(cast: SimpleNamespace) -> None:
    project = cast.project
    approved_take(cast, "Approved.")
    fallen = approved_take(cast, "Fallen.")
    edit_line(cast.producer, line=fallen.line, text="Fallen, since.")
    waiting = factories.make_reviewable_take(project, "Waiting.", created_by=cast.producer)
    ask_review(cast.producer, take=waiting)
    changes = factories.make_reviewable_take(project, "Changes.", created_by=cast.producer)
    ask_review(cast.producer, take=changes)
    ask_changes(cast.reviewer, take=changes, reason="Slower on the name")
    factories.make_reviewable_take(project, "Taken.")
    factories.make_take(factories.make_line(project, "Drafted."))
    factories.make_take(
        factories.make_line(project, "Being made."), state=JobState.RUNNING, engine="segmind"
    )
    factories.make_line(project, "Bare.")
    factories.make_line(project, "")
    delete_line(cast.owner, line=factories.make_line(project, "Deleted."))
    found = outlook(project)
    assert [one.line.text for one in found.ready] == ["Approved."]
    assert found.ready[0].approved_by == "cy"
    assert found.missing[0].why.startswith("the approval of take 1 fell: ")
    assert why(cast)[1:] == [
        "take 1 waits for review",
        "changes are asked for in take 1: “Slower on the name”",
        "no take was submitted for review",
        "there are only drafts, and drafts do not go out",
        "its takes are still being made",
        "nobody has made a take of it yet",
        "it has no text yet",
    ]


def test_new_project_defaults_leave_nothing_approved_that_no_longer_fits(
    cast: SimpleNamespace,
) -> None:
    approved_take(cast, "Approved.")
    set_project_defaults(
        cast.owner, project=cast.project, tuning={"temperature": 1.2}, voice=cast.project.voice
    )
    cast.project.refresh_from_db()
    assert len(outlook(cast.project).missing) == 1


def test_it_reads_the_same_number_of_rows_for_any_script(
    cast: SimpleNamespace, django_assert_max_num_queries: Any
) -> None:
    for count in (2, 6):
        for number in range(count):
            approved_take(cast, f"Line {number}.")
        with django_assert_max_num_queries(5):
            outlook(cast.project)


def test_nothing_approved_is_refused_with_what_to_do(cast: SimpleNamespace) -> None:
    factories.make_take(factories.make_line(cast.project))
    with pytest.raises(WrongState, match="Approve a take first"):
        ask_for_delivery(cast.owner, project=cast.project)
    assert not Delivery.objects.exists()


def test_one_at_a_time_and_each_with_a_number_of_its_own(cast: SimpleNamespace) -> None:
    approved_take(cast, "Seven days.")
    first = ask_for_delivery(cast.producer, project=cast.project)
    with pytest.raises(WrongState, match="Delivery 1 is still being made"):
        ask_for_delivery(cast.owner, project=cast.project)
    tasks.make_delivery(first.pk)
    second = ask_for_delivery(cast.owner, project=cast.project)
    assert (first.number, second.number) == (1, 2)
    assert OrmQ.objects.count() >= 2


def test_what_was_asked_for_is_in_the_activity(cast: SimpleNamespace) -> None:
    approved_take(cast, "Seven days.")
    factories.make_line(cast.project)
    delivery = ask_for_delivery(cast.producer, project=cast.project)
    event = Event.objects.get(verb="delivery asked for")
    assert event.data == {"number": 1, "lines": 1, "of": 2}
    assert (event.actor, event.kind) == (cast.producer, "deliveries")
    assert delivery.missing[0]["line"] == 2


def test_throwing_the_file_away_keeps_the_entry(cast: SimpleNamespace) -> None:
    approved_take(cast, "Seven days.")
    delivery = ask_for_delivery(cast.owner, project=cast.project)
    with pytest.raises(WrongState, match="still being made"):
        remove_delivery(cast.owner, delivery=delivery)
    tasks.make_delivery(delivery.pk)
    delivery.refresh_from_db()
    name, size = str(delivery.file.name), delivery.byte_count
    assert disk.project_bytes(cast.project) == size + cast.project.takes.get().byte_count
    assert [row.deliveries for row in disk.disk_use().projects] == [1]
    OrmQ.objects.all().delete()
    remove_delivery(cast.owner, delivery=delivery)
    tasks.remove_media(*OrmQ.objects.get().task["args"])
    assert not default_storage.exists(name)
    delivery.refresh_from_db()
    assert delivery.sha256
    assert delivery.removed_by == cast.owner
    assert [row.deliveries for row in disk.disk_use().projects] == [0]
    with pytest.raises(WrongState, match="gone already"):
        remove_delivery(cast.owner, delivery=delivery)
    assert ask_for_delivery(cast.owner, project=cast.project).number == 2
