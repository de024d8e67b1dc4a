"""Track formats, and above all the line where the longitude turns over."""

import asyncio
import itertools
import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aerotrack.domain.geojson import cut_at_antimeridian
from aerotrack.domain.records import TrackPoint
from aerotrack.web.tracks import Titled, csv_parts, format_of
from aerotrack.web.tracks import geojson as encoded_geojson

TITLE = Titled("4ca2d6-692159a0", "4ca2d6", None)


def geojson(title, points):
    return msgspec.json.decode(encoded_geojson(title, points))


def fix(ts: float, lat: float | None, lon: float | None, alt_geom: int | None = None) -> TrackPoint:
    return TrackPoint(
        1, ts, lat, lon, None, alt_geom, None, None, None, None, None, None, None, "sim", "demo"
    )


@pytest.mark.parametrize(
    ("extension", "accept", "form"),
    [
        (None, "", "json"),
        (None, "*/*", "json"),
        (None, "text/html,application/xhtml+xml,*/*;q=0.8", "json"),
        (None, "application/geo+json", "geojson"),
        (None, "text/csv;q=0.5, application/json;q=0.9", "json"),
        (None, "application/json;q=0, text/csv", "csv"),
        (None, "text/*", "csv"),
        (None, "text/csv;q=x", "json"),
        (None, "image/png", None),
        ("csv", "application/json", "csv"),
        ("xls", "*/*", None),
    ],
)
def test_the_format_is_that_of_the_extension_else_of_accept(extension, accept, form):
    assert form == format_of(extension, accept)


def test_a_line_is_cut_at_180_degrees_at_the_latitude_where_it_crosses():
    east = cut_at_antimeridian([[179.0, 10.0], [-179.0, 12.0], [-178.0, 13.0]])
    assert east == [
        [[179.0, 10.0], [180.0, 11.0]],
        [[-180.0, 11.0], [-179.0, 12.0], [-178.0, 13.0]],
    ]
    west = cut_at_antimeridian([[-179.5, 0.0], [179.5, 0.0]])
    assert west == [[[-179.5, 0.0], [-180.0, 0.0]], [[180.0, 0.0], [179.5, 0.0]]]


@given(
    st.lists(st.tuples(st.floats(-180, 180), st.floats(-90, 90)).map(list), min_size=1, max_size=20)
)
def test_no_piece_of_a_cut_line_ever_spans_more_than_half_the_world(positions):
    pieces = cut_at_antimeridian(positions)
    for piece in pieces:
        for before, after in itertools.pairwise(piece):
            assert abs(after[0] - before[0]) <= 180.0
            assert math.isfinite(after[1])
            assert -90.0 <= after[1] <= 90.0
    kept = [p for piece in pieces for p in piece if p in positions]
    assert kept[0] == positions[0]
    assert kept[-1] == positions[-1]


def test_a_track_without_positions_has_no_geometry_and_one_position_is_a_point():
    assert geojson(TITLE, [fix(1, None, None)])["geometry"] is None
    one = geojson(TITLE, [fix(1, 50.0, 8.0, 1000), fix(2, None, None)])
    assert one == {
        "type": "Feature",
        "id": "4ca2d6-692159a0",
        "geometry": {"type": "Point", "coordinates": [8.0, 50.0, 304.8]},
        "properties": {"flight_id": "4ca2d6-692159a0", "icao24": "4ca2d6", "times": [1]},
    }


def test_a_track_over_the_antimeridian_is_several_lines():
    made = geojson(TITLE, [fix(1, 0.0, 179.0), fix(2, 0.0, -179.0)])
    assert made["geometry"]["type"] == "MultiLineString"


@pytest.mark.parametrize("counts", [(), (0,), (1,), (500, 1)])
def test_csv_has_one_header_and_a_line_a_point(counts):
    async def parts():
        for count in counts:
            yield [fix(ts, 1.0, 2.0) for ts in range(count)]

    async def text():
        return b"".join([part async for part in csv_parts(parts())])

    lines = asyncio.run(text()).split(b"\r\n")
    assert (lines[0][:10], len(lines)) == (b"ts,lat,lon", sum(counts) + 2)
