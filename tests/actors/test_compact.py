"""The flight actor under storage=compact: few points, and all of them accounted for."""

from typing import Any

import msgspec
import pytest

from aerotrack.actors.flight import Flight
from aerotrack.actors.messages import (
    CheckSilence,
    ConfigureFlight,
    EndFlight,
    FlightRecorded,
    ObservationsUnchanged,
    Observe,
    PointRecorded,
    RequestCounted,
    RestoreFlight,
    SaveFlight,
    SaveState,
    StateSaved,
)
from aerotrack.domain.observation import Observation
from aerotrack.domain.rules import FlightRules
from aerotrack.domain.saved import load

T0 = 1_764_000_000.0
ICAO24 = "4ca2d6"


def seen(after: float, **fields: Any) -> Observation:
    """Northwards at 400 kt, straight and level."""
    said = {"lat": 50.0 + after * 1.85e-3, "lon": 4.0, "alt_baro": 35_000, "gs": 400.0}
    return Observation(
        icao24=ICAO24, ts=T0 + after, source="adsb_icao", feed="home", **(said | fields)
    )


class Scene:
    """A flight actor, and what it told persistence."""

    def __init__(self, driver: Any, rules: FlightRules) -> None:
        self.driver = driver
        self.registry, self.persistence = driver.collector(), driver.collector()
        links = self.registry.address, driver.collector().address, self.persistence.address
        self.flight = driver.create(Flight, ConfigureFlight(ICAO24, *links, rules))

    def tell(self, *messages: object) -> None:
        for message in messages:
            self.driver.tell(self.flight, message)
        self.driver.settle()

    def hear(self, *observations: Observation) -> None:
        for obs in observations:
            self.tell(Observe((obs,), obs.ts, 7.0))

    def recorded(self, kind: type) -> list[Any]:
        return [message for message in self.persistence.messages if type(message) is kind]

    @property
    def times(self) -> list[float]:
        return [message.point.ts - T0 for message in self.recorded(PointRecorded)]


@pytest.fixture
def scene(actor_system: Any) -> Scene:
    return Scene(actor_system, FlightRules(storage="compact"))


@pytest.mark.parametrize(
    "last", [EndFlight(T0 + 25, "silence"), SaveFlight(T0 + 25), CheckSilence(T0 + 40)]
)
def test_the_last_point_is_written_when_nothing_may_follow(scene: Scene, last: object) -> None:
    scene.hear(*(seen(n) for n in range(25)), seen(24))
    assert [0, 10, 20] == scene.times
    scene.tell(last)
    assert [0, 10, 20, 24] == scene.times
    compacted = sum(message.compacted for message in scene.recorded(PointRecorded))
    unchanged = [m for m in scene.registry.messages if type(m) is ObservationsUnchanged]
    assert 26 == len(scene.times) + compacted + len(unchanged)


def test_the_row_counts_the_points_that_are_written(scene: Scene) -> None:
    scene.hear(*(seen(n) for n in range(25)))
    scene.tell(SaveFlight(T0 + 25))
    assert len(scene.times) == scene.recorded(FlightRecorded)[-1].record.points


def test_what_somebody_waits_for_is_written_before_it_is_counted(scene: Scene) -> None:
    scene.hear(*(seen(n) for n in range(5)))
    scene.hear(msgspec.structs.replace(seen(5), request=1), seen(6))
    assert [0, 5] == scene.times
    told = [type(message) for message in scene.persistence.messages]
    assert [RequestCounted(1, 1, 0)] == scene.recorded(RequestCounted)
    assert told.index(RequestCounted) > len(told) - 1 - told[::-1].index(PointRecorded)


def test_every_event_has_its_point(scene: Scene) -> None:
    scene.hear(*(seen(n) for n in range(3)), seen(3, squawk="7700"), seen(4, squawk="7700"))
    assert [0, 3] == scene.times


@pytest.mark.parametrize("storage", ["compact", "full"])
def test_after_a_kill_it_goes_on_with_what_it_held_back(
    actor_system: Any, scene: Scene, storage: Any
) -> None:
    scene.hear(*(seen(n) for n in range(6)))
    scene.tell(SaveState(T0 + 6))
    saved = load(scene.recorded(StateSaved)[0].body)
    again = Scene(actor_system, FlightRules(storage=storage))
    again.tell(RestoreFlight(saved, T0 + 8, 7.0))
    again.hear(seen(8), seen(9))
    again.tell(SaveFlight(T0 + 10))
    assert ([5, 8, 9] if storage == "full" else [9]) == again.times
