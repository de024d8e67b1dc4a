"""``aerotrack decode``: scored against what reference decoders found in real recordings.

Every position missed, every one of ours they have not, and every value that differs is named here
with its reason.
"""

import gzip
import json
import math
import random
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner

from aerotrack.cli import main
from aerotrack.commands.decode import FORMATS
from aerotrack.decode import Fold, decode_file
from aerotrack.domain.cpr import encode
from aerotrack.domain.observation import Observation
from aerotrack.domain.rules import FlightRules
from aerotrack.feeds.avr import AvrFramer
from aerotrack.feeds.feed import FeedFigures
from aerotrack.feeds.recording import Replay
from aerotrack.feeds.url import FORMATS as URL_FORMATS

from .frames import altitude_code, beast, position, reply

HZ = 12_000_000
TOLERANCE_M = 15.0
M_PER_DEG = 111_195.0
NAMES = ("ulss7", "hu0102-1", "hu0102-2")

# Positions of the truth files that we do not print, by recording, each with its reason: none.
MISSED: dict[str, set[tuple[str, float, float]]] = {}
# Positions of ours that the truth files do not have. Both reference decoders sent these two on port
# 30003 for the same recording, to the sixth digit; the truth just does not name their frame.
EXTRA = {"ulss7": {("780c5d", 59.40642, 32.25449), ("780a5c", 59.93307, 34.80374)}}

Row = dict[str, Any]
Place = tuple[str, float, float]


@pytest.fixture(scope="session")
def truth(recording: Callable[[str], bytes]) -> Callable[[str], list[Row]]:
    """What reference decoders say of each frame, for the aircraft that are to be scored."""

    def read(name: str) -> list[Row]:
        reliable = {
            row["icao"].lower()
            for row in json.loads(recording(f"../truth/{name}.aircraft.json"))
            if row["reliable"]
        }
        rows = map(json.loads, recording(f"../truth/{name}.ndjson.gz").splitlines())
        return [
            row | {"icao": row["icao"].lower()} for row in rows if row["icao"].lower() in reliable
        ]

    return read


@pytest.fixture(scope="session")
def decoded(
    recording: Callable[[str], bytes], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str, str], list[Row]]:
    """What we print of a recording."""
    folder = tmp_path_factory.mktemp("recordings")
    made: dict[tuple[str, str], list[Row]] = {}

    def read(name: str, kind: str) -> list[Row]:
        if (name, kind) not in made:
            path = folder / f"{name}.{kind}"
            path.write_bytes(recording(f"{name}.{kind}" + (".gz" if kind == "avr" else "")))
            made[name, kind] = lines(path, kind)
        return made[name, kind]

    return read


def lines(path: Path, kind: Any, *, rate: float | None = None, rejected: bool = False) -> list[Row]:
    figures = FeedFigures(name="test", url="")
    replay = Replay(format=kind, rate=rate)
    text = b"".join(decode_file(path, replay, figures=figures, rejected=rejected))
    return [orjson.loads(line) for line in text.splitlines()]


def _near(place: Place, others: Iterable[tuple[float, float]]) -> bool:
    _, lat, lon = place
    east = math.cos(math.radians(lat))
    return any(math.hypot(lat - a, (lon - b) * east) * M_PER_DEG <= TOLERANCE_M for a, b in others)


def _by_aircraft(places: Iterable[Place]) -> dict[str, list[tuple[float, float]]]:
    found: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for icao24, lat, lon in places:
        found[icao24].append((lat, lon))
    return found


@pytest.mark.parametrize("kind", ["beast", "avr"])
@pytest.mark.parametrize("name", NAMES)
def test_all_positions_of_the_reference_decoders_and_none_of_our_own(
    name: str, kind: str, truth: Any, decoded: Any
) -> None:
    theirs = [(row["icao"], row["lat"], row["lon"]) for row in truth(name) if "lat" in row]
    scored = {row["icao"] for row in truth(name)}
    ours = [
        (row["icao24"], row["lat"], row["lon"])
        for row in decoded(name, kind)
        if "lat" in row and row["icao24"] in scored
    ]
    by_us, by_them = _by_aircraft(ours), _by_aircraft(theirs)
    missed = {place for place in theirs if not _near(place, by_us[place[0]])}
    extra = {place for place in ours if not _near(place, by_them[place[0]])}
    assert MISSED.get(name, set()) == missed
    assert EXTRA.get(name, set()) == extra
    assert set(by_them) == set(by_us)
    recall = sum(place not in missed for place in theirs) / len(theirs)
    assert recall >= 0.995


def _of_day(clock: int) -> int:
    """The time of day that a Radarcape would write, beginning half a minute before midnight."""
    seconds = (clock / HZ + 86_370.0) % 86_400.0
    return int(seconds) << 30 | round(seconds % 1.0 * 1e9) % 1_000_000_000


@pytest.mark.parametrize("apart", [0.7, 3.0, 100.0, 400_000.0])
@pytest.mark.parametrize("name", ["hu0102-1", "hu0102-2"])
def test_two_receivers_in_one_stream_are_as_good_as_one(
    name: str, apart: float, recording: Any, truth: Any, tmp_path: Path
) -> None:
    chance = random.Random(1)
    arrived = []
    for message, clock, *_ in AvrFramer(FeedFigures(name="test", url="")).feed(
        recording(f"{name}.avr.gz")
    ):
        other = round(clock * 1.00002 + apart * HZ)  # its crystal is 20 ppm off
        heard = chance.choice([(True, False), (False, True), (True, True)])
        if heard[0]:
            arrived.append((clock / HZ + chance.uniform(0.0, 0.15), message, clock))
        if heard[1]:
            arrived.append((clock / HZ + chance.uniform(0.1, 0.3), message, other))
    path = tmp_path / "two.beast"
    path.write_bytes(b"".join(beast(m, clock=clock) for _, m, clock in sorted(arrived)))
    places = _by_aircraft(
        (row["icao24"], row["lat"], row["lon"]) for row in lines(path, "beast") if "lat" in row
    )
    theirs = [(row["icao"], row["lat"], row["lon"]) for row in truth(name) if "lat" in row]
    assert MISSED.get(name, set()) == {p for p in theirs if not _near(p, places[p[0]])}


@pytest.mark.parametrize("name", NAMES)
def test_a_radarcapes_clock_is_as_good_as_a_counter(
    name: str, recording: Any, decoded: Any, tmp_path: Path
) -> None:
    frames = AvrFramer(FeedFigures(name="test", url="")).feed(recording(f"{name}.avr.gz"))
    path = tmp_path / "gps.beast"
    path.write_bytes(b"".join(beast(m, clock=_of_day(clock)) for m, clock, *_ in frames))
    ours = [(r["icao24"], r["lat"], r["lon"]) for r in lines(path, "beast") if "lat" in r]
    by_counter = decoded(name, "avr")
    assert [(r["icao24"], r["lat"], r["lon"]) for r in by_counter if "lat" in r] == ours
    assert by_counter[-1]["ts"] == pytest.approx(lines(path, "beast")[-1]["ts"], abs=1e-3)


@pytest.mark.parametrize("reference", ["readsb", "dump1090"])
def test_what_is_extra_was_sent_by_both_references_too(
    reference: str, recording: Callable[[str], bytes]
) -> None:
    sent = {
        (fields[4].lower(), round(float(fields[14]), 5), round(float(fields[15]), 5))
        for line in recording(f"ulss7.{reference}.sbs.gz").decode().splitlines()
        if len(fields := line.split(",")) == 22 and fields[14]
    }
    assert EXTRA["ulss7"] <= sent


def test_nothing_is_printed_where_an_aircraft_is_before_a_pair_says_so(
    recording: Any, decoded: Any
) -> None:
    frames = AvrFramer(FeedFigures(name="test", url="")).feed(recording("ulss7.avr.gz"))
    pairs: dict[str, float] = {}
    formats: dict[str, set[int]] = defaultdict(set)
    first = frames[0][1]
    for message, clock, *_ in frames:
        if message[0] >> 3 == 17 and 9 <= message[4] >> 3 <= 18:
            icao24 = message[1:4].hex()
            formats[icao24].add(message[6] >> 2 & 1)
            if len(formats[icao24]) == 2:
                pairs.setdefault(icao24, (clock - first) / HZ)
    placed = [row for row in decoded("ulss7", "avr") if "lat" in row]
    assert len(placed) > 100
    assert [] == [row for row in placed if row["ts"] < pairs[row["icao24"]] - 0.01]


# The clock of the AVR recordings is true, so what a frame says can be looked up by its time. Blocks
# of frames in one of them come a third of a second late.
WITHIN_S = 0.7


@pytest.mark.parametrize("name", NAMES)
def test_no_altitude_or_speed_is_wrong(name: str, truth: Any, decoded: Any) -> None:
    rows = defaultdict(list)
    for row in truth(name):
        rows[row["icao"]].append(row)
    checked = 0
    wrong = []
    for line in decoded(name, "avr"):
        for ours, theirs, tolerance in (
            ("alt_baro", "alt_ft", 25),  # 89642d sends it in messages the references do not read
            ("gs", "gs_kt", 2),  # a register says it in steps of 2 kt
            ("track", "track", 1),
        ):
            near = [
                row[theirs]
                for row in rows.get(line["icao24"], ())
                if theirs in row and abs(row["t"] - line["ts"]) < WITHIN_S
            ]
            if ours in line and near:
                checked += 1
                if not any(abs(line[ours] - value) <= tolerance for value in near):
                    wrong.append((line["ts"], line["icao24"], ours, line[ours], near))
    assert [] == wrong
    assert checked > 200


# Of 8964a2 there is a callsign only in a Comm-B register, which the reference of callsigns does not
# read; readsb shows the same one.
INFERRED = {("hu0102-2", "8964a2", "UAE56W")}


@pytest.mark.parametrize("name", NAMES)
def test_every_callsign_and_squawk_is_found_and_none_is_wrong(
    name: str, truth: Any, decoded: Any
) -> None:
    for field in ("callsign", "squawk"):
        theirs = {(name, row["icao"], row[field]) for row in truth(name) if field in row}
        scored = {row["icao"] for row in truth(name)}
        ours = {
            (name, line["icao24"], line[field])
            for line in decoded(name, "avr")
            if field in line and line["icao24"] in scored
        }
        assert theirs == {found for found in ours if found not in INFERRED}


# -- the lines -------------------------------------------------------------------------------------


def _flight(count: int = 4) -> list[bytes]:
    """Even and odd positions, half a second apart, 400 kt to the north."""
    step = 400 / 3600 / 60 / 2
    return [
        position(0x4CA2D6, encode(52.0 + n * step, 4.0, odd=bool(n % 2), surface=False))
        for n in range(count)
    ]


def _file(folder: Path, frames: Iterable[bytes]) -> Path:
    path = folder / "tape.beast"
    path.write_bytes(b"".join(beast(m, clock=HZ + n * HZ // 2) for n, m in enumerate(frames)))
    return path


def test_a_first_fix_is_printed_when_the_next_agrees(tmp_path: Path) -> None:
    places = [row for row in lines(_file(tmp_path, _flight(2)), "beast") if "lat" in row]
    assert [] == places
    places = [row for row in lines(_file(tmp_path, _flight(4)), "beast") if "lat" in row]
    assert [0.5, 1.0, 1.5] == [row["ts"] for row in places]
    assert pytest.approx([52.00093, 52.00185, 52.00278], abs=2e-5) == [row["lat"] for row in places]


def test_a_line_has_what_changed_in_the_vocabularys_names(tmp_path: Path) -> None:
    frames = [*_flight(3), reply(5, 0x4CA2D6, 0), reply(4, 0x4CA2D6, altitude_code(38_000))]
    rows = lines(_file(tmp_path, frames), "beast")
    assert {"ts": 1.5, "icao24": "4ca2d6", "squawk": "0000"} == rows[-1]  # the altitude is no news
    assert ["ts", "icao24", "lat", "lon"] == list(rows[-2])[:4]


def test_what_is_refused_is_printed_with_its_reason(tmp_path: Path) -> None:
    away = [position(0x4CA2D6, encode(40.0, 4.0, odd=bool(n % 2), surface=False)) for n in (0, 1)]
    path = _file(tmp_path, [*_flight(6), *away])
    quiet = lines(path, "beast")
    loud = lines(path, "beast", rejected=True)
    refused = [row for row in loud if "rejected" in row]
    assert quiet == [row for row in loud if "rejected" not in row]
    assert ["impossible_jump"] == sorted({row["rejected"] for row in refused})
    assert all("lat" not in row for row in refused)


def test_a_frame_that_is_nobodys_is_printed_with_its_reason_and_its_bytes(tmp_path: Path) -> None:
    good = _flight(4)
    damaged = good[2][:8] + b"\x55" + good[2][9:]
    path = _file(tmp_path, [*good[:2], damaged, reply(4, 0xABCDEF, 0), *good[2:]])
    assert [
        {"ts": 1.0, "rejected": "bad_parity", "record": damaged.hex()},
        {"ts": 1.5, "rejected": "unknown_address", "record": reply(4, 0xABCDEF, 0).hex()},
    ] == [row for row in lines(path, "beast", rejected=True) if "icao24" not in row]


@pytest.mark.parametrize(
    ("kind", "reason", "line"),
    [("avr", "bad_line", b"*8D4;"), ("sbs", "bad_line", b"MSG,9"), ("jsonl", "bad_json", b"{,}")],
)
def test_a_line_that_is_none_is_printed_with_its_reason(
    kind: str, reason: str, line: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "tape"
    path.write_bytes(line + b"\n")
    expected = [{"rejected": reason, "record": line.decode()}]
    assert expected == lines(path, kind, rejected=True)


def test_a_long_silence_begins_another_flight() -> None:
    fold = Fold(rules=FlightRules(end_after=100.0))
    said = {"icao24": "4ca2d6", "source": "other", "feed": "test", "squawk": "1000"}
    times = (0.0, 99.0, 200.0)
    rows = fold.lines(Observation(ts=ts, **said) for ts in times)  # type: ignore[arg-type]
    assert [0.0, 200.0] == [row["ts"] for row in rows]


@pytest.mark.parametrize(("called", "kept"), [("RYR4TK", True), ("RYR5XX", False)])
def test_after_a_pause_lines_wait_for_the_callsign_and_another_one_begins_a_flight(
    called: str, kept: bool
) -> None:
    fold = Fold()
    said = {"icao24": "4ca2d6", "source": "other", "feed": "test"}
    fold.lines([Observation(ts=0.0, **said, callsign="RYR4TK", squawk="1000")])  # type: ignore[arg-type]
    assert [] == fold.lines([Observation(ts=900.0, **said, squawk="1000")])  # type: ignore[arg-type]
    rows = fold.lines([Observation(ts=905.0, **said, callsign=called)])  # type: ignore[arg-type]
    told = [] if kept else [900.0, 905.0]
    assert told == [row["ts"] for row in rows]


def test_what_waits_at_the_end_of_a_recording_is_printed() -> None:
    fold = Fold()
    said = {"icao24": "4ca2d6", "source": "other", "feed": "test"}
    fold.lines([Observation(ts=0.0, **said, callsign="RYR4TK")])  # type: ignore[arg-type]
    assert [] == fold.lines([Observation(ts=900.0, **said, squawk="1000")])  # type: ignore[arg-type]
    assert [900.0] == [row["ts"] for row in fold.finish()]


def test_the_next_flight_after_a_landing_is_printed_too() -> None:
    said = {"icao24": "4ca2d6", "source": "other", "feed": "test", "lat": 50.033}
    state = [  # down at Frankfurt, a stop, and off again
        *((s, 3364 - 15 * s, 140.0, False) for s in range(200)),
        *((s, 364, 60.0 if s < 230 else 0.0, True) for s in range(200, 350)),
        *((s, 364 + 30 * (s - 350), 160.0, False) for s in range(350, 400)),
    ]
    rows = Fold().lines(
        Observation(ts=float(s), lon=8.57 + s / 1e4, alt_baro=alt, gs=gs, on_ground=down, **said)  # type: ignore[arg-type]
        for s, alt, gs, down in state
    )
    assert [s for s, *_ in state] == sorted({int(row["ts"]) for row in rows})
    assert {"landing", "takeoff"} <= {row.get("phase") for row in rows}


def test_the_command_prints_lines_and_sums_up(tmp_path: Path) -> None:
    path = _file(tmp_path, _flight(4))
    ran = CliRunner().invoke(
        main, ["decode", str(path), "--format", "beast", "--start", "2026-11-22T10:00:00Z"]
    )
    assert 0 == ran.exit_code, ran.output
    rows = [json.loads(line) for line in ran.stdout.splitlines()]
    assert 1_795_341_600.0 == rows[0]["ts"]
    assert "4 records: 4 taken, 0 of no use" in ran.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--format", "pcap"], "pcap"),
        (["--format", "avr", "--start", "noon"], "ISO 8601"),
        (["--format", "avr", "--lat", "50"], "--lat and --lon"),
    ],
)
def test_wrong_usage_is_said(tmp_path: Path, options: list[str], said: str) -> None:
    ran = CliRunner().invoke(main, ["decode", str(_file(tmp_path, [])), *options])
    assert 2 == ran.exit_code
    assert said in ran.stderr


def test_a_damaged_file_is_said_in_a_line(tmp_path: Path) -> None:
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(b"*;")[:-4])
    ran = CliRunner().invoke(main, ["decode", str(path), "--format", "avr"])
    assert 1 == ran.exit_code
    assert "cut or damaged" in ran.stderr


@pytest.mark.parametrize("packed", [False, True])
def test_standard_input_may_be_a_pipe(packed: bool, tmp_path: Path) -> None:
    recorded = _file(tmp_path, _flight(4)).read_bytes()
    ran = subprocess.run(
        [sys.executable, "-m", "aerotrack", "decode", "-", "--format", "beast"],
        input=gzip.compress(recorded) if packed else recorded,
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert lines(tmp_path / "tape.beast", "beast") == [
        orjson.loads(line) for line in ran.stdout.splitlines()
    ]


def test_it_is_said_where_a_file_holds_nothing_of_that_format(tmp_path: Path) -> None:
    path = tmp_path / "tape"
    for content, told in ((b"MSG,8,1,1,4CA2D6,1,,,,,,,,,,,,,,,,\r\n", True), (b"", False)):
        path.write_bytes(content)
        ran = CliRunner().invoke(main, ["decode", str(path), "--format", "beast"])
        assert (0, told) == (ran.exit_code, "is it beast?" in ran.stderr)


def test_the_command_takes_the_formats_a_feed_takes() -> None:
    assert URL_FORMATS == FORMATS
