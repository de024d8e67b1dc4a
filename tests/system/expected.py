"""What recordings say, read off their lines by the plainest means: split at commas, ``json.loads``.

On purpose nothing of the server's own parsers: the two must come to the same by different ways.
"""

import json
from collections.abc import Callable, Iterable
from typing import Any

Fields = dict[str, Any]
# What an aircraft's track says of one column, in order, nothing twice in a row.
Sequence = list[Any]

# Columns of a line of port 30003 counted from 0, and how their text reads.
_SBS: dict[str, tuple[int, Callable[[str], Any]]] = {
    "callsign": (10, str.strip),
    "alt_baro": (11, int),
    "gs": (12, float),
    "track": (13, float),
    "baro_rate": (16, int),
    "squawk": (17, lambda text: text.zfill(4)),
}
# Those whose change makes a point of the track; the rate of climb is only carried along.
TRACKED = ("callsign", "alt_baro", "gs", "track", "squawk")


# Decimals of the live picture (docs/vocabulary.md): a metre, a tenth of a knot and of a degree.
_PUBLIC = {"lat": 5, "lon": 5, "gs": 1, "track": 1}


def changes(values: Iterable[Any]) -> Sequence:
    """``values`` without None and without repeats of the one before."""
    kept: Sequence = []
    for value in values:
        if value is not None and (not kept or kept[-1] != value):
            kept.append(value)
    return kept


class Aircraft:
    """What a recording says of one aircraft."""

    def __init__(self) -> None:
        self.last: Fields = {}
        self.columns: dict[str, list[Any]] = {name: [] for name in TRACKED}
        self.positions: list[tuple[float, float]] = []

    def note(self, name: str, value: Any) -> None:
        self.last[name] = value
        if name in self.columns:
            self.columns[name].append(value)

    def at(self, lat: float, lon: float) -> None:
        """A position; one that repeats the last, or the one before that, is not news.

        dump1090 sends the frames of a recording that holds each twice in pairs, and once, for
        4CAAAE, as A B A within 1.02 s. The server takes what repeats either of the last two within
        two seconds for the same transmission heard again, as readsb does.
        """
        if (lat, lon) not in self.positions[-2:]:
            self.positions.append((lat, lon))
            self.last["lat"], self.last["lon"] = lat, lon


def differences(
    flights: dict[str, Fields], expected: dict[str, Aircraft]
) -> dict[str, dict[str, tuple[Any, Any]]]:
    """Where a live picture says something else: by icao24 and field, the expected and the shown."""
    found = {}
    for icao24 in flights.keys() | expected.keys():
        flight = flights.get(icao24, {})
        wanted = expected[icao24].last if icao24 in expected else {"icao24": None}
        wrong = {}
        for name, value in wanted.items():
            public = round(value, _PUBLIC[name]) if name in _PUBLIC else value
            if public != flight.get(name):
                wrong[name] = (public, flight.get(name))
        if wrong or icao24 not in flights:
            found[icao24] = wrong
    return found


def of_sbs(recording: bytes) -> dict[str, Aircraft]:
    """By icao24: what the ``MSG`` lines of a receiver say."""
    found: dict[str, Aircraft] = {}
    for line in recording.decode().splitlines():
        fields = line.split(",")
        if fields[0] != "MSG" or len(fields) != 22:
            continue
        aircraft = found.setdefault(fields[4].lower(), Aircraft())
        for name, (place, read) in _SBS.items():
            if fields[place].strip():
                aircraft.note(name, read(fields[place]))
        if fields[14] and fields[15]:
            aircraft.at(float(fields[14]), float(fields[15]))
    return found


# Names of dump1090-mutability that readsb renamed.
_OLD = {"altitude": "alt_baro", "speed": "gs", "vert_rate": "baro_rate"}
_SAME = {
    "flight": "callsign", "alt_baro": "alt_baro", "gs": "gs", "track": "track",
    "baro_rate": "baro_rate", "squawk": "squawk", "r": "registration", "t": "typecode",
    "category": "category",
}  # fmt: skip


def add_snapshot(found: dict[str, Aircraft], entries: Iterable[Fields]) -> None:
    """Add what the aircraft objects of one ``aircraft.json`` say."""
    for entry in entries:
        aircraft = found.setdefault(entry["hex"], Aircraft())
        for theirs, name in (_SAME | _OLD).items():
            value = entry.get(theirs)
            if value is None:
                continue
            if value == "ground":
                aircraft.note("on_ground", True)
            elif name != "callsign":
                aircraft.note(name, value)
            elif value.strip():
                aircraft.note(name, value.strip())
        if "lat" in entry:
            aircraft.at(entry["lat"], entry["lon"])


def of_snapshots(documents: Iterable[bytes]) -> dict[str, Aircraft]:
    """By icao24: what ``aircraft.json`` says from poll to poll."""
    found: dict[str, Aircraft] = {}
    for document in documents:
        add_snapshot(found, json.loads(document)["aircraft"])
    return found
