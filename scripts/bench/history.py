#!/usr/bin/env python3
"""How fast the past is answered, on a generated piece of the world's traffic.

    python scripts/bench/history.py [--database-url URL] [--rows 10000000] [--asks 60]

25,000 flights with a point in 15 seconds each, spread over the world as traffic is (most of it in
three regions); --rows says how much of the 144 million rows of such a day is made. Beside them
600,000 flights of a month. Each question is asked one after the other by the reader that serves
REST and playback, with another moment, flight or name each time, the first of them unmeasured.
Without a URL an embedded PostgreSQL is started for the run, with its usual settings.
"""

import argparse
import asyncio
import contextlib
import platform
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from aerotrack.db.connection import connect
from aerotrack.db.embedded import EmbeddedPostgres
from aerotrack.db.migrate import migrate
from aerotrack.db.partitions import Partitions
from aerotrack.db.past import PastReader
from aerotrack.db.rows import day_of
from aerotrack.domain.geo import box
from aerotrack.domain.past import EventSearch, FlightSearch, Stretch
from aerotrack.domain.records import flight_key
from aerotrack.domain.rules import FlightRules

FLIGHTS = 25_000
EVERY_S = 15
DAY_ROWS = FLIGHTS * 86_400 // EVERY_S
START = 1_764_000_000 - 1_764_000_000 % 86_400
MONTH_FLIGHTS = 600_000
RULES = FlightRules()

# South-west corner and size of three regions that hold three flights of ten each, and of the rest;
# a flight goes round a small circle, so that it stays where it is.
PLACES = (
    "ARRAY[36,36,36,25,25,25,20,20,20,-60]",
    "ARRAY[-10,-10,-10,-123,-123,-123,100,100,100,-175]",
)
SIZES = "ARRAY[22,22,22,23,23,23,25,25,25,140]", "ARRAY[40,40,40,53,53,53,40,40,40,350]"
POSITIONS = f"""
INSERT INTO aerotrack.position
SELECT ((4194304 + n)::bigint << 32) | {START},
       to_timestamp({START} + (step + n / {FLIGHTS}.0) * {EVERY_S}),
       lat + sin(step / 40.0) * 2, lon + cos(step / 40.0) * 2, 30000 + n %% 100, 30500 + n %% 100,
       false, 450 + n %% 50, n %% 360, 0, 'RYR' || n, '1000', NULL, 'adsb_icao', 'world'
FROM generate_series(%s::int, %s::int) step, (
    SELECT n, ({PLACES[0]})[1 + n %% 10]
               + (n * 7919 %% 10007) / 10007.0 * ({SIZES[0]})[1 + n %% 10] AS lat,
           ({PLACES[1]})[1 + n %% 10]
               + (n::bigint * 104729 %% 10009) / 10009.0 * ({SIZES[1]})[1 + n %% 10] AS lon
    FROM generate_series(0, {FLIGHTS - 1}) n
) flights ORDER BY step, n
"""
FLIGHT_ROWS = f"""
INSERT INTO aerotrack.flight (flight, icao24, started, last_contact, points, ended, end_cause,
    callsign, registration, typecode, source, feed, est_departure, est_arrival)
SELECT (address << 32) | began, lpad(to_hex(address), 6, '0'),
       to_timestamp(began), to_timestamp(began + 7200), 480,
       CASE WHEN n >= {FLIGHTS} THEN to_timestamp(began + 7200) END,
       CASE WHEN n >= {FLIGHTS} THEN 'landed' END,
       (ARRAY['RYR','DLH','BAW','UAL','CCA'])[1 + n % 5] || n % 9999, 'EI-' || (n % {FLIGHTS}),
       (ARRAY['B738','A320','A359','B77W','C172'])[1 + n % 5], 'adsb_icao', 'world',
       'E' || (n % 997), 'E' || (n * 7 % 997)
FROM (SELECT n, (4194304 + n % {FLIGHTS})::bigint AS address,
             {START} - (n / {FLIGHTS}) * {30 * 86400 * FLIGHTS // MONTH_FLIGHTS} AS began
      FROM generate_series(0, {MONTH_FLIGHTS - 1}) n) made
"""
EVENT_ROWS = """
INSERT INTO aerotrack.event
SELECT flight, started, 'takeoff', est_departure, 50, 8 FROM aerotrack.flight
UNION ALL SELECT flight, ended, 'landing', est_arrival, 50, 8 FROM aerotrack.flight
WHERE ended IS NOT NULL
"""

Ask = Callable[[PastReader, random.Random], Awaitable[int]]


@contextlib.contextmanager
def server(url: str | None) -> Iterator[str]:
    """A database of its own."""
    if url:
        yield url
        return
    with tempfile.TemporaryDirectory(prefix="aerotrack-bench-") as place:
        Path(place).chmod(0o755)
        with EmbeddedPostgres(Path(place) / "data") as embedded:
            yield embedded.conninfo


def fill(url: str, rows: int) -> int:
    """Make the rows; the last step made."""
    steps = rows // FLIGHTS
    begun = time.monotonic()
    with connect(url, "aerotrack bench") as connection:
        Partitions().ensure(connection, {day_of(START)})
        for first in range(0, steps, 40):
            connection.execute(POSITIONS.encode(), (first, min(steps, first + 40) - 1))
        connection.execute(FLIGHT_ROWS.encode())
        connection.execute(EVENT_ROWS.encode())
        connection.execute(b"VACUUM ANALYZE")
        sizes = connection.execute(
            b"SELECT pg_size_pretty(sum(pg_total_relation_size(relid))), sum(pg_total_relation_size"
            b"(relid))::float8 FROM pg_partition_tree('aerotrack.position')"
        ).fetchone()
    assert sizes is not None
    made = steps * FLIGHTS
    print(
        f"{made:,} positions made in {time.monotonic() - begun:.0f} s,"
        f" {100 * made / DAY_ROWS:.1f} % of the {DAY_ROWS:,} of a day;"
        f" {sizes[0]} with indexes, {sizes[1] / made:.0f} bytes a row"
    )
    return steps


def questions(steps: int) -> dict[str, Ask]:
    """What is asked, each giving the rows it found."""
    last = START + steps * EVERY_S

    def moment(chance: random.Random) -> float:
        return chance.uniform(START + 120, last - 1)

    async def in_box(reader: PastReader, chance: random.Random) -> int:
        west, south = chance.uniform(-10, 25), chance.uniform(36, 53)
        area = box(west, south, west + 5, south + 5)
        return len(await reader.picture(moment(chance), area, (), RULES))

    async def world(reader: PastReader, chance: random.Random) -> int:
        return len(await reader.picture(moment(chance), None, (), RULES))

    async def track(reader: PastReader, chance: random.Random) -> int:
        flight = flight_key(f"{0x400000 + chance.randrange(FLIGHTS):06x}", START)
        return len(await reader.track_part(flight, START - 1, last, 1000))

    def flights(**wanted: Callable[[random.Random], str]) -> Ask:
        async def ask(reader: PastReader, chance: random.Random) -> int:
            given = {name: make(chance) for name, make in wanted.items()}
            begin = START - chance.randrange(25) * 86_400
            search = FlightSearch(begin=begin, end=begin + 86_400 * 5, **given)
            return len(await reader.flights(search))

        return ask

    async def flights_in_box(reader: PastReader, chance: random.Random) -> int:
        west, south = chance.uniform(-10, 25), chance.uniform(36, 53)
        area, begin = box(west, south, west + 5, south + 5), moment(chance) - 100
        return len(await reader.flights(FlightSearch(begin=begin, end=begin + 900, box=area)))

    async def events(reader: PastReader, chance: random.Random) -> int:
        search = EventSearch(begin=0, end=last, airport=f"E{chance.randrange(997)}")
        return len(await reader.events(search))

    async def stretch(reader: PastReader, chance: random.Random) -> int:
        west, south = chance.uniform(-10, 25), chance.uniform(36, 53)
        at = moment(chance) - 100
        wanted = Stretch(
            since=(at, 0), until=at + 60, box=box(west, south, west + 5, south + 5), limit=2000
        )
        return len(await reader.points_between(wanted))

    return {
        "picture, 5° box": in_box,
        "picture, world": world,
        "track": track,
        "search, callsign": flights(callsign=lambda c: f"RYR{c.randrange(999)}"),
        "search, registration": flights(registration=lambda c: f"EI-{c.randrange(FLIGHTS)}"),
        "search, airport": flights(airport=lambda c: f"E{c.randrange(997)}"),
        "search, type": flights(typecode=lambda c: c.choice(["B738", "A320"])),
        "search, nothing else": flights(),
        "search, 5° box, 15 min": flights_in_box,
        "events, airport": events,
        "playback, 5° box, 60 s": stretch,
    }


async def measure(url: str, asks: int, steps: int) -> None:
    reader = PastReader(url, "bench")
    try:
        for name, ask in questions(steps).items():
            chance, took, found = random.Random(1), [], 0
            await ask(reader, chance)
            for _ in range(max(5, asks // 6) if "world" in name else asks):
                begun = time.perf_counter()
                found += await ask(reader, chance)
                took.append((time.perf_counter() - begun) * 1000)
            took.sort()
            p99 = took[min(len(took) - 1, int(len(took) * 0.99))]
            print(
                f"| {name} | {found / len(took):.0f} | {took[len(took) // 2]:.0f} | {p99:.0f} |",
                flush=True,
            )
    finally:
        await reader.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--database-url", help="a database to fill, which is then full")
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--asks", type=int, default=60)
    wanted = parser.parse_args()
    print(f"Python {platform.python_version()}, {platform.machine()}")
    with server(wanted.database_url) as url:
        migrate(url)
        steps = fill(url, wanted.rows)
        print("| question | rows found | p50, ms | p99, ms |\n|---|---|---|---|")
        asyncio.run(measure(url, wanted.asks, steps))


if __name__ == "__main__":
    main()
