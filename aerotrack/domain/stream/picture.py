"""The live picture: what every flight last reported, at public precision, and where it is.

A projection: the flights own their state and report changes, which are applied here. Entries are
encoded when somebody asks, and kept until the next change.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import orjson

from aerotrack.domain.geo import Box
from aerotrack.domain.stream.pyramid import (
    COLUMNS,
    NOWHERE,
    WORLD_LEVEL,
    Area,
    place_of,
    places_of,
)
from aerotrack.domain.types import Value

# One decimal: the times of the picture are for judging age, not for measuring (DESIGN section 6).
TIME_DECIMALS: Final = 1


class Entry:
    """One flight in the picture. ``values`` holds no ``None``: unknown is absent.

    ``place`` is its smallest cell, ``pos`` the picture's position at its last change.
    """

    __slots__ = (
        "_encoded", "flight_id", "icao24", "last_contact", "place", "pos", "time_position",
        "values",
    )  # fmt: skip

    def __init__(self, icao24: str, flight_id: str) -> None:
        self.icao24 = icao24
        self.flight_id = flight_id
        self.values: dict[str, Any] = {}
        self.place = NOWHERE
        self.pos = 0
        self.time_position: float | None = None
        self.last_contact = 0.0
        self._encoded: bytes | None = None

    def apply(
        self,
        changed: Iterable[tuple[str, Value]],
        time_position: float | None,
        last_contact: float,
    ) -> None:
        """Take in what the flight reported; ``None`` clears a field."""
        values = self.values
        for name, value in changed:
            if value is None:
                values.pop(name, None)
            else:
                values[name] = value
        lat, lon = values.get("lat"), values.get("lon")
        self.place = NOWHERE if lat is None or lon is None else place_of(lat, lon)
        self.time_position = time_position
        self.last_contact = last_contact
        self._encoded = None

    def within(self, box: Box | None) -> bool:
        """Whether it lies in ``box``; without a box even a flight of unknown position does."""
        if box is None:
            return True
        return self.place != NOWHERE and box.contains(self.values["lat"], self.values["lon"])

    def encoded(self) -> bytes:
        """The whole entry as a JSON object."""
        if self._encoded is None:
            whole = {"icao24": self.icao24, "flight_id": self.flight_id, **self.values}
            if self.time_position is not None:
                whole["time_position"] = round(self.time_position, TIME_DECIMALS)
            whole["last_contact"] = round(self.last_contact, TIME_DECIMALS)
            self._encoded = orjson.dumps(whole)
        return self._encoded

    def encoded_full(self) -> bytes:
        """The whole entry as it stands in a delta, marked to replace what was held."""
        return b'{"full":true,' + self.encoded()[1:]


class LivePicture:
    """All flights that are live, by icao24 and by place."""

    __slots__ = ("_entries", "_places")

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        # Only places with somebody in them; an inner dictionary for its order, as a set.
        self._places: dict[int, dict[Entry, None]] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def get(self, icao24: str) -> Entry | None:
        """The entry of an aircraft, where it is live."""
        return self._entries.get(icao24)

    def add(self, icao24: str, flight_id: str) -> Entry:
        """A flight that was not there; nothing is known of it yet."""
        entry = self._entries[icao24] = Entry(icao24, flight_id)
        self._places.setdefault(NOWHERE, {})[entry] = None
        return entry

    def moved(self, entry: Entry, before: int) -> None:
        """An entry is not at the place any more where it was ``before``."""
        self._leave(entry, before)
        self._places.setdefault(entry.place, {})[entry] = None

    def remove(self, entry: Entry) -> None:
        """Take a flight out."""
        del self._entries[entry.icao24]
        self._leave(entry, entry.place)

    def _leave(self, entry: Entry, place: int) -> None:
        members = self._places[place]
        del members[entry]
        if not members:
            del self._places[place]

    def within(self, area: Area, but: Area | None = None) -> Iterator[Entry]:
        """The entries in ``area``; those in ``but`` are left out."""
        if but is not None and area == but:
            return
        places = self._places
        if area.level == WORLD_LEVEL or area.places > len(places):
            for place, members in places.items():
                if area.contains(place) and not (but is not None and but.contains(place)):
                    yield from members
            return
        for row in range(*area.rows):
            for column in range(*area.columns):
                place = row * COLUMNS + column % COLUMNS
                found = places.get(place)
                if found is not None and not (but is not None and but.contains(place)):
                    yield from found

    def inside(self, box: Box | None) -> Iterator[Entry]:
        """The entries that lie in ``box``, exactly."""
        if box is None:
            yield from self
            return
        for entry in self.within(places_of(box)):
            if entry.within(box):
                yield entry
