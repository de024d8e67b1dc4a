"""Whatever happens, picture and changes come to what a fresh client is shown."""

import asyncio
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aerotrack import client

from .conftest import PATIENCE_S, World

ADDRESSES = [f"4ca2d{n}" for n in range(5)]
PLACES = st.tuples(st.integers(-9, 9), st.integers(-9, 9))
FLIES = st.tuples(st.just("flies"), st.sampled_from(ADDRESSES), PLACES)
ENDS = st.tuples(st.just("ends"), st.sampled_from(ADDRESSES))
LOOKS = st.tuples(st.just("looks"), st.none() | st.tuples(PLACES, st.integers(0, 9)))
STEPS = FLIES | FLIES | ENDS | LOOKS | st.sampled_from([("beat",), ("lost",), ("listen",)])
AGES = {"last_contact", "time_position"}


class Told:
    """The flights as one knows them who only listens to changes."""

    def __init__(self, changes: client.Changes) -> None:
        self.flights: dict[str, client.LiveFlight] = {}
        self._changes = changes

    async def listen(self) -> None:
        """Hear all there is; each change must be possible."""
        while len(self._changes):
            match await anext(self._changes):
                case client.Appeared(flight):
                    assert flight.icao24 not in self.flights
                    self.flights[flight.icao24] = flight
                case client.Updated(flight):
                    assert flight.flight_id == self.flights[flight.icao24].flight_id
                    self.flights[flight.icao24] = flight
                case client.Left(flight):
                    assert flight.flight_id == self.flights.pop(flight.icao24).flight_id


class Traffic:
    """Flights that begin, move and end."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.starts: dict[str, int] = {}
        self._started = 0

    def flies(self, icao24: str, place: tuple[int, int]) -> None:
        whole = icao24 not in self.starts
        if whole:
            self._started += 1
            self.starts[icao24] = self._started
        lat, lon = map(float, place)
        self.world.change(icao24, whole=whole, start=self.starts[icao24], lat=lat, lon=lon)

    def ends(self, icao24: str) -> None:
        if icao24 in self.starts:
            self.world.end(icao24, start=self.starts.pop(icao24))


def shown(flights: Any) -> dict[str, Any]:
    """Everything of every flight but its ages."""
    names = set(client.LiveFlight.__struct_fields__) - AGES
    return {f.icao24: {name: getattr(f, name) for name in names} for f in flights.values()}


async def converged(world: World, live: client.LiveStream, view: dict[str, Any]) -> None:
    """Wait until the client shows what a fresh one is shown; fails where it never does."""
    async with client.connect(world.url) as fresh:
        await fresh.subscribe(**view)
        expected = shown(fresh.flights)
    try:
        async with asyncio.timeout(PATIENCE_S):
            while live.state != "live" or shown(live.flights) != expected:
                world.tick()
                await asyncio.sleep(0.002)
    except TimeoutError:
        assert expected == shown(live.flights)


@pytest.mark.parametrize("listening", [True, False])
@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(STEPS, max_size=25))
def test_picture_and_changes_converge(world, listening, steps):
    async def scene():
        async with world() as here, client.connect(here.url) as live:
            traffic, view = Traffic(here), {"interval": 0.1}
            await live.subscribe(**view)
            told = Told(live.changes())
            for step, *given_to in steps:
                match step:
                    case "flies":
                        traffic.flies(*given_to)
                    case "ends":
                        traffic.ends(*given_to)
                    case "beat":
                        here.tick()
                        await here.system.drained()
                    case "lost":
                        here.hang_up()
                        await asyncio.sleep(0)
                    case "listen" if listening:
                        await told.listen()
                    case "looks":
                        view = {"interval": 0.1}
                        if given_to[0] is not None:
                            (west, south), size = given_to[0]
                            view["bbox"] = (west, south, west + size, min(90, south + size))
                        await live.subscribe(**view)
            await here.system.drained()
            await converged(here, live, view)
            await told.listen()
            assert shown(live.flights) == shown(told.flights)

    asyncio.run(asyncio.wait_for(scene(), 6 * PATIENCE_S))
