"""The import commands, from the command line into PostgreSQL."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from aerotrack.cli import main
from aerotrack.runtime import imports, sources

Fetch = Callable[..., list[tuple[Any, ...]]]

TABLE = (
    "4CA2D6;EI-DLF;B738;00;BOEING 737-800;2006;Ryanair;\n"
    "3EA0F4;14+01;A343;10;AIRBUS A-340-300;;German Air Force;\n"
    "nonsense;;;;;;\n"
    "A00001;N1;toolongtype;0001;CESSNA 172;;;\n"
    "A00001;N1;C172;0001;CESSNA 172;;;\n"
)


def aerotrack(*arguments: str, env: dict[str, str]) -> Result:
    return CliRunner().invoke(main, list(arguments), env={"AEROTRACK_CONFIG": "", **env})


@pytest.fixture
def env(database_url: str, tmp_path: Path) -> dict[str, str]:
    return {"AEROTRACK_DATABASE_URL": database_url, "HOME": str(tmp_path)}


def test_aircraft_are_imported_and_every_row_accounted_for(
    env: dict[str, str], tmp_path: Path, fetch: Fetch
) -> None:
    path = tmp_path / "aircraft.csv.gz"
    path.write_bytes(gzip.compress(TABLE.encode()))
    done = aerotrack("aircraft", "import", str(path), env=env)
    assert 0 == done.exit_code, done.output
    assert [
        f"{path}: 3 new, 0 changed, 0 as they were",
        "1 rows came again later in the file; the last one counts",
        "1 rows rejected: bad_icao24",
        "  line 3: bad_icao24: 'nonsense,,,,,,'",
        "1 values left out: bad_typecode",
    ] == done.stdout.splitlines()
    assert [
        ("3ea0f4", "A343", "German Air Force", 1),
        ("4ca2d6", "B738", "Ryanair", 0),
        ("a00001", "C172", None, 8),
    ] == fetch(
        env["AEROTRACK_DATABASE_URL"],
        "SELECT icao24, typecode, owner, db_flags FROM register ORDER BY icao24",
    )


def test_without_a_file_the_installed_database_is_taken(
    env: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "installed.csv"
    path.write_text(TABLE)
    monkeypatch.setattr(
        imports, "find_aircraft_database", lambda: sources.find_aircraft_database((path,))
    )
    done = aerotrack("aircraft", "import", env=env)
    assert (0, True) == (done.exit_code, done.stdout.startswith(f"{path}: 3 new"))


def test_routes_are_imported(env: dict[str, str], tmp_path: Path, fetch: Fetch) -> None:
    path = tmp_path / "routes.csv"
    path.write_text("Callsign,AirportCodes\nBAW123,EGLL-KJFK\nBAW 9,EGLL-KJFK\n")
    done = aerotrack("routes", "import", str(path), env=env)
    assert (0, f"{path}: 1 new, 0 changed, 0 as they were") == (
        done.exit_code,
        done.stdout.splitlines()[0],
    )
    assert [("BAW123", ["EGLL", "KJFK"])] == fetch(
        env["AEROTRACK_DATABASE_URL"], "SELECT callsign, airports FROM route"
    )


def test_another_table_fails_in_one_line_and_changes_nothing(
    env: dict[str, str], tmp_path: Path, fetch: Fetch
) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear Sir,\n")
    done = aerotrack("aircraft", "import", str(path), env=env)
    assert (1, "") == (done.exit_code, done.stdout)
    assert "neither OpenSky's" in done.stderr
    assert [(0,)] == fetch(env["AEROTRACK_DATABASE_URL"], "SELECT count(*) FROM import")
