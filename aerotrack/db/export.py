"""The history read out whole: any of the views of the schema ``api``, in bounded memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final, NamedTuple

import psycopg
from psycopg import sql

from aerotrack.db.connection import connect, translated

# Rows fetched at a time: a few megabytes, and few enough round trips.
ROWS_AT_ONCE: Final = 10_000

# What can be read out: the column that the time range goes by, and the order rows come in.
VIEWS: Final[dict[str, tuple[str, str]]] = {
    "positions": ("ts", "flight, ts"),
    "flights": ("started", "started, flight"),
    "events": ("ts", "ts, flight"),
    "aircraft": ("last_seen", "icao24"),
    "state_vectors": ("ts", "ts"),
}
# Positions in order of time want no sort of all of them: a day is read after the other.
BY_TIME: Final = "ts"
# Never shown: the number behind flight_id.
_LEFT_OUT: Final = frozenset({"flight"})


class Rows(NamedTuple):
    """Rows of a view: the names of their columns, the types PostgreSQL has for them, and the rows
    in chunks; ``about`` is how many there are by the planner's estimate."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    about: int
    chunks: Iterator[list[tuple[Any, ...]]]


@contextmanager
def read_out(
    conninfo: str,
    view: str,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    icao24: str | None = None,
    by_time: bool = False,
) -> Iterator[Rows]:
    """Rows of ``view`` from ``since`` (included) to ``until`` (not), good within the block.

    They come by flight, or by time with ``by_time``. One statement, so a consistent picture. Raises
    a :class:`~aerotrack.db.errors.DatabaseError`; ``KeyError`` where there is no such view.
    """
    moment, order = VIEWS[view]
    if by_time and moment == BY_TIME:
        order = BY_TIME
    conditions: list[sql.Composable] = [
        sql.SQL("{} {} {}").format(sql.Identifier(moment), sql.SQL(operator), sql.Literal(value))
        for operator, value in ((">=", since), ("<", until))
        if value is not None
    ]
    with translated(), connect(conninfo, "aerotrack export") as connection:
        if icao24 is not None:
            conditions.append(_of_aircraft(view, icao24))
        columns, types = _columns(connection, view)
        query = sql.SQL("SELECT {} FROM api.{}{} ORDER BY {}").format(
            sql.SQL(", ").join(map(sql.Identifier, columns)),
            sql.Identifier(view),
            sql.SQL(" WHERE ") + sql.SQL(" AND ").join(conditions) if conditions else sql.SQL(""),
            sql.SQL(order),
        )
        ((plan,),) = connection.execute(sql.SQL("EXPLAIN (FORMAT json) ") + query)
        with connection.transaction(), connection.cursor("export", binary=True) as cursor:
            cursor.execute(query)
            about = int(plan[0]["Plan"]["Plan Rows"])
            yield Rows(columns, types, about, iter(lambda: cursor.fetchmany(ROWS_AT_ONCE), []))


def _of_aircraft(view: str, icao24: str) -> sql.Composable:
    if view in ("aircraft", "state_vectors"):
        return sql.SQL("icao24 = {}").format(sql.Literal(icao24))
    # The address is the upper part of the key, so an aircraft is a range of keys.
    return sql.SQL("flight BETWEEN api.flight_key({}) AND api.flight_key({})").format(
        sql.Literal(f"{icao24}-00000000"), sql.Literal(f"{icao24}-ffffffff")
    )


def _columns(connection: psycopg.Connection, view: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    found = connection.execute(
        "SELECT attname, atttypid::regtype::text FROM pg_attribute "
        "WHERE attrelid = ('api.' || %s)::regclass AND attnum > 0 ORDER BY attnum",
        (view,),
    ).fetchall()
    kept = [(name, kind) for name, kind in found if name not in _LEFT_OUT]
    return tuple(name for name, _ in kept), tuple(kind for _, kind in kept)
