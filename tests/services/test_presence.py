from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from django.utils import timezone

from speech.jobs.pruning import prune
from speech.models import Presence, User
from speech.queries import presence as queries
from speech.services.presence import GRACE, arrive, leave, stay
from tests import factories

pytestmark = pytest.mark.django_db


def names(cast: SimpleNamespace, viewer: User | None = None) -> list[str]:
    found = queries.here(cast.project, viewer or cast.owner)
    return [row.user.username for row in found.others]


def age(seconds: float, **which: object) -> None:
    Presence.objects.filter(**which).update(seen_at=timezone.now() - timedelta(seconds=seconds))


def seen(cast: SimpleNamespace) -> datetime | None:
    return queries.glance(cast.project, cast.viewer).own_seen_at


def test_everybody_sees_the_others_and_not_themselves(cast: SimpleNamespace) -> None:
    line = factories.make_line(cast.project)
    arrive(cast.owner, project=cast.project)
    arrive(cast.viewer, project=cast.project, line_id=line.pk)
    assert names(cast, cast.owner) == ["dot"]
    assert names(cast, cast.viewer) == ["ada"]
    assert queries.here(cast.project, cast.owner).others[0].line == line
    other = factories.make_project(owner=cast.owner, name="Other")
    assert not queries.here(other, cast.owner).others


def test_a_line_of_another_project_is_not_shown(cast: SimpleNamespace) -> None:
    foreign = factories.make_line(factories.make_project(name="Other"))
    arrive(cast.viewer, project=cast.project, line_id=foreign.pk)
    assert queries.here(cast.project, cast.owner).others[0].line is None


def test_whoever_leaves_is_gone_after_a_moment_in_which_a_reload_brings_them_back(
    cast: SimpleNamespace,
) -> None:
    arrive(cast.viewer, project=cast.project)
    leave(cast.viewer, project=cast.project)
    assert names(cast) == ["dot"]
    assert not stay(cast.viewer, project=cast.project, seen_at=seen(cast))
    age(GRACE.total_seconds() + 1)
    assert names(cast) == ["dot"]
    leave(cast.viewer, project=cast.project)
    Presence.objects.update(seen_at=Presence.objects.get().seen_at - GRACE)
    assert names(cast) == []


def test_whoever_says_no_goodbye_ages_out(cast: SimpleNamespace) -> None:
    arrive(cast.viewer, project=cast.project)
    age(40)
    assert names(cast) == ["dot"]
    age(46)
    assert names(cast) == []


def test_a_page_that_stays_writes_rarely_and_keeps_its_line(cast: SimpleNamespace) -> None:
    lines = [factories.make_line(cast.project) for _ in range(2)]
    arrive(cast.viewer, project=cast.project, line_id=lines[0].pk)
    age(10)
    before = seen(cast)
    stay(cast.viewer, project=cast.project, seen_at=before, line_id=lines[1].pk)
    assert seen(cast) == before
    age(20)
    stay(cast.viewer, project=cast.project, seen_at=seen(cast), line_id=lines[1].pk)
    row = Presence.objects.get()
    assert row.line == lines[0], "two windows of one person do not take turns"
    assert timezone.now() - row.seen_at < timedelta(seconds=5)
    age(60)
    assert seen(cast) is None
    assert stay(cast.viewer, project=cast.project, seen_at=None, line_id=lines[1].pk)
    assert Presence.objects.get().line == lines[1]


def test_the_mark_moves_when_somebody_comes_goes_or_opens_another_line(
    cast: SimpleNamespace,
) -> None:
    line = factories.make_line(cast.project)

    def mark() -> object:
        found = queries.marks({cast.project.pk})[cast.project.pk]
        assert found == queries.glance(cast.project, cast.owner).mark_of_all
        mine = queries.here(cast.project, cast.owner).mark
        assert mine == queries.glance(cast.project, cast.owner).mark
        return found

    seen = [mark()]
    arrive(cast.viewer, project=cast.project)
    seen.append(mark())
    arrive(cast.viewer, project=cast.project, line_id=line.pk)
    seen.append(mark())
    arrive(cast.owner, project=cast.project)
    seen.append(mark())
    assert len(set(seen)) == 4
    age(60)
    assert mark() == seen[0]


def test_presence_is_no_activity_and_old_rows_go(cast: SimpleNamespace) -> None:
    before = cast.project.version, cast.project.active_at
    arrive(cast.viewer, project=cast.project)
    cast.project.refresh_from_db()
    assert (cast.project.version, cast.project.active_at) == before
    prune()
    assert Presence.objects.count() == 1
    age(2 * 24 * 3600)
    prune()
    assert not Presence.objects.exists()
