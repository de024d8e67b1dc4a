"""Geometry on the sphere: distances, bearings, and the boxes clients look through."""

import math
from typing import Final

import msgspec

# Mean earth radius of the IUGG (6371.0088 km) in nautical miles of 1852 m. The sphere is within
# 0.6 % of the ellipsoid anywhere, far inside what a gate or a distance column needs.
EARTH_RADIUS_NMI: Final = 6371.0088 / 1.852
METRES_PER_NMI: Final = 1852.0
WORLD_WIDTH: Final = 360.0


def distance_nmi(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Great-circle distance in nautical miles (haversine formula); arguments in degrees."""
    phi1, phi2 = math.radians(lat1), math.radians(lat2)
    a = (
        math.sin((phi2 - phi1) / 2) ** 2
        + math.cos(phi1) * math.cos(phi2) * math.sin(math.radians(lon2 - lon1) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_NMI * math.asin(math.sqrt(min(1.0, a)))


def bearing_deg(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Initial true bearing from the first point to the second, 0 <= bearing < 360 degrees."""
    phi1, phi2 = math.radians(lat1), math.radians(lat2)
    dlon = math.radians(lon2 - lon1)
    y = math.sin(dlon) * math.cos(phi2)
    x = math.cos(phi1) * math.sin(phi2) - math.sin(phi1) * math.cos(phi2) * math.cos(dlon)
    return math.degrees(math.atan2(y, x)) % 360.0


def distance_and_bearing(lat1: float, lon1: float, lat2: float, lon2: float) -> tuple[float, float]:
    """:func:`distance_nmi` and :func:`bearing_deg` in one, for half the cost."""
    phi1, phi2, dlon = math.radians(lat1), math.radians(lat2), math.radians(lon2 - lon1)
    sin1, cos1, sin2, cos2 = math.sin(phi1), math.cos(phi1), math.sin(phi2), math.cos(phi2)
    cos_dlon = math.cos(dlon)
    # The way as a vector, seen from the first point: east, north and up (Vincenty's formula).
    east, north = cos2 * math.sin(dlon), cos1 * sin2 - sin1 * cos2 * cos_dlon
    up = sin1 * sin2 + cos1 * cos2 * cos_dlon
    distance = EARTH_RADIUS_NMI * math.atan2(math.hypot(east, north), up)
    return distance, math.degrees(math.atan2(east, north)) % 360.0


def wrap_lon(lon: float) -> float:
    """``lon`` in degrees brought into -180 <= lon < 180."""
    return (lon + 180.0) % 360.0 - 180.0


def blurred(degrees: float, precision: float) -> float:
    """``degrees`` to the nearest multiple of ``precision`` degrees; 0 leaves them as they are."""
    return round(round(degrees / precision) * precision, 6) if precision > 0 else degrees


class Box(msgspec.Struct, frozen=True, gc=False):
    """A bounding box in degrees; ``west > east`` crosses the antimeridian, edges belong to it."""

    west: float
    south: float
    east: float
    north: float

    def contains(self, lat: float, lon: float) -> bool:
        """Whether the point lies in the box; degrees, lon within -180..180."""
        if not self.south <= lat <= self.north:
            return False
        if self.west <= self.east:
            return self.west <= lon <= self.east
        return lon >= self.west or lon <= self.east


WORLD: Final = Box(-180.0, -90.0, 180.0, 90.0)


class BadBox(ValueError):
    """A bounding box that cannot be one; the message says what is wrong with it."""


def box(west: float, south: float, east: float, north: float) -> Box:
    """The box a client asked for: longitudes modulo 360, 360 wide or more goes round the world.

    Raises:
        BadBox: a bound that is no finite number, a latitude outside -90..90, or south > north.
    """
    if not all(math.isfinite(bound) for bound in (west, south, east, north)):
        raise BadBox("every bound must be a finite number")
    if not (-90.0 <= south <= 90.0 and -90.0 <= north <= 90.0):
        raise BadBox("latitudes run from -90 to 90")
    if south > north:
        raise BadBox(f"south ({south:g}) lies above north ({north:g})")
    if east - west >= WORLD_WIDTH:
        return Box(-180.0, south, 180.0, north)
    # 180 stays 180 as an eastern edge, so that [170, s, 180, n] does not become the antimeridian.
    west, wrapped = wrap_lon(west), wrap_lon(east)
    return Box(west, south, 180.0 if wrapped == -180.0 else wrapped, north)
