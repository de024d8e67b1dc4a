"""The flight actor: what it tells broadcaster, persistence and registry."""

from typing import Any

import orjson

from aerotrack.actors.flight import Flight
from aerotrack.actors.messages import (
    CheckSilence,
    ConfigureFlight,
    EndFlight,
    EventRecorded,
    FixesRefused,
    FlightChanged,
    FlightFound,
    FlightGone,
    FlightRecorded,
    GetFlight,
    ObservationsRefused,
    ObservationsUnchanged,
    Observe,
    PointRecorded,
    SaveFlight,
)
from aerotrack.domain.observation import Observation
from aerotrack.domain.rules import FlightRules

T0 = 1_764_000_000.0
ICAO24 = "4ca2d6"
FLIGHT_ID = f"{ICAO24}-{int(T0):08x}"


def seen(after: float, **fields: Any) -> Observation:
    """An observation ``after`` seconds from the start."""
    return Observation(icao24=ICAO24, ts=T0 + after, source="adsb_icao", feed="home", **fields)


def observe(*observations: Observation, now: float | None = None) -> Observe:
    """These, arriving as they were observed."""
    return Observe(observations, observations[-1].ts if now is None else now, 7.0)


class Scene:
    """A flight actor with collectors around it."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver
        self.registry = driver.collector()
        self.broadcaster = driver.collector()
        self.persistence = driver.collector()
        self.flight = driver.create(
            Flight,
            ConfigureFlight(
                ICAO24,
                self.registry.address,
                self.broadcaster.address,
                self.persistence.address,
                FlightRules(),
            ),
        )

    def tell(self, *messages: object) -> None:
        for message in messages:
            self.driver.tell(self.flight, message)
        self.driver.settle()

    @property
    def shown(self) -> list[Any]:
        """What the broadcaster was told of the picture; events are not part of it."""
        return [m for m in self.broadcaster.messages if type(m) is not EventRecorded]

    def recorded(self, kind: type) -> list[Any]:
        return [message for message in self.persistence.messages if type(message) is kind]


def test_the_first_observation_shows_the_whole_flight_and_records_it(actor_system: Any) -> None:
    scene = Scene(actor_system)
    scene.tell(observe(seen(0, lat=53.4, lon=-6.2, callsign="RYR4TK")))
    changed, started = scene.broadcaster.messages
    assert "started" == started.event.kind
    assert (FLIGHT_ID, True, T0, 7.0) == (
        changed.flight_id, changed.whole, changed.time_position, changed.received,
    )  # fmt: skip
    assert 53.4 == dict(changed.changed)["lat"]
    assert [53.4] == [message.point.lat for message in scene.recorded(PointRecorded)]
    assert ["started"] == [message.event.kind for message in scene.recorded(EventRecorded)]
    assert ["RYR4TK"] == [m.record.callsign for m in scene.recorded(FlightRecorded)]


def test_a_later_observation_tells_only_what_changed(actor_system: Any) -> None:
    scene = Scene(actor_system)
    scene.tell(observe(seen(0, lat=53.4, lon=-6.2)), observe(seen(3, lat=53.405, lon=-6.2)))
    last = scene.shown[-1]
    assert ((("lat", 53.405),), False) == (last.changed, last.whole)


def test_several_observations_make_one_change_and_a_point_each(actor_system: Any) -> None:
    scene = Scene(actor_system)
    scene.tell(observe(seen(0, lat=53.4, lon=-6.2), seen(1, alt_baro=1000), seen(2, gs=140.0)))
    assert 1 == len(scene.shown)
    assert 3 == len(scene.recorded(PointRecorded))


def test_the_row_is_written_when_identity_changes_and_otherwise_once_a_minute(
    actor_system: Any,
) -> None:
    scene = Scene(actor_system)
    scene.tell(*(observe(seen(s, alt_baro=1000 + s)) for s in range(130)))
    scene.tell(observe(seen(131, callsign="RYR4TK")))
    assert [T0, T0 + 60, T0 + 120, T0 + 131] == [
        message.record.last_contact for message in scene.recorded(FlightRecorded)
    ]


def test_what_is_refused_is_reported_to_the_registry_by_reason(actor_system: Any) -> None:
    scene = Scene(actor_system)
    scene.tell(observe(seen(0, lat=53.4, lon=-6.2)))
    scene.tell(
        observe(seen(1, lat=53.4, lon=-6.2), seen(1.5, lat=53.4, lon=-6.2), seen(2, lat=0.0))
    )
    assert [
        ObservationsRefused("home", "duplicate", 2),
        ObservationsRefused("home", "bad_position", 1),
        FixesRefused("home", "duplicate", 2),
        FixesRefused("home", "bad_position", 1),
    ] == scene.registry.messages


def test_a_refused_position_is_reported_also_where_the_rest_was_taken(actor_system: Any) -> None:
    scene = Scene(actor_system)
    scene.tell(observe(seen(0, lat=53.4, lon=-6.2)), observe(seen(1, lat=0.0, lon=0.0, gs=140.0)))
    assert [FixesRefused("home", "bad_position", 1)] == scene.registry.messages
    assert (("gs", 140.0),) == scene.shown[-1].changed


def test_what_is_taken_but_makes_no_point_is_reported_as_unchanged(actor_system: Any) -> None:
    scene = Scene(actor_system)
    scene.tell(observe(seen(0, lat=53.4, lon=-6.2, gs=100)))
    scene.tell(observe(seen(3, gs=100), seen(4, ias=90), seen(5, gs=101)))
    assert [ObservationsUnchanged("home", 2)] == scene.registry.messages
    assert 2 == len(scene.recorded(PointRecorded))


def test_a_flight_without_a_position_for_a_minute_leaves_the_picture_and_comes_back_whole(
    actor_system: Any,
) -> None:
    scene = Scene(actor_system)
    scene.tell(observe(seen(0, lat=53.4, lon=-6.2)), CheckSilence(T0 + 59.9))
    assert 1 == len(scene.shown)
    scene.tell(CheckSilence(T0 + 60))
    assert FlightGone(ICAO24, FLIGHT_ID, "stale", None, T0 + 60) == scene.shown[-1]
    scene.tell(CheckSilence(T0 + 75), observe(seen(80, alt_baro=100)))
    assert 2 == len(scene.shown)
    scene.tell(observe(seen(90, lat=53.5, lon=-6.2)))
    back = scene.shown[-1]
    assert (FlightChanged, True) == (type(back), back.whole)
    assert {"lat", "alt_baro"} <= set(dict(back.changed))


def test_an_observation_of_long_ago_is_recorded_but_never_shown(actor_system: Any) -> None:
    scene = Scene(actor_system)
    scene.tell(observe(seen(0, lat=53.4, lon=-6.2), now=T0 + 3600))
    assert [] == scene.shown
    assert 1 == len(scene.recorded(PointRecorded))


def test_the_end_writes_the_last_row_and_an_event(actor_system: Any) -> None:
    scene = Scene(actor_system)
    scene.tell(observe(seen(0, lat=53.4, lon=-6.2)), EndFlight(T0 + 50, "silence"))
    row = scene.recorded(FlightRecorded)[-1].record
    event = scene.recorded(EventRecorded)[-1].event
    assert (T0, "silence", "ended") == (row.ended, row.end_cause, event.kind)
    assert FlightGone(ICAO24, FLIGHT_ID, "ended", "silence", T0 + 50) == (scene.shown[-1])


def test_save_writes_the_row_as_it_stands(actor_system: Any) -> None:
    scene = Scene(actor_system)
    scene.tell(observe(seen(0, callsign="A1")), observe(seen(9, alt_baro=900)), SaveFlight(T0 + 9))
    assert [0.0, 9.0] == [m.record.last_contact - T0 for m in scene.recorded(FlightRecorded)]


def test_a_query_by_either_name_is_answered_with_provenance_and_refusals(actor_system: Any) -> None:
    scene, asker = Scene(actor_system), actor_system.collector()
    scene.tell(observe(seen(0, lat=53.4, lon=-6.2), seen(1, lat=0.0, lon=0.0)))
    for name in (ICAO24, FLIGHT_ID, f"{ICAO24}-00000000"):
        scene.tell(GetFlight(name, T0 + 10, asker.address))
    by_icao24, by_id, other = asker.messages
    assert FlightFound(None) == other
    assert by_icao24 == by_id
    document = orjson.loads(by_icao24.document)
    assert {"source": "adsb_icao", "feed": "home", "age": 10.0} == document["fields"]["lat"]
    assert ["bad_position"] == [fix["reason"] for fix in document["refused"]]


def test_a_poison_observation_is_counted_once_and_the_flight_lives(actor_system: Any) -> None:
    scene = Scene(actor_system)
    scene.tell(observe(seen(0, lat=53.4, lon=-6.2)))
    scene.tell(Observe((None,), T0 + 1, 0.0))  # type: ignore[arg-type]
    scene.tell(observe(seen(2, lat=53.405, lon=-6.2)))
    assert 1 == sum(actor_system.failures().values())
    assert (("lat", 53.405),) == scene.shown[-1].changed


def test_events_come_when_the_picture_shows_the_flight_as_it_was_then(actor_system: Any) -> None:
    scene = Scene(actor_system)
    scene.tell(observe(seen(0, lat=53.4, lon=-6.2)), observe(seen(1, squawk="7700")))
    scene.tell(EndFlight(T0 + 2, "silence"))
    told = [
        message.event.kind if type(message) is EventRecorded else type(message).__name__
        for message in scene.broadcaster.messages
    ]
    assert ["FlightChanged", "started", "FlightChanged", "emergency", "ended", "FlightGone"] == told


def test_a_flight_that_is_not_live_has_no_events_but_in_the_history(actor_system: Any) -> None:
    scene = Scene(actor_system)
    scene.tell(observe(seen(0, squawk="7700"), now=T0 + 90_000), EndFlight(T0 + 90_000, "silence"))
    kinds = [message.event.kind for message in scene.recorded(EventRecorded)]
    assert (["started", "emergency", "ended"], []) == (kinds, scene.broadcaster.messages)
