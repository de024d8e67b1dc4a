"""The whole history from one server to another: all of it, or nothing."""

from collections.abc import Callable
from typing import Final, NamedTuple

import psycopg
from psycopg import sql

from aerotrack.db import queries
from aerotrack.db.connection import connect, translated
from aerotrack.db.errors import CopyRefused
from aerotrack.db.migrate import migrate
from aerotrack.db.partitions import Partitions, day_of_partition

_SQL: Final = queries.load("transfer")

# Told the rows that are there by now and the rows there will be.
Tell = Callable[[int, int], None]


class _Relation(NamedTuple):
    """A table, or a partition and the table it belongs to, and the columns that hold values."""

    name: str
    table: str
    columns: list[str]


def copy_history(source: str, target: str, *, tell: Tell) -> dict[str, int]:
    """Copy everything from ``source`` to ``target``, connection strings; rows by table.

    Both are migrated first. The rows are those of one moment, also while a server writes to the
    source, and they are there together or not at all.

    Raises:
        CopyRefused: the target holds history, or counts differ in the end.
        DatabaseError: one of the two cannot be used.
    """
    migrate(source)
    migrate(target)
    with translated(), connect(source, "aerotrack copy") as out:
        with connect(target, "aerotrack copy") as into:
            out.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            with into.transaction():
                counts = _copy_all(out, into, tell)
            into.execute("ANALYZE")
        out.execute("ROLLBACK")
    return counts


def _copy_all(out: psycopg.Connection, into: psycopg.Connection, tell: Tell) -> dict[str, int]:
    relations = [_Relation(*row) for row in out.execute(_SQL["relations"]).fetchall()]
    expected = {each.name: _count(out, each.name) for each in relations}
    total, done = sum(expected.values()), 0
    for table in {each.table for each in relations}:
        if _count(into, table):
            raise CopyRefused(
                f"the target holds history already (its table {table} has rows): name an empty "
                "database"
            )
    Partitions().ensure(
        into, {day_of_partition(each.name) for each in relations if each.name != each.table}
    )
    counts: dict[str, int] = {}
    for each in relations:
        copied = _copy(out, into, each)
        if not copied == expected[each.name] == _count(into, each.name):
            raise CopyRefused(
                f"{each.name} has {expected[each.name]} rows and {copied} arrived: nothing was "
                "copied"
            )
        counts[each.table] = counts.get(each.table, 0) + copied
        done += copied
        tell(done, total)
    for table, column in into.execute(_SQL["identities"]).fetchall():
        into.execute(
            sql.SQL(
                "SELECT setval(pg_get_serial_sequence({name}, {text}), max({column})) FROM {table}"
            ).format(
                name=sql.Literal(table),
                text=sql.Literal(column),
                column=sql.Identifier(column),
                table=sql.Identifier(table),
            )
        )
    return counts


def _copy(out: psycopg.Connection, into: psycopg.Connection, relation: _Relation) -> int:
    name = sql.Identifier(relation.name)
    columns = sql.SQL(", ").join(map(sql.Identifier, relation.columns))
    read = sql.SQL("COPY {} ({}) TO STDOUT (FORMAT binary)").format(name, columns)
    write = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(name, columns)
    with out.cursor() as reader, into.cursor() as writer:
        with reader.copy(read) as rows, writer.copy(write) as taken:
            for piece in rows:
                taken.write(piece)
        return writer.rowcount


def _count(connection: psycopg.Connection, name: str) -> int:
    query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(name))
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0
