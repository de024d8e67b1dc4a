"""Bulk spawning: what files hold, how flights are moved, what is posted, what the server shows."""

import asyncio
import csv
import gzip
import io
import itertools
import math
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from loading.agreement import GONE_AFTER_S, compare
from loading.batches import Batch, batched
from loading.client import Client, LoadError, check_server, retry_after
from loading.files import LINE_LIMIT, BadRow, FileError, ObservationFile, decode_csv
from loading.load import explained
from loading.traffic import FileTraffic, SimulatedTraffic, ahead
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

import aerotrack
from aerotrack.domain.airports import load_airports
from aerotrack.domain.geo import bearing_deg, distance_nmi
from aerotrack.domain.observation import Posted
from aerotrack.feeds.posted import decode_posted, parse_posted

ROOT = Path(__file__).resolve().parent.parent.parent
SCRIPT = ROOT / "scripts" / "load_flights.py"
PATIENCE_S = 30.0
START_TIMEOUT_S = 120.0
HEADER = "icao24,ts,callsign,lat,lon,alt_baro,on_ground,gs,track,nav_modes\n"


def rows_of(path: Path, content: bytes) -> list[Posted | BadRow]:
    path.write_bytes(content)
    with ObservationFile(path) as file:
        return list(file)


def codes_of(path: Path, content: bytes) -> list[tuple[int, str]]:
    return [(r.line, r.code) for r in rows_of(path, content) if isinstance(r, BadRow)]


# -- files -----------------------------------------------------------------------------------------


def test_a_row_of_csv_is_an_observation_and_empty_cells_say_nothing(tmp_path: Path) -> None:
    text = HEADER + "4ca2d6,1764000000.5, RYR4TK ,53.4,-6.2,36000,false,450.5,,autopilot lnav\n"
    (row,) = rows_of(tmp_path / "f.csv", text.encode())
    assert row == Posted(
        icao24="4ca2d6", ts=1764000000.5, callsign="RYR4TK", lat=53.4, lon=-6.2, alt_baro=36000,
        on_ground=False, gs=450.5, nav_modes=("autopilot", "lnav"),
    )  # fmt: skip


def test_csv_may_have_a_byte_order_mark_windows_line_ends_quotes_and_blank_lines(
    tmp_path: Path,
) -> None:
    content = b'\xef\xbb\xbf"icao24",callsign\r\n\r\n"4ca2d6","RYR4TK"\r\n'
    assert [Posted(icao24="4ca2d6", callsign="RYR4TK")] == rows_of(tmp_path / "f.csv", content)


def test_ndjson_is_read_with_or_without_gzip(tmp_path: Path) -> None:
    content = b'{"icao24":"4ca2d6","lat":53.4,"lon":-6.2}\n\n{"icao24":"3c6444","gs":450}'
    expected = [Posted(icao24="4ca2d6", lat=53.4, lon=-6.2), Posted(icao24="3c6444", gs=450.0)]
    assert expected == rows_of(tmp_path / "f.ndjson", content)
    assert expected == rows_of(tmp_path / "F.JSONL.GZ", gzip.compress(content))


@given(st.floats(0.0, 4e9))
def test_the_time_of_a_record_is_left_for_the_server_to_judge(ts: float) -> None:
    with tempfile.TemporaryDirectory() as place:
        rows = rows_of(Path(place) / "f.csv", f"icao24,lat,lon,ts\n4ca2d6,1,2,{ts!r}\n".encode())
        assert [Posted(icao24="4ca2d6", lat=1.0, lon=2.0, ts=ts)] == rows


def test_keys_no_observation_has_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "f.jsonl"
    path.write_bytes(b'{"icao24":"4ca2d6","altitude":1}\n{"icao24":"4ca2d6","altitude":2}\n')
    with ObservationFile(path) as file:
        assert 2 == len(list(file))
        assert {"altitude": 2} == file.ignored


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("4CA2D6,,,,,,,,,", "bad_icao24"),
        (",,,,,,,,,", "bad_icao24"),
        ("4ca2d6,,,,,high,,,,", "bad_value"),
        ("4ca2d6,,,,,,yes,,,", "bad_value"),
        ("4ca2d6,,,,,,,nan,,", "bad_value"),
        ("4ca2d6,,,,,,,1e999,,", "bad_value"),
        ("4ca2d6,2025-11-24T16:00:00Z,,,,,,,,", "bad_value"),
        ("4ca2d6,,,53.4,,,,,,", "bad_position"),
        ("4ca2d6,,,0,0,,,,,", "bad_position"),
        ("4ca2d6,,", "bad_columns"),
        ('"4ca2d6,,,,,,,,,', "bad_csv"),
    ],
)
def test_a_bad_row_of_csv_is_named_by_its_line_and_costs_nothing_else(
    tmp_path: Path, row: str, code: str
) -> None:
    content = f"{HEADER}{row}\n4ca2d6,,,,,,,,,\n".encode()
    bad, good = rows_of(tmp_path / "f.csv", content)
    assert isinstance(bad, BadRow)
    assert (2, code) == (bad.line, bad.code)
    assert Posted(icao24="4ca2d6") == good


def test_a_bad_line_of_ndjson_is_named_and_costs_nothing_else(tmp_path: Path) -> None:
    content = b'{"icao24":"4ca2d6"}\nnoise\n[]\n{"icao24":"x"}\n{"icao24":"4ca2d6","gs":-1}\n'
    expected = [(2, "bad_json"), (3, "not_an_object"), (4, "bad_icao24"), (5, "bad_value")]
    assert expected == codes_of(tmp_path / "f.ndjson", content)


def test_noise_an_endless_line_and_a_broken_archive_are_bad_rows(tmp_path: Path) -> None:
    good = b'{"icao24":"4ca2d6"}\n'
    content = good + b"x" * (3 * LINE_LIMIT) + b"\n" + good
    assert [(2, "too_long")] == codes_of(tmp_path / "f.ndjson", content)
    assert [(2, "bad_utf8")] == codes_of(tmp_path / "f.csv", b"icao24\n\xff\xfe\n4ca2d6\n")
    packed = gzip.compress(b"".join(b'{"icao24":"%06x"}\n' % n for n in range(5000)))
    rows = rows_of(tmp_path / "f.ndjson.gz", packed[: len(packed) // 2])
    assert "unreadable" == rows[-1].code  # type: ignore[union-attr]
    assert 100 < sum(isinstance(row, Posted) for row in rows)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("f.xlsx", b"", "name it .csv"),
        ("f.gz", b"", "name it .csv"),
        ("f.csv", b"", "empty"),
        ("f.csv", b"icao24,Lat,heavy\n", "'Lat' (is it lat?), 'heavy'"),
        ("f.csv", b"icao24,lat,lat\n", "twice: lat"),
        ("f.csv", b"lat,lon\n", "no column icao24"),
        ("f.csv", b'"icao24\n', "no header"),
        ("f.csv", b"\xff\xfe\n", "no header"),
        ("f.csv.gz", b"not gzip", "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_loaded_at_all_says_why(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    with pytest.raises(FileError, match=re.escape(said)):
        rows_of(tmp_path / name, content)


@given(st.binary(max_size=2_000), st.sampled_from(["f.csv", "f.ndjson", "f.csv.gz", "f.jsonl.gz"]))
def test_whatever_a_file_holds_is_loaded_counted_or_refused_as_a_whole(
    noise: bytes, name: str
) -> None:
    with tempfile.TemporaryDirectory() as place:
        content = (HEADER.encode() if "csv" in name else b"") + noise
        if name.endswith(".gz") and len(noise) % 2:
            content = gzip.compress(content)
        try:
            rows = rows_of(Path(place) / name, content)
        except FileError:
            return
        for row in rows:
            assert isinstance(row, BadRow) or is_takeable(row)


CELLS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(["4ca2d6", "53.4", "null", "true", "-0", "1e308", '"', "1_0", "\x00", "٣"]),
    st.floats().map(repr),
    st.integers().map(str),
)


@given(st.lists(CELLS, min_size=10, max_size=10))
def test_a_row_of_hostile_cells_is_an_observation_the_server_takes_or_a_bad_row(
    cells: list[str],
) -> None:
    line = io.StringIO()
    csv.writer(line).writerow(["4ca2d6", *cells[1:]])
    decoded = decode_csv(
        line.getvalue().encode("utf-8", "surrogatepass"), tuple(HEADER.strip().split(","))
    )
    assert isinstance(decoded, tuple) or decoded == decode_posted(msgspec.json.encode(decoded))


def is_takeable(posted: Posted) -> bool:
    return decode_posted(msgspec.json.encode(posted)) == posted


# -- flights ---------------------------------------------------------------------------------------


def test_simulated_flights_are_exact_by_seed_and_leave_out_those_that_are_there() -> None:
    airports = load_airports()
    first, again = (SimulatedTraffic(airports, 7, ()) for _ in range(2))
    for traffic in (first, again):
        for _ in range(20):
            traffic.add()
    seen = [first.observe(n, 5.0, 1000.0) for n in range(20)]
    assert seen == [again.observe(n, 5.0, 1000.0) for n in range(20)]
    assert {"sim"} == {one.source for one in seen}
    taken = {one.icao24 for one in seen[:5]}
    other = SimulatedTraffic(airports, 7, taken)
    for _ in range(15):
        other.add()
    assert {one.icao24 for one in seen[5:]} == {
        other.observe(n, 5.0, 1000.0).icao24 for n in range(15)
    }


def test_simulated_flights_move() -> None:
    traffic = SimulatedTraffic(load_airports(), 7, ())
    for _ in range(50):
        traffic.add()
    moved = 0
    for n in range(50):
        one, other = traffic.observe(n, 0.0, 1000.0), traffic.observe(n, 60.0, 1060.0)
        assert one.lat is not None
        assert one.lon is not None
        assert other.lat is not None
        assert other.lon is not None
        moved += distance_nmi(one.lat, one.lon, other.lat, other.lon) > 2.0
    assert moved > 40


def test_an_aircraft_of_a_file_is_all_its_records_say_later_over_earlier() -> None:
    traffic = FileTraffic(moving=False)
    traffic.add(Posted(icao24="4ca2d6", ts=20.0, lat=2.0, lon=2.0, source="mlat"))
    traffic.add(Posted(icao24="4ca2d6", ts=10.0, lat=1.0, lon=1.0, callsign="RYR4TK"))
    traffic.add(Posted(icao24="4ca2d6", ts=15.0, lat=1.5, lon=1.5))
    traffic.add(Posted(icao24="3c6444", lat=3.0, lon=3.0))
    assert 2 == len(traffic)
    assert traffic.observe(0, 0.0, 99.0) == Posted(
        icao24="4ca2d6", ts=99.0, lat=2.0, lon=2.0, callsign="RYR4TK", source="mlat"
    )


def test_an_aircraft_of_a_file_flies_on_along_its_track_marked_as_simulated() -> None:
    traffic = FileTraffic(moving=True)
    traffic.add(Posted(icao24="4ca2d6", lat=50.0, lon=8.0, gs=360.0, track=90.0, source="mlat"))
    traffic.add(Posted(icao24="3c6444", lat=50.0, lon=8.0, source="mlat"))
    one = traffic.observe(0, 100.0, 99.0)
    assert one.lat is not None
    assert one.lon is not None
    assert ("sim", 99.0) == (one.source, one.ts)
    assert distance_nmi(50.0, 8.0, one.lat, one.lon) == pytest.approx(10.0)
    assert one.lon > 8.0
    still = traffic.observe(1, 100.0, 99.0)
    assert (50.0, 8.0, "sim") == (still.lat, still.lon, still.source)


@given(
    lat=st.floats(-89.0, 89.0),
    lon=st.floats(-180.0, 179.9),
    track=st.floats(0.0, 359.9),
    distance=st.floats(1.0, 5_000.0),
)
def test_straight_ahead_is_a_great_circle(
    lat: float, lon: float, track: float, distance: float
) -> None:
    lat2, lon2, track2 = ahead(lat, lon, track, distance)
    assert -180.0 <= lon2 < 180.0
    assert distance_nmi(lat, lon, lat2, lon2) == pytest.approx(distance, rel=1e-6)
    back = bearing_deg(lat2, lon2, lat, lon)
    # Where one looks back is straight behind where one goes; bearings mean little at the pole.
    if abs(lat2) < 89.9:
        assert math.cos(math.radians(track2 - back)) == pytest.approx(-1.0, abs=1e-6)


# -- batches ---------------------------------------------------------------------------------------


@given(count=st.integers(0, 50), size=st.integers(1, 20))
def test_batches_hold_every_record_once_in_order(count: int, size: int) -> None:
    records = [Posted(icao24=f"{n:06x}") for n in range(count)]
    batches = list(batched(records, size))
    assert records == [record for batch in batches for record in batch.records]
    assert [size] * (count // size) + [count % size] * (count % size > 0) == [
        len(batch.records) for batch in batches
    ]


def test_a_body_is_what_the_server_reads_and_halves_lose_nothing() -> None:
    batch = Batch(tuple(Posted(icao24=f"{n:06x}", lat=1.0 + n, lon=2.0) for n in range(5)))
    for body in (batch.body(), b"".join(half.body() for half in batch.halves())):
        parsed = parse_posted(body, "application/x-ndjson", feed="load", now=1.0)
        assert [r.icao24 for r in batch.records] == [o.icao24 for o in parsed.observations]


# -- agreement -------------------------------------------------------------------------------------


def test_all_that_were_loaded_must_be_shown_and_earlier_loads_may_be() -> None:
    agreement = compare({"aaaaaa": 100.0, "bbbbbb": 100.0}, ["bbbbbb", "aaaaaa", "cccccc"], 101.0)
    assert (True, 3, 2, 1, 0) == (
        agreement.complete, agreement.shown, agreement.ours, agreement.others, agreement.past
    )  # fmt: skip


def test_one_that_is_not_shown_is_missing_unless_its_time_is_past() -> None:
    now = 1000.0
    loaded = {"aaaaaa": now - 5.0, "bbbbbb": now - GONE_AFTER_S}
    agreement = compare(loaded, [], now)
    assert (False, ("aaaaaa",), 1) == (agreement.complete, agreement.missing, agreement.past)


@pytest.mark.parametrize(
    ("known", "said"),
    [
        (None, "does not know"),
        ({"feed": "home", "refused": [{"reason": "worse_source"}]}, "refused: worse_source"),
        ({"feed": "home", "refused": []}, "shown by feed home"),
        ({"feed": "load"}, "does not show it"),
    ],
)
def test_a_missing_flight_is_explained(known: object, said: str) -> None:
    assert said in explained(known)


# -- the server's answers --------------------------------------------------------------------------


class Scripted(RequestHandler):
    """Answers as the test wants; every body it got is kept."""

    def initialize(
        self, answer: Callable[["Scripted"], object], bodies: list[bytes], headers: list[Any]
    ) -> None:
        self.scripted, self.bodies, self.seen = answer, bodies, headers

    def post(self) -> None:
        self.bodies.append(self.request.body)
        self.seen.append(self.request.headers)
        self.scripted(self)

    def accept(self) -> None:
        lines = self.request.body.splitlines()
        self.set_status(202)
        self.write({"accepted": len(lines), "rejected": [], "rejected_total": 0})

    def problem(self, status: int, code: str, detail: str, **headers: str) -> None:
        self.set_status(status)
        for name, value in headers.items():
            self.set_header(name.replace("_", "-"), value)
        self.write({"status": status, "code": code, "detail": detail})


BATCH = Batch(tuple(Posted(icao24=f"{n:06x}") for n in range(8)))


def posted(
    answer: Callable[[Scripted], object], *, token: str | None = None, timeout: float = PATIENCE_S
) -> tuple[Any, list[bytes], list[Any]]:
    """What posting ``BATCH`` gives (an answer or an error), the bodies and headers that came."""

    async def scene() -> tuple[Any, list[bytes], list[Any]]:
        bodies: list[bytes] = []
        headers: list[Any] = []
        given = {"answer": answer, "bodies": bodies, "headers": headers}
        server = HTTPServer(Application([("/base/api/v1/observations", Scripted, given)]))
        (socket,) = bind_sockets(0, "127.0.0.1")
        server.add_sockets([socket])
        url = f"http://127.0.0.1:{socket.getsockname()[1]}/base/"
        client = Client(url, token=token, timeout=timeout, stopping=asyncio.Event())
        try:
            async with asyncio.timeout(PATIENCE_S):
                try:
                    return await client.post(BATCH, "load"), bodies, headers
                except LoadError as error:
                    return error, bodies, headers
        finally:
            client.close()
            server.stop()
            await server.close_all_connections()

    return asyncio.run(scene())


def test_a_batch_goes_out_as_ndjson_with_the_token() -> None:
    result, bodies, headers = posted(Scripted.accept, token="secret-token")
    assert (8, 0) == (result.accepted, result.rejected_total)
    assert [BATCH.body()] == bodies
    assert ["application/x-ndjson", "Bearer secret-token"] == [
        headers[0]["Content-Type"], headers[0]["Authorization"]
    ]  # fmt: skip


def test_a_batch_that_is_too_large_is_halved_and_rejections_keep_their_place() -> None:
    def answer(handler: Scripted) -> None:
        lines = handler.request.body.splitlines()
        if len(lines) > 2:
            handler.problem(413, "payload_too_large", "too large")
            return
        bad = [n for n, line in enumerate(lines) if b"000005" in line]
        rejected = [{"index": n, "code": "future", "message": "m"} for n in bad]
        handler.set_status(202)
        handler.write(
            {
                "accepted": len(lines) - len(bad),
                "rejected": rejected,
                "rejected_total": len(bad),
            }
        )

    result, bodies, _ = posted(answer)
    assert (7, 1, [5]) == (
        result.accepted, result.rejected_total, [r.index for r in result.rejected]
    )  # fmt: skip
    assert [8, 4, 2, 2, 4, 2, 2] == [len(body.splitlines()) for body in bodies]


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_asked_again_when_it_says(status: int) -> None:
    turns = itertools.count()

    def answer(handler: Scripted) -> None:
        if next(turns) < 2:
            handler.problem(status, "busy", "later", Retry_After="0.01")
        else:
            handler.accept()

    result, bodies, _ = posted(answer)
    assert (8, 3) == (result.accepted, len(bodies))


def test_a_server_that_stays_busy_beyond_the_time_out_ends_the_load() -> None:
    def answer(handler: Scripted) -> None:
        handler.problem(503, "database_away", "The database does not answer.", Retry_After="60")

    result, bodies, _ = posted(answer, timeout=5.0)
    assert "503 database_away: The database does not answer." in str(result)
    assert 1 == len(bodies)


@pytest.mark.parametrize(("status", "code"), [(401, "token_required"), (403, "ingest_closed")])
def test_a_refusal_says_what_the_server_said_and_what_to_do(status: int, code: str) -> None:
    result, bodies, _ = posted(lambda handler: handler.problem(status, code, "Not you."))
    assert isinstance(result, LoadError)
    assert f"{status} {code}: Not you. (--token or AEROTRACK_INGEST_TOKEN" in str(result)
    assert 1 == len(bodies)


def test_what_is_no_aerotrack_is_told_apart() -> None:
    result, _, _ = posted(lambda handler: handler.finish(b"<html>hello</html>"))
    assert "what no AeroTrack answers" in str(result)


@pytest.mark.parametrize("text", ["", "localhost:8480", "ftp://host", "http://", "http://h:port"])
def test_a_server_that_is_no_url_is_refused(text: str) -> None:
    with pytest.raises(LoadError, match="write http://HOST:PORT"):
        check_server(text)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("5", 5.0), ("0", 0.0), ("-3", 0.0), (None, None), ("inf", None), ("nan", None),
     ("Wed, 21 Oct 2026 07:28:00 GMT", None)],
)  # fmt: skip
def test_retry_after_is_understood_in_seconds(value: str | None, seconds: float | None) -> None:
    assert seconds == retry_after(value)


# -- the script ------------------------------------------------------------------------------------


def environment() -> dict[str, str]:
    """Ours without settings; what is started uses the package under test, installed or not."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("AEROTRACK_")}
    return {**clean, "PYTHONPATH": str(Path(aerotrack.__file__).parent.parent)}


def load_flights(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, SCRIPT, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=START_TIMEOUT_S,
        env=environment(),
    )


def test_without_a_server_it_says_so_in_a_line() -> None:
    (socket,) = bind_sockets(0, "127.0.0.1")
    url = f"http://127.0.0.1:{socket.getsockname()[1]}"
    socket.close()
    done = load_flights("--server", url, "--count", "5")
    assert 1 == done.returncode
    assert f"{url} does not answer" in done.stderr
    assert 1 == len(done.stderr.splitlines())


@pytest.mark.parametrize(
    "arguments",
    [("--count", "0"), ("--duration", "5"), ("--now",), ("--file", SCRIPT, "--count", "5")],
)
def test_options_that_make_no_sense_are_wrong_usage(arguments: tuple[str, ...]) -> None:
    assert 2 == load_flights(*arguments).returncode


@pytest.fixture
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real server on a free port, with a database of its own."""
    # Under root PostgreSQL runs as another account, which cannot pass through pytest's directories.
    with tempfile.TemporaryDirectory(prefix="aerotrack-load-") as name:
        place = Path(name)
        place.chmod(0o755)
        command = ["-m", "aerotrack", "serve", "--port", "0", "--data-dir", str(place / "data")]
        process = subprocess.Popen(
            [sys.executable, *command], stderr=subprocess.PIPE, text=True, env=environment()
        )
        lines: list[str] = []
        ready = threading.Event()

        def read() -> None:
            assert process.stderr is not None
            for line in process.stderr:
                lines.append(line)
                if " ready url=" in line:
                    ready.set()
            ready.set()

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        try:
            assert ready.wait(START_TIMEOUT_S), lines
            found = re.search(r" ready url=(\S+)", "".join(lines))
            assert found is not None, lines
            yield found[1]
        finally:
            process.send_signal(signal.SIGTERM)
            code = process.wait(START_TIMEOUT_S)
            reader.join(PATIENCE_S)
            if process.stderr is not None:
                process.stderr.close()
        assert 0 == code, lines


@pytest.mark.slow
def test_what_is_loaded_into_a_real_server_is_what_it_shows(
    server_url: str, tmp_path: Path
) -> None:
    done = load_flights("--server", server_url, "--count", "2000", "--rate", "1", "--duration", "2")
    assert (0, "") == (done.returncode, done.stderr)
    assert "all 2000 of this load are among them" in done.stdout
    assert re.search(r"spawned: 2000 flights by 2000 observations; .* \d+ flights/s", done.stdout)
    assert re.search(r"moved: \d{4} updates", done.stdout)

    file = tmp_path / "flights.csv"
    file.write_text("icao24,lat,lon\nabc001,50,8\nabc002,51,8\nabc003,95,8\n", encoding="utf-8")
    done = load_flights("--server", server_url, "--file", file)
    assert (0, "") == (done.returncode, done.stderr)
    assert "all 2 of this load are among them" in done.stdout
    assert "line 4: bad_value" in done.stdout
