"""The schema: applied once, in order, by one server at a time, and never by an older one."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from aerotrack.db.errors import (
    DatabaseNewer,
    DatabaseUnavailable,
    MigrationChanged,
    MigrationFailed,
)
from aerotrack.db.migrate import bundled, make_migration, migrate

Fetch = Callable[..., list[tuple[Any, ...]]]
TIMEOUT_S = 30.0

FIRST = make_migration("0001_first.sql", b"CREATE TABLE aerotrack.one (a int)")
SECOND = make_migration("0002_second.sql", b"CREATE TABLE aerotrack.two (a int)")


@contextmanager
def _fresh(server_url: str) -> Iterator[str]:
    name = f"aerotrack_test_{uuid4().hex}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield make_conninfo(server_url, dbname=name)
    finally:
        with psycopg.connect(server_url, autocommit=True) as connection:
            drop = sql.SQL("DROP DATABASE {} WITH (FORCE)")
            connection.execute(drop.format(sql.Identifier(name)))


@pytest.fixture
def empty_url(postgres_url: str) -> Iterator[str]:
    with _fresh(postgres_url) as url:
        yield url


def tables(fetch: Fetch, url: str) -> set[str]:
    query = "SELECT relname FROM pg_class WHERE relnamespace = 'aerotrack'::regnamespace"
    return {name for (name,) in fetch(url, query + " AND relkind IN ('r', 'p')")}


def test_migrating_twice_applies_once(empty_url: str, fetch: Fetch) -> None:
    assert migrate(empty_url) == len(bundled())
    assert migrate(empty_url) == 0
    assert tables(fetch, empty_url) == {
        "aircraft", "batch", "event", "flight", "history_gap", "import", "imported_trace",
        "migration", "position", "register", "rejected_row", "route",
    }  # fmt: skip


def test_only_what_is_missing_is_applied(empty_url: str) -> None:
    assert migrate(empty_url, [FIRST]) == 1
    assert migrate(empty_url, [FIRST, SECOND]) == 1


def test_of_two_servers_starting_at_once_one_waits_for_the_other(
    empty_url: str, fetch: Fetch
) -> None:
    together = threading.Barrier(4)
    applied: list[int | Exception] = []

    def start() -> None:
        together.wait(TIMEOUT_S)
        try:
            applied.append(migrate(empty_url))
        except Exception as error:
            applied.append(error)

    servers = [threading.Thread(target=start) for _ in range(4)]
    for server in servers:
        server.start()
    for server in servers:
        server.join(TIMEOUT_S)
    assert sorted(map(str, applied)) == ["0", "0", "0", str(len(bundled()))]


def test_an_edited_migration_is_refused(empty_url: str) -> None:
    migrate(empty_url, [FIRST])
    edited = make_migration("0001_first.sql", FIRST.sql + b" -- edited")
    with pytest.raises(MigrationChanged, match="0001_first"):
        migrate(empty_url, [edited])


def test_line_ends_are_no_edit() -> None:
    unix, windows = (make_migration("0001_a.sql", text) for text in (b"a\nb\n", b"a\r\nb\r\n"))
    assert unix == windows


def test_a_newer_database_is_refused(empty_url: str) -> None:
    migrate(empty_url, [FIRST, SECOND])
    with pytest.raises(DatabaseNewer, match="0002_second"):
        migrate(empty_url, [FIRST])


def test_a_migration_that_fails_leaves_nothing_of_itself(empty_url: str, fetch: Fetch) -> None:
    broken = make_migration("0002_broken.sql", SECOND.sql + b"; CREATE TABLE aerotrack.one ()")
    with pytest.raises(MigrationFailed, match=r"0002_broken.*42P07"):
        migrate(empty_url, [FIRST, broken])
    assert tables(fetch, empty_url) == {"migration", "one"}
    assert migrate(empty_url, [FIRST, SECOND]) == 1


def test_no_server_is_database_unavailable() -> None:
    with pytest.raises(DatabaseUnavailable):
        migrate("host=/nonexistent dbname=aerotrack")


def test_every_column_people_query_says_what_it_is(database_url: str, fetch: Fetch) -> None:
    silent = fetch(
        database_url,
        """
        SELECT relname, attname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
        WHERE (relnamespace = 'api'::regnamespace OR relname IN ('aircraft', 'flight', 'position',
               'event', 'register', 'route', 'import') AND relnamespace = 'aerotrack'::regnamespace)
          AND attnum > 0 AND col_description(attrelid, attnum) IS NULL
        """,
    )
    assert silent == []


@pytest.mark.parametrize("name", ["4ca2d6-692159a0", "~4ca2d6-692159a0", "000001-00000001"])
def test_sql_names_flights_as_we_do(database_url: str, fetch: Fetch, name: str) -> None:
    from aerotrack.domain.records import key_of_flight_id

    key = key_of_flight_id(name)
    query = "SELECT api.flight_id(%s), api.flight_key(%s)"
    assert fetch(database_url, query, key, name) == [(name, key)]
