"""``aerotrack import readsb``: a globe_history tree into PostgreSQL."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import psycopg
import pytest
from click.testing import CliRunner
from rich.console import Console

from aerotrack.cli import main
from aerotrack.config import load
from aerotrack.db.errors import DatabaseError
from aerotrack.db.imported import TraceStore
from aerotrack.runtime.sources import SourceUnusable
from aerotrack.runtime.traces import TracesImported, import_traces

Fetch = Callable[..., list[tuple[Any, ...]]]
Import = Callable[..., TracesImported]

DAY = 86_400
DAY_ONE = 1_763_942_400.0  # 2025-11-24T00:00:00Z
NOW = DAY_ONE + 3 * DAY


def write(root: Path, icao24: str, *points: list[Any], day: int = 24, **header: Any) -> Path:
    path = root / f"2025/11/{day}/traces/{icao24[-2:]}/trace_full_{icao24}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    start = DAY_ONE + (day - 24) * DAY
    document = {"icao": icao24, "timestamp": start, "trace": points, **header}
    path.write_bytes(gzip.compress(orjson.dumps(document)))
    return path


def flying(begin: int, count: int, *, flags: int = 0, along: int = 0) -> list[list[Any]]:
    """A point every ten seconds, eastward at 420 kt, from ``begin`` s into its day on."""
    return [
        [begin + 10 * i, 50.0, -30.0 + (along + 10 * i) * 0.003, 35_000, 420.0, 90.0,
         flags if i == 0 else 0, 0, {"flight": "BAW123", "squawk": "2200"} if i % 4 == 0 else None,
         "adsb_icao", None, None, None, None]
        for i in range(count)
    ]  # fmt: skip


@pytest.fixture
def bring(database_url: str, tmp_path: Path) -> Import:
    def run(root: Path, now: float = NOW, **settings: str) -> TracesImported:
        env = {"AEROTRACK_DATABASE_URL": database_url, **settings}
        found = load(environ=env).settings
        console = Console(quiet=True)
        return import_traces(found, root, console, now=now, monotonic=lambda: 0.0)

    return run


def rows(fetch: Fetch, url: str) -> list[tuple[Any, ...]]:
    return fetch(
        url,
        "SELECT f.icao24, extract(epoch FROM started)::float8, extract(epoch FROM ended)::float8,"
        " f.feed, (SELECT count(*) FROM position p WHERE p.flight = f.flight),"
        " (SELECT count(*) FROM event e WHERE e.flight = f.flight) FROM flight f ORDER BY 1, 2",
    )


def test_traces_become_flights_marked_as_imported(
    bring: Import, tmp_path: Path, fetch: Fetch, database_url: str
) -> None:
    write(tmp_path, "400abc", *flying(3_600, 20), r="G-ABCD", t="A320", dbFlags=1)
    done = bring(tmp_path)
    assert (1, 1, 20, 23) == (done.files, done.flights, done.points, done.stored)
    started = DAY_ONE + 3_600
    assert [("400abc", started, started + 190, "readsb-import", 20, 2)] == rows(fetch, database_url)
    assert [("G-ABCD", "A320", 1, "BAW123", "2200")] == fetch(
        database_url, "SELECT registration, typecode, db_flags, callsign, squawk FROM flight"
    )


def test_a_second_run_stores_nothing_and_reads_nothing(bring: Import, tmp_path: Path) -> None:
    for number in range(300):
        write(tmp_path, f"4{number:05x}", *flying(100, 5))
    first, second = bring(tmp_path), bring(tmp_path)
    assert (300, 0, 300 * 8) == (first.files, first.known, first.stored)
    assert (0, 300, 0, 0) == (second.files, second.known, second.stored, second.duplicate)


def test_a_flight_over_midnight_is_one_also_where_its_days_come_one_by_one(
    bring: Import, tmp_path: Path, fetch: Fetch, database_url: str
) -> None:
    evening, morning = flying(DAY - 100, 10), flying(0, 10, along=100)
    write(tmp_path, "400abc", *evening)
    assert 1 == bring(tmp_path, now=NOW).flights
    write(tmp_path, "400abc", *morning, day=25)
    done = bring(tmp_path)
    assert (2, 10) == (done.files, sum(1 for _ in evening))
    begin = DAY_ONE + DAY - 100
    assert [("400abc", begin, begin + 190, "readsb-import", 20, 2)] == rows(fetch, database_url)


def test_only_what_a_flight_may_go_back_to_is_read_again(bring: Import, tmp_path: Path) -> None:
    for day in (20, 21, 22):
        write(tmp_path, "400abc", *flying(100, 5), day=day)
    bring(tmp_path)
    write(tmp_path, "400abc", *flying(100, 5), day=24)
    done = bring(tmp_path)
    assert (1, 3) == (done.files, done.known)


def test_a_file_that_was_written_again_is_read_again(
    bring: Import, tmp_path: Path, fetch: Fetch, database_url: str
) -> None:
    write(tmp_path, "400abc", *flying(100, 5))
    bring(tmp_path)
    write(tmp_path, "400abc", *flying(100, 9))
    done = bring(tmp_path)
    assert (1, 9, 5) == (done.files, done.points, done.points - 4)
    started = DAY_ONE + 100
    assert [("400abc", started, started + 80, "readsb-import", 9, 2)] == rows(fetch, database_url)


def test_a_run_that_breaks_off_is_just_begun_again(
    bring: Import,
    tmp_path: Path,
    fetch: Fetch,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for number in range(3):
        write(tmp_path, f"40000{number}", *flying(100, 2_000))
    store, calls = TraceStore.store, 0

    def breaking(self: TraceStore, *rows: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise DatabaseError("the server went away")
        return store(self, *rows)

    with monkeypatch.context() as patched:
        patched.setattr(TraceStore, "store", breaking)
        with pytest.raises(DatabaseError):
            bring(tmp_path)
    bring(tmp_path)
    assert [(2_000, 2)] * 3 == [row[-2:] for row in rows(fetch, database_url)]
    assert 3 == bring(tmp_path).known


def test_bad_files_are_counted_and_skipped(bring: Import, tmp_path: Path) -> None:
    write(tmp_path, "400abc", *flying(100, 5))
    write(tmp_path, "400abd").write_bytes(b"\x1f\x8b\x08\x00damaged")
    write(tmp_path, "400abe").write_bytes(b"{")
    write(tmp_path, "400abf", icao="400abc")
    (tmp_path / "2025/11/24/traces/index.json").write_text("{}")
    done = bring(tmp_path)
    assert {"bad_gzip": 1, "bad_json": 1, "other_aircraft": 1} == done.bad
    assert (1, 3) == (done.files, len(done.examples))


def test_positions_older_than_they_are_kept_stay_out_until_more_are_kept(
    bring: Import, tmp_path: Path, fetch: Fetch, database_url: str
) -> None:
    write(tmp_path, "400abc", *flying(100, 5))
    late = DAY_ONE + 10 * DAY
    done = bring(tmp_path, now=late, AEROTRACK_RETENTION_DAYS="7")
    assert (5, 0, 3) == (done.too_old, done.points, done.stored)
    assert 1 == bring(tmp_path, now=late + DAY, AEROTRACK_RETENTION_DAYS="7").known
    assert 5 == bring(tmp_path, now=late, AEROTRACK_RETENTION_DAYS="30").points
    assert [(5, 2)] == [row[-2:] for row in rows(fetch, database_url)]


def test_points_from_the_future_are_left_out(bring: Import, tmp_path: Path) -> None:
    write(tmp_path, "400abc", *flying(100, 5))
    done = bring(tmp_path, now=DAY_ONE + 120)
    assert (3, {"future": 2}) == (done.points, done.not_taken)


def test_a_directory_without_traces_is_said_so(bring: Import, tmp_path: Path) -> None:
    with pytest.raises(SourceUnusable, match="holds no traces"):
        bring(tmp_path)


def test_the_command_says_what_it_did(database_url: str, tmp_path: Path) -> None:
    write(tmp_path, "400abc", *flying(100, 5))
    env = {"AEROTRACK_CONFIG": "", "AEROTRACK_DATABASE_URL": database_url}
    said = CliRunner().invoke(main, ["import", "readsb", str(tmp_path)], env=env)
    assert 0 == said.exit_code, said.output
    assert "1 files read, 0 known already: 1 flights" in said.stdout
    with psycopg.connect(database_url) as connection:
        (kept,) = (
            connection.execute("SELECT count(*) FROM aerotrack.imported_trace").fetchone() or ()
        )
    assert 1 == kept
