"""What has happened stays written as it was, whoever tries."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError

from speech.models import Event, Project
from speech.models.events import Sealed
from speech.services.events import log, moved
from speech.services.projects import archive_project, delete_project
from tests import factories
from tests.servers import postgres_database
from tests.studio_process import Studio

COLUMNS = (
    "verb = 'kind words'",
    "actor_id = NULL",
    "project_id = NULL",
    "data = '{}'",
    "target = 'line 1'",
    "created_at = '2001-01-01'",
    "about_line = 7",
)


def _sql(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.fixture
def event(cast: SimpleNamespace) -> Event:
    return log(cast.owner, "project renamed", project=cast.project, old="Sky", new="Skyline")


@pytest.mark.parametrize("change", COLUMNS, ids=lambda change: change.split()[0])
def test_the_database_refuses_to_change_an_event(event: Event, change: str) -> None:
    with pytest.raises(IntegrityError, match="never changed"):
        _sql(f"UPDATE speech_event SET {change} WHERE id = {event.pk}")


def test_the_database_refuses_to_delete_an_event_of_a_project_that_is_there(event: Event) -> None:
    log(None, "submissions paused", target="segmind")
    with pytest.raises(IntegrityError, match="go only with their project"):
        _sql(f"DELETE FROM speech_event WHERE id = {event.pk}")
    with pytest.raises(IntegrityError, match="go only with their project"):
        _sql("DELETE FROM speech_event WHERE project_id IS NULL")


@pytest.mark.parametrize(
    "change",
    [
        lambda event: event.save(),
        lambda event: event.delete(),
        lambda event: Event.objects.filter(pk=event.pk).update(verb="kind words"),
        lambda event: Event.objects.filter(pk=event.pk).delete(),
        lambda event: Event.objects.bulk_update([event], ["verb"]),
    ],
)
def test_no_code_can_change_or_delete_an_event(
    event: Event, change: Callable[[Event], object]
) -> None:
    with pytest.raises(Sealed):
        change(event)


def test_events_go_with_their_project_and_with_nothing_else(event: Event) -> None:
    project, actor = event.project, event.actor
    assert project is not None
    assert actor is not None
    line = factories.make_line(project)
    log(actor, "line added", project=project, target=f"line {line.pk}", text=line.text)
    line.delete()
    assert project.events.count() == 2
    archive_project(actor, project=project)
    delete_project(actor, project=project)
    assert not Project.objects.filter(pk=project.pk).exists()
    assert list(Event.objects.values_list("verb", flat=True)) == ["project deleted"]


def test_whoever_has_acted_cannot_be_deleted(event: Event) -> None:
    with pytest.raises(ProtectedError):
        event.actor.delete()


def test_an_event_knows_the_line_that_it_concerns(cast: SimpleNamespace) -> None:
    take = factories.make_take(factories.make_line(cast.project))
    starred = log(cast.owner, "take starred", project=cast.project, target=f"take {take.pk}")
    added = log(cast.owner, "line added", project=cast.project, target=f"line {take.line_id}")
    named = log(cast.owner, "role changed", project=cast.project, target="person 3")
    assert [starred.about_line, added.about_line, named.about_line] == [take.line_id] * 2 + [None]
    assert [starred.kind, added.kind, named.kind] == ["takes", "lines", "people"]


def test_only_what_differs_is_written_down() -> None:
    assert moved({"top_p": 0.9, "seed": 7}, {"top_p": 0.8, "seed": 7}) == {
        "old": {"top_p": 0.9},
        "new": {"top_p": 0.8},
    }
    assert moved({"seed": 7}, {"seed": 7}) == {}


@pytest.mark.django_db(transaction=True)
def test_an_emptied_database_is_sealed_again(event: Event) -> None:
    call_command("flush", interactive=False, verbosity=0)
    assert not Event.objects.exists()
    log(None, "submissions paused", target="segmind")
    with pytest.raises(IntegrityError):
        _sql("DELETE FROM speech_event")


_TRY_ON_POSTGRES = """
from django.db import IntegrityError, connection, transaction
from speech.models import Event
from speech.services.events import log
from speech.services.projects import archive_project, delete_project
from tests import factories
ada = factories.make_user("ada")
project = factories.make_project(owner=ada)
event = log(ada, "project created", project=project, name=project.name)
refused = []
for statement in given["statements"]:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement.format(pk=event.pk))
    except IntegrityError as error:
        refused.append("never changed" in str(error))
archive_project(ada, project=project)
delete_project(ada, project=project)
result = [connection.vendor, refused, list(Event.objects.values_list("verb", flat=True))]
"""


def test_postgresql_refuses_just_the_same() -> None:
    statements = [f"UPDATE speech_event SET {change} WHERE id = {{pk}}" for change in COLUMNS]
    statements = [s.replace("'{}'", "'{{}}'") for s in statements]
    statements.append("DELETE FROM speech_event WHERE id = {pk}")
    with postgres_database() as url, Studio({"DATABASE_URL": url}, programs=()) as studio:
        seen = studio.run_python(_TRY_ON_POSTGRES, statements=statements)
    assert seen == ["postgresql", [True] * len(statements), ["project deleted"]]
