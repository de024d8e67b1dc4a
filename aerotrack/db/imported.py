"""Where imported traces go: rows by the batch, as the server's own, and which files were done."""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import msgspec
import psycopg

from aerotrack.db import queries
from aerotrack.db.connection import connect, translated
from aerotrack.db.partitions import Partitions
from aerotrack.db.store import BatchStore, Counts
from aerotrack.domain.records import Batch, FlightEvent, FlightRecord, TrackPoint

_SQL: Final = queries.load("imported")


class ImportedTrace(msgspec.Struct, frozen=True):
    """A trace file that was taken in. Times epoch seconds, ``modified`` nanoseconds.

    ``started`` and ``ended`` are those of its first and last point; positions before ``kept_from``
    were left out, where that is given.
    """

    path: str
    size: int
    modified: int
    icao24: str
    started: float | None
    ended: float | None
    kept_from: float | None


class TraceStore:
    """Stores what traces hold. Raises :class:`~aerotrack.db.errors.DatabaseError`.

    Each batch is one transaction and each row goes in once, whoever stored it before; so a run that
    broke off is just begun again.
    """

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection
        self._number = 0
        # A run of its own: its batches are never submitted again, the rows themselves are unique.
        self._store = BatchStore(
            connection, run=uuid.uuid4(), partitions=Partitions(), yield_turn=lambda: None
        )

    def store(
        self,
        points: Sequence[TrackPoint],
        flights: Sequence[FlightRecord],
        events: Sequence[FlightEvent],
    ) -> Counts:
        """Store these rows in one go."""
        self._number += 1
        batch = Batch(self._number, tuple(points), tuple(flights), tuple(events))
        with translated():
            return self._store.store(batch)

    def done(self, paths: Sequence[str]) -> dict[str, ImportedTrace]:
        """Which of ``paths`` were taken in, and as what."""
        with translated():
            rows = self._connection.execute(_SQL["done"], (list(paths),)).fetchall()
        return {row[0]: ImportedTrace(*row) for row in rows}

    def remember(self, traces: Iterable[ImportedTrace]) -> None:
        """Note files whose rows are all stored."""
        with translated(), self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.executemany(_SQL["remember"], [msgspec.structs.astuple(t) for t in traces])

    def forget_ends(self, icao24: str, feed: str) -> None:
        """Forget where flights of ``icao24`` by ``feed`` seemed to end that went on after all."""
        with translated():
            self._connection.execute(_SQL["forget_ends"], {"icao24": icao24, "feed": feed})


@contextmanager
def trace_store(conninfo: str) -> Iterator[TraceStore]:
    """A store for as long as the block lasts; the schema is up to date already."""
    with translated():
        connection = connect(conninfo, "aerotrack import")
    with connection:
        yield TraceStore(connection)


__all__ = ["ImportedTrace", "TraceStore", "trace_store"]
