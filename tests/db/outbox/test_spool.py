"""Which way batches go: straight while PostgreSQL takes them, else by way of the disk, in order."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest

from aerotrack.actors.messages import BatchDrained, BatchFailed, BatchKept, BatchStored
from aerotrack.db.outbox import open_outbox
from aerotrack.db.outbox.spool import (
    OUTBOX_FULL,
    OUTBOX_UNWRITABLE,
    SPOOL_STOPPED,
)
from aerotrack.db.outbox.state import pressure_at
from aerotrack.domain.saved import load

Spooling = Callable[..., Any]

TIMEOUT_S = 20.0


def batches(scene: Any, make: Any, count: int, rows: int = 1) -> list[Any]:
    return [
        make.batch(
            scene.first + n, *(make.point(make.noon + n + r / 1000, lat=r / 9) for r in range(rows))
        )
        for n in range(count)
    ]


def test_a_batch_goes_straight_and_never_touches_the_disk(spooling: Spooling, make: Any) -> None:
    scene = spooling().attached()
    for batch in batches(scene, make, 2):
        scene.spool.submit(batch)
        assert batch is scene.writer.next()
        scene.stored(batch.number, 1)
        assert BatchStored(batch.number, 1, 0, 0, 0.01) == scene.answer()
    assert (0, 0) == (scene.spool.state.batches, scene.spool.state.kept_total)


def test_a_batch_whose_commit_failed_is_kept_and_drained_once_the_server_is_back(
    spooling: Spooling, make: Any
) -> None:
    scene = spooling().attached()
    first, second, third = batches(scene, make, 3)
    scene.spool.submit(first)
    scene.writer.next()
    scene.failed(first.number)
    assert BatchKept(first.number, "57P01") == scene.answer()
    assert first == scene.writer.next()  # tried again, now from the disk
    assert BatchKept(second.number, "57P01") == scene.kept(second)
    scene.failed(first.number)
    assert [first.number] == [scene.writer.next().number]
    scene.stored(first.number, 1)
    assert BatchDrained(first.number, 1, 1, 0, 0) == scene.answer()
    assert BatchKept(third.number, "") == scene.kept(third)  # behind the second
    assert [second.number, third.number] == scene.drained()
    fourth = make.batch(scene.first + 3, make.point())
    scene.spool.submit(fourth)  # the outbox is empty again
    assert fourth is scene.writer.next()  # straight again


def test_a_batch_that_takes_too_long_is_kept_and_stored_once_all_the_same(
    spooling: Spooling, make: Any
) -> None:
    scene = spooling(patience=0.0).attached()  # the least there is
    (batch,) = batches(scene, make, 1)
    scene.spool.submit(batch)
    scene.writer.next()
    assert BatchKept(batch.number, "") == scene.answer()
    scene.stored(batch.number, 1)  # the commit comes through after all
    assert BatchDrained(batch.number, 1, 1, 0, 0) == scene.answer()
    assert scene.writer.given.empty()
    assert [] == scene.drained()


def test_what_was_kept_is_drained_by_the_next_run_before_anything_new(
    spooling: Spooling, make: Any
) -> None:
    scene = spooling()
    old = batches(scene, make, 3)
    codes = {scene.kept(batch).code for batch in old}
    assert {"database_not_ready"} == codes
    scene.stop()
    again = spooling()
    (new,) = batches(again, make, 1)
    again.kept(new)
    again.attached()
    assert [batch.number for batch in (*old, new)] == again.drained()
    again.stop()
    third = spooling()
    assert 0 == third.spool.state.batches


def test_a_batch_under_way_at_the_stop_is_on_the_disk_after(
    spooling: Spooling, make: Any, tmp_path: Path
) -> None:
    scene = spooling().attached()
    (batch,) = batches(scene, make, 1)
    scene.spool.submit(batch)
    scene.writer.next()
    scene.stop()
    assert BatchKept(batch.number, "") == scene.answer()
    outbox = open_outbox(tmp_path)
    assert batch == outbox.file.read(batch.number)
    outbox.close()


@pytest.fixture
def waiting() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


def test_who_waits_until_everything_is_stored_goes_on_behind_the_last_answer(
    spooling: Spooling, make: Any, waiting: ThreadPoolExecutor
) -> None:
    scene = spooling(patience=0.0).attached()  # the least there is
    slow, behind = batches(scene, make, 2)
    scene.spool.submit(slow)
    assert slow is scene.writer.next()
    assert BatchKept(slow.number, "") == scene.answer()
    assert BatchKept(behind.number, "") == scene.kept(behind)
    stored = waiting.submit(scene.spool.await_stored, TIMEOUT_S)
    scene.stored(slow.number, 1)
    assert slow.number == scene.answer().number
    assert behind == scene.writer.next()
    assert not stored.done()
    scene.stored(behind.number, 1)
    stored.result(TIMEOUT_S)
    assert BatchDrained(behind.number, 1, 1, 0, 0) == scene.answers.get_nowait()


@pytest.mark.parametrize("why", ["away", "detached"])
def test_nobody_waits_for_what_cannot_be_stored_now(
    why: str, spooling: Spooling, make: Any, waiting: ThreadPoolExecutor
) -> None:
    scene = spooling().attached()
    (batch,) = batches(scene, make, 1)
    scene.spool.submit(batch)
    scene.writer.next()
    stored = waiting.submit(scene.spool.await_stored, 2 * TIMEOUT_S)
    if why == "away":
        scene.failed(batch.number)
    else:
        scene.spool.detach()
    stored.result(TIMEOUT_S)


def test_a_batch_after_the_stop_is_answered_as_failed(spooling: Spooling, make: Any) -> None:
    scene = spooling()
    scene.stop()
    scene.spool.submit(batches(scene, make, 1)[0])
    assert SPOOL_STOPPED == scene.answer().code


def test_at_its_limit_the_outbox_refuses_and_takes_again_when_it_has_room(
    spooling: Spooling, make: Any
) -> None:
    scene = spooling(limit=200_000)
    kept = []
    for batch in batches(scene, make, 60, rows=2_000):
        scene.spool.submit(batch)
        answer = scene.answer()
        if isinstance(answer, BatchFailed):
            break
        kept.append(batch.number)
    assert OUTBOX_FULL == answer.code
    assert 3 < len(kept) < 60
    assert (OUTBOX_FULL, True) == (scene.spool.state.error, scene.spool.state.used >= 1.0)
    scene.told("drop")
    scene.attached()
    assert kept == scene.drained()
    scene.told("none")
    assert "drop" == scene.pressures[scene.pressures.index("thin") + 1]
    scene.spool.submit(batch)
    assert batch is scene.writer.next()
    assert ("", True) == (scene.spool.state.error, scene.spool.state.bytes < 100_000)


def test_without_an_outbox_batches_go_straight_and_failures_are_said(
    spooling: Spooling, make: Any
) -> None:
    scene = spooling(outbox=False)
    first, second = batches(scene, make, 2)
    scene.spool.submit(first)
    assert isinstance(scene.answer(), BatchFailed)
    scene.attached()
    scene.spool.submit(first)
    scene.writer.next()
    scene.failed(first.number)
    assert (BatchFailed, "57P01") == (type(a := scene.answer()), a.code)
    scene.spool.submit(second)
    scene.writer.next()
    scene.stored(second.number, 1)
    assert isinstance(scene.answer(), BatchStored)
    assert OUTBOX_UNWRITABLE == scene.spool.state.error


def test_a_disk_that_cannot_be_written_is_said_once_and_tried_again(
    spooling: Spooling, make: Any, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    scene = spooling()
    first, second = batches(scene, make, 2)
    put = scene.outbox.file.put

    def refuse(batch: Any) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(scene.outbox.file, "put", refuse)
    for _ in range(2):
        scene.spool.submit(first)
        assert OUTBOX_UNWRITABLE == scene.answer().code
    monkeypatch.setattr(scene.outbox.file, "put", put)
    scene.kept(first)
    scene.kept(second)
    said = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert ["outbox_unwritable"] == said
    assert [first.number, second.number] == scene.attached().drained()


def test_a_disk_that_can_be_written_again_is_found_out_without_a_batch(
    spooling: Spooling, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = spooling().attached()
    (batch,) = batches(scene, make, 1)
    begin = scene.outbox.file.put_flights

    def refuse(*_: Any) -> None:
        monkeypatch.setattr(scene.outbox.file, "put_flights", begin)
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(scene.outbox.file, "put_flights", refuse)
    scene.spool.submit(msgspec.structs.replace(batch, flights=(make.flight(),)))
    scene.writer.next()
    scene.stored(batch.number, 2)
    scene.answer()
    deadline = time.monotonic() + 20
    while scene.spool.state.error and time.monotonic() < deadline:
        time.sleep(0.02)
    assert "" == scene.spool.state.error


def test_a_batch_that_cannot_be_read_any_more_is_left_out_and_said(
    spooling: Spooling, make: Any, caplog: Any
) -> None:
    scene = spooling()
    first, second, third = batches(scene, make, 3)
    for batch in (first, second, third):
        scene.kept(batch)
    scene.stop()
    again = spooling()
    with again.outbox.file.transaction() as db:
        db.execute("UPDATE batch SET body = ? WHERE number = ?", (b"x" * 50, second.number))
    assert [first.number, third.number] == again.attached().drained()
    said = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert ["outbox_batch_unreadable"] == said
    assert 1 == again.spool.state.unreadable_total


def test_a_file_that_is_damaged_while_in_use_is_replaced_and_what_is_left_of_it_stored(
    spooling: Spooling, make: Any, tmp_path: Path
) -> None:
    scene = spooling()
    kept = batches(scene, make, 40, rows=300)
    for batch in kept[:-1]:
        scene.kept(batch)
    scene.stop()
    again = spooling()
    path = again.outbox.file.path
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(b"\xff" * 9000)
    drained = again.attached().drained()
    assert 20 < len(drained) < 40
    assert kept[0].number in drained
    assert 0 == again.spool.state.batches


def test_a_flight_that_begins_is_on_the_disk_before_its_batch_is_on_its_way_until_it_ends(
    spooling: Spooling, make: Any, tmp_path: Path
) -> None:
    scene = spooling().attached()
    first, second = make.flight(make.noon + 1), make.flight(make.noon, flight=7)
    scene.spool.submit(make.batch(scene.first, first, second))
    batch = scene.writer.next()
    assert {first, second} == {load(body).record for _, body in scene.outbox.file.flights()}
    scene.stored(batch.number, 2)
    scene.answer()
    scene.spool.keep_flights({first.flight: b"state", 8: b"never began"})
    over = msgspec.structs.replace(second, ended=make.noon + 9)
    scene.spool.submit(make.batch(scene.first + 1, over))
    scene.writer.next()
    scene.spool.keep_flights({second.flight: b"late"})
    scene.stop()
    outbox = open_outbox(tmp_path)
    assert [(first.flight, b"state")] == outbox.file.flights()
    outbox.close()


@pytest.mark.parametrize(
    ("used", "before", "after"),
    [
        (0.74, "none", "none"), (0.75, "none", "thin"), (0.96, "none", "drop"),
        (0.7, "thin", "thin"), (0.59, "thin", "none"), (0.9, "thin", "thin"),
        (0.9, "drop", "drop"), (0.84, "drop", "thin"), (0.5, "drop", "none"),
    ],
)  # fmt: skip
def test_pressure_comes_and_goes_at_different_fillings(
    used: float, before: Any, after: str
) -> None:
    assert after == pressure_at(used, before)
