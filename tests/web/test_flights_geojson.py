"""The live picture as GeoJSON, over a real socket."""

import asyncio

import msgspec
import pytest

from aerotrack.actors.messages import GetPicture
from aerotrack.domain.geo import Box
from aerotrack.web.flights_geojson import SLICE, FlightCollection


def entry(number: int, **values: object) -> bytes:
    icao24 = f"{number:06x}"
    return msgspec.json.encode({"icao24": icao24, "flight_id": f"{icao24}-692159a0", **values})


def test_flights_of_known_position_are_points_and_their_other_fields_properties(staged):
    async def scene():
        async with staged() as stage:
            stage.entries = (
                entry(1, callsign="RYR4TK", lat=53.42135, lon=-6.27009, alt_geom=3050, gs=160.2),
                entry(2, callsign="NOWHERE"),
                entry(3, lat=-89.5, lon=180.0),
            )
            answer = await stage.fetch("/api/v1/flights.geojson?bbox=170,-10,190,10&feed=home")
            assert (200, "application/geo+json; charset=utf-8", "*") == (
                answer.code,
                answer.headers["Content-Type"],
                answer.headers["Access-Control-Allow-Origin"],
            )
            assert msgspec.json.decode(answer.body) == {
                "type": "FeatureCollection",
                "now": stage.time.wall,
                "features": [
                    {
                        "type": "Feature",
                        "id": "000001",
                        "geometry": {"type": "Point", "coordinates": [-6.27009, 53.42135, 929.6]},
                        "properties": {
                            "icao24": "000001", "flight_id": "000001-692159a0",
                            "callsign": "RYR4TK", "alt_geom": 3050, "gs": 160.2,
                        },
                    },
                    {
                        "type": "Feature",
                        "id": "000003",
                        "geometry": {"type": "Point", "coordinates": [180.0, -89.5]},
                        "properties": {"icao24": "000003", "flight_id": "000003-692159a0"},
                    },
                ],
            }  # fmt: skip
            box = Box(170.0, -10.0, -170.0, 10.0)
            assert [GetPicture(stage.time.wall, box, "home")] == stage.actors.asked

    asyncio.run(scene())


@pytest.mark.parametrize("count", [0, 1, SLICE, SLICE + 1, 3 * SLICE])
def test_any_number_of_flights_is_one_document_of_its_type(staged, count):
    async def scene():
        async with staged() as stage:
            # The first slice holds only flights that are nowhere.
            nowhere = [entry(n) for n in range(SLICE)]
            stage.entries = (*nowhere, *(entry(n, lat=1.5, lon=2.5) for n in range(count)))
            answer = await stage.fetch("/api/v1/flights.geojson")
            document = msgspec.json.decode(answer.body, type=FlightCollection)
            assert [f"{n:06x}" for n in range(count)] == [f.id for f in document.features]

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("bbox=1,2,3", 400, "bad_bbox"),
        ("feed=%20", 400, "bad_parameter"),
        ("at=now", 400, "bad_time"),
        ("callsign=RYR", 400, "unknown_parameter"),
    ],
)
def test_a_wrong_request_is_answered_by_a_problem(staged, query, status, code):
    async def scene():
        async with staged() as stage:
            assert (status, code) == await stage.problem(f"/api/v1/flights.geojson?{query}")

    asyncio.run(scene())
