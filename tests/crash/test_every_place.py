"""kill -9 of one of two drivers at each place where it costs the most."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.crash.conftest import places_of
from tests.crash.pair import LEASE, Pair, two_drivers
from tests.upstream.client import Upstream

TAKEN_OVER_WITHIN = LEASE + 2
"""Seconds from the kill."""
Strike = Callable[[Pair], float]


def at(place: str) -> Strike:
    """By a failpoint, on the way of a take that is asked for now."""

    def strike(pair: Pair) -> float:
        pair.arm(place)
        pair.ask_for(3)
        return pair.wait_until_struck()

    return strike


def while_the_answer_is_awaited(pair: Pair) -> float:
    """The provider has the request and has accepted it; its answer never comes."""
    pair.upstream.rule("submit", "hang", seconds=60, accept=True)
    posted = pair.upstream.log().hits["submit"]
    pair.ask_for(3)
    pair.upstream.wait_for("submit", count=posted + 1)
    return kill(pair, pair.upstream.log().submits()[-1]["body"]["text"])


def while_a_download_drips(pair: Pair) -> float:
    text = "Sentence number 0."
    pair.upstream.rule("output", "drip", match=text, seconds=0.05)
    pair.upstream.finish()
    pair.upstream.wait_for("output", count=2)
    return kill(pair, text)


def while_saving(place: str) -> Strike:
    """By a failpoint, on the way of a take whose sound is there."""

    def strike(pair: Pair) -> float:
        pair.arm(place)
        pair.upstream.finish()
        return pair.wait_until_struck()

    return strike


def kill(pair: Pair, text: str) -> float:
    """kill -9 whoever holds the take with this text; the moment, in seconds since 1970."""
    pid, now = pair.pid_of(text), time.time()
    os.kill(pid, signal.SIGKILL)
    return now


@pytest.mark.parametrize(
    ("strike", "in_doubt"),
    [
        pytest.param(at("claimed"), 0, id="after the claim"),
        pytest.param(at("submitting"), 1, id="before the POST"),
        pytest.param(while_the_answer_is_awaited, 1, id="after the POST was sent"),
        pytest.param(at("answered"), 1, id="after the response"),
        pytest.param(at("accepted"), 0, id="after the commit"),
        pytest.param(while_a_download_drips, 0, id="mid-download"),
        pytest.param(while_saving("measured"), 0, id="mid-measure"),
        pytest.param(while_saving("stored"), 0, id="after storing"),
    ],
)
def test_it_loses_nothing_sends_nothing_twice_and_is_replaced_in_time(
    pair: Pair, strike: Strike, in_doubt: int
) -> None:
    pair.keep_both_busy()

    killed_at = strike(pair)

    moments = pair.wait_until_taken_over()
    assert moments, "the dead one held something"
    assert max(moments) - killed_at <= TAKEN_OVER_WITHIN
    pair.upstream.set(job_seconds=[0, 0])
    pair.upstream.finish()
    pair.wait_until_settled()
    pair.check(most_unknown=in_doubt)
    assert pair.states()["unknown"] == in_doubt


@pytest.fixture(scope="module")
def pair_on_sqlite(
    request: pytest.FixtureRequest, upstream_process: Upstream, prepared: Path
) -> Iterator[Pair]:
    with (
        places_of("sqlite", request) as places,
        two_drivers(places, upstream=upstream_process, prepared=prepared) as pair,
    ):
        yield pair


@pytest.fixture(scope="module")
def pair_on_postgres(
    request: pytest.FixtureRequest, upstream_process: Upstream, prepared: Path
) -> Iterator[Pair]:
    with (
        places_of("postgres", request) as places,
        two_drivers(places, upstream=upstream_process, prepared=prepared) as pair,
    ):
        yield pair


@pytest.fixture(params=["sqlite", "postgres"])
def pair(request: pytest.FixtureRequest, upstream: Upstream) -> Pair:
    upstream.set(output_seconds=0.6)
    running: Pair = request.getfixturevalue(f"pair_on_{request.param}")
    running.clear()
    return running
