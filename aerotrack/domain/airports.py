"""The world's airports: what they are called, where they lie, which one is near.

Read once from the table inside the ``airportsdata`` package (MIT), when first asked for. Kept are
the places with a four-letter ICAO location indicator or an IATA code (about 17,000); the rest of
the table is private strips that only a national authority numbers.
"""

import csv
import math
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from sys import intern
from typing import Final

import msgspec

from aerotrack.domain.geo import distance_nmi

NMI_PER_DEGREE: Final = 60.0
# Where a degree of longitude is narrower than this share of a degree of latitude (above 84°), a
# search looks at the whole ring of cells instead of dividing by next to nothing.
NARROWEST_DEGREE: Final = 0.1


class Airport(msgspec.Struct, frozen=True, gc=False):
    """One airport. ``lat``/``lon`` in degrees, ``elevation`` in feet, ``country`` ISO 3166-1."""

    icao: str
    iata: str | None
    name: str
    city: str
    country: str
    lat: float
    lon: float
    elevation: int


# The military side of an airport has its reference point up to this far off (Melsbroek, Brussels).
OTHER_HALF_NMI: Final = 2.0


class Airports:
    """Airports by their codes and by place. Never changes after it was made."""

    def __init__(self, airports: Iterable[Airport]) -> None:
        self._by_icao: Final = {airport.icao: airport for airport in airports}
        self._by_iata: Final = {
            airport.iata: airport for airport in self._by_icao.values() if airport.iata
        }
        cells: dict[int, list[Airport]] = {}
        for airport in self._by_icao.values():
            cells.setdefault(_cell(airport.lat, airport.lon), []).append(airport)
        self._cells: Final = {cell: tuple(members) for cell, members in cells.items()}

    def __len__(self) -> int:
        return len(self._by_icao)

    def __iter__(self) -> Iterator[Airport]:
        return iter(self._by_icao.values())

    def by_icao(self, code: str) -> Airport | None:
        """The airport with this ICAO location indicator, in capitals."""
        return self._by_icao.get(code)

    def by_iata(self, code: str) -> Airport | None:
        """The airport with this IATA code, in capitals."""
        return self._by_iata.get(code)

    def likely(self, lat: float, lon: float, within_nmi: float) -> tuple[Airport, float] | None:
        """The airport a flight beside it uses, and its distance; ``None`` if none is that near.

        The nearest, but of two that share their runways the one that airlines serve.
        """
        found = [
            (distance + _other_half(airport), distance, airport)
            for cell in _cells_within(lat, lon, within_nmi)
            for airport in self._cells.get(cell, ())
            if (distance := distance_nmi(lat, lon, airport.lat, airport.lon)) <= within_nmi
        ]
        if not found:
            return None
        _, distance, airport = min(found, key=lambda one: one[0])
        return airport, distance

    def nearest(self, lat: float, lon: float, within_nmi: float) -> tuple[Airport, float] | None:
        """The nearest airport and its distance in nmi; ``None`` if all are further than that.

        Made for radii of some tens of nautical miles: it looks through every cell of one degree
        that the radius touches.
        """
        best, best_distance = None, within_nmi
        for cell in _cells_within(lat, lon, within_nmi):
            for airport in self._cells.get(cell, ()):
                distance = distance_nmi(lat, lon, airport.lat, airport.lon)
                if distance <= best_distance:
                    best, best_distance = airport, distance
        return None if best is None else (best, best_distance)


def _other_half(airport: Airport) -> float:
    """What an airport without an IATA code is put behind one that has one, nmi."""
    return 0.0 if airport.iata else OTHER_HALF_NMI


def _cell(lat: float, lon: float) -> int:
    """The number of the one-degree cell the point lies in."""
    return math.floor(lat) * 360 + math.floor(lon) % 360


def _cells_within(lat: float, lon: float, radius_nmi: float) -> Iterator[int]:
    reach = radius_nmi / NMI_PER_DEGREE
    for row in range(max(-90, math.floor(lat - reach)), min(90, math.floor(lat + reach)) + 1):
        edge = min(90.0, max(abs(row), abs(row + 1)))  # the narrow side of the row
        width = math.cos(math.radians(edge))
        across = reach / width if width > NARROWEST_DEGREE else 180.0
        if across >= 179.0:
            columns = range(360)
        else:
            columns = range(math.floor(lon - across), math.floor(lon + across) + 1)
        for column in columns:
            yield row * 360 + column % 360


def _airport(row: Mapping[str, str]) -> Airport | None:
    icao, iata = row["icao"], row["iata"]
    if not iata and not (len(icao) == 4 and icao.isalpha()):
        return None
    return Airport(
        icao=icao,
        iata=iata or None,
        name=row["name"],
        city=intern(row["city"]),
        country=intern(row["country"]),
        lat=float(row["lat"]),
        lon=float(row["lon"]),
        elevation=round(float(row["elevation"])),
    )


@cache
def load_airports() -> Airports:
    """All airports; the table is read by the first call only (0.08 s, 11 MB kept).

    The file is read here rather than by ``airportsdata.load()``, which makes 28,000 dictionaries.
    """
    with files("airportsdata").joinpath("airports.csv").open(encoding="utf-8") as table:
        found = (_airport(row) for row in csv.DictReader(table))
        return Airports([airport for airport in found if airport is not None])
