"""``aerotrack db copy``: the whole history to another server, or nothing."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner, Result
from psycopg.conninfo import make_conninfo

from aerotrack.cli import main

Fetch = Callable[..., list[tuple[Any, ...]]]


def copy(source: str, target: str) -> Result:
    env = {"AEROTRACK_CONFIG": "", "AEROTRACK_DATABASE_URL": source}
    return CliRunner().invoke(main, ["db", "copy", "--to", target], env=env)


@pytest.fixture
def empty_url(postgres_url: str) -> Iterator[str]:
    """A database without anything in it."""
    name = f"aerotrack_copy_{uuid.uuid4().hex}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0".encode())
        yield make_conninfo(postgres_url, dbname=name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture
def filled(database_url: str, storing: Any, make: Any) -> str:
    rows = [make.point(make.noon + day * make.day_s) for day in range(3)]
    storing.counts(make.batch(1, *rows, make.flight(), make.event()))
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("INSERT INTO aerotrack.import (kind, origin) VALUES ('routes', 'x')")
    return database_url


def test_every_row_arrives_and_new_ones_find_room(
    filled: str, empty_url: str, fetch: Fetch
) -> None:
    done = copy(filled, empty_url)
    assert 0 == done.exit_code, done.output
    for table in ("position", "flight", "event", "aircraft", "batch", "import"):
        query = f"SELECT * FROM {table} ORDER BY 1, 2"
        assert fetch(filled, query) == fetch(empty_url, query), table
    assert "position" in done.stdout
    fetch(empty_url, "INSERT INTO import (kind, origin) VALUES ('routes', 'y') RETURNING import")


def test_a_target_with_history_is_left_as_it_is(filled: str, empty_url: str, fetch: Fetch) -> None:
    assert 0 == copy(filled, empty_url).exit_code
    again = copy(filled, empty_url)
    assert (1, True) == (again.exit_code, "holds history already" in again.output)
    assert [(3,)] == fetch(empty_url, "SELECT count(*) FROM position")


def test_what_breaks_off_leaves_nothing(
    filled: str, empty_url: str, fetch: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aerotrack.db import transfer

    monkeypatch.setattr(transfer, "_count", lambda connection, name: 0)
    done = copy(filled, empty_url)
    assert (1, True) == (done.exit_code, "nothing was copied" in done.output)
    assert [(0,), (0,)] == [
        *fetch(empty_url, "SELECT count(*) FROM position"),
        *fetch(empty_url, "SELECT count(*) FROM flight"),
    ]
