"""What REST reads is what was stored, and a database that is away is an error of ours."""

import asyncio
import os
import select
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import psycopg
import pytest
from msgspec.structs import replace

from aerotrack.db.embedded import EmbeddedPostgres
from aerotrack.db.errors import DatabaseTimeout, DatabaseUnavailable, QueryFailed
from aerotrack.db.migrate import migrate
from aerotrack.db.reader import Counts, Reader
from aerotrack.db.retention import close_forgotten
from aerotrack.domain.records import FlightRecord, flight_key

T = TypeVar("T")
TIMEOUT_S = 30.0


def read(url: str, ask: Callable[[Reader], Awaitable[T]], **options: Any) -> T:
    """What ``ask`` gets of a reader on ``url``."""

    async def with_reader() -> T:
        reader = Reader(url, **options)
        try:
            return await ask(reader)
        finally:
            await reader.close()

    return asyncio.run(with_reader())


def test_a_flight_reads_back_as_it_was_written(storing: Any, make: Any, database_url: str) -> None:
    record = make.flight(
        make.noon + 60.25,
        ended=make.noon + 61,
        end_cause="silence",
        callsign="RYR4TK",
        registration="EI-DAA",
        typecode="B738",
        category="A3",
        db_flags=8,
        squawk="1000",
        source="mlat",
        feed="home",
        first_lat=1.5,
        first_lon=2.5,
        last_lat=3.5,
        last_lon=4.5,
    )
    storing.counts(make.batch(1, record))
    assert record == read(database_url, lambda r: r.flight(make.key))
    assert read(database_url, lambda r: r.flight(1)) is None


def test_the_flights_of_an_aircraft_are_its_own_latest_first(
    storing: Any, make: Any, database_url: str
) -> None:
    def flight_of(icao24: str, started: float) -> Any:
        return make.flight(
            started, flight=flight_key(icao24, started), icao24=icao24, started=started
        )

    early, late = flight_of("4ca2d6", make.noon), flight_of("4ca2d6", make.noon + 9_000)
    others = [flight_of(icao24, make.noon) for icao24 in ("4ca2d5", "4ca2d7", "~4ca2d6")]
    storing.counts(make.batch(1, early, late, *others))
    assert [late, early] == read(database_url, lambda r: r.flights_of("4ca2d6"))
    assert [late] == read(database_url, lambda r: r.flights_of("4ca2d6", limit=1))
    assert others[2] == read(database_url, lambda r: r.latest_flight("~4ca2d6"))
    assert read(database_url, lambda r: r.latest_flight("000000")) is None


def test_counts_count(storing: Any, make: Any, database_url: str) -> None:
    storing.counts(
        make.batch(1, make.point(), make.point(make.noon, lat=91.0), make.flight(), make.event())
    )
    exact = read(database_url, lambda r: r.counts(exact=True))
    assert Counts(aircraft=1, flights=1, points=1, events=1, rejected=1) == exact
    estimated = read(database_url, lambda r: r.counts())
    assert estimated.points >= 0  # the server tells its estimates late


def test_health_says_when_the_last_batch_was_stored(
    storing: Any, make: Any, database_url: str, fetch: Any
) -> None:
    idle = read(database_url, lambda r: r.health())
    assert (idle.ok, idle.stored_at) == (True, None)
    storing.counts(make.batch(1))
    ((at,),) = fetch(database_url, "SELECT extract(epoch FROM at)::float8 FROM batch")
    assert at == read(database_url, lambda r: r.health()).stored_at


def test_without_a_server_reading_is_unavailable_soon() -> None:
    url = "host=/nonexistent dbname=aerotrack"
    with pytest.raises(DatabaseUnavailable):
        read(url, lambda r: r.flight(1), wait=0.3)
    health = read(url, lambda r: r.health(), wait=0.3)
    assert (health.ok, health.code) == (False, "database_unavailable")


def test_a_query_that_takes_too_long_is_a_time_out(database_url: str) -> None:
    with psycopg.connect(database_url) as blocker:
        blocker.execute("LOCK TABLE aerotrack.flight IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(DatabaseTimeout):
            read(database_url, lambda r: r.flight(1), statement_timeout=0.2)


def test_a_schema_that_is_not_there_is_a_failed_query(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("DROP TABLE aerotrack.flight CASCADE")
    with pytest.raises(QueryFailed, match="42P01"):
        read(database_url, lambda r: r.flight(1))


def test_a_session_the_server_ended_is_replaced_unnoticed(database_url: str) -> None:
    async def through_it(reader: Reader) -> list[bool]:
        before = await reader.health()
        with psycopg.connect(database_url, autocommit=True) as connection:
            ended = connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'aerotrack reader' AND datname = current_database()"
            ).fetchall()
        return [before.ok, ended == [(True,)], (await reader.health()).ok]

    assert read(database_url, through_it) == [True, True, True]


def test_reading_goes_on_when_the_server_is_back(
    make_place: Callable[[], Path], require_embedded: None
) -> None:
    server = EmbeddedPostgres(make_place() / "data")
    migrate(server.start())

    async def through_a_restart(reader: Reader) -> list[bool]:
        answers = [(await reader.health()).ok]
        assert server.pid is not None
        pidfd = os.pidfd_open(server.pid)
        os.kill(server.pid, signal.SIGQUIT)  # at once, its children first: killed, they outlive it
        select.select([pidfd], [], [], TIMEOUT_S)
        os.close(pidfd)
        answers.append((await reader.health()).ok)
        server.start()
        return [*answers, (await reader.health()).ok]

    try:
        assert read(server.conninfo, through_a_restart, wait=0.5) == [True, False, True]
    finally:
        server.stop()


def test_flights_nobody_ended_are_ended_as_of_their_last_contact(
    storing: Any, make: Any, database_url: str
) -> None:
    forgotten = make.flight(make.noon)
    alive = make.flight(make.noon + 5000, flight=make.key + 1)
    over = make.flight(make.noon, flight=make.key + 2, ended=make.noon - 60, end_cause="landed")
    storing.counts(make.batch(1, forgotten, alive, over))
    assert 1 == close_forgotten(database_url, silent_since=make.noon + 60)
    assert 0 == close_forgotten(database_url, silent_since=make.noon + 60)

    async def flights(reader: Reader) -> list[FlightRecord | None]:
        return [await reader.flight(make.key + number) for number in range(3)]

    ended = replace(forgotten, ended=make.noon, end_cause="silence")
    assert [ended, alive, over] == read(database_url, flights)
