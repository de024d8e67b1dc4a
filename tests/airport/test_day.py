"""A day at Paris, 500 movements: every flight is found once, with its name, airports and times.

What cannot be known is not in the truth: a take-off or landing nobody heard close by (lost on
final at 300 ft, heard again at 800 ft) has no event, though the flights end and begin there, at
the right airport; the touch of a light aircraft that never says it is on the ground is no different
from a low pass.
"""

import asyncio
from collections import defaultdict

import pytest
from thespian.actors import ActorAddress

from aerotrack.actors.loopbase import LoopActorSystem, start_actor_system
from aerotrack.actors.messages import (
    ConfigureRegistry,
    Drain,
    EventRecorded,
    FlightRecorded,
    Ingest,
    Tick,
)
from aerotrack.actors.registry import Registry
from aerotrack.domain.observation import Observation
from aerotrack.domain.records import FlightEvent, FlightRecord
from aerotrack.domain.rules import FlightRules

from .day import Truth
from .logbook import Found, differences, follow
from .traffic import a_day

Day = tuple[list[Observation], list[Truth]]

STEP_S = 5.0  # of the clock behind the actors
TEST_SECONDS = 300.0


@pytest.fixture(scope="module")
def day() -> Day:
    return a_day(1).finished()


def test_it_is_the_day_it_should_be(day: Day) -> None:
    _, truths = day
    assert 500 <= sum(truth.movements for truth in truths)
    assert len(truths) == len({(truth.icao24, truth.began) for truth in truths})


def test_every_flight_is_found_once_with_its_times_and_airports(day: Day) -> None:
    observations, truths = day
    assert [] == differences(truths, follow(observations))


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "pressure"), [(2, 800.0), (3, -650.0)])
def test_so_it_is_on_other_days_and_in_other_weather(seed: int, pressure: float) -> None:
    observations, truths = a_day(seed, pressure).finished()
    assert [] == differences(truths, follow(observations))


def test_the_actors_find_the_same_flights(day: Day) -> None:
    observations, truths = day
    found = asyncio.run(asyncio.wait_for(_served(observations), TEST_SECONDS))
    assert [] == differences(truths, found)


class Books:
    """What is meant for persistence: the last row and the events of each flight."""

    def __init__(self) -> None:
        self.rows: dict[int, FlightRecord] = {}
        self.events: dict[int, list[FlightEvent]] = defaultdict(list)

    def take(self, message: object, sender: ActorAddress) -> None:
        if isinstance(message, FlightRecorded):
            self.rows[message.record.flight] = message.record
        elif isinstance(message, EventRecorded):
            self.events[message.event.flight].append(message.event)

    def found(self) -> list[Found]:
        return [Found(row, tuple(self.events[key])) for key, row in self.rows.items()]


async def _served(observations: list[Observation]) -> list[Found]:
    """The flights a registry and its flights record, batches and ticks coming as in a server."""
    system: LoopActorSystem = start_actor_system()
    try:
        books = Books()
        kept = system.create_mailbox(books.take)
        ignored = system.create_mailbox(lambda message, sender: None)
        registry = system.createActor(Registry)
        system.tell(registry, ConfigureRegistry(ignored, kept, FlightRules()))
        now, batch = observations[0].ts, []
        for obs in observations:
            while obs.ts > now:
                if batch:
                    system.tell(registry, Ingest(tuple(batch), now, 0.0))
                    batch = []
                system.tell(registry, Tick(now))
                await system.drained()
                now += STEP_S
            batch.append(obs)
        system.tell(registry, Ingest(tuple(batch), now, 0.0))
        await system.drained()
        system.tell(registry, Drain(now))
        await system.drained()
        assert {} == system.failures.snapshot()
        return books.found()
    finally:
        system.shutdown()
