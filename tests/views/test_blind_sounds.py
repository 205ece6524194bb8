"""What must not be told before the vote: by the page, by its news, by the sound."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.test import AsyncClient
from django.urls import reverse

from speech.models import ListeningTest, Take, User
from speech.queries import listening as queries
from speech.services.listening import cast_vote, send_test
from tests import factories
from tests.views.people import signed_in

TELLING = {
    "seed": 48151623, "seed_used": 42108151, "duration": 6.2831, "temperature": 1.37,
    "sha256": "c0ffee" * 10 + "abcd", "fingerprint": "facade" * 10 + "abcd",
    "lufs": -19.73, "cost": 0.0777, "byte_count": 777_333, "number": 90_417,
}  # fmt: skip
"""What a page could give a take away by; each found nowhere else."""


@pytest.mark.parametrize("method", ["pick", "rank"])
@pytest.mark.parametrize("who", ["reviewer", "viewer", "producer", "owner"])
def test_nothing_on_the_page_tells_which_take_a_letter_is(
    cast: SimpleNamespace, blind: ListeningTest, takes: list[Take], who: str, method: str
) -> None:
    Take.objects.filter(pk=takes[1].pk).update(**TELLING)
    send_test(cast.producer, test=blind, title="Closing line", method=method)
    response = signed_in(getattr(cast, who)).get(blind.get_absolute_url())
    text = response.content.decode() + str(response.headers)
    told = [*TELLING.values(), *(take.pk for take in takes), factories.PEAKS, "Amara"]
    told += [str(take.audio.name) for take in takes] + [take.sha256 for take in takes]
    for value in told:
        assert str(value) not in text, value
    assert "no-store" in response.headers["Cache-Control"]


def test_the_feed_tells_a_voter_to_be_no_more(
    cast: SimpleNamespace, blind: ListeningTest, takes: list[Take]
) -> None:
    cast_vote(cast.owner, test=blind, ranking=[takes[0].pk], remark="The warm one.")
    page = _feed(cast.reviewer, blind)
    assert "1 voted: ada" in page
    for value in ("test-results", "The warm one.", "Take ", *(str(take.pk) for take in takes)):
        assert value not in page


def test_everybody_hears_an_order_of_their_own_and_always_the_same(
    cast: SimpleNamespace, blind: ListeningTest, takes: list[Take]
) -> None:
    people = [factories.make_user() for _ in range(30)]
    orders = [
        tuple(take.pk for take in queries.in_order_of(person, blind, takes)) for person in people
    ]
    assert len(set(orders)) > 10  # of 24
    assert {order[0] for order in orders} == {take.pk for take in takes}
    again = [
        tuple(take.pk for take in queries.in_order_of(person, blind, reversed(takes)))
        for person in people
    ]
    assert again == orders


def test_loudness_is_matched_by_half_decibels_beside_a_made_up_ground(
    cast: SimpleNamespace, blind: ListeningTest, takes: list[Take]
) -> None:
    for take, lufs in zip(takes, (-21.34, -19.1, -24.6, -24.4), strict=True):
        Take.objects.filter(pk=take.pk).update(lufs=lufs)
    found = queries.lanes(cast.reviewer, blind, queries.takes_of(blind))
    assert sorted(lane.loudness or 0 for lane in found) == [-23.0, -23.0, -19.5, -17.5]
    Take.objects.filter(pk=takes[0].pk).update(lufs=None)
    found = queries.lanes(cast.reviewer, blind, queries.takes_of(blind))
    assert {lane.loudness for lane in found} == {None}


@pytest.mark.django_db(transaction=True)
async def test_a_sound_comes_under_a_mark_that_says_nothing(
    async_client: AsyncClient, cast: SimpleNamespace, blind: ListeningTest, takes: list[Take]
) -> None:
    await async_client.aforce_login(cast.viewer)
    heard = queries.in_order_of(cast.viewer, blind, takes)
    marks = set()
    for letter, take in zip("ABCD", heard, strict=True):
        response = await async_client.get(f"/tests/{blind.pk}/sound/{letter}/")
        body = b"".join([piece async for piece in response.streaming_content])  # type: ignore[attr-defined]
        assert body == b"fLaC" + bytes([takes.index(take)]) * 90
        assert response["Cache-Control"] == "private, no-store"
        assert response["Content-Disposition"] == "inline"
        told = str(response.headers)
        for value in (take.sha256, str(take.pk), str(take.audio.name)):
            assert value not in told
        marks.add(response["ETag"])
        part = await async_client.get(
            f"/tests/{blind.pk}/sound/{letter}/", headers={"Range": "bytes=0-3"}
        )
        assert (part.status_code, part["Content-Length"]) == (206, "4")
    assert len(marks) == 4
    for letter in ("E", "Z", "AB", "1"):
        missing = await async_client.get(f"/tests/{blind.pk}/sound/{letter}/")
        assert missing.status_code == 404
    await async_client.aforce_login(cast.stranger)
    assert (await async_client.get(f"/tests/{blind.pk}/sound/A/")).status_code == 404


def _feed(person: User, blind: ListeningTest, view: str = "listening") -> str:
    url = reverse("speech:changes", args=[blind.project.slug])
    query: dict[str, Any] = {"since": 0, "view": view, "test": blind.pk}
    response = signed_in(person).get(url, query, headers={"HX-Request": "true"})
    assert response.status_code == 200
    return response.content.decode()
