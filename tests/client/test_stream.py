"""The client against a real server: its picture, its changes, refusals, losses and its end."""

import asyncio
import json
import subprocess
import sys
from typing import Any

import pytest

from aerotrack import client
from aerotrack.client import Appeared, Left, Updated

from .conftest import PATIENCE_S, until

WELCOME = '{"type":"welcome","protocol":1,"server":"s/1","epoch":"e","now":1764000000.5}'
IRELAND = (-11, 51, -5, 56)


def run(scene: Any) -> None:
    asyncio.run(asyncio.wait_for(scene(), 2 * PATIENCE_S))


async def heard(changes: client.Changes, count: int) -> list[client.Change]:
    """The next so many changes."""
    async with asyncio.timeout(PATIENCE_S):
        return [await anext(changes) for _ in range(count)]


def test_the_picture_is_there_when_subscribe_returns_and_follows_the_server(world):
    async def scene():
        async with world() as here:
            here.change("4ca2d6", whole=True, lat=53.4, lon=-6.2, callsign="EIN1", gs=150.5)
            here.change("3c6444", whole=True, lat=50.0, lon=8.5)
            async with client.connect(here.url) as live:
                await live.subscribe(bbox=IRELAND, interval=0.1)
                assert ["4ca2d6"] == list(live.flights)
                flight = live.flights["4ca2d6"]
                assert ("EIN1", 53.4, -6.2, 150.5, here.now) == (
                    flight.callsign, flight.lat, flight.lon, flight.gs, flight.time_position,
                )  # fmt: skip
                here.change("4ca2d6", lat=53.5, callsign=None)
                here.tick()
                await until(lambda: live.flights["4ca2d6"].lat == 53.5)
                flight = live.flights["4ca2d6"]
                assert (None, -6.2, here.now) == (flight.callsign, flight.lon, flight.time_position)
                assert ("live", "aerotrack/0.1.0") == (live.state, live.server)
                assert 0 <= live.now - here.now < PATIENCE_S
                await live.subscribe(bbox=client.Box(8, 49, 9, 51), interval=0.1)
                await until(lambda: ["3c6444"] == list(live.flights))
            assert "closed" == live.state

    run(scene)


def test_changes_begin_with_what_is_there_and_tell_what_came_changed_and_went(world):
    async def scene():
        async with world() as here, client.connect(here.url) as live:
            here.change("4ca2d6", whole=True, lat=53.4, lon=-6.2, squawk="1000")
            await here.system.drained()
            await live.subscribe(bbox=IRELAND, interval=0.1)
            changes = live.changes()
            (first,) = await heard(changes, 1)
            assert Appeared(live.flights["4ca2d6"]) == first
            here.change("4ca2d6", squawk="7700")
            here.change("3c6444", whole=True, lat=52.0, lon=-7.0)
            here.tick()
            second, third = await heard(changes, 2)
            updated = Updated(live.flights["4ca2d6"], frozenset({"squawk", "time_position"}))
            assert (updated, "7700") == (second, second.flight.squawk)
            assert Appeared(live.flights["3c6444"]) == third
            here.end("4ca2d6")
            here.change("3c6444", lat=10.0)
            here.tick()
            gone = await heard(changes, 2)
            told = {(one.flight.icao24, one.reason, one.cause, one.flight.squawk) for one in gone}
            assert told == {
                ("4ca2d6", "ended", "silence", "7700"),
                ("3c6444", "left_view", None, None),
            }
            assert {} == dict(live.flights)
            await live.close()
            with pytest.raises(StopAsyncIteration):
                await anext(changes)
            assert [] == [change async for change in live.changes()]

    run(scene)


def test_who_is_slow_hears_of_a_flight_once_and_as_it_is_by_then(world):
    async def scene():
        async with world() as here, client.connect(here.url) as live:
            here.change("4ca2d6", whole=True, lat=53.0, lon=-6.2)
            await here.system.drained()
            await live.subscribe(interval=0.1)
            changes = live.changes()
            await heard(changes, 1)
            for step in range(20):
                here.change("4ca2d6", lat=53.0 + step / 100, alt_baro=1000 + step)
                if step == 5:
                    here.change("3c6444", whole=True, lat=50.0, lon=8.5)
                if step == 9:
                    here.end("3c6444")
                here.tick()
                await until(lambda step=step: live.flights["4ca2d6"].alt_baro == 1000 + step)
            assert 1 == len(changes)
            (change,) = await heard(changes, 1)
            fields = frozenset({"lat", "alt_baro", "time_position"})
            assert Updated(live.flights["4ca2d6"], fields) == change
            assert (1019, 0) == (change.flight.alt_baro, len(changes))

    run(scene)


def test_a_refusal_carries_its_code_and_leaves_the_view_as_it_was(world):
    async def scene():
        async with world() as here, client.connect(here.url) as live:
            here.change("4ca2d6", whole=True, lat=53.4, lon=-6.2)
            await here.system.drained()
            await live.subscribe(bbox=IRELAND, interval=0.1)
            for code, wrong in (
                ("bad_bbox", {"bbox": (0, 10, 1, 5)}),
                ("bad_bbox", {"bbox": (0, 10)}),
                ("bad_interval", {"interval": 1e-3}),
            ):
                with pytest.raises(client.RequestRefused) as caught:
                    await live.subscribe(**wrong)
                assert (code, True) == (caught.value.code, bool(str(caught.value)))
            here.change("4ca2d6", lat=53.6)
            here.tick()
            await until(lambda: live.flights["4ca2d6"].lat == 53.6)

    run(scene)


def test_after_unsubscribe_nothing_comes_until_the_next_view(world):
    async def scene():
        async with world() as here, client.connect(here.url) as live:
            here.change("4ca2d6", whole=True, lat=53.4, lon=-6.2)
            await here.system.drained()
            await live.subscribe(interval=0.1)
            await live.unsubscribe()
            assert (0, 1) == (await here.subscribers(), len(live.flights))
            here.end("4ca2d6")
            here.change("3c6444", whole=True, lat=50.0, lon=8.5)
            changes = live.changes()
            await heard(changes, 1)
            await live.subscribe(interval=0.1)
            left, appeared = await heard(changes, 2)
            assert ("4ca2d6", "missed", "3c6444") == (
                left.flight.icao24, left.reason, appeared.flight.icao24,
            )  # fmt: skip

    run(scene)


@pytest.mark.parametrize("goodbye", ["hang_up", "restart", "stop"])
def test_a_lost_connection_comes_back_with_its_view(world, goodbye, caplog):
    async def scene():
        async with world() as here, client.connect(here.url) as live:
            here.change("4ca2d6", whole=True, lat=53.4, lon=-6.2)
            here.change("3c6444", whole=True, lat=53.5, lon=-6.2)
            await here.system.drained()
            await live.subscribe(bbox=IRELAND, interval=0.1)
            changes = live.changes()
            await heard(changes, 2)
            if goodbye == "hang_up":
                here.end("3c6444")
                here.hang_up()
            elif goodbye == "restart":
                await here.restart()
            else:
                await here.stop()
                await until(lambda: live.state == "waiting")
                assert "connection_lost" == live.last_error.code
                await until(lambda: live.last_error.code == "unreachable")
                assert 2 == len(live.flights)
                here.end("3c6444")
                here.start()
            here.change("4ca2d6", whole=goodbye == "restart", lat=53.7, lon=-6.2)
            here.change("a0b1c2", whole=True, lat=30.0, lon=-90.0)
            await until(lambda: live.flights["4ca2d6"].lat == 53.7)
            assert (["4ca2d6"], "live", None) == (list(live.flights), live.state, live.last_error)
            left = [change for change in await heard(changes, 2) if isinstance(change, Left)]
            assert [("3c6444", "missed")] == [(one.flight.icao24, one.reason) for one in left]
            await live.subscribe(bbox=(-100, 20, -80, 40), interval=0.1)
            await until(lambda: ["a0b1c2"] == list(live.flights))

    run(scene)
    assert "live_client_lost" in caplog.text


def test_without_reconnect_the_loss_is_raised_to_everybody(world):
    async def scene():
        async with world() as here, client.connect(here.url, reconnect=False) as live:
            here.change("4ca2d6", whole=True, lat=53.4, lon=-6.2)
            await here.system.drained()
            await live.subscribe()
            changes = live.changes()
            await heard(changes, 1)
            here.hang_up()
            for asked in (anext(changes), live.subscribe()):
                with pytest.raises(client.ConnectionLost) as caught:
                    await asked
                assert "connection_lost" == caught.value.code
            assert ("closed", 1) == (live.state, len(live.flights))

    run(scene)


def test_who_waits_when_the_stream_is_closed_is_told(world):
    async def scene():
        async with world() as here, client.connect(here.url) as live:
            await here.stop()
            await until(lambda: live.state != "live")
            asking = asyncio.ensure_future(live.subscribe())
            await asyncio.sleep(0)
            await live.close()
            for asked in (asking, live.subscribe()):
                with pytest.raises(client.ConnectionLost) as caught:
                    await asked
                assert "closed" == caught.value.code

    run(scene)


def test_a_server_that_is_not_there_is_unreachable_at_once(world):
    async def scene():
        async with world() as here:
            await here.stop()
            with pytest.raises(client.CannotConnect) as caught:
                async with client.connect(here.url):
                    pass
            assert "unreachable" == caught.value.code

    run(scene)


def test_a_server_that_refuses_says_why(world):
    async def scene():
        async with world() as here:
            for url, headers, code in (
                (here.url, {"Origin": "https://evil.example"}, "bad_origin"),
                (f"{here.url}/elsewhere", {}, "not_found"),
            ):
                with pytest.raises(client.CannotConnect) as caught:
                    async with client.connect(url, headers=headers):
                        pass
                assert code == caught.value.code

    run(scene)


@pytest.mark.parametrize(
    "first", ['{"type":"welcome","protocol":2}', '{"type":"hello"}', "[1]", "\x00", "9"]
)
def test_a_server_of_another_protocol_is_refused(scripted, first):
    async def scene():
        async with scripted(first) as (url, _):
            with pytest.raises(client.CannotConnect) as caught:
                async with client.connect(url):
                    pass
            assert "unsupported_protocol" == caught.value.code

    run(scene)


def frame(kind: str, seq: int, *flights: dict[str, Any], **more: Any) -> str:
    gone = {} if kind == "snapshot" else {"gone": []}
    head = {"type": kind, "seq": seq, "pos": seq, "now": 1764000001.5}
    return json.dumps({**head, **gone, **more, "flights": flights})


ENTRY = {"icao24": "4ca2d6", "flight_id": "4ca2d6-692159a0", "source": "of tomorrow", "new": 1}


@pytest.mark.parametrize(
    "broken",
    [
        "no json",
        "[]",
        frame("delta", 1, {"icao24": "ffffff", "lat": 1.0}),
        frame("delta", 7),
        frame("snapshot", 1, {"icao24": "4ca2d6"}) + "x",
        frame("snapshot", 1, {"lat": 5}),
        '{"type":"delta","seq":1}',
        '{"type":"error","code":5}',
    ],
)
def test_a_server_that_breaks_the_protocol_is_left_and_tried_again(scripted, broken, caplog):
    async def scene():
        async with scripted(WELCOME, broken) as (url, _), client.connect(url) as live:
            await until(lambda: caplog.text.count("the server broke the protocol") >= 2)
            assert {} == dict(live.flights)

    run(scene)


def test_what_is_of_tomorrow_is_taken_as_it_is(scripted):
    async def scene():
        says = (
            WELCOME,
            '{"type":"news","of":"tomorrow"}',
            frame("snapshot", 1, ENTRY, more=True),
            frame("snapshot", 2, {**ENTRY, "icao24": "3c6444", "nav_modes": ["lnav"]}, x=1),
            '{"type":"event","seq":3,"pos":3,"now":1764000002.5,"event":"evaporated"}',
            '{"type":"event","seq":4,"pos":4,"now":1764000002.5,"event":"takeoff",'
            '"icao24":"4ca2d6","flight_id":"4ca2d6-692159a0","x":1}',
        )
        async with scripted(*says) as (url, _), client.connect(url) as live:
            await until(lambda: live.now >= 1764000002.5)
            assert ["of tomorrow"] * 2 == [flight.source for flight in live.flights.values()]
            assert ("lnav",) == live.flights["3c6444"].nav_modes

    run(scene)


def test_events_are_heard_with_their_flight(scripted):
    async def scene():
        takeoff = (
            '{"type":"event","seq":2,"pos":3,"now":1764000002.5,"event":"takeoff",'
            '"icao24":"4ca2d6","flight_id":"4ca2d6-692159a0"}'
        )
        says = (WELCOME, frame("snapshot", 1, ENTRY), takeoff)
        async with scripted(*says) as (url, _), client.connect(url) as live:
            told = await heard(live.changes(), 2)
            (happened,) = (change for change in told if isinstance(change, client.Happened))
            assert ("takeoff", live.flights["4ca2d6"]) == (happened.event.event, happened.flight)

    run(scene)


def test_the_client_needs_neither_actors_nor_a_database():
    code = "import sys, aerotrack.client; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert set() == loaded & {"thespian", "psycopg", "psycopg_pool", "rs1090", "rich", "click"}
    ours = {name.split(".")[1] for name in done.stdout.split() if name.startswith("aerotrack.")}
    assert {"client", "domain"} == ours
