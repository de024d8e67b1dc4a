"""GeoJSON (RFC 7946): positions as one line a flight, everything else as points."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, BinaryIO

import orjson

from aerotrack.domain.geojson import cut_at_antimeridian, line_geometry, position
from aerotrack.export.problems import ExportError

Row = dict[str, Any]


def write_geojson(
    file: BinaryIO,
    columns: Sequence[str],
    _types: Sequence[str],
    chunks: Iterable[Sequence[tuple[Any, ...]]],
) -> None:
    """A FeatureCollection, written feature by feature.

    Positions, which must come by flight, are a line for each flight, cut at the antimeridian, with
    the epoch seconds of its points in ``times``. Rows with ``lat`` and ``lon`` are points; flights
    are where they were last. Raises :class:`ExportError` for a table without a place.
    """
    rows = (dict(zip(columns, row, strict=True)) for chunk in chunks for row in chunk)
    if "flight_id" in columns and "ts" in columns and "track" in columns:
        features = _lines(rows)
    elif "last_lat" in columns:
        features = _points(rows, "last_lat", "last_lon")
    elif "lat" in columns:
        features = _points(rows, "lat", "lon")
    else:
        raise ExportError("no_place", "these rows have no place: take csv, ndjson or parquet")
    file.write(b'{"type":"FeatureCollection","features":[')
    for number, feature in enumerate(features):
        file.write((b",\n" if number else b"\n") + orjson.dumps(feature))
    file.write(b"\n]}\n")


def _lines(rows: Iterable[Row]) -> Iterator[Row]:
    for flight_id, points in groupby(rows, key=lambda row: row["flight_id"]):
        fixes = []
        callsign = None
        for row in points:
            callsign = row["callsign"] or callsign
            if row["lat"] is not None:
                fixes.append((row["ts"].timestamp(), _position(row, "lat", "lon")))
        if not fixes:
            continue
        lines = cut_at_antimeridian([position for _, position in fixes])
        properties = {"flight_id": flight_id, "callsign": callsign}
        properties["times"] = [ts for ts, _ in fixes]
        yield {
            "type": "Feature",
            "geometry": line_geometry(lines),
            "properties": _known(properties),
        }


def _points(rows: Iterable[Row], lat: str, lon: str) -> Iterator[Row]:
    for row in rows:
        if row[lat] is None or row[lon] is None:
            continue
        position = _position(row, lat, lon)
        del row[lat], row[lon]
        geometry = {"type": "Point", "coordinates": position}
        yield {"type": "Feature", "geometry": geometry, "properties": _known(row)}


def _position(row: Row, lat: str, lon: str) -> list[float]:
    return position(row[lat], row[lon], row.get("alt_geom"))


def _known(row: Row) -> Row:
    """What is known of it, times as epoch seconds."""
    return {name: _plain(value) for name, value in row.items() if value is not None}


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.timestamp()
    return value.total_seconds() if isinstance(value, timedelta) else value
