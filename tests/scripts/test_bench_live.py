"""The benchmark of the whole server: its checks find what is planted, and it runs."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import live_clients
import msgspec
import pytest
from live_checks import (
    Account,
    Compared,
    Stored,
    account_faults,
    differences,
    percentile,
    picture_faults,
    quantile,
)
from live_clients import Client, Viewport, compare
from live_report import Measured, targets_missed
from live_server import Metrics
from processes import memory, stat
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application
from tornado.websocket import WebSocketClosedError, WebSocketHandler

import aerotrack

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE_S = 40.0
RUN_TIMEOUT_S = 180.0

# -- to the row ------------------------------------------------------------------------------------

SOUND = Account(
    fed=125, observed=120, points=90, unchanged=7, refused=3, overloaded=5, stored=90, kept=0,
    duplicate=0, dropped=0, rejected=0, left=0, compacted=20,
)  # fmt: skip
ALL_THERE = Stored(rows=90, rejected_points=0, wrong_flights=0)


def test_an_account_that_adds_up_has_no_fault() -> None:
    assert [] == account_faults(SOUND, ALL_THERE)


@pytest.mark.parametrize(
    ("account", "stored", "named"),
    [
        ({"fed": 126}, {}, ["fed = observed"]),
        ({"overloaded": 4}, {}, ["fed = observed"]),
        ({"unchanged": 6}, {}, ["observed = points + compacted + unchanged + refused"]),
        ({"refused": 4}, {}, ["observed = points + compacted + unchanged + refused"]),
        ({}, {"rows": 89}, ["rows in PostgreSQL = points", "rows in PostgreSQL = stored"]),
        ({}, {"rows": 91}, ["rows in PostgreSQL = points", "rows in PostgreSQL = stored"]),
        ({"stored": 89}, {}, ["rows in PostgreSQL = stored"]),
        ({"kept": 1}, {}, ["rows in PostgreSQL = points"]),
        ({"duplicate": 1}, {}, ["rows in PostgreSQL = points"]),
        ({"left": 1, "stored": 89}, {"rows": 89}, ["rows left waiting"]),
        ({"dropped": 1, "stored": 89}, {"rows": 89}, ["points dropped"]),
        ({}, {"wrong_flights": 1}, ["flights whose row counts other points"]),
    ],
)
def test_one_row_too_few_or_too_many_anywhere_is_named(
    account: dict[str, int], stored: dict[str, int], named: list[str]
) -> None:
    faults = account_faults(
        msgspec.structs.replace(SOUND, **account), msgspec.structs.replace(ALL_THERE, **stored)
    )
    assert len(named) == len(faults)
    for name, fault in zip(named, faults, strict=True):
        assert fault.startswith(name)


def test_points_the_database_rejected_are_refused_not_lost() -> None:
    account = msgspec.structs.replace(SOUND, stored=88, rejected=2)
    assert [] == account_faults(account, Stored(rows=88, rejected_points=2, wrong_flights=0))
    faults = account_faults(account, Stored(rows=88, rejected_points=1, wrong_flights=0))
    (fault,) = faults
    assert fault.startswith("rows in PostgreSQL = points - ")
    assert fault.endswith(": 88 is not 89 (-1)")


def test_points_in_the_outbox_are_no_fault_where_they_are_counted() -> None:
    account = msgspec.structs.replace(SOUND, stored=70, kept=15, duplicate=5)
    assert [] == account_faults(account, Stored(rows=70, rejected_points=0, wrong_flights=3))


# -- pictures --------------------------------------------------------------------------------------


def test_pictures_differ_by_flights_and_by_fields() -> None:
    held = {"4ca2d6": {"lat": 1.0, "gs": 100.0}, "3c6444": {"lat": 2.0}}
    fresh = {"4ca2d6": {"lat": 1.0, "squawk": "7700"}, "a0b1c2": {"lat": 3.0}}
    assert [
        "3c6444 is held but not there",
        "a0b1c2 is there but not held",
        "4ca2d6.gs is held as 100.0, not None",
        "4ca2d6.squawk is held as None, not '7700'",
    ] == differences(held, fresh)
    assert [] == differences(held, {icao24: dict(entry) for icao24, entry in held.items()})


def test_a_client_that_differs_broke_or_was_never_compared_is_a_fault() -> None:
    assert [
        "wrong: 4ca2d6.lat is held as 1, not 2",
        "broken: seq 4 after 2",
        "unseen: never compared, no position in common",
    ] == picture_faults(
        [
            Compared("right", 3, 10, []),
            Compared("wrong", 3, 10, ["4ca2d6.lat is held as 1, not 2"]),
            Compared("broken", 3, 10, [], "seq 4 after 2"),
            Compared("unseen", 0, 10, []),
        ]
    )


class FakeLive(WebSocketHandler):
    """A live stream of two flights, one of which moves; frames of a beat have one position."""

    feed: "FakeFeed"

    def open(self, *_args: str, **_kwargs: str) -> None:
        self.write_message({"type": "welcome", "protocol": 1})
        self.seq = 0

    async def on_message(self, message: str | bytes) -> None:
        flights = [{"icao24": "4ca2d6", "lat": self.feed.lat}, {"icao24": "3c6444", "lat": 1.0}]
        self.say({"type": "snapshot", "flights": flights})
        self.feed.clients.append(self)

    def say(self, frame: dict[str, Any]) -> None:
        self.seq += 1
        head = {"seq": self.seq, "pos": self.feed.pos, "now": 0.0}
        try:
            self.write_message({**head, **frame})
        except WebSocketClosedError:
            self.feed.clients.remove(self)


class FakeFeed:
    """Moves the flight of every client, if ``moving``."""

    def __init__(self, *, moving: bool) -> None:
        self.pos, self.lat, self.moving = 1, 0.0, moving
        self.clients: list[FakeLive] = []

    async def run(self) -> None:
        while self.moving:
            await asyncio.sleep(0.05)
            self.pos += 1
            self.lat += 0.5
            for client in list(self.clients):
                entry = {"icao24": "4ca2d6", "lat": self.lat}
                client.say({"type": "delta", "gone": [], "flights": [entry]})


@contextmanager
def fake_server(feed: FakeFeed) -> Iterator[str]:
    handler = type("Handler", (FakeLive,), {"feed": feed})
    server = HTTPServer(Application([("/", handler)]))
    sockets = bind_sockets(0, "127.0.0.1")
    server.add_sockets(sockets)
    moving = asyncio.create_task(feed.run())
    try:
        yield f"ws://127.0.0.1:{sockets[0].getsockname()[1]}/"
    finally:
        moving.cancel()
        server.stop()


def compared_after(tamper: dict[str, Any] | None, *, moving: bool = True) -> Compared:
    """A client that holds something else than it was sent, compared with a fresh one."""

    async def scenario() -> Compared:
        with fake_server(FakeFeed(moving=moving)) as url:
            client = Client(Viewport("all", 0.1, (None,)))
            await client.open(url)
            client.held.flights.update(tamper or {})
            found = await compare(client, url)
            await client.close()
            await asyncio.sleep(0)
        return found

    async def in_time() -> Compared:
        async with asyncio.timeout(PATIENCE_S):
            return await scenario()

    return asyncio.run(in_time())


def test_a_client_is_compared_with_a_fresh_one_while_its_flights_move() -> None:
    found = compared_after(None)
    assert (live_clients.MOMENTS, 2, []) == (found.moments, found.flights, found.differing)


def test_a_client_that_holds_a_flight_too_many_or_a_wrong_field_is_found_out() -> None:
    found = compared_after({"a0b1c2": {"icao24": "a0b1c2"}, "3c6444": {"icao24": "3c6444"}})
    assert {
        "a0b1c2 is held but not there",
        "3c6444.lat is held as None, not 1.0",
    } == set(found.differing)


def test_pictures_in_which_nothing_moves_are_compared_as_they_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live_clients, "VERIFY_TIMEOUT_S", 0.2)
    found = compared_after({"a0b1c2": {"icao24": "a0b1c2"}}, moving=False)
    assert (1, ["a0b1c2 is held but not there"]) == (found.moments, found.differing)


# -- figures ---------------------------------------------------------------------------------------


def test_a_quantile_lies_within_its_bucket() -> None:
    buckets = [(0.1, 50.0), (0.2, 99.0), (float("inf"), 100.0)]
    assert 0.05 == pytest.approx(quantile(buckets, 0.25))
    assert 0.2 == pytest.approx(quantile(buckets, 0.99))
    assert float("inf") == quantile(buckets, 0.999)
    assert None is quantile([(0.1, 0.0), (float("inf"), 0.0)], 0.5)


def test_a_percentile_is_one_of_the_values() -> None:
    assert (3, 5, None) == (
        percentile([5, 1, 3, 2, 4], 0.5), percentile([5, 1, 3, 2, 4], 0.99), percentile([], 0.5),
    )  # fmt: skip


def metrics(fast_low: int, fast_high: int, home: int) -> Metrics:
    name = "aerotrack_feed_to_frame_seconds"
    return Metrics(
        f"# TYPE {name} histogram\n"
        f'{name}_bucket{{interval="fast",le="0.1"}} {fast_low}\n'
        f'{name}_bucket{{interval="fast",le="+Inf"}} {fast_high}\n'
        f'{name}_bucket{{interval="normal",le="0.1"}} 7\n'
        "# TYPE aerotrack_registry_routed counter\n"
        f'aerotrack_registry_routed_total{{feed="home"}} {home}\n'
        'aerotrack_registry_routed_total{feed="club"} 5\n'
    )


def test_metrics_are_summed_by_label_and_histograms_taken_since_before() -> None:
    before, after = metrics(10, 11, 20), metrics(15, 18, 30)
    assert (35.0, 30.0) == (
        after.sum("registry_routed_total"), after.sum("registry_routed_total", feed="home"),
    )  # fmt: skip
    assert {"home": 30.0, "club": 5.0} == after.by_label("registry_routed_total", "feed")
    buckets = after.buckets_since(before, "feed_to_frame_seconds", interval="fast")
    assert [(0.1, 5.0), (float("inf"), 7.0)] == buckets


def test_a_process_tells_its_parent_and_memory_and_a_dead_one_nothing() -> None:
    own = stat(os.getpid())
    assert own is not None
    assert os.getppid() == own.parent
    assert memory(os.getpid())[0] > 1_000_000
    assert None is stat(2**22 + 1)


# -- the whole -------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_short_run_with_few_flights_holds_every_check() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts/bench/live.py"), "--flights", "200", "--clients", "2",
         "--seconds", "5", "--warm-up", "1", "--no-baselines", "--json"],
        capture_output=True,
        text=True,
        timeout=RUN_TIMEOUT_S,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(aerotrack.__file__).parent.parent)},
    )  # fmt: skip
    assert (0, "") == (done.returncode, done.stderr)
    found = json.loads(done.stdout)
    assert [] == found["faults"]
    assert [live_clients.MOMENTS] * 2 <= [one["moments"] for one in found["compared"]]
    assert found["account"]["fed"] > 1000
    assert found["in_database"]["rows"] == found["account"]["points"]
    measured = msgspec.convert(found["measured"], Measured)
    assert measured.cpu["server"] > 0.0
    fast = {"p50": 0.1, "p99": 0.3, "p99.9": 0.4}
    worse = msgspec.structs.replace(
        measured,
        updates_per_s=190.0,
        feed_to_frame={"fast": fast, "normal": fast},
        seconds=300.0,
        growth_per_min={"server": 3e6},
    )
    assert [
        "190 updates/s for 200 flights",
        "feed to frame p99 300 ms, over 250 ms",
        "the server grows by 3.0 MB/min",
    ] == targets_missed(worse, 200)
