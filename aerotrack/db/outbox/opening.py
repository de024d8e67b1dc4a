"""Opening the outbox of a data directory: one owner, damage dealt with, refusals in words."""

import logging
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from aerotrack.db.embedded.lock import DataDirLock
from aerotrack.db.embedded.places import create_data_dir
from aerotrack.db.errors import DataDirUnusable
from aerotrack.db.outbox.file import FILE_NAME, OutboxFile, OutboxNewer
from aerotrack.db.outbox.salvage import begin_anew

logger = logging.getLogger(__name__)

LOCK_NAME: Final = "outbox.lock"


class OutboxUnusable(Exception):
    """There can be no outbox here: the directory cannot be written, the disk is full."""


class OwnedOutbox:
    """An outbox and the lock that keeps every other process off it."""

    def __init__(self, file: OutboxFile, lock: DataDirLock, yield_turn: Callable[[], None]) -> None:
        self.file = file
        self.yield_turn = yield_turn
        self._lock = lock

    def close(self) -> None:
        """Close the file, then let go of it."""
        try:
            self.file.close()
        finally:
            self._lock.release()


def open_outbox(
    directory: Path,
    *,
    yield_turn: Callable[[], None] = lambda: None,
    now: Callable[[], float] = time.time,
) -> OwnedOutbox:
    """The outbox of ``directory``; a damaged one is moved aside and what it holds is salvaged.

    Raises:
        DataDirLocked: another process has it.
        OutboxUnusable: it cannot be had; the message says why and where.
    """
    try:
        create_data_dir(directory)
        lock = DataDirLock(directory, name=LOCK_NAME)
    except (OSError, DataDirUnusable) as error:
        raise OutboxUnusable(f"{directory}: {error}") from error
    try:
        return OwnedOutbox(_open(directory, yield_turn, now), lock, yield_turn)
    except (OSError, sqlite3.Error, OutboxNewer) as error:
        lock.release()
        raise OutboxUnusable(f"{directory / FILE_NAME}: {error}") from error
    except BaseException:
        lock.release()
        raise


def is_damage(error: BaseException) -> bool:
    """Whether ``error`` says that the file is no sound SQLite file (not: locked, full, ...)."""
    return type(error) is sqlite3.DatabaseError


def _open(directory: Path, yield_turn: Callable[[], None], now: Callable[[], float]) -> OutboxFile:
    try:
        return OutboxFile(directory, yield_turn=yield_turn, now=now)
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        reason = str(error)
    return begin_anew(directory, reason=reason, yield_turn=yield_turn, now=now)
