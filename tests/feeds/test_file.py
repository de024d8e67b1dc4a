"""Recordings as feeds: each format at its own times, at a speed, once."""

import asyncio
import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aerotrack.domain.observation import Observation, site
from aerotrack.feeds.factory import open_feed
from aerotrack.feeds.feed import Clock, FeedError, FeedFigures
from aerotrack.feeds.modes.airspace import Airspace
from aerotrack.feeds.receivers import Receivers
from aerotrack.feeds.recording import Replay, batches_of, read_recording
from aerotrack.feeds.supervisor import FeedSupervisor
from aerotrack.feeds.url import parse_feed_url

from .frames import EVEN, KLM, ODD, beast

HZ = 12_000_000
SBS = (
    b"MSG,3,1,1,40621D,1,2026/11/22,23:59:59.000,2026/11/22,23:59:59.500,,38000,,,52.2,3.9,,,,,,0\r\n"
    b"MSG,4,1,1,40621D,1,2026/11/23,00:00:01.000,2026/11/23,00:00:01.500,,,412,88,,,0,,,,,0\r\n"
)


def read(path: Path, replay: Replay, figures: FeedFigures) -> list[Observation]:
    batches = batches_of(replay, figures=figures, airspace=Airspace(), receivers=Receivers())
    return [obs for batch in read_recording(path, batches, figures) for obs in batch]


@pytest.fixture
def place(tmp_path: Path) -> Callable[[bytes], Path]:
    def put(content: bytes) -> Path:
        path = tmp_path / "recording"
        path.write_bytes(content)
        return path

    return put


def test_beast_frames_have_the_times_of_their_clock(
    place: Callable[[bytes], Path], figures: FeedFigures
) -> None:
    stream = beast(EVEN, clock=HZ) + beast(ODD, clock=3 * HZ)
    seen = read(place(stream), Replay(format="beast", start=50.0, site=site(52.0, 4.0)), figures)
    assert [50.0, 52.0] == [obs.ts for obs in seen]
    assert {site(52.0, 4.0)} == {obs.site for obs in seen}


def test_gzip_is_recognised(place: Callable[[bytes], Path], figures: FeedFigures) -> None:
    path = place(gzip.compress(f"@{HZ:012X}{KLM.hex()};\n".encode()))
    assert ["KLM1023"] == [obs.callsign for obs in read(path, Replay(format="avr"), figures)]


def test_a_cut_gzip_gives_what_is_there(
    place: Callable[[bytes], Path], figures: FeedFigures
) -> None:
    whole = gzip.compress(f"@{HZ:012X}{KLM.hex()};\n".encode(), compresslevel=0)
    with pytest.raises(FeedError, match="cut or damaged") as refused:
        read(place(whole[:-6]), Replay(format="avr"), figures)
    assert "bad_gzip" == refused.value.code
    assert 1 == figures.accepted


def test_sbs_lines_have_the_times_they_were_logged(
    place: Callable[[bytes], Path], figures: FeedFigures
) -> None:
    seen = read(place(SBS), Replay(format="sbs", start=100.0, source="mlat"), figures)
    assert [(100.0, "mlat"), (102.0, "mlat")] == [(obs.ts, obs.source) for obs in seen]


def test_sbs_lines_without_dates_come_at_the_rate(
    place: Callable[[bytes], Path], figures: FeedFigures
) -> None:
    line = b"MSG,3,,,738065,,,,,,,35000,,,34.81609,34.07810,,,0,0,0,0\n"
    seen = read(place(line * 3), Replay(format="sbs", rate=4.0), figures)
    assert [0.25, 0.5, 0.75] == [obs.ts for obs in seen]


def test_json_lines_keep_their_ages(place: Callable[[bytes], Path], figures: FeedFigures) -> None:
    lines = (
        b'{"now":1700000010,"hex":"4ca2d6","lat":52.0,"lon":4.0,"seen":0,"seen_pos":2}\n'
        b'{"icao24":"4ca2d7","ts":1700000012.5,"lat":53.0,"lon":4.0}\n'
        b'{"icao24":"4ca2d8","lat":53.0,"lon":4.0}\n'
    )
    seen = read(place(lines), Replay(format="jsonl", start=1000.0), figures)
    assert [(1000.0, 998.0), (1002.5, None), (1002.5, None)] == [
        (obs.ts, obs.time_position) for obs in seen
    ]


@pytest.mark.parametrize("newline", [b"", b"\n"])
def test_snapshots_are_read_one_a_line_or_one_a_file(
    place: Callable[[bytes], Path], figures: FeedFigures, newline: bytes
) -> None:
    entry = b'{"hex":"4ca2d6","lat":52.0,"lon":4.0,"seen":1,"seen_pos":1,"messages":5}'
    document = b'{"now":1700000010,' + newline + b'"aircraft":[' + entry + b"]}"
    seen = read(place(document), Replay(format="readsb", start=1000.0), figures)
    assert [(999.0, 52.0)] == [(obs.ts, obs.lat) for obs in seen]
    assert {} == dict(figures.refused)


def test_what_is_refused_is_counted(place: Callable[[bytes], Path], figures: FeedFigures) -> None:
    read(place(b"junk\n" + b"x" * 1000 + b"\n" + SBS), Replay(format="sbs"), figures)
    assert {"bad_line": 1, "line_too_long": 1} == dict(figures.refused)
    assert (4, 2) == (figures.received, figures.accepted)


class Time:
    """A clock that goes on only by sleeping."""

    def __init__(self) -> None:
        self.now = 1_764_000_000.0
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 3))
        self.now += seconds
        await asyncio.sleep(0)

    @property
    def clock(self) -> Clock:
        return Clock(wall=lambda: self.now, monotonic=lambda: self.now)


@pytest.mark.parametrize(("speed", "took"), [("1", 4.0), ("2", 2.0), ("0", 0.0)])
def test_a_file_is_played_once_in_its_own_time(
    place: Callable[[bytes], Path], sink: Any, speed: str, took: float
) -> None:
    stream = beast(EVEN, clock=HZ) + beast(ODD, clock=3 * HZ) + beast(KLM, clock=5 * HZ)
    path = place(stream)
    moment = Time()
    began = moment.now
    feed: Any = open_feed(
        parse_feed_url(f"file://{path}?format=beast&speed={speed}&name=tape"),
        sink=sink,
        clock=moment.clock,
    )
    feed._sleep = moment.sleep

    async def play() -> None:
        supervisor = FeedSupervisor([feed], clock=moment.clock)
        supervisor.start()
        async with asyncio.timeout(10.0):
            await asyncio.gather(*supervisor._tasks)
        await supervisor.stop()

    asyncio.run(play())
    assert "done" == feed.figures.state
    assert took == pytest.approx(moment.now - began)
    assert [0.0, 2.0, 4.0] == [obs.ts - began for obs in sink.observations]
    assert {"tape"} == {obs.feed for obs in sink.observations}
    assert len(stream) == feed.figures.bytes


def test_a_file_that_is_not_there_is_said_and_tried_again(sink: Any, clock: Clock) -> None:
    feed = open_feed(parse_feed_url("file:///nowhere/x?format=avr"), sink=sink, clock=clock)
    with pytest.raises(OSError, match="nowhere"):
        asyncio.run(feed.run())
    assert "done" != feed.figures.state
