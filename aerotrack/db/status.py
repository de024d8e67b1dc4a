"""How large the history is and how it does, for ``aerotrack db status``."""

from typing import Final

import msgspec

from aerotrack.db import queries
from aerotrack.db.connection import connect, translated
from aerotrack.db.errors import QueryFailed

_SQL: Final = queries.load("status")


class TableSize(msgspec.Struct, frozen=True, gc=False):
    """A table, or a day of positions: rows as the server estimates them, bytes with indexes."""

    name: str
    rows: int
    bytes: int


class DatabaseStatus(msgspec.Struct, frozen=True, gc=False):
    """The database of AeroTrack at one moment.

    ``schema`` is the number of the last migration; ``stored_at`` (epoch seconds) is when the last
    batch was stored as far as batches are remembered, ``now`` the server's clock;
    ``flights_alive`` have no end yet.
    """

    server: str
    schema: int
    bytes: int
    stored_at: float | None
    now: float
    flights_alive: int
    tables: tuple[TableSize, ...]
    days: tuple[TableSize, ...]


def read_status(conninfo: str) -> DatabaseStatus:
    """Blocks. Raises a :class:`~aerotrack.db.errors.DatabaseError`, ``QueryFailed`` where AeroTrack
    never wrote into that database."""
    with translated(), connect(conninfo, "aerotrack status") as connection:
        if connection.execute(_SQL["is_ours"]).fetchone() != (True,):
            raise QueryFailed(
                "AeroTrack has written nothing into this database: start a server on it, or run "
                "'aerotrack db migrate'"
            )
        ((server, schema, size, stored_at, now, alive),) = connection.execute(_SQL["summary"])
        tables = tuple(TableSize(*row) for row in connection.execute(_SQL["tables"]))
        days = tuple(TableSize(*row) for row in connection.execute(_SQL["partitions"]))
    return DatabaseStatus(server, schema, size, stored_at, now, alive, tables, days)
