"""The simulated world: as many flights as asked for, the same for the same seed."""

import re
from collections import Counter

import pytest

from aerotrack.domain.airports import load_airports
from aerotrack.domain.observation import Observation
from aerotrack.domain.simulation import World
from aerotrack.domain.simulation.fleet import RESERVED_SQUAWKS
from aerotrack.domain.simulation.flight import CLIMB, CRUISE, DESCENT
from aerotrack.domain.vocabulary import CHECKS


def _world(flights: int, seed: int = 1, emergencies: float = 0.0) -> World:
    world = World(load_airports(), seed, emergencies=emergencies)
    for _ in range(flights):
        world.add(0.0)
    return world


def _seen(world: World, times: range) -> list[Observation]:
    return [
        world.observe(index, float(at), 1e9 + at, "sim")
        for at in times
        for index in range(len(world))
    ]


@pytest.fixture(scope="module")
def large() -> World:
    return _world(4_000)


def test_the_same_seed_and_times_give_the_same_observations() -> None:
    times = range(0, 9_000, 450)
    assert _seen(_world(30, seed=7), times) == _seen(_world(30, seed=7), times)


def test_another_seed_gives_another_sky() -> None:
    assert _seen(_world(5, seed=1), range(1)) != _seen(_world(5, seed=2), range(1))


def test_living_flights_have_addresses_and_callsigns_of_their_own(large: World) -> None:
    assert len(large) == 4_000
    assert len({flight.plan.icao24 for flight in large.flights}) == 4_000
    assert len({flight.plan.callsign for flight in large.flights}) == 4_000


def test_flights_that_land_are_replaced_and_stay_unique() -> None:
    world = _world(300)
    first = {flight.plan.icao24 for flight in world.flights}
    for at in range(0, 4 * 3600, 600):
        seen = _seen(world, range(at, at + 1))
        assert len({o.icao24 for o in seen}) == 300
    departed = [flight for flight in world.flights if flight.plan.icao24 not in first]
    assert 50 < len(departed) < 300
    assert len(world._fleet) == 300  # those that landed have given theirs back


def test_at_the_start_all_parts_of_a_flight_are_there(large: World) -> None:
    stages = Counter(flight.stage for flight in large.flights)
    assert stages[CRUISE] > stages[CLIMB] > 200
    assert stages[CRUISE] > stages[DESCENT] > 200
    assert any(o.on_ground for o in _seen(large, range(1)))


def test_busy_parts_of_the_world_are_busy(large: World) -> None:
    origins = Counter(flight.plan.origin.country for flight in large.flights)
    assert {"US", "CN"} == {country for country, _ in origins.most_common(2)}
    assert len(origins) > 80


def test_no_squawk_means_something_by_itself(large: World) -> None:
    squawks = {flight.plan.squawk for flight in large.flights}
    assert not squawks & (RESERVED_SQUAWKS | {"7500", "7600", "7700"})
    assert all(re.fullmatch("[0-7]{4}", squawk) for squawk in squawks)


def test_emergencies_come_only_when_asked_for() -> None:
    def emergencies(world: World) -> int:
        return sum(o.emergency == "general" for o in _seen(world, range(1_800, 1_801)))

    assert emergencies(_world(100)) == 0
    assert 100 >= emergencies(_world(100, emergencies=1.0)) > 60


def test_every_value_is_one_the_vocabulary_allows() -> None:
    for seen in _seen(_world(400), range(0, 5_000, 1_000)):
        for name in seen.__struct_fields__:
            value = getattr(seen, name)
            if value is not None and name in CHECKS:
                assert value == CHECKS[name](value), (name, value)
