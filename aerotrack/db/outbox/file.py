"""The outbox's file: SQLite, every write on the disk before it counts.

One thread uses it. What is in it when the process or the machine dies is in it afterwards: the
write-ahead log is synchronised at every commit. Its size follows what is in it: pages that batches
leave are given back to the file system.
"""

import sqlite3
import time
import uuid
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from aerotrack.db.outbox.codec import ZLIB_LEVEL, Encoded, UnreadableBatch, decode, encode
from aerotrack.domain.records import Batch

FILE_NAME: Final = "outbox.sqlite"
# What SQLite keeps beside the file while it is open; they go with it wherever it goes.
COMPANIONS: Final = ("-wal", "-shm")
# Raised when the tables change in a way that a release before cannot read.
FORMAT: Final = 1
# Numbers of batches go on from here at every start, so that none is used twice even where the last
# ones used were never written down: no run has four thousand million batches.
NUMBERS_PER_RUN: Final = 1 << 32
# The log is cut back to this when it has been copied into the file.
WAL_KEPT_BYTES: Final = 4 << 20
# Pages given back at once, some 16 MB: a fraction of a second even on an SD card.
PAGES_GIVEN_BACK: Final = 4096
# Another process that merely looks into the file is done within this.
BUSY_TIMEOUT_S: Final = 2.0

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS batch (
    number INTEGER PRIMARY KEY,
    at     REAL NOT NULL,
    rows   INTEGER NOT NULL,
    body   BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS flight (flight INTEGER PRIMARY KEY, body BLOB NOT NULL);
"""


class OutboxNewer(Exception):
    """The file was written by a newer release, in a format this one cannot read."""


class OutboxFile:
    """The file in ``directory``, made where there is none.

    ``identity`` and the number name a batch for good. Raises ``sqlite3.Error`` where the file
    cannot be used (``sqlite3.DatabaseError`` itself: it is damaged), also from every method, and
    :class:`OutboxNewer`. ``yield_turn`` is called between slices of encoding and decoding.
    """

    def __init__(
        self,
        directory: Path,
        *,
        yield_turn: Callable[[], None] = lambda: None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.path = directory / FILE_NAME
        self._yield_turn = yield_turn
        self._now = now
        self._db = connect(self.path)
        try:
            self._prepare()
        except BaseException:
            self._db.close()
            raise

    def _prepare(self) -> None:
        db = self._db
        with self.transaction():
            for statement in _SCHEMA.split(";"):
                db.execute(statement)
            try:
                found = int(self._meta("format", FORMAT))
                self.identity = uuid.UUID(bytes=self._meta("identity", uuid.uuid4().bytes))
                runs = int(self._meta("runs", 0))
            except (TypeError, ValueError) as error:
                raise sqlite3.DatabaseError(f"what is noted in it cannot be: {error}") from error
            if found > FORMAT:
                raise OutboxNewer(f"{self.path} has format {found}, this release reads {FORMAT}")
            self.batches, self.rows, last = db.execute(
                "SELECT count(*), coalesce(sum(rows), 0), coalesce(max(number), 0) FROM batch"
            ).fetchone()
            # Should the count of runs be lost, what they wrote tells how many there were.
            runs = max(runs, last // NUMBERS_PER_RUN) + 1
            self.set_meta("runs", runs)
        self.first_number = runs * NUMBERS_PER_RUN + 1

    def _meta(self, name: str, default: Any) -> Any:
        self._db.execute("INSERT OR IGNORE INTO meta VALUES (?, ?)", (name, default))
        return self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()[0]

    def set_meta(self, name: str, value: Any) -> None:
        """Note something beside the batches."""
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def meta(self) -> Mapping[str, Any]:
        """Everything noted beside the batches."""
        return dict(self._db.execute("SELECT name, value FROM meta"))

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All of it is on the disk at the end, or nothing."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield self._db
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    # -- batches -----------------------------------------------------------------------------------

    def put(self, batch: Batch) -> Encoded:
        """Keep ``batch``: it is on the disk when this returns. One kept already is kept once."""
        encoded = encode(batch, self._yield_turn)
        self.put_encoded(batch.number, self._now(), batch.rows, encoded.body)
        return encoded

    def put_encoded(self, number: int, at: float, rows: int, body: bytes) -> None:
        """The same of a batch that is bytes already."""
        with self.transaction() as db:
            done = db.execute(
                "INSERT OR IGNORE INTO batch VALUES (?, ?, ?, ?)", (number, at, rows, body)
            )
        if done.rowcount:
            self.batches += 1
            self.rows += rows

    def next_after(self, number: int) -> int | None:
        """The number of the oldest batch behind ``number``."""
        row = self._db.execute(
            "SELECT number FROM batch WHERE number > ? ORDER BY number LIMIT 1", (number,)
        ).fetchone()
        return None if row is None else int(row[0])

    def read(self, number: int) -> Batch:
        """That batch. Raises :class:`UnreadableBatch` where its bytes are none."""
        row = self._db.execute("SELECT body FROM batch WHERE number = ?", (number,)).fetchone()
        if row is None:
            raise UnreadableBatch("it is not there")
        return decode(number, row[0], self._yield_turn)

    def delete(self, numbers: Iterable[int]) -> None:
        """Forget these batches, and give back the room they took."""
        with self.transaction() as db:
            gone = [
                row[0]
                for number in numbers
                for row in db.execute("SELECT rows FROM batch WHERE number = ?", (number,))
                if db.execute("DELETE FROM batch WHERE number = ?", (number,)).rowcount
            ]
        self.batches -= len(gone)
        self.rows -= sum(gone)
        self.shrink(None if self.batches == 0 else PAGES_GIVEN_BACK)

    def oldest(self) -> float | None:
        """When the oldest batch was kept, epoch seconds."""
        row = self._db.execute("SELECT at FROM batch ORDER BY number LIMIT 1").fetchone()
        return None if row is None else float(row[0])

    # -- flights that are alive --------------------------------------------------------------------

    def put_flights(self, flights: Mapping[int, bytes], over: Iterable[int] = ()) -> None:
        """Keep these states by the number of the flight; forget those that are ``over``."""
        with self.transaction() as db:
            if flights:
                self.set_meta("seen", self._now())
            db.executemany(
                "INSERT OR REPLACE INTO flight VALUES (?, ?)",
                ((flight, zlib.compress(body, ZLIB_LEVEL)) for flight, body in flights.items()),
            )
            db.executemany("DELETE FROM flight WHERE flight = ?", [(flight,) for flight in over])

    def flights(self) -> list[tuple[int, bytes]]:
        """Every state that is kept; an empty one where it cannot be read any more."""
        return [(f, _unpacked(body)) for f, body in self._db.execute("SELECT * FROM flight")]

    def keep_only(self, flights: set[int]) -> None:
        """Forget the states of all others."""
        self.put_flights({}, [flight for flight, _ in self.flights() if flight not in flights])

    def probe(self) -> None:
        """Write something that does not matter: raises where nothing can be written."""
        with self.transaction():
            self.set_meta("probed", self._now())

    @property
    def seen(self) -> float | None:
        """The latest time at which flights were kept here, epoch seconds: our clock's then."""
        found = self.meta().get("seen")
        return found if isinstance(found, float) else None

    # -- size --------------------------------------------------------------------------------------

    @property
    def used_bytes(self) -> int:
        """What batches and checkpoint take; room in the file that is free does not count."""
        pages, free, size = (
            int(self._db.execute(f"PRAGMA {name}").fetchone()[0])
            for name in ("page_count", "freelist_count", "page_size")
        )
        return (pages - free) * size

    @property
    def bytes_on_disk(self) -> int:
        """The size of the file and of its log."""
        return sum(
            path.stat().st_size
            for path in (self.path, self.path.with_name(f"{FILE_NAME}-wal"))
            if path.exists()
        )

    def shrink(self, pages: int | None = None) -> None:
        """Give free pages back to the file system, at most ``pages`` of them."""
        # execute() would give back a single page: the statement has no columns and is stepped once.
        self._db.executescript(f"PRAGMA incremental_vacuum({pages or 0})")
        if pages is None:
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        """Copy the log into the file and close it."""
        self._db.close()


def _unpacked(body: bytes) -> bytes:
    try:
        return zlib.decompress(body)
    except zlib.error:
        return b""


def connect(path: Path) -> sqlite3.Connection:
    """A connection in autocommit mode, with what makes a write last."""
    db = sqlite3.connect(
        path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
    )
    try:
        # Only takes effect before the first table is made.
        db.execute("PRAGMA auto_vacuum = INCREMENTAL")
        mode = db.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        if mode != "wal":  # a file system without shared memory; slower, as safe
            db.execute("PRAGMA journal_mode = TRUNCATE")
        db.execute("PRAGMA synchronous = FULL")
        db.execute(f"PRAGMA journal_size_limit = {WAL_KEPT_BYTES}")
        # A file that was written over is to be met as an error, never as wrong rows.
        db.execute("PRAGMA cell_size_check = ON")
    except BaseException:
        db.close()
        raise
    return db
