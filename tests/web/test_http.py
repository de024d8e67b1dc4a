"""Every HTTP endpoint over a real socket: what it answers, and how it says no."""

import asyncio
import csv
import io
import logging

import msgspec
import pytest
from msgspec.structs import replace

from aerotrack.actors.messages import Figure, Figures, GetFlight, GetPicture, Picture
from aerotrack.domain.airframe import KnownAirframe
from aerotrack.domain.geo import Box
from aerotrack.domain.observation import site
from aerotrack.domain.records import FlightRecord, TrackPoint, flight_key
from aerotrack.feeds.feed import FeedFigures
from aerotrack.feeds.receivers import Receiver
from aerotrack.web.documents import feed_document
from aerotrack.web.ports import Check

STARTED = float(0x692159A0)
KEY = flight_key("4ca2d6", STARTED)
RECORD = FlightRecord(
    flight=KEY, icao24="4ca2d6", started=STARTED, last_contact=STARTED + 60, points=2,
    ended=STARTED + 60, end_cause="landed", callsign="RYR4TK",
)  # fmt: skip


def recorded(seconds: float, lat: float | None, lon: float | None) -> TrackPoint:
    return TrackPoint(
        flight=KEY, ts=STARTED + seconds, lat=lat, lon=lon, alt_baro=1000, alt_geom=1100,
        on_ground=False, gs=140.5, track=None, baro_rate=None, callsign="RYR4TK", squawk=None,
        emergency=None, source="adsb_icao", feed="home",
    )  # fmt: skip


def test_flights_are_the_entries_of_the_picture_as_they_are(staged):
    async def scene():
        async with staged() as stage:
            answer = await stage.json("/api/v1/flights?bbox=170,-10,190,10&feed=home")
            assert answer == {
                "now": stage.time.wall,
                "count": 1,
                "flights": [
                    {
                        "icao24": "4ca2d6",
                        "flight_id": "4ca2d6-692159a0",
                        "callsign": "RYR4TK",
                        "feed": "home",
                    }
                ],
            }
            box = Box(170.0, -10.0, -170.0, 10.0)
            assert stage.actors.asked == [GetPicture(stage.time.wall, box, "home")]

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/nowhere", 404, "not_found"),
        ("/api/v1/flights?bbox=1,2,3", 400, "bad_bbox"),
        ("/api/v1/flights?bbox=1,50,2,40", 400, "bad_bbox"),
        ("/api/v1/flights?bbox=nan,1,2,3", 400, "bad_bbox"),
        ("/api/v1/flights?feed=%20", 400, "bad_parameter"),
        ("/api/v1/flights?feed=a&feed=b", 400, "bad_parameter"),
        ("/api/v1/flights?feed=%ff", 400, "bad_request"),
        ("/api/v1/flights?at=now", 400, "bad_time"),
        ("/api/v1/flights?at=1&callsign=RYR", 400, "bad_parameter"),
        ("/api/v1/flights?box=1,2,3,4", 400, "unknown_parameter"),
        ("/api/v1/flights/nonsense", 400, "bad_flight_name"),
        ("/api/v1/flights/4ca2d6-", 400, "bad_flight_name"),
        ("/api/v1/flights/%ff%fe", 400, "bad_request"),
        ("/api/v1/flights/4ca2d6/track.xls", 406, "not_acceptable"),
        ("/api/v1/live", 426, "upgrade_required"),
        ("/api/v1/observations", 405, "method_not_allowed"),
    ],
)
def test_a_wrong_request_is_answered_by_a_problem(staged, path, status, code):
    async def scene():
        async with staged() as stage:
            assert await stage.problem(path) == (status, code)

    asyncio.run(scene())


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_a_method_that_does_not_work_is_405_with_those_that_do(staged, method):
    async def scene():
        async with staged() as stage:
            body = None if method == "DELETE" else "x"
            answer = await stage.fetch("/api/v1/feeds", method=method, body=body)
            assert (answer.code, answer.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")
            found = await stage.problem("/api/v1/feeds", method=method, body=body)
            assert found == (405, "method_not_allowed")

    asyncio.run(scene())


def test_a_body_nobody_asked_for_is_413_and_the_connection_survives(staged):
    async def scene():
        async with staged() as stage:
            found = await stage.problem("/api/v1/feeds", method="POST", body="x" * 70_000)
            assert found == (413, "payload_too_large")

    asyncio.run(scene())


def test_what_breaks_inside_is_a_500_that_tells_nothing(staged, caplog):
    async def scene():
        async with staged() as stage:

            def broken(_ask):
                raise KeyError("the password is hunter2")

            stage.actors.answers[GetPicture] = broken
            with caplog.at_level(logging.ERROR):
                answer = await stage.fetch("/api/v1/flights")
            assert (answer.code, b"hunter2" in answer.body) == (500, False)
            assert await stage.problem("/api/v1/flights") == (500, "internal")
            metrics = (await stage.fetch("/metrics")).body.decode()
            assert "aerotrack_http_failures_total 2.0" in metrics

    asyncio.run(scene())
    assert any("request_failed" in record.message for record in caplog.records)


def test_an_actor_that_does_not_answer_is_503_with_retry_after(staged):
    async def scene():
        async with staged() as stage:
            del stage.actors.answers[GetPicture]
            answer = await stage.fetch("/api/v1/flights")
            assert (answer.code, answer.headers["Retry-After"]) == (503, "1")
            assert await stage.problem("/data/aircraft.json") == (503, "no_answer")

    asyncio.run(scene())


def test_every_answer_carries_security_headers_and_reading_is_open_to_all_origins(staged):
    async def scene():
        async with staged() as stage:
            for path in ("/api/v1/feeds", "/nowhere", "/", "/metrics"):
                headers = (await stage.fetch(path)).headers
                assert headers["X-Content-Type-Options"] == "nosniff"
                assert headers["Content-Security-Policy"].startswith("default-src 'none'")
                assert headers["Access-Control-Allow-Origin"] == "*"
                assert headers["Server"] == "aerotrack/0.1.0"

    asyncio.run(scene())


def test_head_has_the_headers_of_get_and_no_body(staged):
    async def scene():
        async with staged() as stage:
            got = await stage.fetch("/api/v1/feeds")
            head = await stage.fetch("/api/v1/feeds", method="HEAD")
            assert (head.code, head.body) == (200, b"")
            assert head.headers["Content-Length"] == got.headers["Content-Length"]

    asyncio.run(scene())


def test_a_flight_alive_comes_from_its_actor_in_either_case_of_its_name(staged):
    async def scene():
        async with staged() as stage:
            answer = await stage.json("/api/v1/flights/4CA2D6")
            assert answer["flight_id"] == "4ca2d6-692159a0"
            assert stage.actors.asked == [GetFlight("4ca2d6", stage.time.wall, None)]

    asyncio.run(scene())


def test_a_flight_that_is_over_comes_from_the_history(staged):
    async def scene():
        async with staged() as stage:
            stage.live, stage.history.records = None, [RECORD]
            for name in ("4ca2d6", "4ca2d6-692159a0"):
                answer = await stage.json(f"/api/v1/flights/{name}")
                assert answer == {
                    "icao24": "4ca2d6",
                    "flight_id": "4ca2d6-692159a0",
                    "started": STARTED,
                    "last_contact": STARTED + 60,
                    "points": 2,
                    "ended": STARTED + 60,
                    "end_cause": "landed",
                    "callsign": "RYR4TK",
                    "country": "IE",
                }

    asyncio.run(scene())


def test_of_a_flight_that_is_over_the_register_says_what_its_row_does_not(staged):
    async def scene():
        async with staged() as stage:
            stage.live = None
            stage.history.records = [replace(RECORD, registration="EI-OLD")]
            stage.history.flights_found = stage.history.records
            stage.history.airframes["4ca2d6"] = KnownAirframe(
                "4ca2d6", "EI-DAA", "B738", "BOEING 737-800", "Ryanair", 0
            )
            one = await stage.json("/api/v1/flights/4ca2d6")
            names = ("registration", "typecode", "desc", "operator", "db_flags")
            assert ["EI-OLD", "B738", "BOEING 737-800", "Ryanair", None] == [
                one.get(name) for name in names
            ]
            assert [one] == (await stage.json("/api/v1/flights?from=0"))["flights"]

    asyncio.run(scene())


@pytest.mark.parametrize("path", ["/api/v1/flights/4ca2d6", "/api/v1/flights/4ca2d6/track"])
def test_an_unknown_flight_is_404_and_503_while_the_database_is_away(staged, path):
    async def scene():
        async with staged() as stage:
            stage.live = None
            assert await stage.problem(path) == (404, "flight_not_found")
            stage.history.away = True
            answer = await stage.fetch(path)
            assert (answer.code, answer.headers["Retry-After"]) == (503, "5")
            assert await stage.problem(path) == (503, "database_away")

    asyncio.run(scene())


def test_a_track_is_json_geojson_or_csv_by_extension_or_accept(staged):
    async def scene():
        async with staged() as stage:
            stage.live, stage.history.records = None, [RECORD]
            stage.history.points = [
                recorded(0, 53.4000000001, -6.2),
                recorded(60, 53.5, -6.2999999999),
            ]
            path = "/api/v1/flights/4ca2d6/track"
            first = {
                "ts": STARTED, "lat": 53.4, "lon": -6.2, "alt_baro": 1000, "alt_geom": 1100,
                "on_ground": False, "gs": 140.5, "callsign": "RYR4TK", "source": "adsb_icao",
                "feed": "home",
            }  # fmt: skip
            plain = await stage.json(path)
            assert plain == {
                "flight_id": "4ca2d6-692159a0",
                "icao24": "4ca2d6",
                "callsign": "RYR4TK",
                "points": [first, first | {"ts": STARTED + 60, "lat": 53.5, "lon": -6.3}],
            }
            assert plain == await stage.json(path + ".json")
            line = await stage.json(path + ".geojson")
            assert line["geometry"] == {
                "type": "LineString",
                "coordinates": [[-6.2, 53.4, 335.3], [-6.3, 53.5, 335.3]],
            }
            accepted = await stage.fetch(path, headers={"Accept": "application/geo+json"})
            assert accepted.headers["Content-Type"] == "application/geo+json; charset=utf-8"
            assert msgspec.json.decode(accepted.body) == line
            table = await stage.fetch(path, headers={"Accept": "text/csv, */*;q=0.1"})
            assert table.headers["Content-Type"] == "text/csv; charset=utf-8"
            rows = list(csv.DictReader(io.StringIO(table.body.decode())))
            assert [(row["lat"], row["track"], row["on_ground"]) for row in rows] == [
                ("53.4", "", "false"),
                ("53.5", "", "false"),
            ]
            refused = await stage.problem(path, headers={"Accept": "image/png"})
            assert refused == (406, "not_acceptable")

    asyncio.run(scene())


def test_a_long_track_comes_whole(staged):
    async def scene():
        async with staged() as stage:
            stage.history.points = [recorded(n, 53.4, -6.2) for n in range(25_000)]
            points = (await stage.json("/api/v1/flights/4ca2d6/track"))["points"]
            assert [point["ts"] - STARTED for point in points] == list(range(25_000))

    asyncio.run(scene())


def test_a_live_flight_has_a_track_before_its_row_is_in_the_database(staged):
    async def scene():
        async with staged() as stage:
            assert (await stage.json("/api/v1/flights/4ca2d6/track"))["points"] == []

    asyncio.run(scene())


def test_feeds_show_their_figures_and_no_password(staged):
    async def scene():
        async with staged() as stage:
            (feed,) = (await stage.json("/api/v1/feeds"))["feeds"]
            assert feed == {
                "name": "home", "url": "sbs://***@host:30003", "state": "starting", "received": 7,
                "accepted": 0, "ignored": 0, "refused": {"bad_line": 2, "stale": 3},
                "positions_refused": {}, "dropped": {"bad_squawk": 3}, "bytes": 0,
                "connections": 0, "last_contact": None, "last_error": None,
            }  # fmt: skip

    asyncio.run(scene())


def test_a_feed_shows_what_flights_refused_too():
    feed = FeedFigures(name="home", url="sbs://host", received=10, accepted=8)
    feed.refused["bad_line"] = 2
    labels = (("feed", "home"), ("reason", "old"))
    jump = (("feed", "home"), ("reason", "impossible_jump"))
    actors = {
        "registry": Figures(
            (
                Figure("refused_total", 3, labels),
                Figure("refused_total", 9, (("feed", "other"), ("reason", "old"))),
                Figure("fixes_refused_total", 4, jump),
            )
        ),
        "actors": Figures((Figure("overloaded_total", 1, (("feed", "home"),)),)),
    }
    shown = feed_document(feed, actors)
    assert {"bad_line": 2, "old": 3, "overloaded": 1} == shown.refused
    assert {"impossible_jump": 4} == shown.positions_refused
    assert shown.received == shown.accepted + shown.ignored + sum(shown.refused.values())


NOW = 1_764_000_000.5  # of the stage


def test_receivers_show_what_each_contributes_and_about_where_it_stands(staged):
    async def scene():
        async with staged() as stage:
            home = Receiver("home", None, site(51.4321, -0.4567, 0.1))
            home.messages, home.positions, home.duplicates = 200, 50, 30
            home.heard("4ca2d6", NOW - 1.0)
            home.placed(52.4, -0.5)
            home.clock_skew = 1.234
            stage.receivers += [home, Receiver("home", "00000000001aff02", None)]
            answer = await stage.json("/api/v1/receivers")
            assert answer == {
                "now": NOW,
                "receivers": [
                    {
                        "name": "home", "feed": "home", "messages": 200, "positions": 50,
                        "aircraft": 1, "duplicates": 0.15, "lat": 51.4, "lon": -0.5,
                        "farthest": 60.0, "clock_skew": 1.23, "last_contact": NOW - 1.0,
                    },
                    {
                        "name": "00000000001aff02", "feed": "home", "messages": 0, "positions": 0,
                        "aircraft": 0, "duplicates": 0.0,
                    },
                ],
            }  # fmt: skip

    asyncio.run(scene())


def test_stats_are_those_of_the_runtime_and_our_own_clients(staged):
    async def scene():
        async with staged() as stage:
            socket = await stage.connect()
            answer = await stage.json("/api/v1/stats")
            assert answer == {
                "now": stage.time.wall, "flights": 12, "updates_per_s": 3.2, "clients": 1,
                "points_stored": 100, "storage": "full", "outbox": {"batches": 0, "bytes": 0},
                "db": {"state": "ok", "lag_s": 0.5},
            }  # fmt: skip
            socket.close()

    asyncio.run(scene())


def test_ready_says_why_not(staged):
    async def scene():
        async with staged() as stage:
            assert await stage.json("/healthz") == {"status": "ok"}
            assert await stage.json("/readyz") == {
                "ready": True,
                "checks": [{"name": "database", "ok": True}],
            }
            stage.checks = [Check("database", False, "database_away", "connection refused")]
            answer = await stage.fetch("/readyz")
            assert answer.code == 503
            assert msgspec.json.decode(answer.body) == {
                "ready": False,
                "checks": [
                    {
                        "name": "database",
                        "ok": False,
                        "code": "database_away",
                        "detail": "connection refused",
                    }
                ],
            }

    asyncio.run(scene())


def test_metrics_hold_feeds_actors_and_clients(staged):
    async def scene():
        async with staged() as stage:
            stage.figures.append(FeedFigures(name="b", url="avr://x", state="connected"))
            text = (await stage.fetch("/metrics")).body.decode()
            for line in (
                'aerotrack_feed_records_total{feed="home"} 7.0',
                'aerotrack_feed_refused_total{feed="home",reason="bad_line"} 2.0',
                'aerotrack_feed_dropped_total{feed="home",reason="bad_squawk"} 3.0',
                'aerotrack_feed_up{feed="b"} 1.0',
                "aerotrack_registry_flights 12.0",
                'aerotrack_registry_refused_total{feed="home",reason="stale"} 3.0',
                "aerotrack_live_clients 0.0",
                'aerotrack_feed_to_frame_seconds_count{interval="fast"} 0.0',
            ):
                assert line in text.splitlines()

    asyncio.run(scene())


def test_the_page_lists_the_addresses_with_relative_links_and_runs_only_its_own_script(staged):
    async def scene():
        async with staged(base_path="/radar") as stage:
            bare = await stage.fetch("/radar")
            assert (bare.code, bare.headers["Location"]) == (302, "radar/")
            page = await stage.fetch("/radar/api")
            text = page.body.decode()
            assert 'href="api/v1/flights"' in text
            assert 'href="/' not in text
            nonce = text.partition('<script nonce="')[2].partition('"')[0]
            assert f"script-src 'nonce-{nonce}'" in page.headers["Content-Security-Policy"]
            assert "innerHTML" not in text
            assert await stage.problem("/") == (404, "not_found")
            assert (await stage.json("/radar/api/v1/openapi.json"))["servers"] == [
                {"url": "/radar"}
            ]

    asyncio.run(scene())


def test_a_big_picture_is_one_answer(staged):
    async def scene():
        async with staged() as stage:
            stage.actors.answers[GetPicture] = lambda ask: Picture(ask.now, (b'{"a":1}',) * 20_000)
            assert (await stage.json("/api/v1/flights"))["count"] == 20_000

    asyncio.run(scene())
