"""The smallest registry, flight and sink that have the shape of the real ones."""

from __future__ import annotations

import msgspec
from thespian.actors import ActorAddress, ActorExitRequest

from aerotrack.actors.base import AeroActor, handles


class Spawn(msgspec.Struct, frozen=True):
    """To the registry: make this many flights that report to `sink`."""

    count: int
    sink: ActorAddress


class Remove(msgspec.Struct, frozen=True):
    """To the registry: end every flight."""


class Configure(msgspec.Struct, frozen=True):
    """Registry to a new flight."""

    icao24: str
    sink: ActorAddress


class Observation(msgspec.Struct, frozen=True, gc=False):
    icao24: str
    ts: float
    lat: float
    lon: float


class ObserveBatch(msgspec.Struct, frozen=True):
    """To the registry: a feed's batch."""

    observations: tuple[Observation, ...]


class Observe(msgspec.Struct, frozen=True):
    """Registry to flight."""

    observation: Observation


class FlightChanged(msgspec.Struct, frozen=True, gc=False):
    """Flight to sink."""

    icao24: str
    ts: float
    lat: float
    lon: float


class BenchFlight(AeroActor):
    __slots__ = ("icao24", "last", "sink", "updates")

    def __init__(self) -> None:
        self.updates = 0

    @handles(Configure)
    def configure(self, message: Configure, _sender: ActorAddress) -> None:
        self.icao24 = message.icao24
        self.sink = message.sink

    @handles(Observe)
    def observe(self, message: Observe, _sender: ActorAddress) -> None:
        seen = message.observation
        self.last = seen
        self.updates += 1
        self.send(self.sink, FlightChanged(self.icao24, seen.ts, seen.lat, seen.lon))


class BenchRegistry(AeroActor):
    __slots__ = ("flights",)

    def __init__(self) -> None:
        self.flights: dict[str, ActorAddress] = {}

    @handles(Spawn)
    def spawn(self, message: Spawn, _sender: ActorAddress) -> None:
        for number in range(len(self.flights), len(self.flights) + message.count):
            icao24 = f"{number:06x}"
            flight = self.createActor(BenchFlight)
            self.flights[icao24] = flight
            self.send(flight, Configure(icao24, message.sink))

    @handles(ObserveBatch)
    def observe_batch(self, message: ObserveBatch, _sender: ActorAddress) -> None:
        flights = self.flights
        send = self.send
        for observation in message.observations:
            send(flights[observation.icao24], Observe(observation))

    @handles(Remove)
    def remove(self, _message: Remove, _sender: ActorAddress) -> None:
        for flight in self.flights.values():
            self.send(flight, ActorExitRequest())
        self.flights = {}


class BenchParent(AeroActor):
    """Makes bare flights and keeps nothing of them: what is left is the cost of an actor."""

    __slots__ = ()

    @handles(Spawn)
    def spawn(self, message: Spawn, _sender: ActorAddress) -> None:
        for _ in range(message.count):
            self.createActor(BenchFlight)


class BenchSink(AeroActor):
    __slots__ = ("changes", "latest")

    def __init__(self) -> None:
        self.changes = 0
        self.latest: dict[str, FlightChanged] = {}

    @handles(FlightChanged)
    def changed(self, message: FlightChanged, _sender: ActorAddress) -> None:
        self.changes += 1
        self.latest[message.icao24] = message


def batch(first: int, count: int, of: int, ts: float) -> ObserveBatch:
    """`count` observations of flights `first`… modulo `of`, all at epoch second `ts`."""
    return ObserveBatch(
        tuple(
            Observation(f"{number % of:06x}", ts, 50.0 + number * 1e-6, 8.0)
            for number in range(first, first + count)
        )
    )
