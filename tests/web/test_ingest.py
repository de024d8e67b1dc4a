"""Posting observations: who may, in what shape, how much, and what becomes of it."""

import asyncio
import gzip
import http.client

import msgspec
import pytest

from aerotrack.web.ingest import NAMES_LIMIT, PARSED_ON_LOOP
from aerotrack.web.problems import Problem

PATH = "/api/v1/observations"
GOOD = b'[{"icao24":"4ca2d6","lat":53.4,"lon":-6.2},{"icao24":"3c6444"}]'
JSON = {"Content-Type": "application/json"}
PROXY = {"X-Forwarded-For": "198.51.100.7"}


def test_observations_are_handed_on_and_counted_under_their_feeds_name(staged):
    async def scene():
        async with staged() as stage:
            body = GOOD[:-1] + b',{"icao24":"nonsense"}]'
            answer = await stage.fetch(f"{PATH}?feed=load", method="POST", body=body, headers=JSON)
            assert answer.code == 202
            document = msgspec.json.decode(answer.body)
            assert (document["accepted"], document["rejected_total"]) == (2, 1)
            (rejection,) = document["rejected"]
            assert (rejection["index"], rejection["code"]) == (2, "bad_field")
            assert [(o.icao24, o.feed, o.ts) for o in stage.sunk] == [
                ("4ca2d6", "load", stage.time.wall),
                ("3c6444", "load", stage.time.wall),
            ]
            _home, load = (await stage.json("/api/v1/feeds"))["feeds"]
            assert load == {
                "name": "load", "url": "http+post://", "state": "listening", "received": 3,
                "accepted": 2, "ignored": 0, "refused": {"bad_field": 1}, "positions_refused": {},
                "dropped": {}, "bytes": len(body),
                "connections": 1, "last_contact": stage.time.wall, "last_error": None,
            }  # fmt: skip

    asyncio.run(scene())


def test_without_a_name_the_feed_is_post(staged):
    async def scene():
        async with staged() as stage:
            await stage.fetch(PATH, method="POST", body=GOOD, headers=JSON)
            assert [o.feed for o in stage.sunk] == ["post", "post"]

    asyncio.run(scene())


@pytest.mark.parametrize("given", ["true", "1", "TRUE"])
def test_a_durable_post_is_answered_200_with_what_was_recorded(staged, given):
    async def scene():
        async with staged() as stage:
            path = f"{PATH}?durable={given}"
            answer = await stage.fetch(path, method="POST", body=GOOD, headers=JSON)
            assert 200 == answer.code
            assert {
                "accepted": 2, "rejected": [], "rejected_total": 0, "recorded": 1, "refused": 1,
            } == msgspec.json.decode(answer.body)  # fmt: skip
            assert ["4ca2d6", "3c6444"] == [obs.icao24 for obs in stage.sunk]

    asyncio.run(scene())


def test_a_durable_post_that_cannot_be_had_is_503_and_says_when_to_come_again(staged):
    async def scene():
        async with staged() as stage:
            stage.not_durable = "history_full"
            path = f"{PATH}?durable=true"
            answer = await stage.fetch(path, method="POST", body=GOOD, headers=JSON)
            assert (503, "5") == (answer.code, answer.headers["Retry-After"])
            problem = msgspec.json.decode(answer.body)
            assert "not_durable" == problem["code"]
            assert "history_full" in problem["detail"]

    asyncio.run(scene())


def test_a_durable_post_of_nothing_good_is_answered_at_once(staged):
    async def scene():
        async with staged() as stage:
            stage.not_durable = "not_in_time"
            body = b'[{"icao24":"nonsense"}]'
            answer = await stage.fetch(
                f"{PATH}?durable=true", method="POST", body=body, headers=JSON
            )
            document = msgspec.json.decode(answer.body)
            assert (200, 0, 0, 1) == (
                answer.code, document["accepted"], document["recorded"], document["rejected_total"]
            )  # fmt: skip

    asyncio.run(scene())


@pytest.mark.parametrize(
    "kind",
    [
        "application/json; charset=utf-8",
        "application/x-ndjson",
        "application/jsonl",
        "APPLICATION/NDJSON",
    ],
)
def test_all_json_types_are_taken(staged, kind):
    async def scene():
        async with staged() as stage:
            answer = await stage.fetch(
                PATH, method="POST", body=GOOD, headers={"Content-Type": kind}
            )
            assert answer.code == 202

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("path", "headers", "body", "expected"),
    [
        (PATH, {"Content-Type": "text/plain"}, GOOD, (415, "unsupported_media_type")),
        (
            PATH,
            {"Content-Type": "application/x-www-form-urlencoded"},
            GOOD,
            (415, "unsupported_media_type"),
        ),
        (PATH, JSON | {"Content-Encoding": "br"}, GOOD, (415, "unsupported_encoding")),
        (PATH, JSON | {"Content-Encoding": "gzip"}, GOOD, (400, "unreadable_body")),
        (
            PATH,
            JSON | {"Content-Encoding": "gzip"},
            gzip.compress(GOOD, mtime=0)[:-9],
            (400, "unreadable_body"),
        ),
        (PATH, JSON, b"nothing", (400, "unreadable_body")),
        (PATH + "?durable=maybe", JSON, GOOD, (400, "bad_parameter")),
        (PATH + "?feed=%3Cscript%3E", JSON, GOOD, (400, "bad_parameter")),
        (PATH + "?feed=home", JSON, GOOD, (409, "feed_name_taken")),
        (PATH + "?fed=x", JSON, GOOD, (400, "unknown_parameter")),
        (PATH, JSON | {"Origin": "https://evil.example"}, GOOD, (403, "bad_origin")),
    ],
)
def test_what_cannot_be_taken_is_a_problem_and_nothing_is_handed_on(
    staged, path, headers, body, expected
):
    async def scene():
        async with staged() as stage:
            found = await stage.problem(path, method="POST", body=body, headers=headers)
            assert (found, stage.sunk) == (expected, [])

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("headers", "settings", "expected"),
    [
        (PROXY, {}, (403, "ingest_closed")),
        (PROXY, {"ingest_token": "t0ken"}, (401, "token_required")),
        (PROXY | {"Authorization": "Basic dDp0"}, {"ingest_token": "t"}, (401, "token_required")),
        (PROXY | {"Authorization": "Bearer wrong"}, {"ingest_token": "t"}, (401, "bad_token")),
        ({"Via": "1.1 somewhere"}, {"ingest_token": "t"}, (401, "token_required")),
        # A page whose name was rebound to 127.0.0.1 is of "its own host".
        (
            {"Host": "evil.example", "Origin": "http://evil.example"},
            {"ingest_token": "t"},
            (401, "token_required"),
        ),
        # Who is no trusted proxy cannot say he is one of us.
        (
            {"X-Forwarded-For": "127.0.0.1"},
            {"ingest_token": "t"},
            (401, "token_required"),
        ),
    ],
)
def test_others_than_this_machine_need_the_token(staged, headers, settings, expected):
    async def scene():
        async with staged(**settings) as stage:
            found = await stage.problem(PATH, method="POST", body=GOOD, headers=JSON | headers)
            assert (found, stage.sunk) == (expected, [])

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("headers", "settings"),
    [
        ({}, {}),
        ({}, {"ingest_token": "t0ken"}),
        (PROXY | {"Authorization": "Bearer t0ken"}, {"ingest_token": "t0ken"}),
        (PROXY | {"Authorization": "bearer  t0ken"}, {"ingest_token": "t0ken"}),
        (
            {"Origin": "https://map.example"},
            {"allowed_origins": ("https://map.example",), "ingest_token": None},
        ),
    ],
)
def test_this_machine_and_those_with_the_token_may_post(staged, headers, settings):
    async def scene():
        async with staged(**settings) as stage:
            answer = await stage.fetch(PATH, method="POST", body=GOOD, headers=JSON | headers)
            assert (answer.code, len(stage.sunk)) == (202, 2)

    asyncio.run(scene())


def test_the_401_says_how_to_come_back(staged):
    async def scene():
        async with staged(ingest_token="t") as stage:
            answer = await stage.fetch(PATH, method="POST", body=GOOD, headers=JSON | PROXY)
            assert answer.headers["WWW-Authenticate"] == 'Bearer realm="aerotrack"'

    asyncio.run(scene())


def test_a_body_over_the_limit_is_413_packed_or_not(staged):
    async def scene():
        async with staged(post_limit=2000) as stage:
            body = b"[" + b" " * 3000 + b"]"
            too_large = (413, "payload_too_large")
            packed = {**JSON, "Content-Encoding": "gzip"}
            asked = {"method": "POST", "headers": JSON}
            assert await stage.problem(PATH, body=body, **asked) == too_large
            asked["headers"] = packed
            assert len(gzip.compress(body, mtime=0)) < 2000
            assert (
                await stage.problem(PATH, body=gzip.compress(body, mtime=0), **asked) == too_large
            )
            fits = await stage.fetch(PATH, body=gzip.compress(GOOD, mtime=0), **asked)
            assert (fits.code, len(stage.sunk)) == (202, 2)

    asyncio.run(scene())


def post_in_chunks(port: int, chunks: int) -> tuple[int, str]:
    """A chunked POST, which has no Content-Length to refuse it by."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(
            "POST", PATH, body=iter([b" " * 1000] * chunks), headers=JSON, encode_chunked=True
        )
        with connection.getresponse() as response:
            return response.status, msgspec.json.decode(response.read())["code"]
    finally:
        connection.close()


def test_a_chunked_body_over_the_limit_is_413_too(staged):
    async def scene():
        async with staged(post_limit=2000) as stage:
            found = await asyncio.to_thread(post_in_chunks, stage.port, 30)
            assert found == (413, "payload_too_large")

    asyncio.run(scene())


def test_a_large_body_is_taken_whole_and_handed_on_in_order(staged):
    async def scene():
        async with staged() as stage:
            records = [{"icao24": f"{number:06x}"} for number in range(5000)]
            body = msgspec.json.encode(records)
            assert len(body) > PARSED_ON_LOOP
            answer = await stage.fetch(PATH, method="POST", body=body, headers=JSON)
            assert msgspec.json.decode(answer.body)["accepted"] == 5000
            assert [o.icao24 for o in stage.sunk] == [record["icao24"] for record in records]
            nothing = b"?" * (PARSED_ON_LOOP + 1)
            found = await stage.problem(PATH, method="POST", body=nothing, headers=JSON)
            assert found == (400, "unreadable_body")

    asyncio.run(scene())


def test_a_post_is_handed_on_when_the_actors_have_room_for_it(staged):
    async def scene():
        async with staged() as stage:
            stage.has_room.clear()
            body = msgspec.json.encode([{"icao24": "4ca2d6"}])
            posting = asyncio.ensure_future(
                stage.fetch(PATH, method="POST", body=body, headers=JSON)
            )
            await stage.until(lambda: stage.waiting_for_room == 1)
            assert stage.sunk == []
            stage.has_room.set()
            assert ((await posting).code, len(stage.sunk)) == (202, 1)

    asyncio.run(scene())


def test_the_names_that_may_post_are_limited(staged):
    async def scene():
        async with staged() as stage:
            for number in range(NAMES_LIMIT):
                stage.app.posted.named(f"n{number}")
            stage.app.posted.named("n0")
            with pytest.raises(Problem) as caught:
                stage.app.posted.named("one-more")
            assert caught.value.code == "too_many_feeds"

    asyncio.run(scene())


def test_a_preflight_lets_allowed_origins_post_and_no_others(staged):
    async def scene():
        async with staged(allowed_origins=("https://map.example",)) as stage:
            for origin, allowed in (
                ("https://map.example", "https://map.example"),
                ("https://evil.example", None),
            ):
                answer = await stage.fetch(PATH, method="OPTIONS", headers={"Origin": origin})
                assert answer.code == 204
                assert answer.headers.get("Access-Control-Allow-Origin") == allowed
                assert answer.headers["Access-Control-Allow-Methods"] == "POST, OPTIONS"

    asyncio.run(scene())
