"""A stream, its clock and its clients, for the tests of single rules."""

from collections.abc import Iterable
from typing import Any

import orjson

from aerotrack.domain.geo import Box, box
from aerotrack.domain.held import HeldPicture
from aerotrack.domain.records import FlightEvent, flight_key
from aerotrack.domain.stream.audience import Frame, Limits, Wanted
from aerotrack.domain.stream.filters import FlightFilter
from aerotrack.domain.stream.pyramid import area_of
from aerotrack.domain.stream.stream import LiveStream

NOW = 1_764_000_000.0
EUROPE = box(0, 45, 5, 50)
EAST = box(10, 45, 15, 50)  # more than a cell away from EUROPE
RYANAIR = FlightFilter((("callsign", ("RYR",)),))


class Scene:
    """A stream, its clock, and clients that read everything at once."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.stream = LiveStream(*(() if limits is None else (limits,)))
        self.now = NOW
        self.sent: dict[int, list[dict[str, Any]]] = {}
        self.held: dict[int, HeldPicture] = {}
        self.received: list[float | None] = []

    def change(self, icao24: str, *, whole: bool = False, **fields: Any) -> None:
        new = whole or self.stream.picture.get(icao24) is None
        self.stream.change(
            icao24, f"{icao24}-00000001", tuple(fields.items()), whole=new,
            time_position=self.now, last_contact=self.now, received=self.now,
        )  # fmt: skip

    def gone(self, icao24: str, reason: str = "stale") -> None:
        self.stream.gone(icao24, f"{icao24}-00000001", reason, None)

    def happens(self, icao24: str, detail: str = "EDDF") -> None:
        event = FlightEvent(flight_key(icao24, 1), self.now, "takeoff", detail)
        self.stream.happened(event)

    def subscribe(
        self,
        client: int,
        look: Box | None = None,
        *,
        interval: float = 1.0,
        which: FlightFilter | None = None,
        follow: Iterable[str] = (),
        resume: int | None = None,
    ) -> list[dict[str, Any]]:
        wanted = Wanted(area_of(look), interval, which, frozenset(follow), resume)
        self.sent.setdefault(client, [])
        return self._deliver(self.stream.audience.subscribe(client, wanted, self.now), client)

    def tick(self, seconds: float = 1.0) -> None:
        self.now += seconds
        self._deliver(self.stream.tick(self.now))
        while self.stream.audience.busy:
            self._deliver(self.stream.audience.work())

    def _deliver(self, frames: Iterable[Frame], client: int = 0) -> list[dict[str, Any]]:
        made = []
        for number, payload, received in frames:
            frame = orjson.loads(payload)
            self.sent[number].append(frame)
            self.held.setdefault(number, HeldPicture()).apply(frame)
            self.received.append(received)
            if number == client:
                made.append(frame)
        return made

    def reading(self, client: int, writable: bool) -> None:
        self.stream.audience.set_writable(client, writable=writable)

    def taken(self, client: int) -> list[dict[str, Any]]:
        """The frames since the last look."""
        frames, self.sent[client] = self.sent[client], []
        return frames


def flights(frame: dict[str, Any]) -> dict[str, Any]:
    return {entry["icao24"]: entry for entry in frame["flights"]}


def gone(frame: dict[str, Any]) -> list[tuple[str, str]]:
    return [(entry["icao24"], entry["reason"]) for entry in frame["gone"]]
