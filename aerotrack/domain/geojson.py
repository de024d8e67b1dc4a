"""What GeoJSON (RFC 7946) asks of lines: metres, and no line across the antimeridian."""

from collections.abc import Sequence
from typing import Any, Final

METRES_PER_FOOT: Final = 0.3048
# A decimetre: a step of the altitudes that aircraft report is 7.62 m.
METRES_DECIMALS: Final = 1


def metres(feet: float) -> float:
    """An altitude as GeoJSON and KML want it."""
    return round(feet * METRES_PER_FOOT, METRES_DECIMALS)


def position(lat: float, lon: float, alt_geom: float | None) -> list[float]:
    """Longitude, latitude and, where it is known, the height above the ellipsoid in metres.

    ``alt_geom`` is in feet.
    """
    return [lon, lat] if alt_geom is None else [lon, lat, metres(alt_geom)]


def line_geometry(lines: list[list[list[float]]]) -> dict[str, Any] | None:
    """The geometry of what :func:`cut_at_antimeridian` gives; ``None`` where that is nothing."""
    if not lines:
        return None
    if len(lines) > 1:
        return {"type": "MultiLineString", "coordinates": lines}
    if len(lines[0]) == 1:
        return {"type": "Point", "coordinates": lines[0][0]}
    return {"type": "LineString", "coordinates": lines[0]}


def cut_at_antimeridian(positions: Sequence[list[float]]) -> list[list[list[float]]]:
    """The line as several, each on one side of 180 degrees; a crossing ends one line and begins
    the next at the latitude where it happens (by the straight line between the two fixes)."""
    lines: list[list[list[float]]] = []
    for here in positions:
        if not lines:
            lines.append([here])
            continue
        before = lines[-1][-1]
        if abs(here[0] - before[0]) <= 180.0:
            lines[-1].append(here)
            continue
        edge = 180.0 if before[0] > 0 else -180.0
        ahead = here[0] + (360.0 if edge > 0 else -360.0)
        part = (edge - before[0]) / (ahead - before[0]) if ahead != before[0] else 0.0
        lat = round(before[1] + part * (here[1] - before[1]), 5)
        lines[-1].append([edge, lat])
        lines.append([[-edge, lat], here])
    return lines
