"""A track in the formats people take away: JSON, GeoJSON (RFC 7946), CSV and KML. Pure."""

import csv
import io
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Final, Literal
from xml.sax.saxutils import escape

import msgspec

from aerotrack.domain.geojson import cut_at_antimeridian, line_geometry, metres, position
from aerotrack.domain.records import TrackPoint
from aerotrack.web.documents import Point, point

Format = Literal["json", "geojson", "csv", "kml"]
Parts = AsyncIterator[Sequence[TrackPoint]]
MEDIA_TYPES: Final[dict[Format, str]] = {
    "json": "application/json",
    "geojson": "application/geo+json",
    "csv": "text/csv",
    "kml": "application/vnd.google-earth.kml+xml",
}
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


async def json_parts(title: Titled, parts: Parts) -> AsyncIterator[bytes]:
    """The document of :class:`aerotrack.web.documents.TrackDocument`, in pieces."""
    head = msgspec.json.encode(title)[:-1] + b',"points":['
    comma = b""
    async for part in parts:
        encoded = msgspec.json.encode([point(one) for one in part])[1:-1]
        if encoded:
            yield head + comma + encoded
            head, comma = b"", b","
    yield head + b"]}"


async def csv_parts(parts: Parts) -> AsyncIterator[bytes]:
    """A header line and a line a point, CRLF, empty where unknown; in pieces."""
    text = io.StringIO()
    csv.writer(text).writerow(CSV_COLUMNS)
    async for part in parts:
        csv.writer(text).writerows([["" if v is None else v for v in _values(one)] for one in part])
        yield text.getvalue().encode()
        text = io.StringIO()
    yield text.getvalue().encode()


def _values(one: TrackPoint) -> list[object]:
    made = point(one)
    row: list[object] = [getattr(made, name) for name in CSV_COLUMNS]
    return [str(value).lower() if isinstance(value, bool) else value for value in row]


def geojson(title: Titled, points: Sequence[TrackPoint]) -> bytes:
    """A Feature whose line is cut where it crosses the antimeridian; altitude in metres above the
    ellipsoid, left out where unknown. ``times`` has the epoch seconds of the line's points."""
    made = (point(one) for one in points)
    fixes = [one for one in made if one.lat is not None and one.lon is not None]
    lines = cut_at_antimeridian([_position(one) for one in fixes])
    properties = {
        name: value for name, value in msgspec.structs.asdict(title).items() if value is not None
    }
    return msgspec.json.encode(
        {
            "type": "Feature",
            "id": title.flight_id,
            "geometry": line_geometry(lines),
            "properties": properties | {"times": [one.ts for one in fixes]},
        }
    )


def kml(title: Titled, points: Sequence[TrackPoint]) -> bytes:
    """A gx:Track for Google Earth: when and where, heights in metres above the ellipsoid.

    A height that is not known is that of the point before.
    """
    when: list[str] = []
    where: list[str] = []
    up = 0.0
    for one in map(point, points):
        if one.lat is None or one.lon is None:
            continue
        if one.alt_geom is not None:
            up = metres(one.alt_geom)
        moment = datetime.fromtimestamp(one.ts, UTC).isoformat(timespec="milliseconds")
        when.append(f"<when>{moment.replace('+00:00', 'Z')}</when>")
        where.append(f"<gx:coord>{one.lon:.5f} {one.lat:.5f} {up:g}</gx:coord>")
    name = escape(title.callsign or title.flight_id)
    mode = "absolute" if any(one.alt_geom is not None for one in points) else "clampToGround"
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<kml xmlns="http://www.opengis.net/kml/2.2" xmlns:gx="http://www.google.com/kml/ext/2.2">',
        f"<Document><name>{name}</name><Placemark><name>{name}</name>",
        f"<description>{escape(title.flight_id)}</description>",
        f"<gx:Track><altitudeMode>{mode}</altitudeMode>",
        *when,
        *where,
        "</gx:Track></Placemark></Document></kml>",
        "",
    ]
    return "\n".join(lines).encode()


def _position(one: Point) -> list[float]:
    assert one.lon is not None
    assert one.lat is not None
    return position(one.lat, one.lon, one.alt_geom)
