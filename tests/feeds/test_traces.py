"""Trace files of readsb and tar1090: what a point says, and what no trace is."""

import gzip
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest

from aerotrack.feeds.feed import FeedError
from aerotrack.feeds.traces import TracePoint, read_trace, trace_points

START = 1_763_942_400.0  # 2025-11-24T00:00:00Z
Point = list[Any]


def point(dt: float, **given: Any) -> Point:
    values: dict[str, Any] = {
        "lat": 53.4, "lon": -6.2, "alt": 35_000, "gs": 447.3, "track": 271.9, "flags": 0,
        "rate": -64, "ac": None, "type": "adsb_icao", "alt_geom": 35_400, "geom_rate": None,
        "ias": 270, "roll": -0.4,
    }  # fmt: skip
    return [dt, *(values | given).values()]


def write(path: Path, *points: object, zipped: bool = True, **header: Any) -> Path:
    document = {"icao": "4ca2d6", "timestamp": START, "trace": list(points), **header}
    body = orjson.dumps(document)
    path.write_bytes(gzip.compress(body) if zipped else body)
    return path


def read(path: Path, dropped: Counter[str] | None = None) -> list[TracePoint]:
    counted: Counter[str] = Counter() if dropped is None else dropped
    return list(trace_points(read_trace(path), feed="old", dropped=counted))


@pytest.mark.parametrize("zipped", [True, False])
def test_a_point_says_what_its_columns_hold(tmp_path: Path, zipped: bool) -> None:
    header = {"r": "EI-DLF", "t": "B738", "desc": "BOEING 737-800", "dbFlags": 1}
    path = write(tmp_path / "t.json", point(1.25), zipped=zipped, **header)
    obs = read(path)[0].observation
    assert ("4ca2d6", START + 1.25, "adsb_icao", "old", 53.4, -6.2) == (
        obs.icao24, obs.ts, obs.source, obs.feed, obs.lat, obs.lon,
    )  # fmt: skip
    assert (35_000, False, 35_400, 447.3, 271.9, -64, 270, -0.4) == (
        obs.alt_baro, obs.on_ground, obs.alt_geom, obs.gs, obs.track, obs.baro_rate, obs.ias,
        obs.roll,
    )  # fmt: skip
    assert ("EI-DLF", "B738", "BOEING 737-800", 1) == (
        obs.registration, obs.typecode, obs.desc, obs.db_flags,
    )  # fmt: skip


def test_the_word_ground_and_nulls_are_no_numbers(tmp_path: Path) -> None:
    nothing = dict.fromkeys(("gs", "track", "rate", "type", "alt_geom", "ias", "roll"))
    path = write(tmp_path / "t.json", point(0, alt="ground"), point(1, **nothing, alt=None))
    dropped: Counter[str] = Counter()
    ground, null = (p.observation for p in read(path, dropped))
    assert (True, None) == (ground.on_ground, ground.alt_baro)
    assert [None] * 6 == [
        null.on_ground, null.alt_baro, null.gs, null.track, null.baro_rate, null.roll
    ]  # fmt: skip
    assert "adsb_icao" == null.source  # until a point says otherwise
    assert {} == dropped


def test_flags_tell_a_new_leg_and_what_is_geometric(tmp_path: Path) -> None:
    path = write(
        tmp_path / "t.json", point(0, flags=1), point(1, flags=2), point(2, flags=12, alt=900)
    )
    stale, leg, geometric = read(path)
    assert (False, True, False) == (stale.new_leg, leg.new_leg, geometric.new_leg)
    obs = geometric.observation
    assert (None, -64, None) == (obs.baro_rate, obs.geom_rate, obs.alt_baro)


def test_the_aircraft_object_of_a_point_is_read_and_its_columns_win(tmp_path: Path) -> None:
    aircraft = {"flight": "RYR4TK  ", "squawk": "7700", "gs": 1.0, "seen_pos": 55, "type": "mlat"}
    path = write(tmp_path / "t.json", point(0, ac=aircraft, type=None), point(1, type=None))
    first, second = (p.observation for p in read(path))
    assert ("RYR4TK", "7700", 447.3, START, "mlat") == (
        first.callsign, first.squawk, first.gs, first.ts, first.source,
    )  # fmt: skip
    assert (None, "mlat") == (second.callsign, second.source)


def test_points_of_the_first_files_have_fewer_columns(tmp_path: Path) -> None:
    obs = read(write(tmp_path / "t.json", point(0)[:9]))[0].observation
    assert (35_000, None, "other") == (obs.alt_baro, obs.alt_geom, obs.source)


def test_what_is_no_point_is_counted_and_the_others_are_read(tmp_path: Path) -> None:
    dropped: Counter[str] = Counter()
    odd = (None, [], [1, 2, 3], point(0)[:6], ["x", *point(0)[1:]], {"a": 1}, point(1e12))
    points = read(write(tmp_path / "t.json", *odd, point(3, lat=91.0), point(4)), dropped)
    assert {"bad_point": 7, "bad_position": 1} == dropped
    assert [START + 3, START + 4] == [p.observation.ts for p in points]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "bad_json"),
        (b"\x1f\x8b\x08\x00damaged", "bad_gzip"),
        (gzip.compress(b"{}")[:-4], "bad_gzip"),
        (b'{"icao":"4ca2d6"', "bad_json"),
        (b"[]", "not_a_trace"),
        (b'{"icao":"4ca2d6","timestamp":1}', "not_a_trace"),
        (b'{"icao":"4ca2d6","trace":[]}', "not_a_trace"),
        (b'{"icao":"4ca2d6","timestamp":NaN,"trace":[]}', "not_a_trace"),
        (b'{"icao":"what","timestamp":1,"trace":[]}', "bad_icao24"),
        (b'{"icao":7,"timestamp":1,"trace":[]}', "bad_icao24"),
    ],
)
def test_what_is_no_trace_is_refused_with_its_reason(
    tmp_path: Path, body: bytes, code: str
) -> None:
    path = tmp_path / "t.json"
    path.write_bytes(body)
    with pytest.raises(FeedError) as refused:
        read_trace(path)
    assert code == refused.value.code
