"""The partitions of ``position``: one a UTC day, made before the rows that need them.

A partition is made apart and then attached, which takes SHARE UPDATE EXCLUSIVE on the parent:
readers and writers go on. Makers take turns by an advisory lock, and so does retention.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

import psycopg

from aerotrack.db import queries
from aerotrack.db.connection import PARTITION_LOCK

_SQL: Final = queries.load("partitions")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Partition(NamedTuple):
    """A table that is a partition, or was one, or (``pending``) is half detached."""

    name: str
    attached: bool
    pending: bool


def partition_name(day: int) -> str:
    """The name of the partition of ``day``, counted from 1970-01-01 UTC."""
    return f"position_{_EPOCH + timedelta(days=day):%Y%m%d}"


def day_of_partition(name: str) -> int:
    """The day that :func:`partition_name` made ``name`` of."""
    return (datetime.strptime(name, "position_%Y%m%d").replace(tzinfo=UTC) - _EPOCH).days


def list_partitions(connection: psycopg.Connection) -> list[Partition]:
    """All of them, oldest first."""
    return [Partition(*row) for row in connection.execute(_SQL["all"])]


class Partitions:
    """Makes what a batch needs and remembers what there is, so that most batches ask nothing.

    :meth:`forget` after any refusal: another process may have dropped one meanwhile.
    """

    def __init__(self) -> None:
        self._there: set[int] = set()

    def forget(self) -> None:
        self._there.clear()

    def ensure(self, connection: psycopg.Connection, days: Iterable[int]) -> None:
        """Make the partitions of ``days`` that are missing. ``connection`` is in autocommit."""
        missing = sorted(set(days) - self._there)
        if not missing:
            return
        with connection.transaction():
            connection.execute(_SQL["lock"], PARTITION_LOCK)
            found = {partition.name: partition for partition in list_partitions(connection)}
            for day in missing:
                partition = found.get(partition_name(day))
                if partition is None:
                    _create(connection, day)
                elif partition.pending:
                    _finish_detaching(connection, day)
                elif partition.attached:
                    continue
                _attach(connection, day)
        self._there.update(missing)


def _bounds(day: int) -> tuple[str, str]:
    start = _EPOCH + timedelta(days=day)
    return start.isoformat(), (start + timedelta(days=1)).isoformat()


def _create(connection: psycopg.Connection, day: int) -> None:
    """A table like the parent; its CHECK says what the bound will, so attaching need not look."""
    start, end = _bounds(day)
    name = partition_name(day)
    connection.execute(
        f"CREATE TABLE {name} (LIKE position INCLUDING ALL, "
        f"CONSTRAINT day CHECK (ts >= '{start}' AND ts < '{end}'))".encode()
    )


def _attach(connection: psycopg.Connection, day: int) -> None:
    start, end = _bounds(day)
    name = partition_name(day)
    connection.execute(
        f"ALTER TABLE position ATTACH PARTITION {name} "
        f"FOR VALUES FROM ('{start}') TO ('{end}')".encode()
    )
    connection.execute(f"ALTER TABLE {name} DROP CONSTRAINT IF EXISTS day".encode())


def _finish_detaching(connection: psycopg.Connection, day: int) -> None:
    """Retention was interrupted on this day, and now there are rows for it again."""
    name = partition_name(day)
    connection.execute(f"ALTER TABLE position DETACH PARTITION {name} FINALIZE".encode())
