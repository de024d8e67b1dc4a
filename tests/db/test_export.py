"""``aerotrack db export``: what was stored comes out whole, in every format."""

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from aerotrack.cli import main
from aerotrack.commands import db as commands
from aerotrack.db import export as reading
from aerotrack.domain.records import flight_key
from aerotrack.export import FORMATS, ExportError, write

POINTS = 25


def run(*arguments: str, url: str) -> Result:
    arguments = ("db", "export", *arguments, "--database-url", url)
    return CliRunner().invoke(main, arguments, catch_exceptions=False)


@pytest.fixture
def stored(storing: Any, make: Any, database_url: str) -> str:
    """A flight across the antimeridian and one of a single point, a minute apart; the address."""
    other = flight_key("~abc123", make.noon)
    rows = [
        make.point(make.noon + i, lat=10.0, lon=(179.0 + i * 0.1 + 180) % 360 - 180, alt_geom=1000)
        for i in range(POINTS)
    ]
    rows += [
        make.point(make.noon + 60, flight=other, lat=None, lon=None, callsign=None, gs=None),
        make.point(make.noon + 61, flight=other, lat=1.0, lon=2.0, callsign='A"B,\n'),
        make.flight(make.noon + 24, last_lat=10.0, last_lon=-178.6),
        make.event(make.noon, lat=10.0, lon=179.0),
    ]
    assert len(rows) == storing.counts(make.batch(1, *rows))[0]
    return database_url


def test_the_choices_of_the_command_line_are_those_there_are() -> None:
    assert (tuple(reading.VIEWS), tuple(FORMATS)) == (commands.VIEWS, commands.FORMATS)


def test_csv_holds_every_row_and_reads_back(stored: str, make: Any) -> None:
    answer = run("positions", url=stored)
    rows = list(csv.DictReader(io.StringIO(answer.stdout)))
    assert (POINTS + 2, f"{POINTS + 2} rows written\n") == (len(rows), answer.stderr[-16:])
    assert ("4ca2d6-692448c0", "2025-11-24T12:00:00.000000Z", "10.0", "false") == tuple(
        rows[0][name] for name in ("flight_id", "ts", "lat", "on_ground")
    )
    assert ("", "", "", 'A"B,\n') == (
        rows[-2]["lat"], rows[-2]["gs"], rows[-2]["callsign"], rows[-1]["callsign"]
    )  # fmt: skip


def test_ndjson_leaves_out_what_is_unknown_and_has_epoch_seconds(stored: str, make: Any) -> None:
    answer = run("positions", "--format", "ndjson", "--icao24", "~ABC123", url=stored)
    rows = [json.loads(line) for line in answer.stdout.splitlines()]
    assert [make.noon + 60, make.noon + 61] == [row["ts"] for row in rows]
    assert (False, 1.0) == ("lat" in rows[0], rows[1]["lat"])


def test_geojson_has_a_line_a_flight_cut_at_the_antimeridian(stored: str, tmp_path: Path) -> None:
    path = tmp_path / "tracks.geojson"
    assert 0 == run("positions", "--output", str(path), url=stored).exit_code
    features = json.loads(path.read_text())["features"]
    assert ["MultiLineString", "Point"] == [f["geometry"]["type"] for f in features]
    west, east = features[0]["geometry"]["coordinates"]
    assert (POINTS, [180.0, 10.0], [-180.0, 10.0]) == (
        len(features[0]["properties"]["times"]), west[-1][:2], east[0][:2]
    )  # fmt: skip
    assert west[0] == pytest.approx([179.0, 10.0, 304.8])
    assert {"flight_id": "~abc123-692448c0", "callsign": 'A"B,\n'}.items() <= features[1][
        "properties"
    ].items()


@pytest.mark.parametrize("view", ["flights", "events"])
def test_geojson_of_what_has_a_place_is_points(view: str, stored: str) -> None:
    answer = run(view, "--format", "geojson", url=stored)
    (feature,) = json.loads(answer.stdout)["features"]
    assert ("Point", "4ca2d6-692448c0") == (
        feature["geometry"]["type"], feature["properties"]["flight_id"]
    )  # fmt: skip


def test_geojson_of_what_has_no_place_is_refused_and_leaves_no_file(
    stored: str, tmp_path: Path
) -> None:
    path = tmp_path / "aircraft.geojson"
    answer = run("aircraft", "--output", str(path), url=stored)
    assert (1, True, []) == (
        answer.exit_code, "have no place" in answer.output, list(tmp_path.iterdir())
    )  # fmt: skip


def test_a_range_of_time_holds_its_beginning_and_not_its_end(stored: str) -> None:
    times = ("--from", "2025-11-24T12:00:05Z", "--to", "2025-11-24T12:00:10Z")
    for view in ("positions", "state_vectors"):
        rows = list(csv.DictReader(io.StringIO(run(view, *times, url=stored).stdout)))
        assert 5 == len(rows)
    wrong = run("positions", "--from", "yesterday", url=stored)
    assert (2, True) == (wrong.exit_code, "epoch seconds or ISO 8601" in wrong.output)


@pytest.mark.parametrize("view", reading.VIEWS)
def test_parquet_holds_what_the_others_hold(view: str, stored: str, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / f"{view}.parquet"
    assert 0 == run(view, "--output", str(path), url=stored).exit_code
    table = parquet.read_table(path).to_pylist()
    rows = list(csv.DictReader(io.StringIO(run(view, url=stored).stdout)))
    assert (len(rows), list(rows[0])) == (len(table), list(table[0]))
    if view == "positions":
        assert datetime(2025, 11, 24, 12, tzinfo=UTC) == table[0]["ts"]
        assert [None, 1.0] == [row["lat"] for row in table[-2:]]


def test_rows_are_read_in_chunks(stored: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "ROWS_AT_ONCE", 10)
    with reading.read_out(stored, "positions", by_time=True) as rows:
        chunks = list(rows.chunks)
        times = [row[rows.columns.index("ts")] for chunk in chunks for row in chunk]
    assert ([10, 10, 7], sorted(times)) == ([len(chunk) for chunk in chunks], times)


def test_an_export_that_breaks_off_leaves_the_file_that_was_there(
    stored: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "positions.csv"
    path.write_text("old")

    def broken(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setitem(FORMATS, "csv", broken)
    answer = run("positions", "--output", str(path), url=stored)
    assert (1, "old", [path]) == (answer.exit_code, path.read_text(), list(tmp_path.iterdir()))


def test_a_format_that_is_none_is_refused() -> None:
    with pytest.raises(ExportError, match="no format 'xls'"):
        write("xls", io.BytesIO(), (), (), ())


def test_without_pyarrow_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(ExportError, match=r"aerotrack\[parquet\]"):
        write("parquet", io.BytesIO(), ("a",), ("text",), ())
