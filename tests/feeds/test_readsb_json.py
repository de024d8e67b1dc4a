"""``aircraft.json`` by polling: each piece of news once, over real HTTP and from a file."""

import asyncio
import gzip
import json
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aerotrack.domain.observation import Observation
from aerotrack.feeds import readsb_json
from aerotrack.feeds.feed import Clock, FeedError, FeedFigures
from aerotrack.feeds.http import HttpFetcher
from aerotrack.feeds.readsb_json import (
    FileDocument,
    HttpDocument,
    Picture,
    ReadsbJsonFeed,
    parse_document,
)
from aerotrack.feeds.supervisor import FeedSupervisor

PATIENCE_S = 30.0
NOW = 1_764_000_000.0


def _document(now: float | None, *aircraft: object) -> dict[str, Any]:
    document: dict[str, Any] = {"messages": 1, "aircraft": list(aircraft)}
    return document if now is None else {"now": now, **document}


def _aircraft(seen: float, **more: object) -> dict[str, object]:
    return {"hex": "4ca2d6", "mlat": [], "tisb": [], "seen": seen, **more}


def _picture(figures: FeedFigures) -> Picture:
    return Picture(figures, future_tolerance=5.0)


def _whole(figures: FeedFigures) -> bool:
    return figures.received == (figures.accepted + figures.ignored + sum(figures.refused.values()))


def test_an_aircraft_not_heard_again_is_not_reported_again(figures: FeedFigures) -> None:
    picture = _picture(figures)
    polls = [(NOW, 0.0, 5), (NOW + 1, 1.1, 5), (NOW + 2, 1.9, 5), (NOW + 3, 0.2, 6)]
    news = [
        picture.update(_document(now, _aircraft(seen, messages=messages)), arrived=now)
        for now, seen, messages in polls
    ]
    assert [[o.ts for o in some] for some in news] == [[NOW], [], [], [NOW + 2.8]]
    assert (figures.accepted, figures.ignored, _whole(figures)) == (2, 2, True)


def test_a_clock_that_is_a_little_ahead_is_put_back(figures: FeedFigures) -> None:
    picture = _picture(figures)
    news = [
        picture.update(_document(NOW + n + 3.0, _aircraft(0.5, messages=n)), arrived=NOW + n + late)
        for n, late in enumerate((0.0, 0.2, 0.1))
    ]
    assert [[NOW - 0.5], [NOW + 0.5], [NOW + 1.5]] == [[o.ts for o in some] for some in news]


def test_a_message_within_the_rounding_is_news_by_its_count(figures: FeedFigures) -> None:
    picture = _picture(figures)
    first = picture.update(_document(NOW, _aircraft(0.0, messages=5)), arrived=NOW)
    again = picture.update(_document(NOW + 1, _aircraft(1.0, messages=6)), arrived=NOW + 1)
    assert [o.ts for o in first + again] == [NOW, NOW + readsb_json.NEWER_BY_S]


def test_a_position_is_reported_once_and_the_rest_goes_on(figures: FeedFigures) -> None:
    picture = _picture(figures)
    news = []
    for second, (seen, seen_pos, lat) in enumerate(
        [(0.0, 0.5, 51.0), (0.1, 1.4, 51.0), (0.0, 0.3, 51.0), (0.0, 0.2, 51.1)]
    ):
        entry = _aircraft(seen, seen_pos=seen_pos, lat=lat, lon=1.0, messages=second)
        news += picture.update(_document(NOW + second, entry), arrived=NOW + second)
    assert [(o.lat, o.time_position) for o in news] == [
        (51.0, NOW - 0.5),
        (None, None),
        (51.0, NOW + 1.7),
        (51.1, NOW + 2.8),
    ]


def test_an_unchanged_document_is_ignored(figures: FeedFigures) -> None:
    picture = _picture(figures)
    document = _document(NOW, _aircraft(0.0), _aircraft(0.0, hex="3c6444"))
    assert [len(picture.update(document, arrived=NOW + n)) for n in range(3)] == [2, 0, 0]
    assert (figures.ignored, _whole(figures)) == (4, True)


@pytest.mark.parametrize(("ahead", "taken"), [(4.9, 1), (5.1, 0)])
def test_a_document_from_the_future_is_refused(
    figures: FeedFigures, ahead: float, taken: int
) -> None:
    news = _picture(figures).update(_document(NOW + ahead, _aircraft(0.0)), arrived=NOW)
    assert (len(news), figures.refused) == (taken, {} if taken else {"future": 1})
    assert _whole(figures)
    assert taken == (figures.last_error is None)


@pytest.mark.parametrize("now", [None, "soon", float("nan"), [1]])
def test_a_document_without_a_time_has_that_of_its_arrival(figures: FeedFigures, now: Any) -> None:
    news = _picture(figures).update(_document(None, _aircraft(2.0)) | {"now": now}, arrived=NOW)
    assert [o.ts for o in news] == [NOW - 2.0]


def test_a_bad_aircraft_leaves_the_others(figures: FeedFigures) -> None:
    news = _picture(figures).update(
        _document(NOW, None, {"hex": "x"}, _aircraft(0.0), 3), arrived=NOW
    )
    assert [o.icao24 for o in news] == ["4ca2d6"]
    assert figures.refused == {"not_an_object": 2, "bad_icao24": 1}
    assert _whole(figures)


def test_a_nan_costs_its_field_and_not_the_document(figures: FeedFigures) -> None:
    document = parse_document(b'{"now":1.0,"aircraft":[{"hex":"4ca2d6","gs":NaN,"nic":8}]}')
    (news,) = _picture(figures).update(document, arrived=NOW)
    assert (news.gs, news.nic, figures.dropped) == (None, 8, {"bad_gs": 1})


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"aircraft":{}}', b"<html>", b"[" * 200_000, b"\xff", b"NaN"]
)
def test_what_is_no_document_is_a_feed_error(body: bytes) -> None:
    with pytest.raises(FeedError) as refused:
        parse_document(body)
    assert refused.value.code == "bad_json"


@given(st.binary())
def test_no_body_whatever_raises_anything_else(body: bytes) -> None:
    with pytest.raises(FeedError):
        parse_document(body)


@pytest.mark.parametrize("program", ["dump1090", "readsb"])
@pytest.mark.parametrize("name", ["ulss7", "hu0102-1", "hu0102-2"])
def test_a_recording_comes_out_with_every_aircraft_callsign_and_position_once(
    recording: Callable[[str], bytes], figures: FeedFigures, name: str, program: str
) -> None:
    documents = recording(f"{name}.{program}.aircraft.ndjson.gz").splitlines()
    picture = _picture(figures)
    news: list[Observation] = []
    for body in documents:
        document = parse_document(body)
        news += picture.update(document, arrived=document["now"])
    entries = [e for body in documents for e in json.loads(body)["aircraft"]]
    assert {o.icao24 for o in news} == {e["hex"] for e in entries}
    assert {(o.icao24, o.callsign) for o in news if o.callsign} == {
        (e["hex"], e["flight"].strip()) for e in entries if e.get("flight", "").strip()
    }
    fixes = [(o.icao24, o.lat, o.lon) for o in news if o.lat is not None]
    assert set(fixes) == {(e["hex"], e["lat"], e["lon"]) for e in entries if "lat" in e}
    # readsb computes the temperature from two speeds, and for one aircraft that gives 128 C.
    assert sum(figures.dropped.values()) == figures.dropped["bad_oat"]
    assert bool(figures.dropped) == ((name, program) == ("ulss7", "readsb"))
    assert (figures.refused, figures.received, _whole(figures)) == ({}, len(entries), True)
    heard: dict[str, float] = {}
    for o in news:
        assert o.ts > heard.get(o.icao24, 0.0)
        heard[o.icao24] = o.ts


# -- over HTTP and from a file ---------------------------------------------------------------------

Answer = tuple[int, bytes]


@asynccontextmanager
async def _http(answers: Callable[[], Answer], *, headers: bytes = b"") -> Any:
    """A server on loopback that gives the next of ``answers`` to every request."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        status, body = answers()
        writer.write(
            b"HTTP/1.1 %d X\r\nContent-Length: %d\r\nConnection: close\r\n%s\r\n%s"
            % (status, len(body), headers, body)
        )
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/data/aircraft.json"


class Polls:
    """A sleep that lets the polls go on until there were enough."""

    def __init__(self, wanted: int) -> None:
        self.wanted = wanted
        self.slept: list[float] = []
        self.enough = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if len(self.slept) >= self.wanted:
            self.enough.set()
            await asyncio.Event().wait()
        await asyncio.sleep(0)


def _feed(
    figures: FeedFigures,
    sink: Any,
    clock: Clock,
    open_document: Callable[[], readsb_json.Fetch],
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> ReadsbJsonFeed:
    return ReadsbJsonFeed(
        figures=figures, open_document=open_document, interval=1.0, sink=sink, clock=clock,
        sleep=sleep,
    )  # fmt: skip


async def _poll(
    figures: FeedFigures,
    sink: Any,
    clock: Clock,
    open_document: Callable[[], readsb_json.Fetch],
    times: int,
) -> Polls:
    polls = Polls(times)
    task = asyncio.create_task(_feed(figures, sink, clock, open_document, polls.sleep).run())
    enough = asyncio.create_task(polls.enough.wait())
    await asyncio.wait({task, enough}, timeout=PATIENCE_S, return_when=asyncio.FIRST_COMPLETED)
    enough.cancel()
    task.cancel()
    result = (await asyncio.gather(task, return_exceptions=True))[0]
    if not isinstance(result, asyncio.CancelledError):
        raise result  # type: ignore[misc]
    return polls


@pytest.mark.parametrize("packed", [False, True])
def test_a_document_is_polled_over_http(
    figures: FeedFigures, sink: Any, clock: Clock, packed: bool
) -> None:
    bodies = [json.dumps(_document(NOW - n, _aircraft(0.0, nic=n))).encode() for n in (2, 1, 0)]
    if packed:
        bodies = [gzip.compress(body) for body in bodies]

    async def scenario() -> Polls:
        todo = iter(bodies)
        headers = b"Content-Encoding: gzip\r\n" if packed else b""
        async with _http(lambda: (200, next(todo)), headers=headers) as url:
            return await _poll(figures, sink, clock, lambda: HttpDocument(url), 3)

    polls = asyncio.run(scenario())
    assert [(o.nic, o.ts) for o in sink.observations] == [(2, NOW - 2), (1, NOW - 1), (0, NOW)]
    assert polls.slept == [1.0, 1.0, 1.0]
    assert (figures.state, figures.connections, figures.accepted) == ("connected", 1, 3)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ((404, b"nothing here"), "http_404"),
        ((500, b""), "http_500"),
        ((200, b"<html>"), "bad_json"),
        ((200, b'{"now":1,"aircraft":['), "bad_json"),
    ],
)
def test_an_answer_that_is_none_is_an_error_to_come_back_from(
    figures: FeedFigures, sink: Any, clock: Clock, answer: Answer, code: str
) -> None:
    async def scenario() -> str:
        async with _http(lambda: answer) as url:
            with pytest.raises(FeedError) as failed:
                await _poll(figures, sink, clock, lambda: HttpDocument(url), 1)
        return failed.value.code

    assert asyncio.run(scenario()) == code
    assert figures.refused == ({"bad_json": 1} if code == "bad_json" else {})


def test_no_server_is_an_error_to_come_back_from(
    figures: FeedFigures, sink: Any, clock: Clock
) -> None:
    async def scenario() -> str:
        async with _http(lambda: (200, b"")) as url:
            pass
        with pytest.raises(FeedError) as failed:
            await _poll(figures, sink, clock, lambda: HttpDocument(url), 1)
        return failed.value.code

    assert asyncio.run(scenario()) == "http_failed"


@pytest.mark.parametrize("packed", [False, True])
def test_a_document_larger_than_the_limit_is_not_taken(packed: bool) -> None:
    body = b" " * 300_000
    headers = b"Content-Encoding: gzip\r\n" if packed else b""

    async def scenario() -> str:
        fetcher = HttpFetcher(max_bytes=100_000)
        answer = gzip.compress(body) if packed else body
        async with _http(lambda: (200, answer), headers=headers) as url:
            with pytest.raises(FeedError) as failed:
                await asyncio.wait_for(fetcher.get(url), PATIENCE_S)
        fetcher.close()
        return failed.value.code

    assert asyncio.run(scenario()) == "response_too_large"


def test_after_a_failure_the_polling_goes_on_and_nothing_is_reported_twice(
    figures: FeedFigures, sink: Any, clock: Clock
) -> None:
    good = [json.dumps(_document(NOW - 2 + n, _aircraft(float(n)))).encode() for n in range(2)]
    fresh = json.dumps(_document(NOW, _aircraft(0.0))).encode()

    async def scenario() -> None:
        todo = iter([(200, good[0]), (503, b""), (200, good[1]), (200, fresh)])
        came = asyncio.Event()
        sink.on_call = lambda: len(sink.observations) >= 2 and came.set()
        async with _http(lambda: next(todo, (503, b""))) as url:
            feed = _feed(
                figures, sink, clock, lambda: HttpDocument(url), lambda _: asyncio.sleep(0)
            )
            supervisor = FeedSupervisor([feed], clock=clock, sleep=lambda _: asyncio.sleep(0))
            supervisor.start()
            async with asyncio.timeout(PATIENCE_S):
                await came.wait()
            await supervisor.stop()

    asyncio.run(scenario())
    assert [o.ts for o in sink.observations] == [NOW - 2, NOW]


def test_a_file_is_read_as_its_program_replaces_it(
    figures: FeedFigures, sink: Any, clock: Clock, tmp_path: Path
) -> None:
    path = tmp_path / "aircraft.json"
    path.write_text(json.dumps(_document(NOW, _aircraft(0.5))))
    asyncio.run(_poll(figures, sink, clock, lambda: FileDocument(str(path)), 3))
    assert [o.ts for o in sink.observations] == [NOW - 0.5]
    assert figures.ignored == 2


def test_a_file_that_is_not_there_is_an_oserror(
    figures: FeedFigures, sink: Any, clock: Clock, tmp_path: Path
) -> None:
    with pytest.raises(FileNotFoundError):
        asyncio.run(_poll(figures, sink, clock, lambda: FileDocument(str(tmp_path / "x")), 1))


def test_a_document_nobody_writes_any_more_is_said(
    figures: FeedFigures, sink: Any, tmp_path: Path
) -> None:
    path = tmp_path / "aircraft.json"
    path.write_text(json.dumps(_document(NOW, _aircraft(0.5))))
    ticks = iter(range(0, 10_000, 10))
    clock = Clock(wall=lambda: NOW, monotonic=lambda: float(next(ticks)))
    with pytest.raises(FeedError) as failed:
        asyncio.run(_poll(figures, sink, clock, lambda: FileDocument(str(path)), 100))
    assert failed.value.code == "not_updated"
