"""``--db-listen``: others read the embedded database over TCP, by password, and no more."""

import socket
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result
from psycopg.conninfo import make_conninfo

from aerotrack.cli import main
from aerotrack.config import ConfigError, load
from aerotrack.db.embedded import EmbeddedPostgres, admit_guests, parse_listen, running_server
from aerotrack.db.embedded.guests import PASSWORD_FILE, Listen, guest_conninfo, guest_password
from aerotrack.db.errors import DataDirUnusable
from aerotrack.db.migrate import migrate

pytestmark = pytest.mark.usefixtures("require_embedded")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["db", *arguments], env={"AEROTRACK_CONFIG": ""})


@pytest.fixture(scope="module")
def open_place(make_place: Callable[[], Path]) -> Iterator[Path]:
    place = make_place()
    listen = Listen("127.0.0.1", free_port())
    with EmbeddedPostgres(place, settings={"fsync": "off"}, listen=listen) as server:
        migrate(server.conninfo)
        admit_guests(server.conninfo, place)
        yield place


@pytest.fixture
def guest(open_place: Path) -> Iterator[psycopg.Connection]:
    url = run("url", "--read-only", "--data-dir", str(open_place)).stdout.strip()
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


def test_the_printed_address_lets_a_guest_read_the_views(guest: psycopg.Connection) -> None:
    assert ("aerotrack_reader", "api") == guest.execute(
        "SELECT current_user, current_setting('search_path')"
    ).fetchone()
    for view in ("positions", "flights", "events", "aircraft", "state_vectors"):
        assert [] == guest.execute(f"SELECT * FROM {view} LIMIT 1".encode()).fetchall()
    assert [] == guest.execute("SELECT * FROM track('4ca2d6-692448c0')").fetchall()
    assert [] == guest.execute("SELECT * FROM picture(now())").fetchall()


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM aerotrack.position",
        "SELECT * FROM pg_authid",
        "SELECT pg_read_file('/etc/passwd')",
        "COPY flights TO '/tmp/somewhere'",
        "CREATE TABLE public.mine (a int)",
        "CREATE TEMPORARY TABLE mine (a int)",
        "CREATE VIEW api.mine AS SELECT 1",
        "DELETE FROM aerotrack.event",
        "ALTER ROLE aerotrack_reader SUPERUSER",
        "SET ROLE aerotrack",
    ],
)
def test_a_guest_may_do_nothing_else_even_in_a_session_that_writes(
    guest: psycopg.Connection, statement: str
) -> None:
    guest.execute("SET default_transaction_read_only = off")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        guest.execute(statement.encode())


@pytest.mark.parametrize(
    "wrong",
    [{"password": "wrong"}, {"user": "aerotrack"}, {"dbname": "postgres"}, {"password": ""}],
)
def test_nobody_else_comes_in_over_tcp(open_place: Path, wrong: dict[str, str]) -> None:
    conninfo = running_server(open_place)
    assert conninfo is not None
    address = make_conninfo(guest_conninfo(conninfo, open_place), passfile="/dev/null", **wrong)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(address).close()


def test_the_password_is_for_its_owner_only_and_may_be_ones_own(open_place: Path) -> None:
    path = open_place / PASSWORD_FILE
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    conninfo = running_server(open_place)
    assert conninfo is not None
    path.write_text("of my own\n")
    admit_guests(conninfo, open_place)
    psycopg.connect(guest_conninfo(conninfo, open_place), passfile="/dev/null").close()
    assert "of my own" == guest_password(open_place, make=True)


def test_an_empty_password_is_refused(tmp_path: Path) -> None:
    (tmp_path / PASSWORD_FILE).write_text("\n")
    with pytest.raises(DataDirUnusable, match="is empty"):
        guest_password(tmp_path, make=True)


def test_without_an_address_there_is_none_to_print(make_place: Callable[[], Path]) -> None:
    place = make_place()
    with EmbeddedPostgres(place, settings={"fsync": "off"}):
        said = run("url", "--read-only", "--data-dir", str(place))
    assert (1, True) == (said.exit_code, "--db-listen" in said.output)


def test_a_server_of_ones_own_has_its_own_ways() -> None:
    said = run("url", "--read-only", "--database-url", "postgresql://db/air")
    assert (1, True) == (said.exit_code, "make a role" in said.output)
    environ = {
        "AEROTRACK_DB_LISTEN": "127.0.0.1:5433",
        "AEROTRACK_DATABASE_URL": "postgresql://db/air",
    }
    with pytest.raises(ConfigError, match="leave one out"):
        load(environ=environ)


@pytest.mark.parametrize("address", ["", "5433", "127.0.0.1", "127.0.0.1:0", "a:70000", "a b:1"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ConfigError, match="db_listen"):
        load({"db_listen": address}, environ={})


def test_addresses_are_names_or_numbers_and_a_port() -> None:
    assert [Listen("127.0.0.1", 5433), Listen("::1", 5433), Listen("*", 1)] == [
        parse_listen(address) for address in ("127.0.0.1:5433", "[::1]:5433", "*:1")
    ]
