"""What a line's text becomes on its way to an engine, and what it stays bound to."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from speech.models import Decision, Line, Review, Take
from speech.queries import approval
from speech.queries.takes import stale_differences
from speech.services import lines, reviews, takes
from speech.services.fallen import recheck
from speech.states import ReviewState, Verdict
from tests import factories

pytestmark = pytest.mark.django_db
TYPED = "\ufeffOh [LAUGH], the Fern\u00adweh\u00a0boils – don\u02bct\u2028\uf0b7 stop"
SENT = "Oh [laugh], the Fernweh boils – don't\nstop"


@pytest.fixture
def line(cast: SimpleNamespace) -> Line:
    cast.project.voice = factories.make_voice()
    cast.project.save()
    return factories.make_line(cast.project, TYPED)


def test_a_page_sends_a_clean_text_and_the_line_stays_as_typed(
    cast: SimpleNamespace, line: Line
) -> None:
    [take] = takes.request_takes(cast.owner, line=line, engine="segmind")
    take.refresh_from_db()
    assert (take.text, take.line_text, take.own_text) == (SENT, TYPED, TYPED)
    assert Line.objects.get(pk=line.pk).text == TYPED
    assert stale_differences(Take.objects.get(pk=take.pk)) == []


def test_a_plain_text_is_kept_once(cast: SimpleNamespace, line: Line) -> None:
    line.text = "Seven days. "
    line.save()
    [take] = takes.request_takes(cast.owner, line=line, engine="segmind")
    assert (take.text, take.line_text, take.own_text) == ("Seven days.", "", "Seven days.")


def test_a_long_text_is_measured_by_what_is_sent(cast: SimpleNamespace, line: Line) -> None:
    line.text = "a" * 500 + "\u200b" * 40
    line.save()
    [take] = takes.request_takes(cast.owner, line=line, engine="segmind")
    assert len(take.text) == 500


def test_an_approval_is_bound_to_the_lines_own_text(cast: SimpleNamespace, line: Line) -> None:
    take = factories.make_reviewable_take(cast.project, line=line, text=SENT, line_text=TYPED)
    review = reviews.approve(cast.reviewer, take=take)
    assert approval.still_holds(Review.objects.get(pk=review.pk))
    assert recheck(cast.owner, lines=[line.pk]) == []
    lines.edit_line(cast.owner, line=line, text=SENT)
    assert Review.objects.get(pk=review.pk).state == ReviewState.NONE


@pytest.mark.parametrize("text", [TYPED, "[LAUGH] Ha.", "Fern\u2011weh", " Cafe\u0301 "])
def test_an_upgrade_removes_no_approval(cast: SimpleNamespace, text: str) -> None:
    """Earlier releases sent the line's text as it was, and kept it once."""
    line = factories.make_line(cast.project, text)
    take = factories.make_reviewable_take(cast.project, line=line, text=text.strip())
    mark = approval.mark_of_take(take)
    review = Review.objects.create(
        take=take, line=line, project=cast.project, state=ReviewState.APPROVED
    )
    Decision.objects.create(
        review=review, by=cast.reviewer, verdict=Verdict.APPROVE, fingerprint=mark
    )
    Line.objects.filter(pk=line.pk).update(chosen_take=take)
    assert recheck(cast.owner, lines=[line.pk]) == []
    assert approval.still_holds(Review.objects.get(pk=review.pk))
    assert stale_differences(Take.objects.get(pk=take.pk)) == []
