"""The history over HTTP: past moments, searches in pages, parts of tracks, aircraft, events."""

import asyncio
import xml.etree.ElementTree as ET

import msgspec
import pytest
from tornado.httpclient import HTTPError
from tornado.iostream import StreamClosedError

from aerotrack.domain.geo import Box
from aerotrack.domain.past import (
    AircraftRecord,
    Airframe,
    EventSearch,
    FlightSearch,
    PastEvent,
    PastState,
)
from aerotrack.domain.records import FlightRecord, TrackPoint, flight_key

STARTED = float(0x692159A0)
KEY = flight_key("4ca2d6", STARTED)
FLIGHTS = [
    FlightRecord(
        flight=flight_key(f"{n:06x}", STARTED), icao24=f"{n:06x}", started=STARTED + 0.25,
        last_contact=STARTED + 60, points=2,
    )
    for n in range(3)
]  # fmt: skip
TRACK = "/api/v1/flights/4ca2d6/track"


def recorded(seconds: float, lat: float | None, lon: float | None, **fields) -> TrackPoint:
    given = {
        "alt_baro": 1000, "alt_geom": 1100, "on_ground": False, "gs": 140.5, "track": None,
        "baro_rate": None, "callsign": "RYR4TK", "squawk": None, "emergency": None,
        "source": "adsb_icao", "feed": "home",
    }  # fmt: skip
    return TrackPoint(KEY, STARTED + seconds, lat, lon, **given | fields)


def test_a_past_moment_is_answered_as_the_present_is(staged):
    async def scene():
        async with staged() as stage:
            airframe = Airframe("EI-DAA", "B738", "A3", None)
            stage.history.states = [
                PastState(recorded(5, 53.4, -6.2), STARTED + 4, airframe),
                PastState(recorded(5, None, None, feed="other"), None),
            ]
            entry = {
                "icao24": "4ca2d6", "flight_id": "4ca2d6-692159a0", "lat": 53.4, "lon": -6.2,
                "alt_baro": 1000, "alt_geom": 1100, "on_ground": False, "gs": 140.5,
                "callsign": "RYR4TK", "source": "adsb_icao", "feed": "home",
                "registration": "EI-DAA", "typecode": "B738", "category": "A3", "country": "IE",
                "time_position": STARTED + 4, "last_contact": STARTED + 5,
            }  # fmt: skip
            at = "at=2025-11-22T06:35:17Z&bbox=170,-10,190,10&feed=home"
            moment = 1763793317.0
            answer = await stage.json(f"/api/v1/flights?{at}")
            assert answer == {"now": moment, "count": 1, "flights": [entry]}
            assert stage.history.asked == [(moment, Box(170.0, -10.0, -170.0, 10.0))]
            points = await stage.json(f"/api/v1/flights.geojson?{at}")
            assert points["features"][0]["geometry"]["coordinates"] == [-6.2, 53.4, 335.3]

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("flights?at=99999999999", 400, "bad_time"),
        ("flights?at=nan", 400, "bad_time"),
        ("flights?from=2&to=1", 400, "bad_time"),
        ("flights?from=yesterday", 400, "bad_time"),
        ("flights?from=1&feed=home", 400, "bad_parameter"),
        ("flights?callsign=", 400, "bad_parameter"),
        ("flights?callsign=%00", 400, "bad_parameter"),
        ("flights?icao24=xyz", 400, "bad_parameter"),
        ("flights?limit=0", 400, "bad_parameter"),
        ("flights?limit=1001", 400, "bad_parameter"),
        ("flights?cursor=x", 400, "bad_cursor"),
        ("flights?cursor=%ff", 400, "bad_request"),
        ("flights?cursor=ksQGAAAAAAAAks8AAAAAAAAAAAA", 400, "bad_cursor"),
        ("flights?callsign=RYR&bbox=1,2,3,4", 422, "too_much"),
        ("flights?from=0&to=90000&bbox=1,2,3,4", 422, "too_much"),
        ("aircraft/xyz", 400, "bad_parameter"),
        ("aircraft/000000", 404, "aircraft_not_found"),
        ("aircraft/4ca2d6/flights?typecode=A320", 400, "unknown_parameter"),
        ("events?event=crash", 400, "bad_parameter"),
        ("flights/4ca2d6/track?simplify=0", 400, "bad_parameter"),
        ("flights/4ca2d6/track?from=2&to=1", 400, "bad_time"),
    ],
)
def test_what_cannot_be_asked_is_a_problem(staged, path, status, code):
    async def scene():
        async with staged() as stage:
            assert await stage.problem(f"/api/v1/{path}") == (status, code)

    asyncio.run(scene())


@pytest.mark.parametrize(
    "path",
    ["flights?at=1", "flights?callsign=R", "events", "aircraft/4ca2d6", "flights/4ca2d6/track"],
)
def test_what_takes_the_database_too_long_is_too_much(staged, path):
    async def scene():
        async with staged() as stage:
            stage.history.slow = True
            assert await stage.problem(f"/api/v1/{path}") == (422, "too_much")
            stage.history.slow, stage.history.away = False, True
            assert await stage.problem(f"/api/v1/{path}") == (503, "database_away")

    asyncio.run(scene())


def test_a_search_says_what_it_wants_and_goes_on_by_its_cursor(staged):
    async def scene():
        async with staged() as stage:
            stage.history.flights_found = FLIGHTS
            asked = "from=1763793000&callsign=ryr&typecode=b738&airport=eidw&icao24=4CA2D6&limit=3"
            first = await stage.json(f"/api/v1/flights?{asked}")
            assert [flight["icao24"] for flight in first["flights"]] == [
                "000000",
                "000001",
                "000002",
            ]
            wanted = FlightSearch(
                begin=1763793000.0, end=stage.time.wall, callsign="RYR", typecode="B738",
                airport="EIDW", icao24="4ca2d6", limit=3,
            )  # fmt: skip
            assert stage.history.asked == [wanted]
            stage.history.flights_found = FLIGHTS[:1]
            second = await stage.json(f"/api/v1/flights?{asked}&cursor={first['next']}")
            assert (second["count"], "next" in second) == (1, False)
            last = (round((STARTED + 0.25) * 1e6), FLIGHTS[2].flight)
            assert stage.history.asked[1] == msgspec.structs.replace(wanted, before=last)
            other = f"/api/v1/flights?callsign=DLH&cursor={first['next']}"
            assert await stage.problem(other) == (400, "bad_cursor")

    asyncio.run(scene())


def test_an_aircraft_has_what_is_known_of_it_and_its_flights(staged):
    async def scene():
        async with staged() as stage:
            stage.history.aircraft_known["4ca2d6"] = AircraftRecord(
                "4ca2d6", "EI-DAA", "B738", "BOEING 737-800", None, None, None, 2004, None, None,
                STARTED, STARTED + 60,
            )  # fmt: skip
            assert await stage.json("/api/v1/aircraft/4CA2D6") == {
                "icao24": "4ca2d6", "registration": "EI-DAA", "typecode": "B738",
                "desc": "BOEING 737-800", "year": 2004, "country": "IE", "first_seen": STARTED,
                "last_seen": STARTED + 60,
            }  # fmt: skip
            stage.history.flights_found = FLIGHTS
            answer = await stage.json("/api/v1/aircraft/4ca2d6/flights?to=1763793000")
            assert answer["count"] == 3
            wanted = FlightSearch(begin=0.0, end=1763793000.0, icao24="4ca2d6")
            assert stage.history.asked == [wanted]

    asyncio.run(scene())


def test_events_are_searched_in_pages(staged):
    async def scene():
        async with staged() as stage:
            stage.history.events_found = [
                PastEvent(KEY, STARTED + 0.5, "takeoff", "EIDW", 53.4200001, -6.27, "RYR4TK")
            ]
            asked = "/api/v1/events?from=1&to=2&event=takeoff&airport=eidw&icao24=4ca2d6&limit=1"
            answer = await stage.json(asked)
            assert answer["events"] == [
                {
                    "event": "takeoff", "icao24": "4ca2d6", "flight_id": "4ca2d6-692159a0",
                    "ts": STARTED + 0.5, "callsign": "RYR4TK", "lat": 53.42, "lon": -6.27,
                    "detail": "EIDW",
                }
            ]  # fmt: skip
            await stage.json(f"{asked}&cursor={answer['next']}")
            wanted = EventSearch(
                begin=1.0, end=2.0, event="takeoff", airport="EIDW", icao24="4ca2d6", limit=1
            )
            last = (round((STARTED + 0.5) * 1e6), KEY, "takeoff")
            assert stage.history.asked == [wanted, msgspec.structs.replace(wanted, before=last)]

    asyncio.run(scene())


def test_a_track_can_be_a_part_and_have_fewer_points(staged):
    async def scene():
        async with staged() as stage:
            stage.history.points = [recorded(n, 53.0 + n * 1e-4, -6.2) for n in range(2500)]
            part = await stage.json(f"{TRACK}?from={STARTED + 100}&to={STARTED + 103}")
            assert [point["ts"] - STARTED for point in part["points"]] == [100, 101, 102, 103]
            few = await stage.json(f"{TRACK}?simplify=20")
            assert [point["ts"] - STARTED for point in few["points"]] == [0, 1023, 2046, 2499]

    asyncio.run(scene())


def test_a_track_for_google_earth_has_times_and_places(staged):
    async def scene():
        async with staged() as stage:
            stage.history.points = [recorded(0, 53.4, -6.2), recorded(1.5, None, None)]
            answer = await stage.fetch(f"{TRACK}.kml")
            assert answer.headers["Content-Type"].startswith("application/vnd.google-earth.kml+xml")
            track = ET.fromstring(answer.body).find(".//{*}Track")
            assert track is not None
            assert [(child.tag.partition("}")[2], child.text) for child in track] == [
                ("altitudeMode", "absolute"),
                ("when", "2025-11-22T06:35:12.000Z"),
                ("coord", "-6.20000 53.40000 335.3"),
            ]

    asyncio.run(scene())


def test_a_track_whose_rest_cannot_be_read_is_never_taken_for_whole(staged):
    async def scene():
        async with staged() as stage:
            stage.history.points = [recorded(n, 53.4, -6.2) for n in range(2500)]
            stage.history.fails_after = 1
            with pytest.raises((HTTPError, StreamClosedError)):
                (await stage.client.fetch(stage.url(f"{TRACK}.csv"))).rethrow()

    asyncio.run(scene())
