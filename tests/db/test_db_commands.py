"""``aerotrack db``: what an operator sees of the database, and does to it."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from click.testing import CliRunner, Result
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from aerotrack.cli import main
from aerotrack.commands.db import size
from aerotrack.db.embedded import EmbeddedPostgres, admit_guests, find_install
from aerotrack.db.migrate import migrate
from aerotrack.db.psql import psql_command, server_url

OLD = 40 * 86_400


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["db", *arguments], catch_exceptions=False)


def test_status_counts_tables_and_days(storing: Any, make: Any, database_url: str) -> None:
    storing.counts(make.batch(1, make.point(), make.point(make.noon + 1), make.flight()))
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("ANALYZE")
    found = json.loads(run("status", "--json", "--database-url", database_url).stdout)
    assert [("position_20251124", 2)] == [(day["name"], day["rows"]) for day in found["days"]]
    rows = {table["name"]: table["rows"] for table in found["tables"]}
    assert (2, 1, 1, 1) == (rows["position"], rows["flight"], rows["aircraft"], rows["batch"])
    assert (1, True) == (found["flights_alive"], found["bytes"] > 1_000_000)
    text = run("status", "--database-url", database_url).stdout
    assert "1 flights without an end" in text
    assert "1 days of positions" in text


def test_prune_drops_what_is_older_and_says_so(
    storing: Any, make: Any, database_url: str, fetch: Callable[..., list[tuple[Any, ...]]]
) -> None:
    storing.counts(make.batch(1, make.point()))
    kept = run("prune", "--keep-days", "36525", "--database-url", database_url)
    assert "0 days dropped, 36525 days are kept\n" == kept.stdout
    pruned = run("prune", "--keep-days", "1", "--database-url", database_url)
    assert "dropped position_20251124\n1 days dropped, 1 days are kept\n" == pruned.stdout
    assert [(0,)] == fetch(database_url, "SELECT count(*) FROM api.positions")


def test_migrate_says_what_it_did(database_url: str) -> None:
    answer = run("migrate", "--database-url", database_url)
    assert (0, True) == (answer.exit_code, answer.stdout.endswith("as it was\n"))


def test_a_database_that_is_not_ours_is_said_so(postgres_url: str) -> None:
    answer = run("status", "--database-url", postgres_url)
    assert (1, True) == (answer.exit_code, "has written nothing" in answer.output)


@pytest.mark.parametrize("command", ["status", "prune", "shell"])
def test_looking_makes_no_database(command: str, tmp_path: Path) -> None:
    nowhere = tmp_path / "nothing"
    answer = run(command, "--data-dir", str(nowhere))
    assert (1, True, False) == (
        answer.exit_code, "there is no history" in answer.output, nowhere.exists()
    )  # fmt: skip


def test_the_url_of_a_running_server_reaches_it(
    require_embedded: None, make_place: Callable[[], Path]
) -> None:
    place = make_place()
    before = run("url", "--data-dir", str(place))
    assert (1, True) == (before.exit_code, "no AeroTrack runs" in before.output)
    server = EmbeddedPostgres(place, settings={"fsync": "off"})
    server.start()
    try:
        url = run("url", "--data-dir", str(place)).stdout.strip()
        with psycopg.connect(url) as connection:
            assert ("aerotrack",) == connection.execute("SELECT current_user").fetchone()
    finally:
        server.stop()


def test_a_dump_restores_as_the_documents_say(
    require_embedded: None, make: Any, storing_on: Callable[..., Any],
    make_place: Callable[[], Path], tmp_path: Path,
) -> None:  # fmt: skip
    programs, dump = find_install() / "bin", tmp_path / "aerotrack.dump"

    def finish(*command: str | Path) -> None:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert (0, "") == (done.returncode, done.stderr)

    servers = [EmbeddedPostgres(make_place(), settings={"fsync": "off"}) for _ in range(2)]
    try:
        first, second = (server_url(server.start()) for server in servers)
        for address in (first, second):
            migrate(address)
        admit_guests(first, tmp_path)
        for minute in (0, 1440):  # two partitions
            storing_on(first).counts(make.batch(1, make.point(make.noon + minute * 60)))
        finish(programs / "pg_dump", "-Fc", "--no-privileges", "-f", dump, first)
        with psycopg.connect(second, autocommit=True) as connection:
            connection.execute("DROP SCHEMA IF EXISTS api, aerotrack CASCADE")
        finish(programs / "pg_restore", "--exit-on-error", "-d", second, dump)
        assert 0 == migrate(second)
        with psycopg.connect(second) as connection:
            assert (2,) == connection.execute("SELECT count(*) FROM api.positions").fetchone()
    finally:
        for server in servers:
            server.stop()


@pytest.mark.parametrize(
    "conninfo",
    [
        "host=db.example dbname=air user=ada password='p@ss:/w%rd' port=5433 sslmode=require",
        "host=/run/pg dbname=aerotrack user=aerotrack port=5432",
        "host=::1 dbname=air",
        "host=a,b port=1,2 dbname=air user=x",
        "postgresql://ada:secret@db/air?application_name=tea%20time",
    ],
)
def test_an_address_means_the_same_as_a_url(conninfo: str) -> None:
    assert conninfo_to_dict(conninfo) == conninfo_to_dict(server_url(conninfo))


def test_psql_finds_the_views_and_keeps_the_password_off_the_command_line(
    database_url: str,
) -> None:
    secret = quote("s3cret:with\\odd")
    conninfo = make_conninfo(database_url, password=secret)
    with psql_command(conninfo) as command:
        assert not [part for part in command if secret in part]
        passfile = Path(str(conninfo_to_dict(command[1])["passfile"]))
        assert 0o600 == passfile.stat().st_mode & 0o777
        answer = subprocess.run(
            [*command, "-At", "-c", "SELECT count(*) FROM positions"],
            capture_output=True, text=True, timeout=60, check=True,
        )  # fmt: skip
    assert ("0\n", False) == (answer.stdout, passfile.exists())


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 bytes"), (999, "999 bytes"), (1_500_000_000, "1.5 GB")]
)
def test_sizes_are_for_people(count: int, text: str) -> None:
    assert text == size(count)
