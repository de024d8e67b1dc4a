"""Great circles: from an airport towards another, and the places along them."""

import math
from typing import NamedTuple

import msgspec

from aerotrack.domain.airports import Airport
from aerotrack.domain.geo import EARTH_RADIUS_NMI


def unit_vector(lat: float, lon: float) -> tuple[float, float, float]:
    """The point on the unit sphere at a latitude and longitude in degrees."""
    phi, lam = math.radians(lat), math.radians(lon)
    return math.cos(phi) * math.cos(lam), math.cos(phi) * math.sin(lam), math.sin(phi)


class Path(msgspec.Struct, frozen=True, gc=False):
    """A great circle: unit vectors of its start and, a quarter turn on, of where it leads."""

    px: float
    py: float
    pz: float
    tx: float
    ty: float
    tz: float


def great_circle(origin: Airport, destination: Airport) -> Path:
    """The great circle from one airport towards another (not the same, not antipodes)."""
    p = unit_vector(origin.lat, origin.lon)
    q = unit_vector(destination.lat, destination.lon)
    dot = sum(a * b for a, b in zip(p, q, strict=True))
    tangent = [b - dot * a for a, b in zip(p, q, strict=True)]
    length = math.sqrt(sum(c * c for c in tangent))
    return Path(*p, *(c / length for c in tangent))


class Place(NamedTuple):
    """A point of a path: degrees, and the true track there."""

    lat: float
    lon: float
    track: float


def place(path: Path, flown: float) -> Place:
    """Where ``path`` is after ``flown`` nmi."""
    sigma = flown / EARTH_RADIUS_NMI
    c, s = math.cos(sigma), math.sin(sigma)
    x, y, z = path.px * c + path.tx * s, path.py * c + path.ty * s, path.pz * c + path.tz * s
    east = path.px * path.ty - path.py * path.tx
    track = math.atan2(east, path.tz * c - path.pz * s)
    return Place(
        math.degrees(math.atan2(z, math.hypot(x, y))),
        math.degrees(math.atan2(y, x)),
        math.degrees(track) % 360.0,
    )
