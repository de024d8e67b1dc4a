"""A track in the formats people take away: JSON, GeoJSON (RFC 7946) and CSV. Pure."""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any, Final, Literal

import msgspec

from aerotrack.domain.geojson import METRES_PER_FOOT, cut_at_antimeridian, line_geometry
from aerotrack.domain.records import TrackPoint
from aerotrack.web.documents import Point, point

Format = Literal["json", "geojson", "csv"]
MEDIA_TYPES: Final[dict[Format, str]] = {
    "json": "application/json",
    "geojson": "application/geo+json",
    "csv": "text/csv",
}
# Points encoded between two turns of the event loop: about a millisecond.
SLICE: Final = 500
CSV_COLUMNS: Final = Point.__struct_fields__


class Titled(msgspec.Struct, frozen=True):
    """Whose track it is."""

    flight_id: str
    icao24: str
    callsign: str | None


def format_of(extension: str | None, accept: str) -> Format | None:
    """The format asked for: by extension, else the first of Accept we have; ``None`` if neither.

    Browsers and curl accept anything and get JSON. Quality values are honoured in their order.
    """
    if extension is not None:
        return next((name for name in MEDIA_TYPES if name == extension), None)
    ranges: list[tuple[float, str]] = []
    for part in accept.split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        quality = 1.0
        for parameter in parameters:
            key, _, value = parameter.partition("=")
            if key.strip() == "q":
                try:
                    quality = float(value)
                except ValueError:
                    quality = 0.0
        if name and quality > 0:
            ranges.append((quality, name.lower()))
    if not ranges:
        return "json"
    for _, wanted in sorted(ranges, key=lambda item: -item[0]):
        for form, media in MEDIA_TYPES.items():
            if wanted in (media, "*/*") or wanted == media.split("/")[0] + "/*":
                return form
    return None


def json_parts(title: Titled, points: Sequence[TrackPoint]) -> Iterator[bytes]:
    """The document of :class:`aerotrack.web.documents.TrackDocument`, in pieces."""
    yield msgspec.json.encode(title)[:-1] + b',"points":['
    for start in range(0, len(points), SLICE):
        encoded = msgspec.json.encode([point(one) for one in points[start : start + SLICE]])
        yield (b"," if start else b"") + encoded[1:-1]
    yield b"]}"


def csv_parts(points: Sequence[TrackPoint]) -> Iterator[bytes]:
    """A header line and a line a point, CRLF, empty where unknown; in pieces."""
    for start in range(0, max(1, len(points)), SLICE):
        text = io.StringIO()
        writer = csv.writer(text)
        if start == 0:
            writer.writerow(CSV_COLUMNS)
        for one in points[start : start + SLICE]:
            writer.writerow(["" if v is None else v for v in _values(one)])
        yield text.getvalue().encode()


def _values(one: TrackPoint) -> list[object]:
    made = point(one)
    row: list[object] = [getattr(made, name) for name in CSV_COLUMNS]
    return [str(value).lower() if isinstance(value, bool) else value for value in row]


def geojson(title: Titled, points: Sequence[TrackPoint]) -> dict[str, Any]:
    """A Feature whose line is cut where it crosses the antimeridian; altitude in metres above the
    ellipsoid, left out where unknown. ``times`` has the epoch seconds of the line's points."""
    made = (point(one) for one in points)
    fixes = [one for one in made if one.lat is not None and one.lon is not None]
    lines = cut_at_antimeridian([_position(one) for one in fixes])
    properties = {
        name: value for name, value in msgspec.structs.asdict(title).items() if value is not None
    }
    return {
        "type": "Feature",
        "id": title.flight_id,
        "geometry": line_geometry(lines),
        "properties": properties | {"times": [one.ts for one in fixes]},
    }


def _position(one: Point) -> list[float]:
    assert one.lon is not None
    assert one.lat is not None
    if one.alt_geom is None:
        return [one.lon, one.lat]
    return [one.lon, one.lat, round(one.alt_geom * METRES_PER_FOOT, 1)]
