"""Days of positions: made without standing in anybody's way, dropped when they are old."""

import threading
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aerotrack.actors.messages import BatchFailed, BatchStored
from aerotrack.db.connection import connect
from aerotrack.db.partitions import (
    Partition,
    Partitions,
    day_of_partition,
    list_partitions,
    partition_name,
)
from aerotrack.db.retention import drop_beyond, drop_old
from aerotrack.db.rows import day_of
from aerotrack.db.store import DAYS_PER_TRANSACTION, days_of, parts_of

Fetch = Callable[..., list[tuple[Any, ...]]]
TIMEOUT_S = 30.0


def names(url: str) -> list[str]:
    with connect(url, "test") as connection:
        return [partition.name for partition in list_partitions(connection)]


@given(st.integers(0, 46_296))
def test_a_partition_is_named_after_its_day(day: int) -> None:
    assert day == day_of_partition(partition_name(day))


def test_the_name_is_the_date() -> None:
    assert partition_name(day_of(1_764_000_000.0)) == "position_20251124"


def test_makers_of_the_same_days_get_along(database_url: str) -> None:
    together = threading.Barrier(4)
    failures: list[Exception] = []

    def make() -> None:
        with connect(database_url, "test") as connection:
            together.wait(TIMEOUT_S)
            try:
                Partitions().ensure(connection, range(20_000, 20_010))
            except Exception as error:
                failures.append(error)

    makers = [threading.Thread(target=make) for _ in range(4)]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join(TIMEOUT_S)
    assert failures == []
    assert names(database_url) == [partition_name(day) for day in range(20_000, 20_010)]


def test_a_partition_is_made_while_others_read_and_write(database_url: str, make: Any) -> None:
    with connect(database_url, "test") as maker:
        Partitions().ensure(maker, {day_of(make.noon)})
        with psycopg.connect(database_url) as busy:
            busy.execute(
                "INSERT INTO aerotrack.position (flight, ts, source, feed)"
                " VALUES (1, to_timestamp(%s), 'sim', 'demo')",
                [make.noon],
            )
            busy.execute("SELECT * FROM aerotrack.position")
            maker.execute("SET lock_timeout = '5s'")
            Partitions().ensure(maker, {day_of(make.noon) + 1})
    assert names(database_url) == ["position_20251124", "position_20251125"]


def test_a_partition_is_like_its_parent(database_url: str, fetch: Fetch) -> None:
    with connect(database_url, "test") as connection:
        Partitions().ensure(connection, {20_416})
    indexes = fetch(
        database_url,
        "SELECT am.amname FROM pg_index i JOIN pg_class c ON c.oid = indexrelid"
        " JOIN pg_am am ON am.oid = relam"
        " WHERE indrelid = 'position_20251124'::regclass ORDER BY 1",
    )
    assert indexes == [("brin",), ("btree",)]
    bound = "SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE relname = %s"
    assert fetch(database_url, bound, "position_20251124") == [
        ("FOR VALUES FROM ('2025-11-24 00:00:00+00') TO ('2025-11-25 00:00:00+00')",)
    ]


@given(st.lists(st.floats(0, 4e9) | st.sampled_from([float("nan"), -1.0, 1e300])))
def test_days_are_those_the_database_will_see(make: Any, times: list[float]) -> None:
    expected = {day_of(ts) for ts in times if 0 <= ts <= 4e9}
    assert expected == days_of([make.point(ts) for ts in times])


@given(st.lists(st.integers(0, 200), max_size=300))
def test_parts_hold_every_row_once_and_few_days_each(make: Any, days: list[int]) -> None:
    batch = make.batch(
        5, *(make.point(make.noon + day * make.day_s) for day in days), make.flight(), make.event()
    )
    parts = parts_of(batch)
    key = [point.ts for part in parts for point in part.points]
    assert sorted(point.ts for point in batch.points) == sorted(key)
    assert [batch.flights] == [part.flights for part in parts if part.flights]
    assert [batch.events] == [part.events for part in parts if part.events]
    assert all(len(days_of(part.points)) <= DAYS_PER_TRANSACTION for part in parts)


# Retention


def fill(storing: Any, make: Any, ages: list[int]) -> None:
    batch = make.batch(1, *(make.point(make.noon - age * make.day_s) for age in ages))
    assert storing.counts(batch) == (len(ages), 0, 0)


def test_days_that_ended_longer_ago_than_kept_are_dropped(
    storing: Any, make: Any, database_url: str, fetch: Fetch
) -> None:
    fill(storing, make, [0, 30, 31, 400])
    assert drop_old(database_url, now=make.noon) == ["position_20241020", "position_20251024"]
    assert names(database_url) == ["position_20251025", "position_20251124"]
    assert fetch(database_url, "SELECT count(*) FROM position") == [(2,)]
    assert drop_old(database_url, now=make.noon) == []


def test_flights_and_events_stay(storing: Any, make: Any, database_url: str, fetch: Fetch) -> None:
    assert storing.counts(make.batch(1, make.point(), make.flight(), make.event())) == (3, 0, 0)
    assert drop_old(database_url, now=make.noon + 365 * make.day_s) == ["position_20251124"]
    query = "SELECT (SELECT count(*) FROM flight), (SELECT count(*) FROM event)"
    assert fetch(database_url, query) == [(1, 1)]


def test_the_writer_goes_on_in_a_day_that_was_dropped(
    storing: Any, make: Any, database_url: str
) -> None:
    fill(storing, make, [40])
    assert drop_old(database_url, now=make.noon) == ["position_20251015"]
    late = make.batch(2, make.point(make.noon - 40 * make.day_s + 1))
    assert storing.counts(late) == (1, 0, 0)


def test_a_day_somebody_reads_is_left_for_the_next_time(
    storing: Any, make: Any, database_url: str
) -> None:
    fill(storing, make, [40])
    with psycopg.connect(database_url) as reader:
        reader.execute("SELECT * FROM aerotrack.position")
        assert drop_old(database_url, now=make.noon, wait=0.2) == []
    assert drop_old(database_url, now=make.noon) == ["position_20251015"]


def test_a_day_half_dropped_takes_late_points_again(
    storing: Any, make: Any, database_url: str, fetch: Fetch
) -> None:
    fill(storing, make, [40])
    with psycopg.connect(database_url) as reader:
        reader.execute("SELECT * FROM aerotrack.position")
        drop_old(database_url, now=make.noon, wait=0.2)
        with connect(database_url, "test") as connection:
            assert list_partitions(connection) == [Partition("position_20251015", True, True)]
    late = make.batch(2, make.point(make.noon - 40 * make.day_s + 1))
    answer = storing.store(late)
    assert isinstance(answer, BatchStored | BatchFailed)
    assert (answer.number, answer) == (2, BatchStored(2, 1, 0, 0, answer.seconds))
    assert fetch(database_url, "SELECT count(*) FROM position") == [(2,)]


def test_only_one_process_drops_at_a_time(storing: Any, make: Any, database_url: str) -> None:
    fill(storing, make, [40])
    with connect(database_url, "test") as maker, maker.transaction():
        maker.execute("SELECT pg_advisory_xact_lock(%s, 2)", [0x6165726F])
        assert drop_old(database_url, now=make.noon) == []


def test_old_rejected_rows_and_batches_are_forgotten(
    storing: Any, make: Any, database_url: str, fetch: Fetch
) -> None:
    assert storing.counts(make.batch(1, make.point(lat=91.0))) == (0, 0, 1)
    query = "SELECT (SELECT count(*) FROM rejected_row), (SELECT count(*) FROM batch)"
    ((now,),) = fetch(database_url, "SELECT extract(epoch FROM now())::float8")
    drop_old(database_url, now=now + 29 * make.day_s)
    assert fetch(database_url, query) == [(1, 1)]
    drop_old(database_url, now=now + 32 * make.day_s)
    assert fetch(database_url, query) == [(0, 0)]


def test_keeping_less_than_a_day_is_refused(make: Any) -> None:
    with pytest.raises(ValueError):
        drop_old("", now=make.noon, keep_days=0)


def test_days_beyond_the_space_go_oldest_first_and_the_newest_stays(
    storing: Any, make: Any, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    days = 4
    points = [make.point(make.midnight + day * make.day_s + 1) for day in range(days)]
    storing.counts(make.batch(1, *points))
    with connect(database_url, "test") as connection:
        query = (
            "SELECT sum(pg_total_relation_size(relid))::bigint FROM pg_partition_tree('position')"
        )
        ((taken,),) = connection.execute(query.encode())
    # Vacuum may add a page or two to any of them meanwhile; a day is more than that.
    assert [] == drop_beyond(database_url, limit=2 * taken)
    assert ["position_20251124"] == drop_beyond(database_url, limit=taken * 7 // 8)
    assert ["position_20251125", "position_20251126"] == drop_beyond(database_url, limit=0)
    assert ["position_20251127"] == names(database_url)
    assert ["positions_dropped_for_space"] * 2 == [r.message.split()[0] for r in caplog.records]
