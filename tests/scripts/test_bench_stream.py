"""The benchmark of the stream: its traffic is what it says, its clients count right, it runs."""

import json
import os
import socket
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import msgspec
import pytest
from rig.profile import summed
from rig.stage import Sample, latencies, probe_names, views
from rig.traffic import PROBE_FT, SLICES, play
from rig.wire import PING, PONG, TEXT, Refused, Wire, masked, subscribe
from scenarios.highest import faults
from tornado.util import _websocket_mask_python

import aerotrack
from aerotrack.feeds.feed import FeedFigures
from aerotrack.feeds.jsonl import jsonl_decoder
from aerotrack.feeds.lines import ArrivalStamps

ROOT = Path(__file__).resolve().parent.parent.parent
RUN_TIMEOUT_S = 240.0
ACCEPTED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"


def frame(opcode: int, payload: bytes) -> bytes:
    """As a server sends it: not masked."""
    size = len(payload)
    if size < 126:
        return bytes((0x80 | opcode, size)) + payload
    if size < 1 << 16:
        return bytes((0x80 | opcode, 126)) + size.to_bytes(2, "big") + payload
    return bytes((0x80 | opcode, 127)) + size.to_bytes(8, "big") + payload


@pytest.mark.parametrize("piece", [1, 2, 7, 1_000, 1 << 20])
def test_frames_are_counted_however_they_are_cut(piece: int) -> None:
    texts = [b"a" * size for size in (0, 1, 125, 126, 65_535, 65_536)]
    stream = ACCEPTED + b"".join(frame(TEXT, text) for text in texts)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        wire = Wire(ours, kept=True)
        for start in range(0, len(stream), piece):
            wire.take(stream[start : start + piece])
    assert texts == wire.texts
    assert (len(texts), len(stream) - len(ACCEPTED)) == (wire.frames, wire.bytes)


def test_a_ping_is_answered_with_what_it_says() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        Wire(ours).take(ACCEPTED + frame(PING, b"12345678"))
        assert masked(PONG, b"12345678") == theirs.recv(100)


def test_a_refused_handshake_is_no_connection() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, pytest.raises(Refused, match="503"):
        Wire(ours).take(b"HTTP/1.1 503 Service Unavailable\r\n\r\n")


def test_what_a_client_asks_for_reads_as_json() -> None:
    sent = subscribe([1.0, 2.0, 3.0, 4.0], 0.1)
    size = sent[1] & 0x7F
    said = _websocket_mask_python(sent[2:6], sent[6 : 6 + size])
    assert {"type": "subscribe", "interval": 0.1, "bbox": [1.0, 2.0, 3.0, 4.0]} == json.loads(said)


def test_the_world_is_a_line_of_each_flight_a_second_and_probes_tell_the_second() -> None:
    seconds = play("world", flights=200, seconds=2)
    decoder = jsonl_decoder(
        figures=FeedFigures(name="rig", url=""), stamps=ArrivalStamps(), receiver=None
    )
    for number, second in enumerate(seconds):
        assert (SLICES, 200) == (len(second), sum(one.updates for one in second))
        seen = decoder.decode(b"".join(one.parts[0][1] for one in second), now=1_000.0 + number)
        assert 200 == len({one.icao24 for one in seen})
        told = {one.icao24: one.alt_baro for one in seen}
        probes = dict(one.probe for one in second if one.probe is not None)
        assert dict.fromkeys(probe_names(200), PROBE_FT + number) == probes
        assert probes == {icao24: told[icao24] for icao24 in probes}


def test_flights_that_come_and_go_are_heard_for_their_time() -> None:
    seconds = play("coming_and_going", flights=100, seconds=12, fresh=10)
    assert [110, 120, 180, 180] == [sum(one.updates for one in seconds[at]) for at in (0, 1, 7, 11)]


def test_receivers_hear_as_much_as_they_should_and_much_of_it_in_common() -> None:
    (second,) = play("beast", aircraft=60, seconds=1, receivers=10, shared=0.7, frames_per_s=200)
    heard: dict[int, bytes] = {}
    for one in second:
        for receiver, frames in one.parts:
            heard[receiver] = heard.get(receiver, b"") + frames
    assert 10 == len(heard)
    assert sum(one.updates for one in second) == pytest.approx(2_000, rel=0.2)


def test_views_lie_where_traffic_is_and_the_sampled_look_at_a_probe() -> None:
    found = views(500, 40, fast=4)
    assert [0.1] * 4 + [1.0] * 36 == [one["interval"] for one in found]
    assert 2 == sum(one["sampled"] for one in found)
    for one in found:
        west, south, east, north = one["bbox"]
        assert (5.0, 5.0) == pytest.approx(((east - west) % 360, north - south))


def test_a_profile_sums_functions_by_their_own_share() -> None:
    shown = summed("a (x/y.py:1);b (x/z.py:2) 30\na (x/y.py:9) 10\n", samples=100)
    assert "40 % of a core" in shown
    assert "| `b (x/z.py)` | 30.0 % | 30.0 % |" in shown
    assert "| `a (x/y.py)` | 10.0 % | 40.0 % |" in shown


def test_a_rate_holds_only_where_nothing_falls_behind() -> None:
    def played(**differing: object) -> Namespace:
        sample = Sample(
            at=2.0, memory={}, queue=0.0, rows_waiting=0.0, rows_age=1.0, slow=0.0,
            feeder_late=0.0, flights=1.0,
        )  # fmt: skip
        age = differing.pop("rows_age", 1.0)
        usual = {
            "overloaded": 0, "feeder_late": 0.0, "feed_to_frame": {"fast": {"p99": 0.2}},
            "samples": [msgspec.structs.replace(sample, rows_age=age)],
        }  # fmt: skip
        return Namespace(**usual | differing)

    assert [] == faults(played())
    for differing in (
        {"overloaded": 1}, {"feeder_late": 2.0}, {"rows_age": 9.0},
        {"feed_to_frame": {"fast": {"p99": 3.0}}}, {"feed_to_frame": {"fast": {"p99": None}}},
    ):  # fmt: skip
        assert 1 == len(faults(played(**differing)))


def test_quantiles_of_nothing_are_unknown() -> None:
    assert {"p50": None, "p99": None, "p99.9": None} == latencies([])


@pytest.mark.slow
def test_it_runs_and_holds_its_account() -> None:
    environ = {**os.environ, "PYTHONPATH": str(Path(aerotrack.__file__).parent.parent)}
    script = ROOT / "scripts" / "bench" / "stream.py"
    options = ["world", "--flights", "200", "--clients", "60", "--seconds", "4", "--warm-up", "1"]
    run = subprocess.run(
        [sys.executable, str(script), *options, "--json"],
        capture_output=True, text=True, timeout=RUN_TIMEOUT_S, env=environ, check=False,
    )  # fmt: skip
    assert 0 == run.returncode, run.stderr
    found = json.loads(run.stdout.splitlines()[-1])
    played = found["runs"]["fanout 1"]
    assert ([], 200, 60) == (found["faults"]["fanout 1"], played["flights"], played["clients"])
    assert all(found[name] for name in ("copy", "bare", "polling"))
    for kind in ("fast", "normal"):
        assert played["feed_to_frame"][kind]["p99"] is not None
        assert played["end_to_end"][kind]["p50"] is not None
