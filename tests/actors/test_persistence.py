"""The persistence actor: batches to the writer, again when it failed, and the drain."""

from typing import Any

import pytest

from aerotrack.actors.messages import (
    AwaitDurable,
    BatchDrained,
    BatchFailed,
    BatchKept,
    BatchStored,
    ConfigurePersistence,
    DoubtClock,
    Drain,
    Drained,
    DurableDone,
    DurableFailed,
    FlightRecorded,
    GetFigures,
    KeepStates,
    PointRecorded,
    PressureChanged,
    RequestCounted,
    StateSaved,
    StoreBatch,
    Tick,
)
from aerotrack.actors.persistence import RETRY_S, Persistence
from aerotrack.domain.durable import DURABLE_WITHIN_S
from aerotrack.domain.records import FlightRecord, HistoryGap, TrackPoint

T0 = 1_764_000_000.0


def point(number: int) -> PointRecorded:
    """A point of a flight."""
    nothing = (None,) * 9
    return PointRecorded(TrackPoint(1, T0 + number, 1.0, 2.0, *nothing, "sim", "sim"))  # type: ignore[arg-type]


class Scene:
    """A persistence actor and the writer's end."""

    def __init__(self, driver: Any, *, batch_rows: int = 100, rows_limit: int = 1000) -> None:
        self.keeper = driver.collector()
        self.driver = driver
        self.writer = driver.collector()
        self.asker = driver.collector()
        self.persistence = driver.create(
            Persistence,
            ConfigurePersistence(
                self.writer.address, 1.0, batch_rows, rows_limit, keeper=self.keeper.address
            ),
        )
        self.tell(Tick(T0))

    def tell(self, *messages: object) -> None:
        for message in messages:
            self.driver.tell(self.persistence, message, self.asker.address)
        self.driver.settle()

    def batches(self) -> list[tuple[int, list[float]]]:
        """What the writer was handed: number and times of the points."""
        return [
            (message.batch.number, [p.ts - T0 for p in message.batch.points])
            for message in self.writer.messages
            if type(message) is StoreBatch
        ]

    def figure(self, name: str) -> float:
        self.tell(GetFigures())
        return next(float(f.value) for f in self.asker.messages[-1].values if f.name == name)


def stored(number: int, rows: int) -> BatchStored:
    """The writer stored all of it."""
    return BatchStored(number, rows, 0, 0, 0.01)


def test_points_go_to_the_writer_after_the_flush_interval_and_one_batch_at_a_time(
    actor_system: Any,
) -> None:
    scene = Scene(actor_system)
    scene.tell(point(1), point(2), Tick(T0 + 0.9))
    assert [] == scene.batches()
    scene.tell(Tick(T0 + 1), point(3), Tick(T0 + 3))
    assert [(1, [1.0, 2.0])] == scene.batches()
    scene.tell(stored(1, 2))
    assert [(1, [1.0, 2.0]), (2, [3.0])] == scene.batches()
    scene.tell(stored(2, 1))
    assert (3.0, 3.0, 0.0) == tuple(
        map(scene.figure, ("rows_stored_total", "points_stored_total", "rows_waiting"))
    )


def test_a_failed_batch_is_sent_again_as_it_was_and_what_came_meanwhile_waits(
    actor_system: Any,
) -> None:
    scene = Scene(actor_system)
    scene.tell(point(1), Tick(T0 + 1), BatchFailed(1, "08006", "gone"), point(2))
    scene.tell(Tick(T0 + 1 + RETRY_S / 2))
    assert (1, 1.0) == (len(scene.batches()), scene.figure("database_away"))
    scene.tell(Tick(T0 + 1 + RETRY_S), BatchFailed(1, "08006", "gone"))
    assert [(1, [1.0]), (1, [1.0])] == scene.batches()
    scene.tell(Tick(T0 + 1 + 2 * RETRY_S), stored(1, 1))
    assert [(1, [1.0])] * 3 + [(2, [2.0])] == scene.batches()
    assert 0.0 == scene.figure("database_away")


def test_while_the_database_is_away_memory_is_bounded_and_drops_are_counted(
    actor_system: Any,
) -> None:
    scene = Scene(actor_system, rows_limit=5)
    scene.tell(Tick(T0), *(point(n) for n in range(9)))
    assert (5.0, 4.0) == (scene.figure("rows_waiting"), scene.figure("points_dropped_total"))


def test_dropping_points_is_said_once_until_half_of_memory_is_free_again(
    actor_system: Any, caplog: pytest.LogCaptureFixture
) -> None:
    scene = Scene(actor_system, batch_rows=2, rows_limit=4)
    scene.tell(Tick(T0), *(point(n) for n in range(7)))
    assert (3.0, 1.0) == (scene.figure("points_dropped_total"), scene.figure("history_full"))
    scene.tell(Tick(T0 + 1), stored(1, 2), stored(2, 2))
    assert 0.0 == scene.figure("history_full")
    said = [r for r in caplog.records if r.getMessage().startswith("history_")]
    assert ["history_full", "history_has_room"] == [record.getMessage() for record in said]
    assert {"dropped": 3} == said[1].aerotrack_values


def test_drain_hands_over_everything_and_answers_when_it_is_stored(actor_system: Any) -> None:
    scene = Scene(actor_system)
    record = FlightRecord(flight=1, icao24="4ca2d6", started=T0, last_contact=T0, points=1)
    scene.tell(point(1), FlightRecorded(record), Drain(T0 + 0.1))
    assert [(1, [1.0])] == scene.batches()
    assert [] == scene.asker.messages
    scene.tell(stored(1, 2))
    assert [Drained(0)] == scene.asker.messages


def test_drain_of_nothing_is_answered_at_once(actor_system: Any) -> None:
    scene = Scene(actor_system)
    scene.tell(Drain(T0))
    assert [Drained(0)] == scene.asker.messages


def test_drain_says_how_many_rows_could_not_be_written(actor_system: Any) -> None:
    scene = Scene(actor_system)
    scene.tell(point(1), point(2), Drain(T0), BatchFailed(1, "08006", "gone"))
    assert [Drained(2)] == scene.asker.messages


def test_a_drain_that_left_rows_may_be_asked_for_again(actor_system: Any) -> None:
    scene = Scene(actor_system)
    scene.tell(point(1), Drain(T0), BatchFailed(1, "08006", "gone"), Drain(T0))
    assert [(1, [1.0]), (1, [1.0])] == scene.batches()
    assert [Drained(1)] == scene.asker.messages
    scene.tell(stored(1, 1))
    assert [Drained(1), Drained(0)] == scene.asker.messages


def test_an_answer_about_another_batch_changes_nothing(actor_system: Any) -> None:
    scene = Scene(actor_system)
    scene.tell(point(1), Tick(T0 + 1), stored(7, 1), BatchFailed(7, "08006", "gone"))
    assert (1.0, 0.0) == (scene.figure("rows_waiting"), scene.figure("rows_stored_total"))


def test_a_clock_set_back_holds_up_neither_a_batch_nor_its_retry(actor_system: Any) -> None:
    scene = Scene(actor_system)
    scene.tell(point(1), Tick(T0 - 3600))
    assert [(1, [1.0])] == scene.batches()
    scene.tell(BatchFailed(1, "08006", "gone"), Tick(T0 - 3600 + RETRY_S / 2))
    assert 1 == len(scene.batches())
    scene.tell(Tick(T0 - 7200))
    assert [(1, [1.0])] * 2 == scene.batches()


def test_a_batch_that_was_kept_makes_way_for_the_next_and_counts_when_it_is_drained(
    actor_system: Any,
) -> None:
    scene = Scene(actor_system)
    scene.tell(point(1), Tick(T0 + 1), point(2), Tick(T0 + 2))
    scene.tell(BatchKept(1, "57P01"), Tick(T0 + 3))
    assert [(1, [1.0]), (2, [2.0])] == scene.batches()
    assert (1.0, 1.0, 1.0) == tuple(
        map(scene.figure, ("rows_kept_total", "rows_waiting", "database_away"))
    )
    scene.tell(BatchKept(2, ""), BatchDrained(1, 1, 1, 0, 0), BatchDrained(2, 1, 0, 1, 0))
    assert (1.0, 1.0, 0.0, 0.0) == tuple(
        map(
            scene.figure,
            ("points_stored_total", "rows_duplicate_total", "rows_waiting", "database_away"),
        )
    )


def test_every_point_of_this_run_is_stored_kept_or_a_duplicate_and_those_of_others_are_told_apart(
    actor_system: Any,
) -> None:
    scene = Scene(actor_system)
    scene.tell(BatchDrained(0, 9, 8, 1, 0))  # numbered below this run's first
    for number, answer in enumerate((stored(1, 1), BatchKept(2, ""), BatchKept(3, ""),
                                     BatchStored(4, 0, 1, 0, 0.01)), start=1):  # fmt: skip
        scene.tell(point(number), Tick(T0 + 2 * number), answer)
    names = ("points_recorded_total", "points_stored_total", "points_recovered_total",
             "points_kept", "points_duplicate_total")  # fmt: skip
    assert (4.0, 9.0, 8.0, 2.0, 1.0) == tuple(map(scene.figure, names))
    scene.tell(BatchDrained(2, 1, 1, 0, 0), BatchDrained(3, 1, 0, 1, 0))
    assert (4.0, 10.0, 8.0, 0.0, 2.0) == tuple(map(scene.figure, names))


def test_while_room_runs_out_points_are_left_out_flights_are_not_and_the_gap_is_on_record(
    actor_system: Any,
) -> None:
    scene = Scene(actor_system)
    scene.tell(PressureChanged("thin"), point(1), point(2), PressureChanged("drop"), point(30))
    scene.tell(FlightRecorded(FlightRecord(1, "4ca2d6", T0, T0, 3)))
    scene.tell(PressureChanged("none"), point(31), Tick(T0 + 10))
    (batch,) = [m.batch for m in scene.writer.messages if type(m) is StoreBatch]
    assert ([1.0, 31.0], 1, [HistoryGap(T0, T0, 1, 1)]) == (
        [p.ts - T0 for p in batch.points],
        len(batch.flights),
        list(batch.gaps),
    )
    assert (1.0, 1.0) == tuple(map(scene.figure, ("points_thinned_total", "points_dropped_total")))


# -- whoever waits for the disk


def durable(scene: Scene) -> list[Any]:
    """What those who wait were told."""
    return [m for m in scene.asker.messages if type(m) in (DurableDone, DurableFailed)]


def test_a_request_is_answered_when_it_is_counted_and_its_batch_is_safe(actor_system: Any) -> None:
    scene = Scene(actor_system)
    scene.tell(AwaitDurable(7, 3, T0), point(1), RequestCounted(7, 1, 0))
    assert [] == scene.batches()  # the others may still come
    scene.tell(point(2), RequestCounted(7, 1, 1))
    assert [(1, [1.0, 2.0])] == scene.batches()  # at once, not after the flush interval
    assert [] == durable(scene)
    scene.tell(stored(1, 2))
    assert [DurableDone(2, 1)] == durable(scene)


def test_a_batch_on_the_local_disk_is_safe_too(actor_system: Any) -> None:
    scene = Scene(actor_system)
    scene.tell(AwaitDurable(7, 1, T0), point(1), RequestCounted(7, 1, 0), BatchKept(1, "57P01"))
    assert [DurableDone(1, 0)] == durable(scene)


def test_a_batch_that_failed_is_not_safe_yet(actor_system: Any) -> None:
    scene = Scene(actor_system)
    scene.tell(AwaitDurable(7, 1, T0), point(1), RequestCounted(7, 1, 0))
    scene.tell(BatchFailed(1, "08006", "gone"))
    assert [] == durable(scene)
    scene.tell(Tick(T0 + RETRY_S), stored(1, 1))
    assert [DurableDone(1, 0)] == durable(scene)


def test_a_request_waits_for_the_batches_before_the_last_of_its_points(actor_system: Any) -> None:
    scene = Scene(actor_system, batch_rows=1)
    scene.tell(AwaitDurable(7, 2, T0), point(1), point(2), RequestCounted(7, 2, 0), Tick(T0))
    scene.tell(stored(1, 1))
    assert [] == durable(scene)
    scene.tell(stored(2, 1))
    assert [DurableDone(2, 0)] == durable(scene)


def test_a_request_that_was_refused_or_known_as_a_whole_is_answered_at_once(
    actor_system: Any,
) -> None:
    scene = Scene(actor_system)
    scene.tell(AwaitDurable(7, 2, T0), RequestCounted(7, 0, 2))
    assert [DurableDone(0, 2)] == durable(scene)


def test_a_request_that_is_never_counted_whole_fails_in_time(actor_system: Any) -> None:
    scene = Scene(actor_system)
    scene.tell(AwaitDurable(7, 2, T0), RequestCounted(7, 1, 0), Tick(T0 + DURABLE_WITHIN_S - 0.1))
    assert [] == durable(scene)
    scene.tell(Tick(T0 + DURABLE_WITHIN_S), RequestCounted(7, 1, 0))
    assert [DurableFailed("not_in_time")] == durable(scene)


def test_with_no_room_on_disk_nobody_may_wait(actor_system: Any) -> None:
    scene = Scene(actor_system)
    scene.tell(PressureChanged("drop"), AwaitDurable(7, 1, T0))
    assert [DurableFailed("history_full")] == durable(scene)


def test_with_no_room_in_memory_those_who_wait_are_told(actor_system: Any) -> None:
    scene = Scene(actor_system, batch_rows=1, rows_limit=2)
    scene.tell(AwaitDurable(7, 3, T0), point(1), point(2), point(3), RequestCounted(7, 3, 0))
    assert [DurableFailed("history_full")] == durable(scene)


def test_while_somebody_waits_no_point_is_thinned(actor_system: Any) -> None:
    scene = Scene(actor_system)
    scene.tell(PressureChanged("thin"), AwaitDurable(7, 2, T0), point(1), point(2))
    scene.tell(RequestCounted(7, 2, 0))
    assert [(1, [1.0, 2.0])] == scene.batches()


def test_the_state_of_a_flight_is_kept_no_sooner_than_its_rows(actor_system: Any) -> None:
    scene = Scene(actor_system)
    first, second = StateSaved(1, b"first"), StateSaved(1, b"second")
    scene.tell(point(1), first, Tick(T0 + 1), point(2), second, StateSaved(2, b"other"))
    assert [] == scene.keeper.messages
    scene.tell(stored(1, 1), Tick(T0 + 2))
    assert [] == scene.keeper.messages  # the second took the place of the first
    scene.tell(BatchKept(2, "57P01"))
    assert [KeepStates((second, StateSaved(2, b"other")))] == scene.keeper.messages


def test_at_the_stop_states_with_nothing_left_to_wait_for_are_kept(actor_system: Any) -> None:
    scene = Scene(actor_system)
    scene.tell(StateSaved(1, b"state"), Drain(T0))
    assert [KeepStates((StateSaved(1, b"state"),))] == scene.keeper.messages


def test_while_the_clock_is_doubted_nothing_is_taken_into_the_history(actor_system: Any) -> None:
    scene = Scene(actor_system)
    record = FlightRecord(1, "4ca2d6", T0, T0, 3)
    scene.tell(DoubtClock(True), point(1), FlightRecorded(record), AwaitDurable(7, 1, T0))
    scene.tell(StateSaved(1, b"state"), Tick(T0 + 2))
    assert ([], [], [DurableFailed("clock_doubted")]) == (
        scene.batches(), scene.keeper.messages, durable(scene)
    )  # fmt: skip
    scene.tell(DoubtClock(False), point(2), Tick(T0 + 4))
    assert [(1, [2.0])] == scene.batches()
    assert 1.0 == scene.figure("points_dropped_total")
