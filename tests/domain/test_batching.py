"""Rows gather into batches, none is lost or doubled, and memory is bounded."""

from hypothesis import given
from hypothesis import strategies as st

from aerotrack.domain.batching import GROWS_TO, BatchBuffer
from aerotrack.domain.records import FlightEvent, FlightRecord, TrackPoint


def point(number: int) -> TrackPoint:
    """A point that can be told from others by its time."""
    return TrackPoint(
        1, float(number), 1.0, 2.0, None, None, None, None, None, None, None, None, None, "sim", "s"
    )


def row(flight: int, points: int) -> FlightRecord:
    """A flight's row."""
    return FlightRecord(
        flight=flight, icao24="4ca2d6", started=1.0, last_contact=2.0, points=points
    )


def buffer(rows: int = 10, limit: int = 100) -> BatchBuffer:
    """A buffer that flushes every second."""
    return BatchBuffer(flush_interval=1.0, batch_rows=rows, rows_limit=limit)


def test_a_batch_is_due_after_the_flush_interval() -> None:
    waiting = buffer()
    waiting.add_point(point(1), 5.0)
    waiting.add_point(point(2), 5.9)
    assert waiting.next(5.9) is None
    batch = waiting.next(6.0)
    assert batch is not None
    assert (1, (point(1), point(2))) == (batch.number, batch.points)


def test_a_full_batch_is_due_at_once_and_one_is_under_way_at_a_time() -> None:
    waiting = buffer(rows=2)
    for number in range(5):
        waiting.add_point(point(number), 5.0)
    first = waiting.next(5.0)
    assert first is not None
    assert waiting.next(5.0) is None
    assert (first.rows, waiting.waiting) == (2, 5)
    assert waiting.stored(first.number)
    second = waiting.next(5.0)
    assert second is not None
    assert (2, (point(2), point(3))) == (second.number, second.points)


def test_while_one_is_under_way_the_next_grows_so_that_a_late_answer_holds_up_less() -> None:
    waiting = buffer(rows=2)
    for number in range(2):
        waiting.add_point(point(number), 5.0)
    first = waiting.next(5.0)
    assert first is not None
    for number in range(2 + 2 * GROWS_TO + 3):
        waiting.add_point(point(number), 5.0)
    sizes = []
    while (batch := waiting.under_way) is not None:
        sizes.append(batch.rows)
        waiting.stored(batch.number)
        waiting.next(5.0)
    assert [2, 2 * GROWS_TO, 5] == sizes


def test_a_batch_not_known_to_be_stored_stays_as_it_was() -> None:
    waiting = buffer(rows=1)
    waiting.add_point(point(1), 5.0)
    batch = waiting.next(5.0)
    assert not waiting.stored(99)
    assert batch is waiting.under_way
    assert waiting.lag(8.0) == 3.0


def test_of_a_flights_rows_the_newest_is_written() -> None:
    waiting = buffer()
    waiting.add_flight(row(7, 1), 5.0)
    waiting.add_flight(row(7, 2), 5.0)
    batch = waiting.next(5.0, flush=True)
    assert batch is not None
    assert (row(7, 2),) == batch.flights


def test_points_over_the_limit_are_dropped_and_counted_but_rows_and_events_are_kept() -> None:
    waiting = buffer(rows=2, limit=3)
    assert [waiting.add_point(point(n), 1.0) for n in range(4)] == [True, True, True, False]
    waiting.add_flight(row(7, 1), 1.0)
    waiting.add_event(FlightEvent(7, 1.0, "started"), 1.0)
    assert (waiting.dropped, waiting.waiting) == (1, 5)


@given(
    st.lists(st.sampled_from(["point", "event", "next", "stored", "again"]), max_size=200),
    st.integers(1, 5),
)
def test_every_row_leaves_once_and_in_order(steps: list[str], rows: int) -> None:
    waiting, put, written = buffer(rows=rows, limit=10_000), [], []
    for now, step in enumerate(steps):
        if step == "point":
            put.append(point(now))
            waiting.add_point(put[-1], now)
        elif step == "event":
            waiting.add_event(FlightEvent(1, now, "started"), now)
        elif step == "next":
            waiting.next(now)
        elif step == "stored" and waiting.under_way is not None:
            written += waiting.under_way.points
            waiting.stored(waiting.under_way.number)
    while (batch := waiting.under_way or waiting.next(1e9, flush=True)) is not None:
        written += batch.points
        assert waiting.stored(batch.number)
    assert put == written
    assert (waiting.waiting, waiting.lag(1e9)) == (0, 0.0)
