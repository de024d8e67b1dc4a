"""Flights that are heard again: registry and flight together."""

from typing import Any

import pytest

from aerotrack.actors.messages import (
    ConfigureRegistry,
    Drain,
    EventRecorded,
    FlightChanged,
    FlightRecorded,
    GetFigures,
    Ingest,
    PointRecorded,
    Tick,
)
from aerotrack.actors.registry import Registry
from aerotrack.domain.observation import Observation
from aerotrack.domain.records import FlightRecord
from aerotrack.domain.rules import FlightRules

T0 = 1_764_000_000.0
FIRST_ID = f"4ca2d6-{int(T0):08x}"


def seen(after: float, **fields: Any) -> Observation:
    """An observation ``after`` seconds from the start."""
    return Observation(icao24="4ca2d6", ts=T0 + after, source="adsb_icao", feed="home", **fields)


class Scene:
    """A registry with a flight that was lost over the sea after a minute."""

    def __init__(self, driver: Any, **rules: float) -> None:
        self.driver = driver
        self.broadcaster = driver.collector()
        self.persistence = driver.collector()
        self.asker = driver.collector()
        links = (self.broadcaster.address, self.persistence.address)
        self.registry = driver.create(Registry, ConfigureRegistry(*links, FlightRules(**rules)))
        self.feed(seen(0, lat=50.0, lon=-15.0, callsign="RYR4TK", gs=450.0, registration="EI-DCL"))
        self.feed(seen(60, lat=50.0, lon=-15.2, alt_baro=35_000))

    def tell(self, *messages: object) -> None:
        for message in messages:
            self.driver.tell(self.registry, message, self.asker.address)
        self.driver.settle()

    def feed(self, *observations: Observation) -> None:
        self.tell(Ingest(observations, observations[-1].ts, 0.0))

    def silence(self, start: float, end: float) -> None:
        """Time passes; nobody is heard."""
        self.tell(*(Tick(T0 + second) for second in range(int(start), int(end) + 1, 5)))

    def events(self) -> list[tuple[str, float]]:
        recorded = (m.event for m in self.persistence.messages if type(m) is EventRecorded)
        return [(event.kind, event.ts - T0) for event in recorded]

    def rows(self) -> list[FlightRecord]:
        return [m.record for m in self.persistence.messages if type(m) is FlightRecorded]

    def points(self) -> list[tuple[int, float]]:
        """Of each point the second its flight began, and its own."""
        points = [m.point for m in self.persistence.messages if type(m) is PointRecorded]
        return [(point.flight & 0xFFFFFFFF, point.ts - T0) for point in points]

    def shown(self) -> list[FlightChanged]:
        return [m for m in self.broadcaster.messages if type(m) is FlightChanged]


@pytest.fixture(params=["silence noticed", "replayed at once"])
def lost(request: pytest.FixtureRequest, actor_system: Any) -> Scene:
    """40 minutes later: the flight was ended by the clock, or the next data is simply that late."""
    scene = Scene(actor_system)
    if request.param == "silence noticed":
        scene.silence(60, 2460)
        assert ("ended", 60.0) == scene.events()[-1]
    return scene


def test_the_same_callsign_within_reach_goes_on_under_the_same_name(lost: Scene) -> None:
    lost.feed(seen(2460, lat=50.0, lon=-20.0, callsign="RYR4TK", alt_baro=36_000))
    lost.feed(seen(2461, alt_baro=36_025))
    assert [int(T0)] * 4 == [flight for flight, _ in lost.points()]
    assert FIRST_ID == lost.shown()[-1].flight_id
    last = lost.rows()[-1]
    assert (None, None, T0, "EI-DCL", -15.0) == (
        last.ended, last.end_cause, last.started, last.registration, last.first_lon,
    )  # fmt: skip
    lost.tell(Drain(T0 + 2462))
    assert 4 == lost.rows()[-1].points


def test_an_end_that_was_written_is_followed_by_an_event_that_takes_it_back(
    actor_system: Any,
) -> None:
    scene = Scene(actor_system)
    scene.silence(60, 2460)
    scene.feed(seen(2460, lat=50.0, lon=-20.0, callsign="RYR4TK"))
    assert [("started", 0.0), ("ended", 60.0), ("resumed", 2460.0)] == scene.events()
    scene.silence(2460, 2460 + 1801)
    assert ("ended", 2460.0) == scene.events()[-1]
    assert "silence" == scene.rows()[-1].end_cause


def test_another_callsign_is_another_flight_from_its_first_observation_on(lost: Scene) -> None:
    lost.feed(seen(2460, lat=50.0, lon=-20.0))
    lost.feed(seen(2465, alt_baro=36_000))
    assert 2 == len(lost.points())  # nothing is written or shown while it is not known
    assert [FIRST_ID] * 2 == [change.flight_id for change in lost.shown()]
    lost.feed(seen(2470, callsign="RYR5XX"))
    began = int(T0 + 2460)
    assert [(began, 2460.0), (began, 2465.0), (began, 2470.0)] == lost.points()[2:]
    assert [("started", 0.0), ("ended", 60.0), ("started", 2460.0)] == lost.events()
    assert (f"4ca2d6-{began:08x}", True) == (lost.shown()[-1].flight_id, lost.shown()[-1].whole)


def test_a_place_out_of_reach_is_another_flight(lost: Scene) -> None:
    lost.feed(seen(2460, lat=50.0, lon=-40.0, callsign="RYR4TK"))
    assert ["started", "ended", "started"] == [kind for kind, _ in lost.events()]


def test_who_says_no_callsign_is_shown_after_half_a_minute_as_another_flight(lost: Scene) -> None:
    for second in range(0, 29, 4):
        lost.feed(seen(2460 + second, lat=50.0, lon=-20.0 - second / 1000))
    assert 2 == len(lost.points())
    lost.feed(seen(2490, lat=50.0, lon=-20.03))
    assert [int(T0 + 2460)] * 9 == [flight for flight, _ in lost.points()[2:]]


def test_who_falls_silent_again_is_shown_as_soon_as_the_silence_is_looked_at(lost: Scene) -> None:
    lost.feed(seen(2460, lat=50.0, lon=-20.0))
    lost.silence(2460, 2485)
    assert 2 == len(lost.points())
    lost.silence(2486, 2506)
    assert (int(T0 + 2460), 2460.0) == lost.points()[-1]
    assert "started" == lost.events()[-1][0]


def test_at_a_stop_what_is_held_is_written(lost: Scene) -> None:
    lost.feed(seen(2460, lat=50.0, lon=-20.0))
    lost.tell(Drain(T0 + 2461))
    assert (int(T0 + 2460), 2460.0) == lost.points()[-1]
    assert int(T0 + 2460) == lost.rows()[-1].flight & 0xFFFFFFFF


def test_another_silence_while_it_is_not_known_divides_what_is_held(actor_system: Any) -> None:
    scene = Scene(actor_system)
    scene.feed(
        seen(2460, lat=50.0, lon=-20.0), seen(2461, alt_baro=1),
        seen(9000, lat=50.0, lon=-21.0, callsign="RYR4TK"),
    )  # fmt: skip
    first, second, third = int(T0), int(T0 + 2460), int(T0 + 9000)
    assert [first, first, second, second, third] == [flight for flight, _ in scene.points()]


@pytest.mark.parametrize(("callsign", "flights"), [("RYR4TK", 1), ("RYR5XX", 2)])
def test_after_a_pause_that_ends_no_flight_another_callsign_does(
    callsign: str, flights: int, actor_system: Any
) -> None:
    scene = Scene(actor_system)
    scene.feed(seen(1260, lat=50.0, lon=-18.0))
    assert 2 == len(scene.points())
    scene.feed(seen(1265, callsign=callsign))
    assert flights == len({flight for flight, _ in scene.points()})
    assert [0.0, 60.0, 1260.0] == [ts for _, ts in scene.points()][:3]
    assert 1 == len(scene.driver.instance(scene.registry)._alive)


def test_an_ended_flight_is_forgotten_after_a_while_or_never_remembered(actor_system: Any) -> None:
    scene = Scene(actor_system, resume_within=3600.0)
    scene.silence(60, 1865)
    registry = actor_system.instance(scene.registry)
    assert ["4ca2d6"] == list(registry._remembered)
    scene.silence(1865, 5500)
    assert [] == list(registry._remembered)
    never = Scene(actor_system, resume_within=0.0)
    never.silence(60, 1865)
    assert [] == list(actor_system.instance(never.registry)._remembered)


def test_what_the_registry_counts_adds_up(lost: Scene) -> None:
    lost.feed(seen(2460, lat=50.0, lon=-20.0, callsign="RYR4TK"))
    lost.tell(GetFigures())
    figures = {figure.name: figure.value for figure in lost.asker.messages[-1].values}
    started, ended = figures["flights_started_total"], figures["flights_ended_total"]
    assert (1.0, 1.0) == (started - ended, figures["flights"])
