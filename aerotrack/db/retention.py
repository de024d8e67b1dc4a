"""Old history goes by whole days: a dropped partition, not rows deleted one by one."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
from psycopg.errors import LockNotAvailable, QueryCanceled

from aerotrack.db import queries
from aerotrack.db.connection import PARTITION_LOCK, connect, translated
from aerotrack.db.partitions import Partition, day_of_partition, list_partitions
from aerotrack.logs import log_event

log = logging.getLogger(__name__)

KEEP_DAYS: Final = 30
# Detaching waits for queries that are reading; a longer one is not worth holding up new partitions
# for. What was begun is finished the next time.
WAIT_S: Final = 10.0
_DAY_S: Final = 86_400

_SQL: Final = {**queries.load("partitions"), **queries.load("retention")}


def drop_old(
    conninfo: str, *, now: float, keep_days: int = KEEP_DAYS, wait: float = WAIT_S
) -> list[str]:
    """Drop positions of days that ended more than ``keep_days`` days before ``now`` (epoch s).

    Forgets rejected rows and recorded batches of that age too. Returns the names of the partitions
    dropped, oldest first; none where another process is at it. A partition that is in use for more
    than ``wait`` seconds is left for the next time. Blocks; call it daily. Raises
    :class:`~aerotrack.db.errors.DatabaseError`.
    """
    if keep_days < 1:
        raise ValueError("keep_days is at least 1")
    oldest_kept = int(now // _DAY_S) - keep_days
    with _alone(conninfo, wait) as connection:
        if connection is None:
            return []
        dropped = [
            partition.name
            for partition in list_partitions(connection)
            if (partition.pending or not partition.attached)
            or day_of_partition(partition.name) < oldest_kept
            if _drop(connection, partition)
        ]
        connection.execute(_SQL["forget_rejected"], (oldest_kept * _DAY_S,))
        connection.execute(_SQL["forget_batches"], (oldest_kept * _DAY_S,))
    if dropped:
        log_event(
            log, "positions_dropped", days=len(dropped), oldest=dropped[0], newest=dropped[-1]
        )
    return dropped


def drop_beyond(conninfo: str, *, limit: int, wait: float = WAIT_S) -> list[str]:
    """Drop the oldest days until those that are left take at most ``limit`` bytes, with indexes.

    The newest day stays, however large. Returns the names of the partitions dropped. A warning says
    so, since these were to be kept. Otherwise as :func:`drop_old`.
    """
    with _alone(conninfo, wait) as connection:
        if connection is None:
            return []
        sizes: dict[str, int] = dict(connection.execute(_SQL["sizes"]).fetchall())
        taken = sum(sizes.values())
        dropped = []
        for name in [*sizes][:-1]:
            if taken <= limit:
                break
            if _drop(connection, Partition(name, attached=True, pending=False)):
                dropped.append(name)
                taken -= sizes[name]
    if dropped:
        log_event(
            log,
            "positions_dropped_for_space",
            level=logging.WARNING,
            days=len(dropped),
            oldest=dropped[0],
            newest=dropped[-1],
            limit_gb=round(limit / 1e9, 1),
            taken_gb=round(taken / 1e9, 1),
        )
    return dropped


@contextmanager
def _alone(conninfo: str, wait: float) -> Iterator[psycopg.Connection | None]:
    """A session that alone makes and drops partitions; ``None`` where another process is at it."""
    with translated(), connect(conninfo, "aerotrack retention") as connection:
        connection.execute(f"SET statement_timeout = {int(wait * 1000)}".encode())
        locked = connection.execute(_SQL["try_session_lock"], PARTITION_LOCK).fetchone()
        yield connection if locked == (True,) else None


def close_forgotten(conninfo: str, *, silent_since: float) -> int:
    """End the flights nobody ended: those of a server that was stopped or killed.

    Closes, as of their last contact and by ``silence``, flights not heard since ``silent_since``
    (epoch seconds). Returns how many. Blocks. Raises
    :class:`~aerotrack.db.errors.DatabaseError`.
    """
    with translated(), connect(conninfo, "aerotrack retention") as connection:
        connection.execute(f"SET statement_timeout = '{WAIT_S}s'".encode())
        closed = connection.execute(_SQL["close_forgotten"], (silent_since,)).rowcount
    if closed:
        log_event(log, "forgotten_flights_ended", flights=closed)
    return closed


def _drop(connection: psycopg.Connection, partition: Partition) -> bool:
    """Whether it is gone. CONCURRENTLY: readers and the writer go on meanwhile."""
    name = partition.name
    try:
        if partition.attached:
            how = "FINALIZE" if partition.pending else "CONCURRENTLY"
            connection.execute(f"ALTER TABLE position DETACH PARTITION {name} {how}".encode())
        connection.execute(f"DROP TABLE {name}".encode())
    except (QueryCanceled, LockNotAvailable):
        log_event(log, "partition_in_use", level=logging.WARNING, name=name)
        return False
    return True
