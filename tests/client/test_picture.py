"""The kept picture and what its watchers hear when a server resumes, or breaks its own rules."""

import asyncio
from typing import Any

import pytest

from aerotrack.client import Appeared, Change, Left, LiveFlight, Updated
from aerotrack.client.changes import Changes
from aerotrack.client.picture import Picture
from aerotrack.domain.held import ProtocolBroken

NOW = 1_764_000_000.0


def entry(icao24: str, start: int = 1, **values: Any) -> dict[str, Any]:
    return {"icao24": icao24, "flight_id": f"{icao24}-{start:08x}", **values}


def snapshot(seq: int, *flights: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "snapshot", "seq": seq, "pos": 10 * seq, "now": NOW, "flights": flights} | more


def delta(seq: int, *flights: dict[str, Any], gone: tuple[dict[str, Any], ...] = ()) -> Any:
    head = {"type": "delta", "seq": seq, "pos": 10 * seq, "now": NOW + seq}
    return {**head, "gone": gone, "flights": flights}


def told(changes: Changes) -> list[Change]:
    """All that waits, without waiting for more."""

    async def scene() -> list[Change]:
        return [await anext(changes) for _ in range(1000) if len(changes)]

    return asyncio.run(scene())


@pytest.fixture
def picture() -> Picture:
    """Two flights, from a snapshot in two parts."""
    made = Picture()
    made.connected(resumable=False)
    made.apply(snapshot(1, entry("aaaaaa", lat=1.0, lon=2.0), more=True))
    assert (0, False) == (len(made), made.complete)
    made.apply(snapshot(2, entry("bbbbbb", squawk="1000")))
    assert (2, True) == (len(made), made.complete)
    return made


def test_a_resumed_connection_builds_on_what_is_held(picture: Picture) -> None:
    changes = picture.watch()
    told(changes)
    picture.connected(resumable=True)
    assert 20 == picture.pos
    # It cannot know which of the flights that left we had been told of.
    gone = tuple(entry(icao24, reason="stale") for icao24 in ("aaaaaa", "cccccc"))
    picture.apply({**delta(1, entry("dddddd", full=True), gone=gone), "pos": 30})
    assert ["bbbbbb", "dddddd"] == list(picture)
    left, appeared = told(changes)
    assert isinstance(left, Left)
    assert isinstance(appeared, Appeared)
    assert ("aaaaaa", "stale", 2.0, "dddddd") == (
        left.flight.icao24, left.reason, left.flight.lon, appeared.flight.icao24,
    )  # fmt: skip


def test_another_run_of_the_server_begins_anew(picture: Picture) -> None:
    changes = picture.watch()
    told(changes)
    picture.connected(resumable=False)
    picture.apply({**snapshot(1, entry("aaaaaa", 2), entry("bbbbbb", squawk="7700")), "pos": 0})
    flight = LiveFlight(icao24="bbbbbb", flight_id="bbbbbb-00000001", squawk="7700")
    left, appeared, updated = told(changes)
    assert isinstance(left, Left)
    assert ("aaaaaa-00000001", "missed") == (left.flight.flight_id, left.reason)
    assert Appeared(LiveFlight(icao24="aaaaaa", flight_id="aaaaaa-00000002")) == appeared
    assert Updated(flight, frozenset({"squawk"})) == updated


def test_a_field_that_is_cleared_is_not_known_any_more(picture: Picture) -> None:
    picture.apply(delta(3, {"icao24": "bbbbbb", "squawk": None}))
    assert (None, NOW + 3) == (picture["bbbbbb"].squawk, picture["bbbbbb"].last_contact)


@pytest.mark.parametrize(
    "broken",
    [
        delta(4),
        delta(3) | {"pos": 1},
        delta(3, {"icao24": "cccccc", "lat": 1.0}, gone=(entry("aaaaaa", reason="stale"),)),
        delta(3, {"icao24": "aaaaaa"}, gone=(entry("aaaaaa", reason="stale"),)),
        delta(3) | {"flights": None},
        delta(3) | {"gone": [{}]},
        snapshot(4),
        snapshot(3, {"lat": 1.0}),
        {"type": "event", "seq": 9, "pos": 30, "now": NOW},
    ],
)
def test_a_broken_frame_changes_nothing_and_nobody_is_told(
    picture: Picture, broken: dict[str, Any]
) -> None:
    changes = picture.watch()
    told(changes)
    before = dict(picture)
    with pytest.raises(ProtocolBroken):
        picture.apply(broken)
    assert (before, 0) == (dict(picture), len(changes))
    # The next connection brings all of it, and the watcher hears what was missed.
    picture.connected(resumable=False)
    picture.apply(snapshot(1, entry("bbbbbb", squawk="1000")))
    (left,) = told(changes)
    assert isinstance(left, Left)
    assert ("aaaaaa", "missed") == (left.flight.icao24, left.reason)


def test_an_iterator_that_is_dropped_costs_nothing_any_more(picture: Picture) -> None:
    changes = picture.watch()
    assert 1 == len(picture._watchers)
    del changes
    assert 0 == len(picture._watchers)
