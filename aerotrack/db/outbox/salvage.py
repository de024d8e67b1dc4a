"""A damaged outbox: moved aside, and what can still be read of it put into a new one."""

import contextlib
import logging
import os
import sqlite3
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from aerotrack.db.outbox.codec import UnreadableBatch, decode
from aerotrack.db.outbox.file import COMPANIONS, FILE_NAME, OutboxFile, connect
from aerotrack.logs import log_event

logger = logging.getLogger(__name__)

# The identity goes along where it can be read: batches that PostgreSQL has are then known to it.
_CARRIED: Final = ("identity", "runs")
# The first bytes of every SQLite file (sqlite.org/fileformat2.html, 1.3): page size at 16, number
# of pages at 28.
_MAGIC: Final = b"SQLite format 3\0"
_HEADER_BYTES: Final = 100
_LARGEST: Final = 1 << 44


class Salvaged(msgspec.Struct, frozen=True):
    """What became of a damaged outbox: where it lies now, and how much of it was kept."""

    aside: Path
    batches: int
    rows: int


def move_aside(directory: Path, stamp: str) -> Path:
    """Rename the outbox in ``directory``, with all that belongs to it. Raises ``OSError``."""
    aside = directory / f"outbox.damaged-{stamp}.sqlite"
    (directory / FILE_NAME).rename(aside)
    for ending in COMPANIONS:
        with contextlib.suppress(FileNotFoundError):
            (directory / f"{FILE_NAME}{ending}").rename(directory / f"{aside.name}{ending}")
    return aside


def begin_anew(
    directory: Path,
    *,
    reason: str,
    yield_turn: Callable[[], None] = lambda: None,
    now: Callable[[], float] = time.time,
) -> OutboxFile:
    """A new outbox in place of the damaged one, holding what could be read of that.

    Raises ``OSError`` or ``sqlite3.Error`` where that cannot be made either.
    """
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now()))
    aside = move_aside(directory, stamp)
    _fill_up(aside)
    kept = _carried(aside)
    file = OutboxFile(directory, yield_turn=yield_turn, now=now)
    if kept:
        with file.transaction():
            for name, value in kept.items():
                file.set_meta(name, value)
        file.close()
        file = OutboxFile(directory, yield_turn=yield_turn, now=now)
    salvaged = _copy(aside, file, yield_turn)
    file.put_flights(dict(_flights(aside)))
    if salvaged.batches:
        file.close()
        file = OutboxFile(directory, yield_turn=yield_turn, now=now)  # numbers go on behind them
    log_event(
        logger,
        "outbox_damaged",
        level=logging.ERROR,
        reason=reason,
        moved_to=str(aside),
        batches_kept=salvaged.batches,
        rows_kept=salvaged.rows,
    )
    return file


def _fill_up(aside: Path) -> None:
    """Give a file that was cut short its length back: SQLite reads nothing of it otherwise."""
    with aside.open("rb") as file:
        header = file.read(_HEADER_BYTES)
    if len(header) < _HEADER_BYTES or not header.startswith(_MAGIC):
        return
    page_size = int.from_bytes(header[16:18]) or 1
    pages = int.from_bytes(header[28:32])
    size = pages * (page_size if page_size > 1 else 1 << 16)
    if aside.stat().st_size < size <= _LARGEST:
        os.truncate(aside, size)  # zeros that take no room on the disk


def _carried(aside: Path) -> dict[str, bytes | int]:
    with contextlib.suppress(sqlite3.Error), contextlib.closing(connect(aside)) as db:
        found = dict(db.execute("SELECT name, value FROM meta"))
        identity, runs = found.get("identity"), found.get("runs")
        if isinstance(identity, bytes) and len(identity) == 16 and isinstance(runs, int):
            return {name: found[name] for name in _CARRIED}
    return {}


def _copy(aside: Path, file: OutboxFile, yield_turn: Callable[[], None]) -> Salvaged:
    """Put every batch that can be read into ``file``."""
    batches = rows = 0
    for number, at, count, body in _readable(aside):
        try:
            decode(number, body, yield_turn)
        except UnreadableBatch:
            continue
        file.put_encoded(number, at, count, body)
        batches += 1
        rows += count
    return Salvaged(aside, batches, rows)


def _readable(aside: Path) -> Iterator[tuple[int, float, int, bytes]]:
    """Batches from the oldest on up to a page that cannot be read, then from the newest back."""
    with contextlib.suppress(sqlite3.Error), contextlib.closing(connect(aside)) as db:
        last = -1
        with contextlib.suppress(sqlite3.Error):
            for row in db.execute("SELECT number, at, rows, body FROM batch ORDER BY number"):
                if _is_batch(row):
                    yield row
                    last = row[0]
            return
        with contextlib.suppress(sqlite3.Error):
            for row in db.execute(
                "SELECT number, at, rows, body FROM batch WHERE number > ? ORDER BY number DESC",
                (last,),
            ):
                if _is_batch(row):
                    yield row


def _flights(aside: Path) -> Iterator[tuple[int, bytes]]:
    """The states of flights, as far as they can be read."""
    with contextlib.suppress(sqlite3.Error), contextlib.closing(connect(aside)) as db:
        for flight, body in db.execute("SELECT flight, body FROM flight"):
            if isinstance(flight, int) and isinstance(body, bytes):
                with contextlib.suppress(zlib.error):
                    yield flight, zlib.decompress(body)


def _is_batch(row: tuple[object, ...]) -> bool:
    number, at, rows, body = row
    return (
        isinstance(number, int)
        and isinstance(at, float)
        and isinstance(rows, int)
        and isinstance(body, bytes)
    )
