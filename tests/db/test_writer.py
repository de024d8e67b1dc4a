"""The writer: every row accounted for, each batch once, whatever the rows and the server do."""

import os
import select
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from aerotrack.actors.messages import BatchFailed, BatchStored
from aerotrack.db.embedded import EmbeddedPostgres
from aerotrack.db.migrate import migrate
from aerotrack.db.writer import WRITER_STOPPED, BatchWriter
from aerotrack.domain.records import (
    Batch,
    FlightEvent,
    FlightRecord,
    HistoryGap,
    TrackPoint,
    flight_key,
)

Fetch = Callable[..., list[tuple[Any, ...]]]
TIMEOUT_S = 60.0


def count(fetch: Fetch, url: str, table: str) -> int:
    return int(fetch(url, f"SELECT count(*) FROM {table}")[0][0])


# Rows


def test_rows_come_out_as_they_went_in(
    storing: Any, make: Any, database_url: str, fetch: Fetch
) -> None:
    batch = make.batch(
        1,
        make.point(make.noon + 0.123456, on_ground=True),
        make.flight(make.noon + 9, callsign="RYR4TK", ended=make.noon + 10, end_cause="landed"),
        make.event(make.noon, kind="emergency", detail="general", lat=1.0, lon=2.0),
    )
    assert storing.counts(batch) == (3, 0, 0)
    (point,) = fetch(
        database_url,
        "SELECT flight_id, icao24, ts::text, lat, lon, alt_baro, alt_geom, on_ground, gs::text,"
        " track::text, baro_rate, callsign, squawk, emergency, source, feed FROM api.positions",
    )
    assert point == (
        "4ca2d6-692448c0", "4ca2d6", "2025-11-24 12:00:00.123456+00", 53.42135, -6.27009, 35_000,
        None, True, "447.3", "271.9", -64, "RYR4TK", "7700", "general", "adsb_icao", "home",
    )  # fmt: skip
    (flight,) = fetch(
        database_url,
        "SELECT flight_id, last_contact::text, ended::text, end_cause, callsign, points,"
        " duration::text FROM api.flights",
    )
    assert flight == (
        "4ca2d6-692448c0", "2025-11-24 12:00:09+00", "2025-11-24 12:00:10+00", "landed", "RYR4TK",
        1, "00:00:09",
    )  # fmt: skip
    assert fetch(database_url, "SELECT flight_id, event, detail, lat, lon FROM api.events") == [
        ("4ca2d6-692448c0", "emergency", "general", 1.0, 2.0)
    ]


def test_points_that_were_left_out_are_on_record_once(
    storing_on: Callable[..., Any], make: Any, database_url: str, fetch: Fetch
) -> None:
    batch = Batch(1, (make.point(),), (), (), (HistoryGap(make.noon, make.noon + 60.5, 7, 3),))
    first = storing_on(database_url)
    assert first.counts(batch) == (2, 0, 0)
    assert storing_on(database_url, first.run).counts(batch) == (2, 0, 0)
    assert fetch(database_url, "SELECT started::text, ended - started, thinned, dropped"
                 " FROM history_gap") == [
        ("2025-11-24 12:00:00+00", timedelta(seconds=60.5), 7, 3)
    ]  # fmt: skip


def test_a_flight_row_is_written_over_but_never_by_an_older_one(
    storing: Any, make: Any, database_url: str, fetch: Fetch
) -> None:
    older = make.flight(make.noon + 1, points=1)
    newer = make.flight(make.noon + 60, points=50, callsign="RYR4TK")
    assert storing.counts(make.batch(1, older, newer)) == (2, 0, 0)
    assert storing.counts(make.batch(2, older)) == (0, 1, 0)
    assert fetch(database_url, "SELECT points, callsign FROM flight") == [(50, "RYR4TK")]


def test_an_aircraft_keeps_what_was_said_of_it_and_when_it_was_seen(
    storing: Any, make: Any, database_url: str, fetch: Fetch
) -> None:
    later = make.noon + 7_200
    storing.counts(make.batch(1, make.flight(make.noon, registration="EI-DAA", typecode="B738")))
    storing.counts(make.batch(2, make.flight(make.noon + 30)))  # nothing new: left alone
    assert fetch(database_url, "SELECT extract(epoch FROM last_seen)::int8 FROM aircraft") == [
        (int(make.noon),)
    ]
    second = make.flight(
        later, flight=flight_key("4ca2d6", later), started=later, ended=later, category="A3"
    )
    storing.counts(make.batch(3, second))
    query = (
        "SELECT icao24, registration, typecode, category, extract(epoch FROM first_seen)::int8,"
        " extract(epoch FROM last_seen)::int8 FROM aircraft"
    )
    assert fetch(database_url, query) == [
        ("4ca2d6", "EI-DAA", "B738", "A3", int(make.noon), int(later))
    ]


def test_rows_that_are_there_already_are_counted_as_duplicates(
    storing: Any, make: Any, database_url: str, fetch: Fetch
) -> None:
    points = [make.point(make.noon + i) for i in range(10)]
    assert storing.counts(make.batch(1, *points[:6], make.event())) == (7, 0, 0)
    assert storing.counts(make.batch(2, *points, make.event())) == (4, 7, 0)
    assert storing.counts(make.batch(3, *points)) == (0, 10, 0)
    assert storing.counts(make.batch(4, make.point(make.noon + 11))) == (1, 0, 0)
    assert count(fetch, database_url, "position") == 11


def test_the_same_point_twice_in_a_batch_is_stored_once(storing: Any, make: Any) -> None:
    assert storing.counts(make.batch(1, make.point(), make.point())) == (1, 1, 0)


BAD_POINTS: list[tuple[dict[str, Any], str]] = [
    ({"callsign": "RYR\0"}, "22021"),
    ({"feed": "\ud800"}, "22021"),
    ({"lat": float("nan")}, "23514"),
    ({"lon": float("inf")}, "23514"),
    ({"lat": 90.1}, "23514"),
    ({"gs": 1e300}, "23514"),
    ({"alt_baro": 2**31}, "22003"),
    ({"baro_rate": -(2**40)}, "22003"),
    ({"flight": 2**63}, "22003"),
    ({"flight": -1}, "22003"),
    ({"ts": float("nan")}, "22008"),
    ({"ts": float("inf")}, "22008"),
    ({"ts": -1.0}, "22008"),
    ({"ts": 1e300}, "22008"),
    ({"source": None}, "23502"),
]


@pytest.mark.parametrize(("fields", "code"), BAD_POINTS)
def test_a_bad_point_is_set_aside_and_its_neighbours_are_stored(
    *, storing: Any, make: Any, database_url: str, fetch: Fetch, fields: dict[str, Any], code: str
) -> None:
    points = [make.point(make.noon + i) for i in range(9)]
    points[4] = make.point(**{"ts": make.noon + 4} | fields)
    assert storing.counts(make.batch(7, *points, make.flight(), make.event())) == (10, 0, 1)
    assert count(fetch, database_url, "position") == 8
    query = "SELECT run, batch, relation, code, \"row\"->>'squawk' FROM rejected_row"
    assert fetch(database_url, query) == [(storing.run, 7, "position", code, "7700")]
    assert storing.counts(make.batch(8, make.point(make.noon + 60))) == (1, 0, 0)


def test_rows_only_the_server_finds_fault_with_are_narrowed_down(
    storing: Any, make: Any, database_url: str, fetch: Fetch
) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "ALTER TABLE aerotrack.position ADD CHECK (callsign <> 'BAD')"
            ", ADD CONSTRAINT soft CHECK (alt_baro <> 13)"
        )
    points = [make.point(make.noon + i) for i in range(1_000)]
    for i in (0, 17, 500, 501, 999):
        points[i] = make.point(make.noon + i, callsign="BAD")
    assert storing.counts(make.batch(1, *points)) == (995, 0, 5)
    query = "SELECT code, (\"row\"->>'ts')::float8 FROM rejected_row ORDER BY id"
    expected = [("23514", make.noon + i) for i in (0, 17, 500, 501, 999)]
    assert fetch(database_url, query) == expected


def test_a_key_too_long_for_its_index_is_set_aside(storing: Any, make: Any) -> None:
    random_text = os.urandom(20_000).hex()  # does not compress below the limit
    bad = make.flight(flight=1, icao24=random_text)
    assert storing.counts(make.batch(1, make.flight(), bad)) == (1, 0, 1)


def test_bad_flights_and_events_are_set_aside_too(
    storing: Any, make: Any, database_url: str, fetch: Fetch
) -> None:
    batch = make.batch(
        1,
        make.flight(),
        make.flight(flight=2, points=2**40),
        make.flight(flight=3, first_lat=91.0),
        make.event(),
        make.event(detail="\0", kind="ended"),
    )
    assert storing.counts(batch) == (2, 0, 3)
    query = "SELECT relation, code FROM rejected_row ORDER BY id"
    assert fetch(database_url, query) == [
        ("event", "22021"), ("flight", "22003"), ("flight", "23514"),
    ]  # fmt: skip


def test_an_empty_batch_is_stored(storing: Any, make: Any) -> None:
    assert storing.counts(make.batch(1)) == (0, 0, 0)


# Days


def test_points_on_both_sides_of_midnight_utc_go_to_their_days(
    storing: Any, make: Any, database_url: str, fetch: Fetch
) -> None:
    # The last rounds up to midnight in microseconds, and is the next day's.
    times = [make.midnight - 1e-6, make.midnight, make.midnight + make.day_s - 2e-7]
    assert storing.counts(make.batch(1, *map(make.point, times))) == (3, 0, 0)
    query = "SELECT tableoid::regclass::text, count(*) FROM position GROUP BY 1 ORDER BY 1"
    assert fetch(database_url, query) == [
        ("position_20251123", 1), ("position_20251124", 1), ("position_20251125", 1),
    ]  # fmt: skip


def test_every_day_from_1970_to_the_end_of_time_is_welcome(
    storing: Any, make: Any, database_url: str, fetch: Fetch
) -> None:
    batch = make.batch(1, *map(make.point, (0.0, 951_782_400.0, make.noon, 4e9)))
    assert storing.counts(batch) == (4, 0, 0)
    assert count(fetch, database_url, "position") == 4


def test_a_batch_of_very_many_days_is_stored_in_parts_each_once(
    storing: Any, make: Any, database_url: str, fetch: Fetch
) -> None:
    batch = make.batch(
        1, *(make.point(make.noon - day * make.day_s) for day in range(80)), make.flight()
    )
    assert storing.counts(batch) == (81, 0, 0)
    assert storing.counts(batch) == (81, 0, 0)
    assert fetch(database_url, "SELECT part, stored FROM batch ORDER BY part") == [
        (0, 32), (1, 32), (2, 17),
    ]  # fmt: skip


def test_a_partition_dropped_behind_our_back_is_made_again(
    storing: Any, make: Any, database_url: str
) -> None:
    assert storing.counts(make.batch(1, make.point())) == (1, 0, 0)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("DROP TABLE aerotrack.position_20251124")
    assert storing.counts(make.batch(2, make.point(make.noon + 1))) == (1, 0, 0)


# Once


def test_a_batch_submitted_again_is_answered_the_same_and_not_stored_again(
    storing: Any, storing_on: Any, make: Any, database_url: str, fetch: Fetch
) -> None:
    batch = make.batch(1, make.point(), make.point(), make.point(make.noon, lat=91.0))
    assert storing.counts(batch) == (1, 1, 1)
    assert storing.counts(batch) == (1, 1, 1)
    after_a_restart = storing_on(database_url, storing.run)
    assert after_a_restart.counts(batch) == (1, 1, 1)
    assert count(fetch, database_url, "rejected_row") == 1


def test_recorded_batches_are_forgotten_when_they_are_long_past(
    storing: Any, make: Any, database_url: str, fetch: Fetch
) -> None:
    for number in (1, 2, 10_002):
        storing.counts(make.batch(number))
    assert fetch(database_url, "SELECT number FROM batch ORDER BY 1") == [(2,), (10_002,)]


class CuttingProxy:
    """Between a client and the server; cuts the connection at the next COMMIT when told to."""

    def __init__(self, url: str, *, commit_goes_through: bool) -> None:
        given = conninfo_to_dict(url)
        self._upstream = (str(given["host"]), int(given.get("port") or 5432))
        self._commit_goes_through = commit_goes_through
        self.armed = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        port = self._listener.getsockname()[1]
        self.url = make_conninfo(url, host="127.0.0.1", port=port)
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(TIMEOUT_S)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                thread = threading.Thread(target=self._serve, args=(client,))
                self._threads.append(thread)
                thread.start()

    def _connect(self) -> socket.socket:
        host, port = self._upstream
        if not host.startswith("/"):
            return socket.create_connection((host, port))
        server = socket.socket(socket.AF_UNIX)
        server.connect(f"{host}/.s.PGSQL.{port}")
        return server

    def _serve(self, client: socket.socket) -> None:
        with client, self._connect() as server, suppress(ConnectionError):
            other = {client: server, server: client}
            while True:
                for readable in select.select([client, server], [], [])[0]:
                    block = readable.recv(65_536)
                    if not block:
                        return
                    if readable is client and self.armed.is_set() and b"COMMIT" in block:
                        self.armed.clear()
                        if self._commit_goes_through:
                            server.sendall(block)
                            server.recv(65_536)  # the answer that never arrives
                        return
                    other[readable].sendall(block)


@pytest.fixture
def proxy_on() -> Iterator[Callable[..., CuttingProxy]]:
    made: list[CuttingProxy] = []

    def start(url: str, *, commit_goes_through: bool) -> CuttingProxy:
        made.append(CuttingProxy(url, commit_goes_through=commit_goes_through))
        return made[-1]

    yield start
    for proxy in made:
        proxy.close()


@pytest.mark.parametrize("commit_goes_through", [True, False])
def test_a_commit_whose_answer_was_lost_is_neither_lost_nor_doubled(
    *,
    storing_on: Any,
    proxy_on: Callable[..., CuttingProxy],
    make: Any,
    database_url: str,
    fetch: Fetch,
    commit_goes_through: bool,
) -> None:
    proxy = proxy_on(database_url, commit_goes_through=commit_goes_through)
    storing = storing_on(proxy.url)
    assert storing.counts(make.batch(1, make.point(make.noon - 1))) == (1, 0, 0)
    batch = make.batch(2, make.point(), make.flight(), make.event())
    proxy.armed.set()
    failed = storing.store(batch)
    assert isinstance(failed, BatchFailed)
    assert (failed.number, failed.code) == (2, "connection_failed")
    assert count(fetch, database_url, "position") == (2 if commit_goes_through else 1)
    assert storing.counts(batch) == (3, 0, 0)
    assert count(fetch, database_url, "position") == 2
    storing.writer.stop(TIMEOUT_S)


# The server away


def test_without_a_server_a_batch_fails_and_can_be_submitted_again(
    storing_on: Any, make: Any
) -> None:
    storing = storing_on("host=/nonexistent dbname=aerotrack")
    for _ in range(3):
        answer = storing.store(make.batch(1, make.point()))
        assert isinstance(answer, BatchFailed)
        assert (answer.number, answer.code) == (1, "connection_failed")


def test_a_server_killed_in_the_middle_loses_and_doubles_nothing(
    make_place: Callable[[], Path], require_embedded: None, make: Any, fetch: Fetch
) -> None:
    batches = {
        number: make.batch(
            number, *(make.point(make.noon + number + i / 1_000) for i in range(1_000))
        )
        for number in range(1, 31)
    }
    with EmbeddedPostgres(make_place() / "data") as server:
        migrate(server.conninfo)
        stored: dict[int, BatchStored] = {}
        killed_at: list[int] = []
        progress = threading.Semaphore(0)

        def on_stored(message: BatchStored) -> None:
            stored[message.number] = message
            progress.release()

        def on_failed(message: BatchFailed) -> None:
            killed_at.append(message.number)
            writer.submit(batches[message.number])

        writer = BatchWriter(
            server.conninfo,
            run=uuid4(),
            on_stored=on_stored,
            on_failed=on_failed,
            first_backoff=0.01,
            longest_backoff=0.1,
        )
        writer.start()
        for batch in batches.values():
            writer.submit(batch)
        for _ in range(10):
            assert progress.acquire(timeout=TIMEOUT_S)
        kill(server)
        server.start()
        for _ in range(20):
            assert progress.acquire(timeout=TIMEOUT_S)
        assert writer.stop(TIMEOUT_S)
        assert killed_at != []
        assert stored.keys() == batches.keys()
        assert {(s.stored, s.duplicate, s.rejected) for s in stored.values()} == {(1_000, 0, 0)}
        assert count(fetch, server.conninfo, "position") == 30_000


def kill(server: EmbeddedPostgres) -> None:
    assert server.pid is not None
    pidfd = os.pidfd_open(server.pid)
    os.kill(server.pid, signal.SIGKILL)
    assert select.select([pidfd], [], [], TIMEOUT_S)[0]
    os.close(pidfd)


def test_a_session_ended_by_the_server_is_replaced(
    storing: Any, make: Any, database_url: str, fetch: Fetch
) -> None:
    assert storing.counts(make.batch(1, make.point())) == (1, 0, 0)
    ended = fetch(
        database_url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'aerotrack writer' AND datname = current_database()",
    )
    assert ended == [(True,)]
    batch = make.batch(2, make.point(make.noon + 1))
    answers = [storing.store(batch), storing.store(batch)]
    assert isinstance(answers[0], BatchFailed)
    assert isinstance(answers[1], BatchStored)


# Stopping


def test_stopping_finishes_what_was_submitted(
    storing_on: Any, make: Any, database_url: str, fetch: Fetch
) -> None:
    storing = storing_on(database_url)
    for number in range(20):
        storing.writer.submit(make.batch(number, make.point(make.noon + number)))
    assert storing.writer.stop(TIMEOUT_S)
    assert {type(storing.answer()) for _ in range(20)} == {BatchStored}
    assert count(fetch, database_url, "position") == 20


def test_what_comes_after_the_stop_fails_at_once(storing: Any, make: Any) -> None:
    assert storing.writer.stop(TIMEOUT_S)
    answer = storing.store(make.batch(1, make.point()))
    assert (answer.number, answer.code) == (1, WRITER_STOPPED)


def test_a_writer_never_started_answers_what_it_was_given(make: Any) -> None:
    answers: list[BatchFailed] = []
    writer = BatchWriter("", run=uuid4(), on_stored=print, on_failed=answers.append)
    writer.submit(make.batch(1))
    assert writer.stop(0)
    assert [(answer.number, answer.code) for answer in answers] == [(1, WRITER_STOPPED)]


def test_out_of_time_the_batch_at_work_is_cancelled_and_all_are_answered(
    storing_on: Any, make: Any, database_url: str
) -> None:
    storing = storing_on(database_url)
    assert storing.counts(make.batch(1, make.point())) == (1, 0, 0)
    with psycopg.connect(database_url) as blocker:
        blocker.execute("LOCK TABLE aerotrack.batch IN ACCESS EXCLUSIVE MODE")
        storing.writer.submit(make.batch(2, make.point(make.noon + 2)))
        storing.writer.submit(make.batch(3, make.point(make.noon + 3)))
        wait_until_blocked(blocker)
        assert not storing.writer.stop(0.01)
    assert [storing.answer().code for _ in range(2)] == ["57014", WRITER_STOPPED]
    assert storing.writer.stop(TIMEOUT_S)


def wait_until_blocked(blocker: psycopg.Connection) -> None:
    query = (
        "SELECT count(*) FROM pg_locks JOIN pg_class c ON c.oid = relation"
        " WHERE NOT granted AND relname = 'batch'"
    )
    pause = threading.Event()
    for _ in range(2_000):
        if blocker.execute(query).fetchone() != (0,):
            return
        pause.wait(0.01)
    raise AssertionError("nobody waits for the lock")


def test_an_answer_that_raises_does_not_end_the_writer(make: Any, database_url: str) -> None:
    answered = threading.Semaphore(0)

    def on_stored(message: BatchStored) -> None:
        answered.release()
        raise RuntimeError("the mailbox is gone")

    writer = BatchWriter(database_url, run=uuid4(), on_stored=on_stored, on_failed=print)
    writer.start()
    for number in range(2):
        writer.submit(make.batch(number))
        assert answered.acquire(timeout=TIMEOUT_S)
    assert writer.stop(TIMEOUT_S)


# Anything

NOON = 20_416.5 * 86_400
TIMES = st.sampled_from(
    [NOON, NOON + 1.5, 0.0, 86_399.9999999, 4e9, 4e9 + 1, -1.0, 1e300, float("nan"), float("inf")]
) | st.floats(NOON, NOON + 2)
FLOATS = st.none() | st.floats() | st.floats(-90, 90)
INTS = st.none() | st.integers() | st.integers(-1_000, 1_000)
KEYS = st.integers(0, 3) | st.integers()
TEXTS = st.text(st.characters(), max_size=5) | st.sampled_from(["", "A", "\0", "\ud800"])
MAYBE_TEXTS = st.none() | TEXTS
POINTS = st.builds(
    TrackPoint, KEYS, TIMES, FLOATS, FLOATS, INTS, INTS, st.none() | st.booleans(), FLOATS, FLOATS,
    INTS, MAYBE_TEXTS, MAYBE_TEXTS, MAYBE_TEXTS, TEXTS, TEXTS,
)  # fmt: skip
FLIGHTS = st.builds(
    FlightRecord, KEYS, TEXTS, TIMES, TIMES, st.integers(), st.none() | TIMES, MAYBE_TEXTS,
    MAYBE_TEXTS, MAYBE_TEXTS, MAYBE_TEXTS, MAYBE_TEXTS, INTS, MAYBE_TEXTS, MAYBE_TEXTS, MAYBE_TEXTS,
    FLOATS, FLOATS, FLOATS, FLOATS,
)  # fmt: skip
EVENTS = st.builds(FlightEvent, KEYS, TIMES, TEXTS, MAYBE_TEXTS, FLOATS, FLOATS)


def test_any_batch_is_fully_accounted_for(storing: Any, database_url: str) -> None:
    numbers = iter(range(1, 1_000_000))
    query = (
        "SELECT (SELECT count(*) FROM aerotrack.position) + (SELECT count(*) FROM aerotrack.event),"
        " (SELECT count(*) FROM aerotrack.rejected_row)"
    )
    with psycopg.connect(database_url, autocommit=True) as connection:

        @settings(max_examples=200)
        @given(st.lists(POINTS), st.lists(FLIGHTS, max_size=5), st.lists(EVENTS, max_size=5))
        def account(points: list[Any], flights: list[Any], events: list[Any]) -> None:
            batch = Batch(next(numbers), tuple(points), tuple(flights), tuple(events))
            before = connection.execute(query).fetchone()
            stored, duplicate, rejected = storing.counts(batch)
            after = connection.execute(query).fetchone()
            assert before is not None
            assert after is not None
            assert batch.rows == stored + duplicate + rejected
            assert after[1] - before[1] == rejected
            assert 0 <= stored - (after[0] - before[0]) <= len(flights)

        account()
