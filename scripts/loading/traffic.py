"""Flights that can be seen at any time: simulated ones, or those of a file flown on."""

import math
from collections.abc import Collection
from typing import Final, Protocol

import msgspec

from aerotrack.domain.airports import Airports
from aerotrack.domain.geo import EARTH_RADIUS_NMI, wrap_lon
from aerotrack.domain.observation import Posted, present
from aerotrack.domain.simulation import World

FEED: Final = "load"


class Traffic(Protocol):
    """A number of flights, each seen whenever one asks."""

    def __len__(self) -> int: ...

    def observe(self, index: int, at: float, ts: float) -> Posted:
        """What flight ``index`` reports ``at`` seconds after the start, dated ``ts`` (epoch s).

        ``at`` must not go backwards.
        """


class SimulatedTraffic:
    """Airliners between real airports, as the simulator feed has them; marked ``sim``.

    Flights whose icao24 is among ``taken`` are left out: another feed shows them already.
    """

    def __init__(self, airports: Airports, seed: int, taken: Collection[str]) -> None:
        self._world: Final = World(airports, seed)
        self._taken: Final = taken
        self._indexes: Final[list[int]] = []

    def __len__(self) -> int:
        return len(self._indexes)

    def add(self) -> None:
        """One more flight. Takes 0.3 ms, three times that beyond 50,000."""
        while True:
            self._world.add(0.0)
            index = len(self._world) - 1
            # Asked this way because .flights copies them all.
            if self._world.observe(index, 0.0, 0.0, FEED).icao24 not in self._taken:
                self._indexes.append(index)
                return

    def observe(self, index: int, at: float, ts: float) -> Posted:
        """See :class:`Traffic`. A flight that is over is replaced by another one departing."""
        seen = self._world.observe(self._indexes[index], at, ts, FEED)
        return Posted(icao24=seen.icao24, ts=ts, source=seen.source, **present(seen))  # type: ignore[arg-type]


class FileTraffic:
    """The aircraft of a file, each where it was last, flown on straight ahead at its ground speed.

    What is known of an aircraft is what its records say together, later ones (by ``ts``, else by
    their order) over earlier ones. With ``moving`` the source becomes ``sim``: nobody saw them
    there. Without a track or a ground speed, or on the ground, an aircraft stays where it is.
    """

    def __init__(self, *, moving: bool) -> None:
        self._moving: Final = moving
        self._aircraft: Final[dict[str, Posted]] = {}
        self._listed: list[Posted] | None = None

    def __len__(self) -> int:
        return len(self._aircraft)

    def add(self, posted: Posted) -> None:
        """One more record of the file."""
        held = self._aircraft.get(posted.icao24)
        if held is not None:
            older, newer = held, posted
            if posted.ts is not None and held.ts is not None and posted.ts < held.ts:
                older, newer = posted, held
            posted = msgspec.structs.replace(
                older, ts=newer.ts, source=newer.source, receiver=newer.receiver, **present(newer)
            )
        self._aircraft[posted.icao24] = posted
        self._listed = None

    def observe(self, index: int, at: float, ts: float) -> Posted:
        """See :class:`Traffic`."""
        if self._listed is None:
            self._listed = list(self._aircraft.values())
        start = self._listed[index]
        if not self._moving:
            return msgspec.structs.replace(start, ts=ts)
        lat, lon, gs, track = start.lat, start.lon, start.gs, start.track
        if lat is None or lon is None or not gs or track is None or start.on_ground:
            return msgspec.structs.replace(start, ts=ts, source="sim")
        lat, lon, track = ahead(lat, lon, track, gs * at / 3600.0)
        return msgspec.structs.replace(start, ts=ts, source="sim", lat=lat, lon=lon, track=track)


def ahead(lat: float, lon: float, track: float, distance: float) -> tuple[float, float, float]:
    """The place ``distance`` nmi further on the great circle that starts at a place with a track.

    Degrees in, degrees out: latitude, longitude, and the track one has there.
    """
    phi, theta, sigma = math.radians(lat), math.radians(track), distance / EARTH_RADIUS_NMI
    sin_phi = math.sin(phi) * math.cos(sigma) + math.cos(phi) * math.sin(sigma) * math.cos(theta)
    phi2 = math.asin(max(-1.0, min(1.0, sin_phi)))
    east = math.sin(theta) * math.sin(sigma) * math.cos(phi)
    dlon = math.atan2(east, math.cos(sigma) - math.sin(phi) * math.sin(phi2))
    # Clairaut: sin(track) cos(lat) is the same all along; the other component says which way.
    north = math.cos(theta) * math.cos(phi) * math.cos(sigma) - math.sin(phi) * math.sin(sigma)
    track2 = math.atan2(math.sin(theta) * math.cos(phi), north)
    return math.degrees(phi2), wrap_lon(lon + math.degrees(dlon)), math.degrees(track2) % 360.0
