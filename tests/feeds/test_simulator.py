"""The simulator feed on a clock of the test's own: rate, slices, order, stopping."""

import asyncio
from collections import Counter
from collections.abc import Sequence

import pytest

from aerotrack.domain.observation import Observation
from aerotrack.feeds.feed import Clock, Feed, FeedError, FeedFigures
from aerotrack.feeds.simulator import MOST_FLIGHTS, SLICE_UPDATES, SimulatorFeed

WALL = 1_764_000_000.0


class Sky:
    """A feed whose sleeping moves the clock; it is cancelled at ``until`` seconds."""

    def __init__(self, flights: int, seed: int = 1, rate: float = 1.0) -> None:
        self.now = 0.0
        self.until = 0.0
        self.stall_at: tuple[float, float] | None = None
        self.batches: list[tuple[float, list[Observation]]] = []
        self.figures = FeedFigures(name="demo", url="simulator://")
        self.feed: Feed = SimulatorFeed(
            figures=self.figures,
            sink=self._sink,
            clock=Clock(wall=lambda: WALL + self.now, monotonic=lambda: 50.0 + self.now),
            flights=flights,
            seed=seed,
            rate=rate,
            sleep=self._sleep,
        )

    def _sink(self, observations: Sequence[Observation], *, now: float, received: float) -> None:
        assert (WALL + self.now, 50.0 + self.now) == (now, received)
        self.batches.append((self.now, list(observations)))

    async def _sleep(self, seconds: float) -> None:
        if seconds:
            self.now += seconds
        if self.stall_at and self.now >= self.stall_at[0]:
            self.now, self.stall_at = self.now + self.stall_at[1], None
        if self.now >= self.until:
            raise asyncio.CancelledError

    def fly(self, until: float) -> list[Observation]:
        """Everything the feed hands on up to then."""
        self.until = until
        with pytest.raises(asyncio.CancelledError):
            asyncio.run(self.feed.run())
        return [observation for _, batch in self.batches for observation in batch]


def test_each_flight_is_updated_once_a_second() -> None:
    counts = Counter(o.icao24 for o in Sky(flights=40).fly(until=10.2))
    assert len(counts) == 40
    assert {10, 11} == set(counts.values())


@pytest.mark.parametrize(("rate", "each"), [(0.5, 5), (4.0, 40)])
def test_the_rate_is_that_of_each_flight(rate: float, each: int) -> None:
    counts = Counter(o.icao24 for o in Sky(flights=20, rate=rate).fly(until=10.01))
    assert len(counts) == 20
    assert all(abs(count - each) <= 1 for count in counts.values())


def test_updates_are_spread_evenly_over_the_second() -> None:
    sky = Sky(flights=400)
    sky.fly(until=2.0)
    assert {7, 8, 9} >= {len(batch) for _, batch in sky.batches}


def test_many_flights_come_in_slices_that_do_not_hold_up_the_loop() -> None:
    sky = Sky(flights=3_000, rate=10.0)
    sky.stall_at = (0.5, 0.5)
    sky.fly(until=1.5)
    assert max(len(batch) for _, batch in sky.batches) == SLICE_UPDATES


def test_after_a_long_stall_missed_updates_are_left_out() -> None:
    sky = Sky(flights=10)
    sky.stall_at = (2.0, 60.0)
    sky.fly(until=63.0)
    woken = next(batch for at, batch in sky.batches if at > 61.0)
    assert 10 == len(woken) == len({o.icao24 for o in woken})


def test_no_observation_comes_twice() -> None:
    seen = Sky(flights=50, rate=2.0).fly(until=20.0)
    assert len(seen) == len({(o.icao24, o.ts) for o in seen})
    airborne = [o for o in seen if not o.on_ground]
    assert len(airborne) == len({(o.icao24, o.lat, o.lon) for o in airborne})


def test_observations_say_what_they_are() -> None:
    for observation in Sky(flights=20).fly(until=1.0):
        assert (observation.source, observation.feed) == ("sim", "demo")
        assert WALL < observation.ts <= WALL + 1.0


def test_the_same_seed_and_clock_give_the_same_observations() -> None:
    assert Sky(30, seed=3).fly(until=5.0) == Sky(30, seed=3).fly(until=5.0)
    assert Sky(30, seed=3).fly(until=5.0) != Sky(30, seed=4).fly(until=5.0)


def test_figures_count_what_was_handed_on() -> None:
    sky = Sky(flights=25)
    seen = sky.fly(until=4.0)
    figures = sky.figures
    assert (len(seen), len(seen), 0) == (figures.received, figures.accepted, figures.ignored)
    assert seen[-1].ts == figures.last_contact
    assert (figures.state, figures.connections) == ("stopped", 1)


def test_run_again_it_goes_on_with_the_same_flights() -> None:
    sky = Sky(flights=10)
    first = {o.icao24 for o in sky.fly(until=1.01)}
    sky.batches.clear()
    assert first == {o.icao24 for o in sky.fly(until=2.02)}


@pytest.mark.parametrize("flights", [0, -1, MOST_FLIGHTS + 1])
def test_a_number_of_flights_out_of_range_is_refused(flights: int) -> None:
    with pytest.raises(FeedError, match="1 to 25000") as refused:
        Sky(flights=flights)
    assert refused.value.code == "bad_flights"


@pytest.mark.parametrize("rate", [0.0, -1.0, 11.0, float("nan")])
def test_a_rate_out_of_range_is_refused(rate: float) -> None:
    with pytest.raises(FeedError) as refused:
        Sky(flights=1, rate=rate)
    assert refused.value.code == "bad_rate"
