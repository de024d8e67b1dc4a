"""Compact position reporting: how ADS-B packs a position into 34 bits, and how it is unpacked.

The algorithm is the one of the 1090 MOPS (RTCA DO-260B, appendix A.1.7), with the NL table
precomputed. A frame says where an aircraft is within a zone, not in which zone. An even and an odd
frame together say that too (``resolve_airborne``, ``resolve_surface``), as long as the aircraft has
moved by less than 3 NM (surface: 0.75 NM) between them; a frame alone does near a place that is
known to be close (``resolve_near``). Pure: when two frames may be paired, and whether the outcome
can be believed, is for :mod:`aerotrack.domain.position`. Degrees everywhere, -180 <= lon < 180.
"""

import math
from bisect import bisect_right
from typing import Final, Literal

from aerotrack.domain.observation import CprFrame

BITS: Final = 17
SCALE: Final = 1 << BITS
HALF: Final = SCALE >> 1  # rounds the zone index to the nearest

# Even frames divide the circle of latitudes into 4 * 15 zones, odd ones into one fewer (NZ = 15).
EVEN_ZONES: Final = 60
ODD_ZONES: Final = 59
# Surface frames keep two more bits of precision and so say a position modulo a quarter circle.
AIRBORNE_SPAN: Final = 360.0
SURFACE_SPAN: Final = 90.0
_EVEN_DLAT: Final = AIRBORNE_SPAN / EVEN_ZONES
_ODD_DLAT: Final = AIRBORNE_SPAN / ODD_ZONES

# The cell of a frame, degrees of latitude: half of it is the greatest error of encoding.
AIRBORNE_CELL_DEG: Final = AIRBORNE_SPAN / ODD_ZONES / SCALE
SURFACE_CELL_DEG: Final = SURFACE_SPAN / ODD_ZONES / SCALE


def _transitions() -> tuple[float, ...]:
    """Latitudes, falling from 87 degrees, at which NL goes from 2 up to 59 (A.1.7.2)."""
    numerator = 1 - math.cos(math.pi / (2 * 15))
    return (
        87.0,
        *(
            math.degrees(math.acos(math.sqrt(numerator / (1 - math.cos(2 * math.pi / zones)))))
            for zones in range(3, ODD_ZONES + 1)
        ),
    )


# Rising, so that bisect counts the transitions below a latitude.
_TRANSITIONS: Final = tuple(sorted(_transitions()))

Position = tuple[float, float]
# Why a pair gives no position: its frames lie in zones of different number, which happens when an
# aircraft crosses a transition latitude and is nobody's fault; or no latitude comes out.
Unresolved = Literal["straddles_zones", "bad_latitude"]


def longitude_zones(lat: float) -> int:
    """NL: the number of even longitude zones at ``lat``, 59 at the equator down to 1."""
    return ODD_ZONES - bisect_right(_TRANSITIONS, abs(lat))


def wrapped(lon: float) -> float:
    """``lon`` within one turn of the circle, as -180 <= lon < 180."""
    if lon >= 180.0:
        return lon - 360.0
    if lon < -180.0:
        return lon + 360.0
    return lon


def encode(lat: float, lon: float, *, odd: bool, surface: bool) -> CprFrame:
    """The frame an aircraft at ``lat``/``lon`` sends."""
    span = SURFACE_SPAN if surface else AIRBORNE_SPAN
    dlat = span / (ODD_ZONES if odd else EVEN_ZONES)
    y = math.floor(SCALE * ((lat % dlat) / dlat) + 0.5)
    sent = dlat * (y / SCALE + math.floor(lat / dlat))  # the latitude the receiver will find
    dlon = span / max(longitude_zones(sent) - odd, 1)
    x = math.floor(SCALE * ((lon % dlon) / dlon) + 0.5)
    return CprFrame(y % SCALE, x % SCALE, odd, surface)


def resolve_airborne(even: CprFrame, odd: CprFrame, *, odd_newer: bool) -> Position | Unresolved:
    """Where the newer frame of an airborne pair was sent."""
    even_y, odd_y = even.lat, odd.lat
    zone = (ODD_ZONES * even_y - EVEN_ZONES * odd_y + HALF) >> BITS
    even_lat = (zone % EVEN_ZONES + even_y / SCALE) * _EVEN_DLAT
    odd_lat = (zone % ODD_ZONES + odd_y / SCALE) * _ODD_DLAT
    if even_lat >= 270.0:
        even_lat -= 360.0
    if odd_lat >= 270.0:
        odd_lat -= 360.0
    if not (-90.0 <= even_lat <= 90.0 and -90.0 <= odd_lat <= 90.0):
        return "bad_latitude"
    above = bisect_right(_TRANSITIONS, abs(even_lat))
    if above != bisect_right(_TRANSITIONS, abs(odd_lat)):
        return "straddles_zones"
    lines = ODD_ZONES - above
    even_x, odd_x = even.lon, odd.lon
    column = (even_x * (lines - 1) - odd_x * lines + HALF) >> BITS
    if odd_newer:
        zones = lines - 1 or 1
        lat, lon = odd_lat, (column % zones + odd_x / SCALE) * (AIRBORNE_SPAN / zones)
    else:
        lat, lon = even_lat, (column % lines + even_x / SCALE) * (AIRBORNE_SPAN / lines)
    return lat, lon - 360.0 if lon >= 180.0 else lon


def resolve_surface(
    even: CprFrame, odd: CprFrame, *, odd_newer: bool, near: Position
) -> Position | Unresolved:
    """Where the newer frame of a surface pair was sent: of eight places that next to ``near``.

    ``near`` is the aircraft's last position or the station's; it must lie within 45 degrees.
    """
    near_lat, near_lon = near
    zone = (ODD_ZONES * even.lat - EVEN_ZONES * odd.lat + HALF) >> BITS
    even_lat = (zone % EVEN_ZONES + even.lat / SCALE) * (SURFACE_SPAN / EVEN_ZONES)
    odd_lat = (zone % ODD_ZONES + odd.lat / SCALE) * (SURFACE_SPAN / ODD_ZONES)
    even_lat = _nearest(even_lat, near_lat)
    odd_lat = _nearest(odd_lat, near_lat)
    if not (-90.0 <= even_lat <= 90.0 and -90.0 <= odd_lat <= 90.0):
        return "bad_latitude"
    lines = longitude_zones(even_lat)
    if lines != longitude_zones(odd_lat):
        return "straddles_zones"
    column = (even.lon * (lines - 1) - odd.lon * lines + HALF) >> BITS
    zones = max(lines - odd_newer, 1)
    x = odd.lon if odd_newer else even.lon
    lon = (column % zones + x / SCALE) * (SURFACE_SPAN / zones)
    return (odd_lat if odd_newer else even_lat), wrapped(_nearest(lon, near_lon))


def _nearest(value: float, near: float) -> float:
    """``value``, known modulo a quarter circle, where it comes next to ``near``."""
    return value + SURFACE_SPAN * math.floor((near - value) / SURFACE_SPAN + 0.5)


def resolve_near(frame: CprFrame, lat: float, lon: float) -> Position | None:
    """Where ``frame`` was sent, if that is within half a zone of ``lat``/``lon``.

    Half a zone is 180 NM (surface: 45 NM) in latitude and never less in longitude. ``None`` where
    the nearest place is beyond a pole.
    """
    span = SURFACE_SPAN if frame.surface else AIRBORNE_SPAN
    dlat = span / (ODD_ZONES if frame.odd else EVEN_ZONES)
    y = frame.lat / SCALE
    found_lat = dlat * (math.floor(lat / dlat - y + 0.5) + y)
    if not -90.0 <= found_lat <= 90.0:
        return None
    dlon = span / max(longitude_zones(found_lat) - frame.odd, 1)
    x = frame.lon / SCALE
    return found_lat, wrapped(dlon * (math.floor(lon / dlon - x + 0.5) + x))
