"""The live picture: what every flight last reported, at public precision, ready to be sent.

A projection: the flights own their state and report changes, the broadcaster applies them here.
Entries are encoded when somebody asks, and kept until the next change.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import orjson

from aerotrack.domain.geo import Box
from aerotrack.domain.types import Value

# One decimal: the times of the picture are for judging age, not for measuring (DESIGN section 6).
TIME_DECIMALS: Final = 1
# Coordinates of a flight of unknown position: in no box, since every comparison with NaN fails.
NOWHERE: Final = float("nan")


class Entry:
    """One flight in the picture. ``values`` holds no ``None``: unknown is absent."""

    __slots__ = (
        "_encoded", "flight_id", "icao24", "last_contact", "lat", "lon", "time_position", "values",
    )  # fmt: skip

    def __init__(self, icao24: str, flight_id: str) -> None:
        self.icao24 = icao24
        self.flight_id = flight_id
        self.values: dict[str, Any] = {}
        self.lat = self.lon = NOWHERE  # as in values, for those who look where it is
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
        for name, value in changed:
            if value is None:
                self.values.pop(name, None)
            else:
                self.values[name] = value
        self.lat = self.values.get("lat", NOWHERE)
        self.lon = self.values.get("lon", NOWHERE)
        self.time_position = time_position
        self.last_contact = last_contact
        self._encoded = None

    def within(self, box: Box | None) -> bool:
        """Whether a view of ``box`` shows it; without a box even flights of unknown position."""
        if box is None:
            return True
        return box.contains(self.lat, self.lon)

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
    """All flights that are live, by icao24, and the position of the picture in its own history."""

    __slots__ = ("_entries", "pos")

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self.pos = 0  # goes up by one with every change; never falls within a run

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def get(self, icao24: str) -> Entry | None:
        """The entry of an aircraft, where it is live."""
        return self._entries.get(icao24)

    def apply(
        self,
        icao24: str,
        flight_id: str,
        changed: Iterable[tuple[str, Value]],
        *,
        whole: bool,
        time_position: float | None,
        last_contact: float,
    ) -> tuple[Entry, bool]:
        """Merge a change, or with ``whole`` replace the entry.

        Returns the entry as it is then, and whether clients must hear of it: also of a position
        that is confirmed where it was, since what they hear nothing of ages.
        """
        entry = self._entries.get(icao24)
        if entry is None or whole:
            entry = self._entries[icao24] = Entry(icao24, flight_id)
        confirmed = time_position != entry.time_position
        entry.apply(changed, time_position, last_contact)
        self.pos += 1
        return entry, bool(changed) or whole or confirmed

    def remove(self, icao24: str, flight_id: str) -> bool:
        """Take a flight out; ``False`` where it is not there, or another flight of its aircraft."""
        entry = self._entries.get(icao24)
        if entry is None or entry.flight_id != flight_id:
            return False
        del self._entries[icao24]
        self.pos += 1
        return True

    def shown(self, box: Box | None) -> Iterator[Entry]:
        """The entries a view of ``box`` shows."""
        return (entry for entry in self._entries.values() if entry.within(box))
