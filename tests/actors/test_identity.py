"""What the register knows reaches a flight, and never gets in the way of what feeds say."""

from typing import Any

import orjson
import pytest

from aerotrack.actors.flight import Flight
from aerotrack.actors.messages import (
    ConfigureFlight,
    ConfigureRegistry,
    EventRecorded,
    FindIdentity,
    FlightChanged,
    FlightFound,
    FlightRecorded,
    GetFlight,
    Identify,
    IdentitiesFound,
    Identity,
    Ingest,
    Observe,
    RegisterChanged,
)
from aerotrack.actors.registry import Registry
from aerotrack.domain.airframe import KnownAirframe
from aerotrack.domain.airports import load_airports
from aerotrack.domain.observation import Observation
from aerotrack.domain.routes import filed_route
from aerotrack.domain.rules import FlightRules

T0 = 1_764_000_000.0
ICAO24 = "4ca2d6"
KNOWN = KnownAirframe(ICAO24, "EI-DLF", "B738", "BOEING 737-800", "Ryanair", 1)
ATLANTIC = {"lat": 53.0, "lon": -30.0, "track": 265.0}


def seen(after: float, icao24: str = ICAO24, **fields: Any) -> Observation:
    return Observation(icao24=icao24, ts=T0 + after, source="adsb_icao", feed="home", **fields)


def observe(after: float, **fields: Any) -> Observe:
    return Observe((seen(after, **fields),), T0 + after, 7.0)


def identify(
    after: float = 1.0, known: KnownAirframe | None = KNOWN, callsign: str | None = None
) -> Identify:
    route = callsign and filed_route(callsign, ("EGLL", "KJFK"), load_airports())
    return Identify(Identity(ICAO24, known, route or None), T0 + after, 9.0)


class Scene:
    """A flight with collectors around it; ``held`` is what its viewers hold of it."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver
        self.registry = driver.collector()
        self.broadcaster = driver.collector()
        self.persistence = driver.collector()
        self.register = driver.collector()
        links = (self.registry, self.broadcaster, self.persistence)
        self.flight = driver.create(
            Flight,
            ConfigureFlight(
                ICAO24, *(link.address for link in links), FlightRules(), self.register.address
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

    @property
    def held(self) -> dict[str, Any]:
        held: dict[str, Any] = {}
        for message in self.shown:
            assert type(message) is FlightChanged
            held = dict(message.changed) if message.whole else held | dict(message.changed)
        return {name: value for name, value in held.items() if value is not None}


def test_a_flight_asks_at_its_start_and_when_its_callsign_changes(actor_system: Any) -> None:
    scene = Scene(actor_system)
    scene.tell(observe(0, alt_baro=1), observe(1, alt_baro=2), observe(2, callsign="RYR1"))
    scene.tell(observe(3, callsign="RYR1"), observe(4, callsign="RYR2"))
    asked = [FindIdentity(ICAO24, callsign) for callsign in (None, "RYR1", "RYR2")]
    assert asked == scene.register.messages


def test_a_flight_shows_and_records_what_is_known(actor_system: Any) -> None:
    scene = Scene(actor_system)
    scene.tell(observe(0, **ATLANTIC), identify())
    expected = {"registration": "EI-DLF", "typecode": "B738", "desc": "BOEING 737-800",
                "operator": "Ryanair", "db_flags": 1}  # fmt: skip
    assert expected.items() <= scene.held.items()
    last = scene.shown[-1]
    assert (expected, False, 9.0) == (dict(last.changed), last.whole, last.received)
    row = [m.record for m in scene.persistence.messages if type(m) is FlightRecorded][-1]
    assert ("EI-DLF", "B738", 1) == (row.registration, row.typecode, row.db_flags)


def test_nothing_is_said_twice(actor_system: Any) -> None:
    scene = Scene(actor_system)
    scene.tell(observe(0, **ATLANTIC), identify())
    before = len(scene.shown), len(scene.persistence.messages)
    scene.tell(identify(2))
    assert before == (len(scene.shown), len(scene.persistence.messages))


def test_a_flight_that_left_the_picture_does_not_come_back_for_it(actor_system: Any) -> None:
    scene = Scene(actor_system)
    scene.tell(observe(0, **ATLANTIC), identify(after=1200))
    assert 2 == len(scene.shown)  # came, went
    scene.tell(observe(1201, **ATLANTIC | {"lat": 53.1}))
    last = scene.shown[-1]
    assert (True, "EI-DLF") == (last.whole, dict(last.changed)["registration"])


def test_what_is_known_before_anything_was_heard_is_nothing(actor_system: Any) -> None:
    scene = Scene(actor_system)
    scene.tell(identify())
    assert [] == scene.shown


def test_a_plausible_route_is_shown_and_goes_with_its_callsign(actor_system: Any) -> None:
    scene = Scene(actor_system)
    scene.tell(observe(0, callsign="BAW123", **ATLANTIC), identify(callsign="BAW123"))
    assert "EGLL-KJFK" == scene.held["route"]
    scene.tell(GetFlight(ICAO24, T0 + 1, scene.registry.address))
    found = scene.registry.messages[-1]
    assert type(found) is FlightFound
    assert found.document is not None
    assert "EGLL-KJFK" == orjson.loads(found.document)["route"]
    scene.tell(observe(2, callsign="BAW9"))
    assert "route" not in scene.held
    scene.tell(identify(3, callsign="BAW123"))  # a late answer about the callsign it had
    assert "route" not in scene.held


def test_a_route_becomes_plausible_when_there_is_a_position(actor_system: Any) -> None:
    scene = Scene(actor_system)
    scene.tell(observe(0, callsign="BAW123"), identify(known=None, callsign="BAW123"))
    assert "route" not in scene.held
    scene.tell(observe(2, **ATLANTIC))
    assert "EGLL-KJFK" == scene.held["route"]


def test_an_implausible_route_is_not_shown(actor_system: Any) -> None:
    scene = Scene(actor_system)
    scene.tell(observe(0, callsign="BAW123", lat=-33.0, lon=151.0), identify(callsign="BAW123"))
    scene.tell(observe(60, lat=-33.1, lon=151.1))
    assert "route" not in scene.held


@pytest.mark.parametrize("callsign", [None, "BAW123"])
def test_after_an_import_every_flight_asks_again(actor_system: Any, callsign: str | None) -> None:
    register, nobody = actor_system.collector(), actor_system.collector().address
    registry = actor_system.create(
        Registry, ConfigureRegistry(nobody, nobody, FlightRules(), register.address)
    )
    both = (seen(0, callsign=callsign), seen(0, "3c6444"))
    actor_system.tell(registry, Ingest(both, T0, 0.0))
    actor_system.tell(registry, RegisterChanged())
    actor_system.settle()
    asked = [FindIdentity(ICAO24, callsign), FindIdentity("3c6444", None)]
    assert asked * 2 == register.messages


def test_the_registry_passes_on_what_is_found_of_flights_that_are_there(actor_system: Any) -> None:
    broadcaster, nobody = actor_system.collector(), actor_system.collector().address
    registry = actor_system.create(
        Registry, ConfigureRegistry(broadcaster.address, nobody, FlightRules())
    )
    actor_system.tell(registry, Ingest((seen(0, **ATLANTIC),), T0, 0.0))
    other = KnownAirframe("3c6444", "D-AIZZ", None, None, None, None)
    found = (Identity("3c6444", other, None), Identity(ICAO24, KNOWN, None))
    actor_system.tell(registry, IdentitiesFound(found, T0 + 1, 9.0))
    actor_system.settle()
    shown = [m for m in broadcaster.messages if type(m) is FlightChanged]
    assert [ICAO24, ICAO24] == [m.icao24 for m in shown]
    assert "EI-DLF" == dict(shown[-1].changed)["registration"]
    assert {} == actor_system.failures()
