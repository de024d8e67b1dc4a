"""The simulator feed: simulated flights, marked ``sim``, each updated at a steady rate.

``simulator://?flights=500&seed=1&rate=1&name=sim``. What flies follows from the seed alone; what is
seen of it, from the clock. The work is spread evenly over each second in small slices, so that
25,000 flights never hold up the loop.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from aerotrack.domain.airports import load_airports
from aerotrack.domain.simulation import World
from aerotrack.feeds.feed import Clock, FeedError, FeedFigures, Sink

MOST_FLIGHTS: Final = 25_000  # the whole world's traffic at a busy hour
SLOWEST_RATE: Final = 0.01  # updates a second of one flight; slower, and it is gone in between
FASTEST_RATE: Final = 10.0
SLICE_S: Final = 0.02
# At 3 to 4 microseconds each a slice stays under 3 ms; what else is due waits for its next turn.
SLICE_UPDATES: Final = 800
# Flights made in one go while starting, at 0.2 ms each.
SLICE_FLIGHTS: Final = 12

Sleep = Callable[[float], Awaitable[None]]


class SimulatorFeed:
    """``flights`` simulated flights, ``rate`` updates a second each.

    Observations are stamped with the wall clock; the flights themselves move by the monotonic one,
    so that a step of the wall clock makes nobody jump. After a stall of more than one period the
    updates missed are left out, never made up for.

    Raises:
        FeedError: ``bad_flights`` or ``bad_rate`` where a figure is out of range.
    """

    def __init__(
        self,
        *,
        figures: FeedFigures,
        sink: Sink,
        clock: Clock,
        flights: int,
        seed: int,
        rate: float,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        if not 1 <= flights <= MOST_FLIGHTS:
            raise FeedError("bad_flights", f"flights must be 1 to {MOST_FLIGHTS}, not {flights}")
        if not SLOWEST_RATE <= rate <= FASTEST_RATE:
            raise FeedError(
                "bad_rate", f"rate must be {SLOWEST_RATE:g} to {FASTEST_RATE:g}, not {rate:g}"
            )
        self.figures = figures
        self._sink: Final = sink
        self._clock: Final = clock
        self._count: Final = flights
        self._seed: Final = seed
        self._per_second: Final = flights * rate
        self._sleep: Final = sleep
        self._world: World | None = None
        self._epoch = 0.0
        self._done = 0

    async def run(self) -> None:
        """Fly until cancelled. Run again, it goes on with the same flights."""
        self.figures.state = "starting"
        try:
            if self._world is None:
                self._world = await self._populated()
                self._epoch = self._clock.monotonic()
            self.figures.connections += 1
            self.figures.state = "connected"
            while True:
                await self._sleep(SLICE_S if self._slice(self._world) else 0.0)
        finally:
            self.figures.state = "stopped"

    async def _populated(self) -> World:
        # Reading the airports takes 80 ms: not on the loop.
        world = await asyncio.to_thread(lambda: World(load_airports(), self._seed))
        while len(world) < self._count:
            for _ in range(min(SLICE_FLIGHTS, self._count - len(world))):
                world.add(0.0)
            await self._sleep(0.0)
        return world

    def _slice(self, world: World) -> bool:
        """Hand on the updates that are due, or some of them; whether that was all."""
        received, now = self._clock.monotonic(), self._clock.wall()
        at = received - self._epoch
        due = int(at * self._per_second)
        # One of each flight at most: none is updated twice at the same moment.
        first = max(self._done, due - self._count)
        end = min(due, first + SLICE_UPDATES)
        if first < end:
            name, count, observe = self.figures.name, self._count, world.observe
            seen = [observe(number % count, at, now, name) for number in range(first, end)]
            self.figures.received += len(seen)
            self.figures.accepted += len(seen)
            self.figures.last_contact = now
            self._sink(seen, now=now, received=received)
            self._done = end
        return end >= due
