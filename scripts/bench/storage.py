#!/usr/bin/env python3
"""Rows a second through BatchWriter, beside what COPY alone does in the same run.

    python scripts/bench/storage.py [--database-url URL] [--rows 250000] [--rounds 5]

Three ways take turns, each into an empty day of ``position`` (key, BRIN index, CHECKs):

- ``copy``: the binary COPY stream, encoded beforehand, one COPY and one commit a batch: nothing but
  the server and the socket. This is the baseline of the ratio.
- ``writer``: BatchWriter, track points as the actors hand them over, two batches in flight.
- ``writer+flights``: the same with a flight row for every 60 points, as full load has them.

Then the event loop: a heartbeat every millisecond in the main thread, and a loop that sends on a
socket without pause, while 25,000 rows a second are written in one batch. Last the other way round:
what the writer stores beside a loop that computes for 80 % and for all of the time, in slices of
4 ms as the actors do, with Python's own switch interval and with ours. Without a URL an embedded
PostgreSQL is started for the run, with its usual settings (fsync on).
"""

import argparse
import asyncio
import contextlib
import platform
import queue
import random
import select
import socket
import statistics
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg

from aerotrack.actors.messages import BatchFailed, BatchStored
from aerotrack.db.connection import connect
from aerotrack.db.embedded import EmbeddedPostgres
from aerotrack.db.migrate import migrate
from aerotrack.db.partitions import Partitions
from aerotrack.db.rows import POSITION, day_of
from aerotrack.db.writer import BatchWriter
from aerotrack.domain.records import Batch, FlightRecord, TrackPoint, flight_key
from aerotrack.runtime.turns import short_turns

START = 1_764_000_000.0  # 2025-11-24 16:00 UTC; a run stays within that day
FLIGHTS = 25_000
POINTS_PER_FLIGHT_ROW = 60
# The actors' slices (SLICE_SECONDS of the loop base); how long and how much to write beside them.
SLICE_S = 0.004
BUSY_S = 5.0
BUSY_BATCHES = 20


def make_points(rows: int) -> list[TrackPoint]:
    """One point a second of each of FLIGHTS flights, complete as airliners send them."""
    chance = random.Random(1)
    started = START - 3_600.0
    return [
        TrackPoint(
            flight=flight_key(f"{0x400000 + i % FLIGHTS:06x}", started),
            ts=START + i / FLIGHTS,
            lat=chance.uniform(-90, 90),
            lon=chance.uniform(-180, 180),
            alt_baro=chance.randrange(0, 40_000),
            alt_geom=chance.randrange(0, 40_000) if chance.random() < 0.8 else None,
            on_ground=False,
            gs=round(chance.uniform(0, 500), 1),
            track=round(chance.uniform(0, 360), 1),
            baro_rate=chance.randrange(-50, 50) * 64,
            callsign=f"RYR{i % FLIGHTS}",
            squawk="1234",
            emergency="none" if i % 2 else None,
            source="adsb_icao",
            feed="home",
        )
        for i in range(rows)
    ]


def flight_rows(points: list[TrackPoint]) -> tuple[FlightRecord, ...]:
    """The flight rows that go with ``points``."""
    return tuple(
        FlightRecord(
            flight=point.flight,
            icao24=f"{point.flight >> 32:06x}",
            started=START - 3_600.0,
            last_contact=point.ts,
            points=1,
            callsign=point.callsign,
            registration="EI-DAA",
            typecode="B738",
            source=point.source,
            feed=point.feed,
        )
        for point in points[::POINTS_PER_FLIGHT_ROW]
    )


def encoded(connection: psycopg.Connection, points: list[TrackPoint]) -> bytes:
    """The COPY stream of ``points``: what the server gives back of a table that holds them."""
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE held (LIKE position) ON COMMIT DROP")
        with cursor.copy(POSITION.copy_into("held")) as copy:
            copy.set_types(POSITION.wire_types)
            for row in POSITION.encode(points):
                copy.write_row(row)
        with cursor.copy("COPY held TO STDOUT (FORMAT binary)") as copy:
            return b"".join(bytes(block) for block in copy)


class Answers:
    """Takes a writer's answers; ``cpu_s`` is the processor time its thread has used."""

    def __init__(self) -> None:
        self.stored: queue.Queue[BatchStored] = queue.Queue()
        self.cpu_s = 0.0

    def on_stored(self, message: BatchStored) -> None:
        self.cpu_s = time.thread_time()  # called in the writer's thread
        self.stored.put(message)

    def on_failed(self, message: BatchFailed) -> None:
        sys.exit(f"batch failed: {message}")


@contextlib.contextmanager
def running_writer(url: str) -> Iterator[tuple[BatchWriter, Answers]]:
    answers = Answers()
    writer = BatchWriter(
        url, run=uuid.uuid4(), on_stored=answers.on_stored, on_failed=answers.on_failed
    )
    writer.start()
    writer.submit(Batch(number=0, points=(), flights=(), events=()))  # connects
    answers.stored.get(timeout=60)
    try:
        yield writer, answers
    finally:
        writer.stop(60)


def copy_alone(connection: psycopg.Connection, streams: list[bytes]) -> float:
    """Seconds to store ``streams``, one COPY and commit each."""
    statement = POSITION.copy_into("position")
    begun = time.perf_counter()
    for stream in streams:
        with connection.cursor() as cursor, cursor.copy(statement) as copy:
            copy.write(stream)
    return time.perf_counter() - begun


def through_writer(url: str, batches: list[Batch]) -> tuple[float, float]:
    """Seconds to store ``batches`` with two in flight, and the thread's processor seconds."""
    with running_writer(url) as (writer, answers):
        cpu_before, begun = answers.cpu_s, time.perf_counter()
        for i, batch in enumerate(batches):
            writer.submit(batch)
            if i:
                answers.stored.get(timeout=60)
        answers.stored.get(timeout=60)
        return time.perf_counter() - begun, answers.cpu_s - cpu_before


def measure_rate(url: str, rows: int, batch_rows: int, rounds: int) -> None:
    points = make_points(rows)
    cut = [points[i : i + batch_rows] for i in range(0, rows, batch_rows)]
    bare = [Batch(i, tuple(some), (), ()) for i, some in enumerate(cut, 1)]
    full = [Batch(i, tuple(some), flight_rows(some), ()) for i, some in enumerate(cut, 1)]
    seconds: dict[str, list[float]] = {"copy": [], "writer": [], "writer+flights": []}
    cpu: list[float] = []
    with connect(url, "bench") as connection:
        Partitions().ensure(connection, {day_of(START)})
        streams = [encoded(connection, some) for some in cut]

        def emptied() -> None:
            connection.execute("TRUNCATE position, flight, aircraft")
            connection.execute("CHECKPOINT")

        for _ in range(rounds):
            emptied()
            seconds["copy"].append(copy_alone(connection, streams))
            emptied()
            took, used = through_writer(url, bare)
            seconds["writer"].append(took)
            cpu.append(used)
            emptied()
            seconds["writer+flights"].append(through_writer(url, full)[0])
        count = connection.execute("SELECT count(*) FROM position").fetchone()
        assert count == (rows,), f"{count} of {rows} rows arrived"
    print(f"\nbatches of {batch_rows:,}: {rows:,} rows, median of {rounds} rounds")
    for name, all_seconds in seconds.items():
        # Of each round by itself, since what else runs on the machine changes between rounds.
        ratios = [base / took for base, took in zip(seconds["copy"], all_seconds, strict=True)]
        took = statistics.median(all_seconds)
        spread = f"{rows / max(all_seconds):,.0f} to {rows / min(all_seconds):,.0f}"
        print(
            f"  {name:15s} {rows / took:9,.0f} rows/s ({spread}), "
            f"{statistics.median(ratios):5.0%} of copy"
        )
    print(f"  the writer's thread: {statistics.median(cpu) / rows * 1e6:.2f} us of CPU a row")


async def heartbeat(seconds: float) -> list[float]:
    """How late, in ms, a task that sleeps 1 ms wakes up."""
    late = []
    end = time.perf_counter() + seconds
    while (now := time.perf_counter()) < end:
        await asyncio.sleep(0.001)
        late.append((time.perf_counter() - now - 0.001) * 1e3)
    return late


async def sending(seconds: float) -> list[float]:
    """How long, in ms, ten sends on a socket take; each gives the interpreter away for a moment."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        theirs.setblocking(False)
        took = []
        end = time.perf_counter() + seconds
        while (now := time.perf_counter()) < end:
            for _ in range(10):
                ours.send(b"x" * 512)
                theirs.recv(4096)
            took.append((time.perf_counter() - now) * 1e3)
            await asyncio.sleep(0)
    return took


def measure_loop(url: str, seconds: float) -> None:
    with connect(url, "bench") as connection:
        connection.execute("TRUNCATE position, flight, aircraft")
    cut = [make_points(FLIGHTS * 8)[i : i + FLIGHTS] for i in range(0, FLIGHTS * 8, FLIGHTS)]
    print(f"\nevent loop while {FLIGHTS:,} rows a second are written, {seconds:.0f} s each, in ms")
    for name, probe in (("1 ms heartbeat, late by", heartbeat), ("10 sends", sending)):
        for with_writer in (False, True):
            if with_writer:
                late = _beside_writer(url, cut, probe, seconds)
            else:
                late = asyncio.run(probe(seconds))
            late.sort()
            p99, p999 = late[int(len(late) * 0.99)], late[int(len(late) * 0.999)]
            print(
                f"  {name:24s} {'writing' if with_writer else 'idle':8s}"
                f" p99 {p99:6.2f}  p99.9 {p999:6.2f}  max {late[-1]:6.2f}"
            )


def _beside_writer(
    url: str, cut: list[list[TrackPoint]], probe: Callable[[float], object], seconds: float
) -> list[float]:
    with connect(url, "bench") as connection:
        connection.execute("TRUNCATE position, flight, aircraft")
    batches = [Batch(i, tuple(some), flight_rows(some), ()) for i, some in enumerate(cut, 1)]
    done = threading.Event()
    with running_writer(url) as (writer, answers):

        def feed() -> None:
            for batch in batches:
                writer.submit(batch)
                if done.wait(1.0):
                    return

        feeder = threading.Thread(target=feed)
        feeder.start()
        try:
            late: list[float] = asyncio.run(probe(seconds))  # type: ignore[arg-type]
        finally:
            done.set()
            feeder.join()
    assert answers.stored.qsize() >= seconds - 1
    return late


def busy(share: float, seconds: float, done: Callable[[], bool]) -> float:
    """Compute for a share of the time, in slices with a turn of the loop between; cores it got."""
    begun, worked, count = time.perf_counter(), 0.0, 0
    while time.perf_counter() < begun + seconds and not done():
        slice_began, used = time.perf_counter(), time.thread_time()
        while time.perf_counter() - slice_began < SLICE_S:
            for number in range(100):
                count += number
        worked += time.thread_time() - used
        select.select([], [], [], max(0.0, SLICE_S * (1.0 / share - 1.0)))
    return worked / (time.perf_counter() - begun)


def measure_beside_busy_loop(url: str) -> None:
    """Rows a second that the writer stores meanwhile."""
    points = make_points(FLIGHTS * BUSY_BATCHES)
    cut = [points[i : i + FLIGHTS] for i in range(0, len(points), FLIGHTS)]
    print(f"\nrows a second beside a loop that computes, {FLIGHTS:,} a batch")
    for share in (0.8, 1.0):
        for name, turns in (("Python's", contextlib.nullcontext()), ("ours", short_turns())):
            with connect(url, "bench") as connection:
                connection.execute("TRUNCATE position, flight, aircraft")
            with turns, running_writer(url) as (writer, answers):
                begun = time.perf_counter()
                for number, some in enumerate(cut, 1):
                    writer.submit(Batch(number, tuple(some), (), ()))
                cores = busy(share, BUSY_S, lambda: answers.stored.qsize() == len(cut))
                rows = answers.stored.qsize() * FLIGHTS / (time.perf_counter() - begun)
            print(
                f"  busy {share:4.0%}, {name + ' switch interval':26s}"
                f" {rows:9,.0f} rows/s, the loop {cores:.2f} of a core"
            )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--database-url", help="a database to use; its history is emptied")
    options.add_argument("--rows", type=int, default=250_000)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--loop-seconds", type=float, default=8.0)
    chosen = options.parse_args()
    with contextlib.ExitStack() as stack:
        url = chosen.database_url
        if url is None:
            place = Path(
                stack.enter_context(tempfile.TemporaryDirectory(prefix="aerotrack-bench-"))
            )
            place.chmod(0o755)
            url = stack.enter_context(EmbeddedPostgres(place / "data")).conninfo
        migrate(url)
        with connect(url, "bench") as connection:
            version = connection.info.server_version
        print(f"Python {platform.python_version()}, psycopg {psycopg.__version__}, ", end="")
        print(f"PostgreSQL {version // 10_000}.{version % 10_000}")
        for batch_rows in (5_000, 25_000):
            measure_rate(url, chosen.rows, batch_rows, chosen.rounds)
        measure_loop(url, chosen.loop_seconds)
        measure_beside_busy_loop(url)


if __name__ == "__main__":
    main()
