"""The registry actor: routing, retiring, respawning."""

from typing import Any

from aerotrack.actors.messages import (
    ConfigureRegistry,
    Drain,
    Drained,
    EventRecorded,
    Figures,
    FlightChanged,
    FlightFound,
    FlightGone,
    FlightRecorded,
    GetFigures,
    GetFlight,
    Ingest,
    PointRecorded,
    Tick,
)
from aerotrack.actors.registry import Registry
from aerotrack.domain.observation import Observation
from aerotrack.domain.rules import FlightRules

T0 = 1_764_000_000.0


def seen(icao24: str, ts: float, **fields: Any) -> Observation:
    """An observation of an aircraft."""
    return Observation(icao24=icao24, ts=ts, source="adsb_icao", feed="home", **fields)


class Scene:
    """A registry with collectors behind it."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver
        self.broadcaster = driver.collector()
        self.persistence = driver.collector()
        self.asker = driver.collector()
        self.registry = driver.create(
            Registry,
            ConfigureRegistry(self.broadcaster.address, self.persistence.address, FlightRules()),
        )

    def tell(self, *messages: object) -> None:
        for message in messages:
            self.driver.tell(self.registry, message, self.asker.address)
        self.driver.settle()

    def feed(self, *observations: Observation, now: float | None = None) -> None:
        self.tell(Ingest(observations, observations[-1].ts if now is None else now, 0.0))

    def figure(self, name: str, **labels: str) -> float:
        self.tell(GetFigures())
        answer = self.asker.messages[-1]
        assert type(answer) is Figures
        return sum(
            f.value
            for f in answer.values
            if f.name == name and labels.items() <= dict(f.labels).items()
        )

    def events(self) -> list[str]:
        return [m.event.kind for m in self.persistence.messages if type(m) is EventRecorded]


def test_each_aircraft_has_a_flight_of_its_own_and_its_order_is_kept(actor_system: Any) -> None:
    scene = Scene(actor_system)
    scene.feed(
        seen("4ca2d6", T0, alt_baro=1),
        seen("3c6444", T0, alt_baro=2),
        seen("4ca2d6", T0 + 1, alt_baro=3),
    )
    scene.feed(seen("4ca2d6", T0 + 2, alt_baro=4))
    points = [m.point for m in scene.persistence.messages if type(m) is PointRecorded]
    assert [1, 3, 4] == [p.alt_baro for p in points if p.flight >> 32 == 0x4CA2D6]
    assert 2.0 == scene.figure("flights")


def test_an_observation_from_the_future_is_refused_and_counted(actor_system: Any) -> None:
    scene = Scene(actor_system)
    scene.feed(seen("4ca2d6", T0 + 5.1), seen("4ca2d6", T0 + 4.9), now=T0)
    assert (2.0, 1.0, 1.0) == (
        scene.figure("routed_total", feed="home"),
        scene.figure("refused_total", feed="home", reason="future"),
        scene.figure("flights"),
    )


def test_every_observation_is_a_point_or_unchanged_or_refused(actor_system: Any) -> None:
    scene = Scene(actor_system)
    scene.feed(
        seen("4ca2d6", T0, gs=100), seen("4ca2d6", T0 + 1, gs=100), seen("4ca2d6", T0 + 0.5, gs=90),
        now=T0 + 1,
    )  # fmt: skip
    points = [m for m in scene.persistence.messages if type(m) is PointRecorded]
    assert (3.0, 1, 1.0, 1.0) == (
        scene.figure("routed_total", feed="home"),
        len(points),
        scene.figure("unchanged_total", feed="home"),
        scene.figure("refused_total", feed="home", reason="old"),
    )


def test_an_observation_older_than_the_history_is_refused_and_counted(actor_system: Any) -> None:
    scene = Scene(actor_system)
    month = FlightRules().history_kept
    scene.feed(seen("4ca2d6", T0 - month - 1), seen("4ca2d6", T0 - month + 1), now=T0)
    assert (1.0, 1.0) == (
        scene.figure("refused_total", feed="home", reason="too_old"),
        scene.figure("flights"),
    )


def test_half_an_hour_of_silence_ends_a_flight_and_the_next_contact_starts_another(
    actor_system: Any,
) -> None:
    scene = Scene(actor_system)
    scene.feed(seen("4ca2d6", T0, lat=53.4, lon=-6.2))
    scene.tell(*(Tick(T0 + second) for second in range(1, 1802)))
    assert 0.0 == scene.figure("flights")
    gone = [m for m in scene.broadcaster.messages if type(m) is FlightGone]
    assert ["stale"] == [m.reason for m in gone]
    row = [m for m in scene.persistence.messages if type(m) is FlightRecorded][-1].record
    assert (T0, "silence") == (row.ended, row.end_cause)
    scene.feed(seen("4ca2d6", T0 + 1900, lat=53.4, lon=-6.2))
    assert ["started", "ended", "started"] == scene.events()
    assert 1.0 == scene.figure("flights")


def test_a_gap_in_what_a_feed_brings_late_divides_it_into_flights(actor_system: Any) -> None:
    scene = Scene(actor_system)
    scene.feed(
        seen("4ca2d6", T0, alt_baro=1), seen("4ca2d6", T0 + 9, alt_baro=2),
        seen("4ca2d6", T0 + 2000, alt_baro=3), now=T0 + 90_000,
    )  # fmt: skip
    points = [m.point for m in scene.persistence.messages if type(m) is PointRecorded]
    first, second = int(T0), int(T0 + 2000)
    assert [(first, 1), (first, 2), (second, 3)] == [
        (p.flight & 0xFFFFFFFF, p.alt_baro) for p in points
    ]
    assert [] == scene.broadcaster.messages


def test_a_flight_that_died_is_started_again_by_the_next_observation(actor_system: Any) -> None:
    scene = Scene(actor_system)
    scene.feed(seen("4ca2d6", T0, lat=53.4, lon=-6.2))
    [flight] = actor_system.instance(scene.registry)._alive.values()
    actor_system.exit(flight.address)
    assert (0.0, 1.0) == (scene.figure("flights"), scene.figure("flights_died_total"))
    scene.feed(seen("4ca2d6", T0 + 5, lat=53.5, lon=-6.2))
    changed = [m for m in scene.broadcaster.messages if type(m) is FlightChanged]
    assert [f"4ca2d6-{int(T0):08x}", f"4ca2d6-{int(T0 + 5):08x}"] == [m.flight_id for m in changed]


def test_flights_that_ended_leave_nothing_behind(actor_system: Any) -> None:
    scene = Scene(actor_system)
    scene.feed(*(seen(f"{n:06x}", T0, lat=1.0, lon=2.0) for n in range(100)))
    scene.tell(Tick(T0 + 15))
    scene.tell(Tick(T0 + 1815))
    registry = actor_system.instance(scene.registry)
    left = (registry._alive, registry._names, registry._silent)
    assert [0, 0, 0] == [len(held) for held in left]
    assert 100.0 == scene.figure("flights_ended_total")


def test_drain_makes_every_flight_write_its_row(actor_system: Any) -> None:
    scene = Scene(actor_system)
    scene.feed(seen("4ca2d6", T0, alt_baro=1), seen("3c6444", T0, alt_baro=1))
    scene.feed(seen("4ca2d6", T0 + 5, alt_baro=2), seen("3c6444", T0 + 5, alt_baro=2))
    scene.tell(Drain(T0 + 6))
    rows = [m.record for m in scene.persistence.messages if type(m) is FlightRecorded]
    assert [0.0, 0.0, 5.0, 5.0] == [row.last_contact - T0 for row in rows]
    assert Drained(0) in scene.asker.messages


def test_a_query_reaches_the_flight_and_an_unknown_name_is_answered(actor_system: Any) -> None:
    scene = Scene(actor_system)
    scene.feed(seen("4ca2d6", T0, lat=53.4, lon=-6.2))
    scene.tell(GetFlight("4ca2d6", T0, None), GetFlight("ffffff", T0, None))
    found, unknown = sorted(scene.asker.messages, key=lambda m: m.document is None)
    assert isinstance(found.document, bytes)
    assert FlightFound(None) == unknown


def test_a_clock_set_back_ends_the_flights_so_that_what_comes_next_is_not_old(
    actor_system: Any,
) -> None:
    scene = Scene(actor_system)
    scene.feed(seen("4ca2d6", T0, lat=53.4, lon=-6.2))
    scene.tell(Tick(T0 + 1), Tick(T0 - 3))
    assert 1.0 == scene.figure("flights")  # a correction, not a step
    scene.tell(Tick(T0 - 3600))
    assert ["started", "ended"] == scene.events()
    scene.feed(seen("4ca2d6", T0 - 3599, lat=53.4, lon=-6.1))
    shown = [m for m in scene.broadcaster.messages if type(m) is FlightChanged][-1]
    assert (f"4ca2d6-{int(T0 - 3599):08x}", True) == (shown.flight_id, shown.whole)
    scene.tell(Tick(T0 - 3500))
    assert FlightGone is type(scene.broadcaster.messages[-1])


def circuit(start: float, *, callsign: str) -> list[Observation]:
    """Down at Frankfurt, a stop of two minutes, and off again; a position a second."""
    seconds, path = 0, []
    for length, climb, gs, down in (
        (200, -15, 140, False), (30, 0, 60, True), (120, 0, 0, True), (40, 0, 100, True),
        (60, 30, 160, False),
    ):  # fmt: skip
        for _ in range(length):
            path.append((seconds, climb, gs, down))
            seconds += 1
    altitude, lat, observations = 3364, 50.033 - 0.13, []
    for second, climb, gs, down in path:
        altitude, lat = altitude + climb, lat + gs / 3600 / 60
        state = {"gs": float(gs), "alt_baro": altitude, "on_ground": down, "callsign": callsign}
        observations.append(seen("4ca2d6", start + second, lat=lat, lon=8.57, **state))
    return observations


def test_a_departure_after_a_landing_is_the_next_flight(actor_system: Any) -> None:
    scene = Scene(actor_system)
    observations = circuit(T0, callsign="DLH1")
    for number in range(0, len(observations), 7):
        scene.feed(*observations[number : number + 7])
    assert ["started", "landing", "ended", "started", "takeoff"] == scene.events()
    rows = [m.record for m in scene.persistence.messages if type(m) is FlightRecorded]
    ended = [(row.end_cause, row.est_arrival) for row in rows if row.ended is not None]
    assert [("landed", "EDDF")] == ended
    assert ("takeoff", "EDDF") == (rows[-1].phase, rows[-1].est_departure)
    points = [m.point for m in scene.persistence.messages if type(m) is PointRecorded]
    assert 2 == len({point.flight for point in points})
    assert sorted(point.ts for point in points) == [point.ts for point in points]
    gone = [m for m in scene.broadcaster.messages if type(m) is FlightGone]
    assert [("ended", "landed")] == [(m.reason, m.cause) for m in gone]


def test_a_departure_first_seen_in_the_air_is_a_take_off_of_the_next_flight(
    actor_system: Any,
) -> None:
    scene = Scene(actor_system)
    observations = circuit(T0, callsign="DLH1")
    scene.feed(*observations[:300], *observations[390:])  # nobody hears it roll
    assert ["started", "landing", "ended", "started", "takeoff"] == scene.events()
    row = [m.record for m in scene.persistence.messages if type(m) is FlightRecorded][-1]
    assert (observations[390].ts, "EDDF") == (row.started, row.est_departure)


def test_another_callsign_on_the_ground_after_a_landing_is_the_next_flight(
    actor_system: Any,
) -> None:
    scene = Scene(actor_system)
    down = circuit(T0, callsign="DLH1")[:340]
    scene.feed(*down)
    last = down[-1]
    scene.feed(seen("4ca2d6", last.ts + 60, gs=0.0, on_ground=True, callsign="DLH2"))
    assert ["started", "landing", "ended", "started"] == scene.events()
