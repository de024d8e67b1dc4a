"""Addresses, delays, and what a watcher is told of a flight that comes and goes unheard."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aerotrack.client import (
    Appeared,
    Change,
    Happened,
    Left,
    LiveFlight,
    Updated,
    backoff,
    live_url,
)
from aerotrack.client.changes import MOST_EVENTS, Changes
from aerotrack.domain.live import Event


@pytest.mark.parametrize(
    ("server", "url"),
    [
        ("http://127.0.0.1:8480", "ws://127.0.0.1:8480/api/v1/live"),
        ("127.0.0.1:8480", "ws://127.0.0.1:8480/api/v1/live"),
        ("pi.local", "ws://pi.local/api/v1/live"),
        ("https://example.org/planes/", "wss://example.org/planes/api/v1/live"),
        ("wss://example.org/planes/api/v1/live", "wss://example.org/planes/api/v1/live"),
        ("ws://[::1]:8480/", "ws://[::1]:8480/api/v1/live"),
        ("https://me:pw@example.org?key=1#top", "wss://me:pw@example.org/api/v1/live?key=1"),
    ],
)
def test_a_server_is_found_by_whatever_it_is_called(server: str, url: str) -> None:
    assert url == live_url(server)


@pytest.mark.parametrize("server", ["ftp://example.org", "http://", "", "http://h:99999", "[::1"])
def test_what_is_no_server_is_refused(server: str) -> None:
    with pytest.raises(ValueError):
        live_url(server)


@given(st.integers(0, 10_000), st.floats(0, 1), st.none() | st.floats(0, 1e6))
def test_delays_grow_and_stay_within_their_bounds(
    attempt: int, chance: float, asked: float | None
) -> None:
    first, longest = backoff.FIRST_DELAY_S, backoff.LONGEST_DELAY_S
    made = backoff.delay(attempt, lambda: chance, asked)
    assert made <= longest
    assert made >= min(longest, first * 2 ** min(attempt, 20)) / 2
    assert made >= min(asked or 0.0, longest) / 2


def flight(start: int) -> LiveFlight:
    return LiveFlight(icao24="4ca2d6", flight_id=f"4ca2d6-{start:08x}")


def told(changes: Changes) -> list[Change]:
    """All that waits, without waiting for more."""

    async def scene() -> list[Change]:
        return [await anext(changes) for _ in range(1000) if len(changes)]

    return asyncio.run(scene())


def test_what_came_and_went_unheard_is_not_told() -> None:
    changes = Changes(lambda _: None)
    changes.appeared("4ca2d6")
    changes.updated("4ca2d6", {"lat"})
    changes.left(Left(flight(1), "stale"))
    assert [] == told(changes)


def test_a_known_flight_that_left_and_its_successor_are_both_told() -> None:
    changes = Changes(lambda _: flight(3))
    changes.updated("4ca2d6", {"lat"})
    changes.left(Left(flight(1), "ended", "landed"))
    changes.appeared("4ca2d6")
    changes.left(Left(flight(2), "ended", "landed"))
    changes.appeared("4ca2d6")
    assert [Left(flight(1), "ended", "landed"), Appeared(flight(3))] == told(changes)


def test_events_beyond_the_most_are_dropped_and_counted() -> None:
    changes = Changes(lambda _: None)
    for seq in range(1, MOST_EVENTS + 3):
        changes.happened(
            Event(seq=seq, pos=0, now=0.0, event="takeoff", icao24="4ca2d6", flight_id="x")
        )
    assert (MOST_EVENTS, 2) == (len(changes), changes.events_dropped)
    (first,) = told(changes)[:1]
    assert isinstance(first, Happened)
    assert 3 == first.event.seq


def test_updates_of_one_flight_add_up() -> None:
    changes = Changes(lambda _: flight(1))
    changes.updated("4ca2d6", {"lat"})
    changes.updated("4ca2d6", {"gs"})
    assert [Updated(flight(1), frozenset({"lat", "gs"}))] == told(changes)
