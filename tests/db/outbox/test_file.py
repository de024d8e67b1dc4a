"""The outbox's file: what is put in stays, its size follows, damage is moved aside."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from aerotrack.db.errors import DataDirLocked
from aerotrack.db.outbox import OutboxFile, OutboxUnusable, open_outbox
from aerotrack.db.outbox.file import FILE_NAME, NUMBERS_PER_RUN

PAGE = 4096


def filled(directory: Path, make: Any, count: int, rows: int = 300) -> list[Any]:
    """An outbox with ``count`` batches in it, closed; the batches."""
    outbox = open_outbox(directory)
    batches = [
        make.batch(
            outbox.file.first_number + n,
            *(make.point(make.noon + n + r / 1000, lat=(n * 7 + r) % 90 / 3) for r in range(rows)),
        )
        for n in range(count)
    ]
    for batch in batches:
        outbox.file.put(batch)
    outbox.close()
    return batches


def contents(directory: Path) -> list[Any]:
    """Every batch in an outbox, oldest first."""
    outbox = open_outbox(directory)
    found, number = [], -1
    while (following := outbox.file.next_after(number)) is not None:
        number = following
        found.append(outbox.file.read(number))
    assert len(found) == outbox.file.batches
    assert sum(batch.rows for batch in found) == outbox.file.rows
    outbox.close()
    return found


def test_batches_are_there_after_a_restart_oldest_first(tmp_path: Path, make: Any) -> None:
    batches = filled(tmp_path, make, 5)
    assert batches == contents(tmp_path)


def test_a_batch_put_twice_is_there_once(tmp_path: Path, make: Any) -> None:
    outbox = open_outbox(tmp_path)
    batch = make.batch(outbox.file.first_number, make.point())
    outbox.file.put(batch)
    outbox.file.put(batch)
    assert (1, 1) == (outbox.file.batches, outbox.file.rows)
    outbox.close()


def test_the_identity_stays_and_no_number_is_ever_given_twice(tmp_path: Path, make: Any) -> None:
    starts = []
    for _ in range(3):
        outbox = open_outbox(tmp_path)
        starts.append((outbox.file.identity, outbox.file.first_number))
        outbox.file.put(make.batch(outbox.file.first_number + 5, make.point()))
        outbox.close()
    assert 1 == len({identity for identity, _ in starts})
    assert [1, NUMBERS_PER_RUN + 1, 2 * NUMBERS_PER_RUN + 1] == [
        n - NUMBERS_PER_RUN for _, n in starts
    ]


def test_the_file_is_small_again_when_it_was_drained(tmp_path: Path, make: Any) -> None:
    outbox = open_outbox(tmp_path)
    empty = outbox.file.bytes_on_disk
    numbers = [outbox.file.first_number + n for n in range(300)]
    for number in numbers:
        outbox.file.put(
            make.batch(number, *(make.point(make.noon + r, lat=os.urandom(1)[0] / 3, lon=r / 7)
                                 for r in range(500)))
        )  # fmt: skip
    full = outbox.file.bytes_on_disk
    outbox.file.delete(numbers[:150])
    half = outbox.file.used_bytes
    outbox.file.delete(numbers[150:])
    left = outbox.file.bytes_on_disk
    outbox.close()
    assert full > 20 * empty
    assert half < 0.7 * full
    assert left <= 2 * max(empty, 16 * PAGE)


def test_what_was_put_survives_a_killed_process(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from aerotrack.db.outbox import open_outbox;"
        "from aerotrack.domain.records import Batch, FlightEvent;"
        "outbox = open_outbox(Path(sys.argv[1]));"
        "[outbox.file.put(Batch(outbox.file.first_number + n, (), (),"
        " (FlightEvent(1, float(n), 'started'),))) for n in range(3)];"
        "os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path], check=False, timeout=60)
    assert -9 == done.returncode
    assert [0.0, 1.0, 2.0] == [batch.events[0].ts for batch in contents(tmp_path)]


def test_states_of_flights_are_kept_by_their_number_and_survive_damage_elsewhere(
    tmp_path: Path,
) -> None:
    outbox = open_outbox(tmp_path)
    outbox.file.put_flights({1: b"one", 2: b"two", 3: b"three"})
    outbox.file.put_flights({2: b"TWO"}, over=[3, 4])
    outbox.close()
    outbox = open_outbox(tmp_path)
    assert [(1, b"one"), (2, b"TWO")] == outbox.file.flights()
    outbox.file.keep_only({2})
    with outbox.file.transaction() as db:
        db.execute("INSERT INTO flight VALUES (5, ?)", (b"garbage",))
    assert [(2, b"TWO"), (5, b"")] == outbox.file.flights()
    outbox.close()


# -- damage ----------------------------------------------------------------------------------------


def aside(directory: Path) -> list[Path]:
    return sorted(directory.glob("outbox.damaged-*.sqlite"))


def test_garbage_in_place_of_the_file_is_moved_aside(
    tmp_path: Path, make: Any, caplog: pytest.LogCaptureFixture
) -> None:
    garbage = os.urandom(3 * PAGE)
    (tmp_path / FILE_NAME).write_bytes(garbage)
    assert [] == contents(tmp_path)
    assert [garbage] == [path.read_bytes() for path in aside(tmp_path)]
    assert ["outbox_damaged"] == [record.getMessage() for record in caplog.records]
    batches = filled(tmp_path, make, 2)
    assert batches == contents(tmp_path)


def test_of_a_file_cut_short_what_can_be_read_is_kept(tmp_path: Path, make: Any) -> None:
    batches = filled(tmp_path, make, 60)
    outbox = open_outbox(tmp_path)
    identity, first = outbox.file.identity, outbox.file.first_number
    outbox.close()
    path = tmp_path / FILE_NAME
    os.truncate(path, path.stat().st_size * 2 // 3 // PAGE * PAGE)
    found = contents(tmp_path)
    assert 1 == len(aside(tmp_path))
    assert 10 < len(found) < 60
    assert [batch for batch in batches if batch in found] == found
    outbox = open_outbox(tmp_path)
    assert (identity, True) == (outbox.file.identity, outbox.file.first_number > first)
    outbox.close()


def test_of_a_file_with_a_hole_both_sides_are_kept(tmp_path: Path, make: Any) -> None:
    batches = filled(tmp_path, make, 60)
    path = tmp_path / FILE_NAME
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2 // PAGE * PAGE)
        file.write(os.urandom(2 * PAGE))
    found = contents(tmp_path)
    assert 1 == len(aside(tmp_path)), "the hole was to hit the tree"
    assert batches[0] in found
    assert batches[-1] in found


def test_a_file_of_a_newer_release_is_left_alone(tmp_path: Path) -> None:
    outbox = open_outbox(tmp_path)
    with outbox.file.transaction():
        outbox.file.set_meta("format", 99)
    outbox.close()
    with pytest.raises(OutboxUnusable, match="format 99"):
        open_outbox(tmp_path)
    assert [] == aside(tmp_path)


# -- who may ---------------------------------------------------------------------------------------


def test_a_second_owner_is_refused_by_the_first_ones_pid(tmp_path: Path) -> None:
    outbox = open_outbox(tmp_path)
    with pytest.raises(DataDirLocked, match=f"in use by process {os.getpid()}"):
        open_outbox(tmp_path)
    outbox.close()
    open_outbox(tmp_path).close()


def test_a_directory_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutboxUnusable, match="file/data"):
        open_outbox(tmp_path / "file" / "data")


def test_a_full_disk_is_an_error_and_loses_nothing_of_before(tmp_path: Path, make: Any) -> None:
    file = OutboxFile(tmp_path)
    file.put(make.batch(1, make.point()))
    pages = file._db.execute("PRAGMA page_count").fetchone()[0]
    file._db.execute(f"PRAGMA max_page_count = {pages}")  # as if the disk were full
    large = make.batch(2, *(make.point(make.noon + n, lat=n / 100) for n in range(5_000)))
    with pytest.raises(sqlite3.OperationalError, match="full"):
        file.put(large)
    assert ((1, 1), 1) == ((file.batches, file.rows), file.read(1).rows)
    file.close()
