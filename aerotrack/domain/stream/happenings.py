"""What happened to flights of late: the events of the stream, and who is told of them."""

from collections import deque
from collections.abc import Iterator
from typing import Any, Final

import msgspec
import orjson

from aerotrack.domain.records import FlightEvent, flight_id_of_key
from aerotrack.domain.stream.layers import Layer
from aerotrack.domain.stream.picture import Entry
from aerotrack.domain.stream.pyramid import NOWHERE
from aerotrack.domain.stream.view import View
from aerotrack.domain.vocabulary import DECIMALS

# Events remembered, should a minute bring more: 1,000 flights a second that start and end bring
# 120,000, of 300 bytes each.
HAPPENINGS_KEPT: Final = 120_000


class Happening(msgspec.Struct, frozen=True, gc=False):
    """An event at ``pos``, of a flight at ``place`` that ``layers`` showed then."""

    pos: int
    icao24: str
    place: int
    layers: tuple[Layer, ...]
    body: bytes

    def seen_by(self, view: View) -> bool:
        """Whether the client's view shows, or follows, the flight."""
        if self.icao24 in view.follow:
            return True
        return view.layer in self.layers and view.area.contains(self.place)


def happening(
    event: FlightEvent, entry: Entry | None, layers: tuple[Layer, ...], pos: int
) -> Happening:
    """The event of a flight; ``entry`` is ``None`` where it is not in the picture."""
    flight_id = flight_id_of_key(event.flight)
    icao24 = flight_id.partition("-")[0]
    body: dict[str, Any] = {
        "event": event.kind, "icao24": icao24, "flight_id": flight_id, "ts": round(event.ts, 3),
    }  # fmt: skip
    if entry is not None and "callsign" in entry.values:
        body["callsign"] = entry.values["callsign"]
    if event.lat is not None and event.lon is not None:
        body["lat"] = round(event.lat, DECIMALS["lat"])
        body["lon"] = round(event.lon, DECIMALS["lon"])
    if event.detail is not None:
        body["detail"] = event.detail
    place = NOWHERE if entry is None else entry.place
    shown = () if entry is None else tuple(layer for layer in layers if layer.has(entry))
    return Happening(pos, icao24, place, shown, orjson.dumps(body)[1:])


class Happenings:
    """The events of the window; every one after ``floor`` is there."""

    __slots__ = ("_events", "floor")

    def __init__(self) -> None:
        self._events: deque[Happening] = deque()
        self.floor = 0

    def add(self, one: Happening) -> None:
        """Another happened."""
        self._events.append(one)
        if len(self._events) > HAPPENINGS_KEPT:
            self.floor = self._events.popleft().pos

    def forget(self, pos: int) -> None:
        """Events up to ``pos`` are not needed any more."""
        while self._events and self._events[0].pos <= pos:
            self._events.popleft()
        self.floor = max(self.floor, pos)

    def forget_all(self, pos: int) -> None:
        """Nothing is known of what was up to ``pos``."""
        self._events.clear()
        self.floor = pos

    def since(self, pos: int) -> Iterator[Happening]:
        """Events after ``pos``, oldest first."""
        later: list[Happening] = []
        for one in reversed(self._events):
            if one.pos <= pos:
                break
            later.append(one)
        return reversed(later)
