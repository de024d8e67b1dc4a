"""A viewer of the past: what enters and leaves its picture, and why, and what it is sent."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aerotrack.domain.geo import box
from aerotrack.domain.held import HeldPicture
from aerotrack.domain.past import Airframe, PastEvent, PastState
from aerotrack.domain.playback import PART_BYTES, Playback, Watch
from aerotrack.domain.records import TrackPoint, flight_id_of_key, flight_key
from aerotrack.domain.rules import FlightRules
from aerotrack.domain.stream.filters import FlightFilter

START = 1_764_000_000.0
RULES = FlightRules()
WORLD = Watch()
IRELAND = Watch(box(-11, 51, -5, 56))


def key(aircraft: int, started: float = START) -> int:
    return flight_key(f"{aircraft:06x}", started)


def row(flight: int, seconds: float, lat: float | None = 53.0, lon: float | None = -6.0, **fields):
    given = {
        "alt_baro": 1000, "alt_geom": None, "on_ground": False, "gs": None, "track": None,
        "baro_rate": None, "callsign": None, "squawk": None, "emergency": None,
        "source": "adsb_icao", "feed": "home",
    }  # fmt: skip
    return TrackPoint(flight, START + seconds, lat, lon, **given | fields)


class Viewer:
    """A playback, and what its client holds of it."""

    def __init__(self, watch: Watch = WORLD) -> None:
        self.playback = Playback(RULES)
        self.held = HeldPicture()
        self.heard(self.playback.begin((), watch, START))

    def heard(self, frames: list[bytes]) -> list[dict[str, Any]]:
        made = [msgspec.json.decode(frame) for frame in frames]
        for frame in made:
            self.held.apply(frame)
        return made

    def play(self, until: float, *rows: Any, **airframes: Airframe) -> list[dict[str, Any]]:
        """The frames at ``until`` (seconds after the start) after these rows."""
        points = [one for one in rows if isinstance(one, TrackPoint)]
        events = [one for one in rows if isinstance(one, PastEvent)]
        known = {point.flight: airframes[n] for n in airframes for point in points}
        self.playback.fold(points, events, known)
        return self.heard(self.playback.frame(START + until))

    def gone(self, frames: list[dict[str, Any]]) -> list[tuple[str, str, str | None]]:
        return [
            (entry["icao24"], entry["reason"], entry.get("cause")) for entry in frames[-1]["gone"]
        ]


def test_a_flight_enters_whole_then_tells_what_changed():
    viewer = Viewer()
    first = viewer.play(1, row(key(1), 0.5, gs=100.04), whose=Airframe("EI-DAA"))
    assert first[-1]["flights"] == [
        {
            "full": True, "icao24": "000001", "flight_id": flight_id_of_key(key(1)),
            "lat": 53.0, "lon": -6.0, "alt_baro": 1000,
            "on_ground": False, "gs": 100.0, "source": "adsb_icao", "feed": "home",
            "registration": "EI-DAA", "time_position": START + 0.5, "last_contact": START + 0.5,
        }
    ]  # fmt: skip
    second = viewer.play(2, row(key(1), 1.5, lon=-6.1, gs=100.01))
    assert second[-1]["flights"] == [{"icao24": "000001", "lon": -6.1}]
    third = viewer.play(9, row(key(1), 7, None, None, alt_baro=None, squawk="7000"))
    assert third[-1]["flights"] == [
        {"icao24": "000001", "squawk": "7000", "time_position": START + 1.5}
    ]
    assert viewer.held.flights["000001"]["alt_baro"] == 1000
    assert viewer.play(10)[-1]["flights"] == []


def test_a_flight_leaves_with_the_reason_it_left_with():
    viewer = Viewer(IRELAND)
    flights = [key(n) for n in range(1, 5)]
    viewer.play(1, *(row(flight, 1) for flight in flights))
    assert len(viewer.held.flights) == 4
    out = viewer.play(2, row(flights[0], 2, lon=-4.0))
    assert viewer.gone(out) == [("000001", "left_view", None)]
    landed = PastEvent(flights[1], START + 3, "ended", "landed", None, None, "RYR4TK")
    out = viewer.play(4, landed)
    assert (out[0]["type"], out[0]["event"], out[0]["detail"]) == ("event", "ended", "landed")
    assert viewer.gone(out) == [("000002", "ended", "landed")]
    assert viewer.gone(viewer.play(59, row(flights[2], 59))) == []
    assert viewer.gone(viewer.play(61)) == [("000004", "stale", None)]
    assert set(viewer.held.flights) == {"000003"}


def test_a_filter_takes_in_and_out_and_who_is_followed_is_seen_anyway():
    low = FlightFilter(alt_baro=(0, 2000))
    viewer = Viewer(Watch(box(-11, 51, -5, 56), low, ("000002",)))
    viewer.play(1, row(key(1), 1, alt_baro=5000), row(key(2), 1, lat=0.0, alt_baro=5000))
    assert set(viewer.held.flights) == {"000002"}
    viewer.play(2, row(key(1), 2, alt_baro=1500))
    assert set(viewer.held.flights) == {"000001", "000002"}
    assert viewer.gone(viewer.play(3, row(key(1), 3, alt_baro=5000))) == [
        ("000001", "filtered", None)
    ]


def test_the_next_flight_of_an_aircraft_replaces_the_one_before():
    viewer = Viewer()
    later = key(1, START + 5)
    viewer.play(1, row(key(1), 1))
    out = viewer.play(6, row(later, 5), row(key(1), 5.5, lon=-7.0))
    assert [entry["flight_id"] for entry in out[-1]["flights"]] == [flight_id_of_key(later)]
    assert viewer.held.flights["000001"]["lon"] == -6.0


def test_rows_behind_the_end_of_a_flight_do_not_bring_it_back():
    viewer = Viewer()
    ended = PastEvent(key(1), START + 2, "ended", "silence", None, None)
    viewer.play(3, row(key(1), 1), ended, row(key(1), 2.5))
    assert viewer.held.flights == {}
    resumed = PastEvent(key(1), START + 4, "resumed", None, None, None)
    assert [f["type"] for f in viewer.play(6, resumed, row(key(1), 5))] == ["delta"]
    assert set(viewer.held.flights) == {"000001"}


def test_events_of_flights_that_nobody_looks_at_are_not_told():
    viewer = Viewer(IRELAND)
    away = PastEvent(key(9), START + 1, "takeoff", "EDDF", 50.0, 8.5)
    assert [f["type"] for f in viewer.play(2, row(key(9), 1, lat=50.0, lon=8.5), away)] == ["delta"]


def test_a_large_snapshot_comes_in_parts():
    states = tuple(PastState(row(key(n), 0), START) for n in range(1, 3000))
    playback = Playback(RULES)
    held = HeldPicture()
    parts = playback.begin(states, WORLD, START)
    assert len(parts) > 1
    for part in parts:
        assert len(part) < PART_BYTES + 200
        assert not held.complete
        held.apply(msgspec.json.decode(part))
    assert (held.complete, len(held.flights)) == (True, 2999)


rows = st.builds(
    row,
    st.integers(1, 6).map(key),
    st.integers(1, 400).map(float),
    st.one_of(st.none(), st.floats(50, 57)),
    st.floats(-12, -4),
    alt_baro=st.one_of(st.none(), st.integers(0, 4000)),
    callsign=st.one_of(st.none(), st.sampled_from(["RYR1", "DLH2"])),
)


@pytest.mark.parametrize(
    "watch", [WORLD, IRELAND, Watch(None, FlightFilter(alt_baro=(0, 2000)), ("000003",))]
)
@given(found=st.lists(rows, max_size=40), steps=st.lists(st.integers(1, 90), max_size=8))
@settings(max_examples=50, deadline=None)
def test_whoever_watches_holds_what_a_snapshot_of_the_moment_would_say(watch, found, steps):
    points = sorted(found, key=lambda point: point.ts)
    viewer = Viewer(watch)
    all_seen = Viewer()
    at = 0
    for step in steps:
        part = [point for point in points if at < point.ts - START <= at + step]
        at += step
        viewer.play(at, *part)
        all_seen.play(at, *part)
        fresh = HeldPicture()
        states = all_seen.playback._flights.values()
        for frame in Playback(RULES).begin(states, watch, START + at):
            fresh.apply(msgspec.json.decode(frame))
        ours, theirs = viewer.held.comparable(), fresh.comparable()
        # A flight that left a box and came back says again what it says: nothing is looked up.
        assert ours.keys() == theirs.keys()
        if watch.box is None:
            assert ours == theirs
