"""Every kind of URL opens its feed, ready to run, with its own name and defaults."""

import asyncio
from typing import Any

import pytest

from aerotrack.domain.observation import site
from aerotrack.feeds import simulator, url
from aerotrack.feeds.factory import Shared, open_feed
from aerotrack.feeds.feed import Clock
from aerotrack.feeds.file import FileFeed
from aerotrack.feeds.opensky import OpenSkyFeed
from aerotrack.feeds.readsb_json import ReadsbJsonFeed
from aerotrack.feeds.simulator import SimulatorFeed
from aerotrack.feeds.supervisor import FeedSupervisor
from aerotrack.feeds.tcp import ConnectingFeed, ListeningFeed
from aerotrack.feeds.url import parse_feed_url

from .frames import KLM, beast

PATIENCE_S = 30.0


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("sbs://h", ConnectingFeed),
        ("sbs+listen://:0", ListeningFeed),
        ("beast://h", ConnectingFeed),
        ("beast+listen://:0", ListeningFeed),
        ("avr://h", ConnectingFeed),
        ("avr+listen://:0", ListeningFeed),
        ("file:///recording?format=beast", FileFeed),
        ("jsonl://h:1", ConnectingFeed),
        ("jsonl+listen://:0", ListeningFeed),
        ("simulator://?flights=5&seed=1&rate=2", SimulatorFeed),
        ("readsb+http://h", ReadsbJsonFeed),
        ("readsb+https://h", ReadsbJsonFeed),
        ("readsb+file:///run/readsb/aircraft.json", ReadsbJsonFeed),
        ("opensky://?lamin=45&lomin=5&lamax=48&lomax=11", OpenSkyFeed),
    ],
)
def test_a_url_opens_the_feed_of_its_kind(text: str, kind: type, sink: Any, clock: Clock) -> None:
    feed = open_feed(parse_feed_url(text), sink=sink, clock=clock)
    assert isinstance(feed, kind)
    assert (feed.figures.name, feed.figures.url) == (parse_feed_url(text).name, text)
    assert feed.figures.state == "starting"


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ("sbs+listen://:0?name=in&source=mlat", b"MSG,8,1,1,4CA2D6,1" + b"," * 16 + b"\n",
         ("4ca2d6", "mlat", "in", "127.0.0.1")),
        ("jsonl+listen://:0?name=in", b'{"hex":"4ca2d6","type":"adsb_icao"}\n',
         ("4ca2d6", "adsb_icao", "in", "127.0.0.1")),
        ("beast+listen://:0?name=in", beast(KLM), ("4840d6", "adsb_icao", "in", "127.0.0.1")),
        ("beast+listen://:0?name=in&mlat=1", beast(KLM), ("4840d6", "mlat", "in", "127.0.0.1")),
        ("beast+listen://:0?name=in", b"\x1a\xe3\0\0\0\0\0\0\0\7" + beast(KLM),
         ("4840d6", "adsb_icao", "in", "0000000000000007")),
        ("avr+listen://:0?name=in", f"*{KLM.hex()};\n".encode(),
         ("4840d6", "adsb_icao", "in", "127.0.0.1")),
    ],
)  # fmt: skip
def test_what_is_pushed_into_a_listening_feed_comes_out_of_it(
    text: str, line: bytes, expected: tuple[str, ...], sink: Any, clock: Clock
) -> None:
    async def scenario() -> None:
        feed = open_feed(parse_feed_url(text), sink=sink, clock=clock)
        assert isinstance(feed, ListeningFeed)
        came = asyncio.Event()
        sink.on_call = came.set
        supervisor = FeedSupervisor([feed], clock=clock)
        supervisor.start()
        async with asyncio.timeout(PATIENCE_S):
            await feed.ready.wait()
            _, writer = await asyncio.open_connection("127.0.0.1", feed.ports[0])
            writer.write(line)
            await came.wait()
        await supervisor.stop()
        writer.close()
        assert feed.figures.state == "stopped"

    asyncio.run(scenario())
    (seen,) = sink.observations
    assert (seen.icao24, seen.source, seen.feed, seen.receiver) == expected


def test_feeds_of_one_server_share_what_they_heard(sink: Any, clock: Clock) -> None:
    async def scenario(shared: Shared) -> None:
        feeds = [
            open_feed(parse_feed_url(f"{text}?name={name}"), sink=sink, clock=clock, shared=shared)
            for text, name in (("beast+listen://:0", "one"), ("avr+listen://:0", "two"))
        ]
        supervisor = FeedSupervisor(feeds, clock=clock)
        supervisor.start()
        for feed, sent in zip(feeds, (beast(KLM), f"*{KLM.hex()};\n".encode()), strict=True):
            assert isinstance(feed, ListeningFeed)
            async with asyncio.timeout(PATIENCE_S):
                await feed.ready.wait()
                reader, writer = await asyncio.open_connection("127.0.0.1", feed.ports[0])
                writer.write(sent)
                writer.write_eof()
                await reader.read()  # ends when the feed has read all and closed
                writer.close()
        await supervisor.stop()

    shared = Shared()
    asyncio.run(scenario(shared))
    assert [("one", 1, 0), ("two", 1, 1)] == [
        (receiver.feed, receiver.messages, receiver.duplicates)
        for receiver in shared.receivers.all()
    ]
    assert ["one"] == [seen.feed for seen in sink.observations]


def test_a_station_stands_where_its_feed_says_else_where_the_settings_do() -> None:
    shared = Shared(site(52.0, 4.0))
    assert site(52.0, 4.0) == shared.site_of(parse_feed_url("beast://h"))
    assert site(51.0, 0.5) == shared.site_of(parse_feed_url("beast://h?lat=51&lon=0.5"))
    assert Shared().site_of(parse_feed_url("beast://h")) is None


def test_a_url_takes_what_the_simulator_takes() -> None:
    limits = ("MOST_FLIGHTS", "SLOWEST_RATE", "FASTEST_RATE")
    assert [getattr(url, name) for name in limits] == [getattr(simulator, name) for name in limits]
