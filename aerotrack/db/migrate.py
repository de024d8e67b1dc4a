"""The schema, brought to this version's state by numbered SQL files, once each and in order.

``migrations/NNNN_name.sql`` are applied under an advisory lock, so of two servers that start at
once one waits for the other; each in a transaction together with its record (number, name,
checksum). A migration that was released is never edited: a later one changes what it made.
"""

import hashlib
import logging
import re
from collections.abc import Sequence
from importlib import resources
from typing import Final, NamedTuple

import psycopg

from aerotrack.db import queries
from aerotrack.db.connection import MIGRATION_LOCK, connect, first_line, translated
from aerotrack.db.errors import (
    DatabaseNewer,
    MigrationChanged,
    MigrationFailed,
    ServerTooOld,
)
from aerotrack.logs import log_event

log = logging.getLogger(__name__)

# DETACH PARTITION CONCURRENTLY and SQL-standard function bodies came with 14.
OLDEST_SERVER: Final = 14
_FILE_NAME: Final = re.compile(r"^(\d{4})_([a-z0-9_]+)\.sql$")
_SQL: Final = queries.load("migrate")


class Migration(NamedTuple):
    """One numbered file; ``checksum`` is over its text with line ends made one kind."""

    number: int
    name: str
    sql: bytes
    checksum: str


def make_migration(file_name: str, text: bytes) -> Migration:
    """Raises ``ValueError`` where the name is not ``NNNN_name.sql``."""
    named = _FILE_NAME.match(file_name)
    if named is None:
        raise ValueError(f"{file_name} is not named like 0001_what_it_does.sql")
    sql = text.replace(b"\r\n", b"\n")
    return Migration(int(named[1]), named[2], sql, hashlib.sha256(sql).hexdigest())


def bundled() -> tuple[Migration, ...]:
    """The migrations this version carries, in order."""
    folder = resources.files("aerotrack.db") / "migrations"
    found = sorted(
        make_migration(file.name, file.read_bytes())
        for file in folder.iterdir()
        if file.name.endswith(".sql")
    )
    if [migration.number for migration in found] != list(range(1, len(found) + 1)):
        raise ValueError("migrations are not numbered from 1 without a gap")
    return tuple(found)


def migrate(conninfo: str, migrations: Sequence[Migration] | None = None) -> int:
    """Apply what is missing and return how many that were. Blocks; waits for another's migration.

    Raises a :class:`MigrationError`, or :class:`DatabaseUnavailable` where there is no server.
    """
    wanted = bundled() if migrations is None else tuple(migrations)
    with translated(), connect(conninfo, "aerotrack migrate") as connection:
        _check_server(connection)
        if not _value(connection, "try_lock", MIGRATION_LOCK):
            log.info("migration_waits_for_another_server")
            connection.execute(_SQL["lock"], MIGRATION_LOCK)
        # Closing the connection lets go of the lock.
        if not _value(connection, "schema_exists"):
            connection.execute(_SQL["create_schema"])
        connection.execute(_SQL["create_migration_table"])
        missing = _missing(connection, wanted)
        for migration in missing:
            _apply(connection, migration)
        return len(missing)


def _check_server(connection: psycopg.Connection) -> None:
    major = connection.info.server_version // 10_000
    if major < OLDEST_SERVER:
        raise ServerTooOld(
            f"the server is PostgreSQL {major}, and AeroTrack needs {OLDEST_SERVER} or later"
        )


def _missing(
    connection: psycopg.Connection, wanted: tuple[Migration, ...]
) -> tuple[Migration, ...]:
    """What is left of ``wanted`` once what the database records is known to be its beginning."""
    applied = connection.execute(_SQL["applied"]).fetchall()
    if len(applied) > len(wanted):
        number, name, _ = applied[-1]
        raise DatabaseNewer(
            f"the database was migrated to {number:04d}_{name}, and this AeroTrack knows only "
            f"{len(wanted)} migrations: run the newer AeroTrack, or restore a backup made before"
        )
    for (number, name, checksum), migration in zip(applied, wanted, strict=False):
        if (number, checksum) != (migration.number, migration.checksum):
            raise MigrationChanged(
                f"migration {number:04d}_{name} was applied to the database with other contents "
                f"than this AeroTrack's {migration.number:04d}_{migration.name}: the file was "
                "edited after its release, or the database belongs to another version"
            )
    return wanted[len(applied) :]


def _apply(connection: psycopg.Connection, migration: Migration) -> None:
    try:
        with connection.transaction():
            connection.execute(migration.sql)
            connection.execute(
                _SQL["record"], (migration.number, migration.name, migration.checksum)
            )
    except psycopg.Error as error:
        if error.sqlstate is None:
            raise  # the connection, not the migration
        raise MigrationFailed(
            f"migration {migration.number:04d}_{migration.name}: {first_line(error)} "
            f"({error.sqlstate}); it was rolled back"
        ) from error
    log_event(log, "migration_applied", number=migration.number, name=migration.name)


def _value(connection: psycopg.Connection, name: str, parameters: tuple[int, ...] = ()) -> object:
    row = connection.execute(_SQL[name], parameters or None).fetchone()
    return None if row is None else row[0]
