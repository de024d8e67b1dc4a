"""The end of a run: PostgreSQL is waited for while it stores, the outbox takes what is left."""

from collections.abc import Callable
from typing import Any

from aerotrack.actors.messages import BatchDrained, BatchKept, BatchStored
from aerotrack.db.outbox.ways import LEAST_PATIENCE_S, patience_for

Spooling = Callable[..., Any]
LONG_S = 20.0


def batches(scene: Any, make: Any, count: int) -> list[Any]:
    return [make.batch(scene.first + n, make.point(make.noon + n)) for n in range(count)]


def test_a_slow_commit_is_waited_for_and_its_batch_does_not_go_to_the_disk(
    spooling: Spooling, make: Any
) -> None:
    scene = spooling(patience=0.0).attached()
    first, second = batches(scene, make, 2)
    scene.spool.submit(first)
    scene.spool.finish(LONG_S)
    for batch in (first, second):
        assert batch is scene.writer.next()
        assert not scene.spool.settle(2 * LEAST_PATIENCE_S)  # far slower than patience has it
        scene.stored(batch.number, 1)
        assert BatchStored(batch.number, 1, 0, 0, 0.01) == scene.answer()
        if batch is first:
            scene.spool.submit(second)
    assert scene.spool.settle(LONG_S)
    assert 0 == scene.spool.state.kept_total


def test_once_the_time_is_over_all_goes_to_the_disk_and_nothing_comes_from_it(
    spooling: Spooling, make: Any
) -> None:
    scene = spooling().attached()
    first, second, third = batches(scene, make, 3)
    scene.spool.submit(first)
    scene.writer.next()
    scene.spool.finish(0.05)
    assert BatchKept(first.number, "") == scene.answer()
    assert BatchKept(second.number, "") == scene.kept(second)
    assert scene.spool.settle(LONG_S)  # nobody waits for the writer any more
    scene.stored(first.number, 1)  # it comes through after all
    assert BatchDrained(first.number, 1, 1, 0, 0) == scene.answer()
    assert BatchKept(third.number, "") == scene.kept(third)
    assert scene.writer.given.empty()
    scene.stop()
    assert (2, 2) == (scene.spool.state.batches, scene.spool.state.rows)


def test_where_postgresql_fails_the_disk_takes_the_rest_at_once(
    spooling: Spooling, make: Any
) -> None:
    scene = spooling().attached()
    first, second = batches(scene, make, 2)
    scene.spool.submit(first)
    scene.writer.next()
    scene.spool.finish(LONG_S)
    scene.failed(first.number)
    assert BatchKept(first.number, "57P01") == scene.answer()
    assert BatchKept(second.number, "57P01") == scene.kept(second)
    assert scene.spool.settle(LONG_S)
    assert scene.writer.given.empty()


def test_a_short_backlog_is_stored_before_the_end_and_what_comes_follows_it(
    spooling: Spooling, make: Any
) -> None:
    scene = spooling(patience=0.0).attached()
    first, second, third = batches(scene, make, 3)
    scene.spool.submit(first)
    scene.writer.next()
    assert BatchKept(first.number, "") == scene.answer()  # patience ended
    scene.spool.finish(LONG_S)
    scene.spool.submit(second)
    assert second is scene.writer.next()  # straight, behind the first
    scene.stored(first.number, 1)
    assert BatchDrained(first.number, 1, 1, 0, 0) == scene.answer()
    scene.stored(second.number, 1)
    assert BatchStored(second.number, 1, 0, 0, 0.01) == scene.answer()
    scene.spool.submit(third)
    assert third is scene.writer.next()
    scene.stored(third.number, 1)
    scene.answer()
    assert scene.spool.settle(LONG_S)
    assert (0, 1) == (scene.spool.state.batches, scene.spool.state.kept_total)


def test_a_long_backlog_is_left_for_the_next_start(spooling: Spooling, make: Any) -> None:
    scene = spooling()
    old = batches(scene, make, 5)
    for batch in old:
        scene.kept(batch)
    scene.spool.finish(0.0)  # no time for even a row
    scene.attached()
    assert scene.spool.settle(LONG_S)
    assert scene.writer.given.empty()
    scene.stop()
    assert [batch.number for batch in old] == spooling().attached().drained()


def test_patience_grows_with_the_rows_of_a_batch(make: Any) -> None:
    one = make.batch(1, make.point())
    many = make.batch(2, *(make.point(make.noon + n) for n in range(5_000)))
    assert (0.25, 2.1) == (round(patience_for(one, 0.1), 2), round(patience_for(many, 2.0), 2))


def test_behind_the_end_nobody_waits(spooling: Spooling) -> None:
    scene = spooling().attached()
    scene.spool.finish(LONG_S)
    assert scene.spool.settle(LONG_S)
    scene.stop()
    assert scene.spool.settle(LONG_S)  # as a stop does that runs behind another
