"""Real sockets on loopback: what is sent arrives in batches, and a loss says what it was."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from aerotrack.feeds import tcp
from aerotrack.feeds.feed import Clock, FeedError, FeedFigures
from aerotrack.feeds.lines import ArrivalStamps
from aerotrack.feeds.sbs import sbs_decoder
from aerotrack.feeds.supervisor import FeedSupervisor
from aerotrack.feeds.tcp import ConnectingFeed, Decoder, ListeningFeed, MakeDecoder

PATIENCE_S = 30.0
CONTACT = b"MSG,8,1,1,%06X,1,,,,,,,,,,,,,,,,\r\n"
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def _decoder(figures: FeedFigures) -> MakeDecoder:
    stamps = ArrivalStamps()

    def make(receiver: str | None) -> Decoder:
        return sbs_decoder(figures=figures, stamps=stamps, source="other", receiver=receiver)

    return make


class Enough:
    """Set when the sink holds as many observations as wanted."""

    def __init__(self, sink: Any, wanted: int) -> None:
        self._event = asyncio.Event()
        sink.on_call = lambda: len(sink.observations) >= wanted and self._event.set()

    async def wait(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            await self._event.wait()


async def _serving(handler: Handler) -> tuple[asyncio.Server, int]:
    server = await asyncio.start_server(handler, "127.0.0.1", 0)
    return server, server.sockets[0].getsockname()[1]


def _connecting(
    figures: FeedFigures, port: int, sink: Any, clock: Clock, idle: float = 0.0
) -> ConnectingFeed:
    return ConnectingFeed(
        figures=figures, host="127.0.0.1", port=port, decoder=_decoder(figures), sink=sink,
        clock=clock, idle=idle,
    )  # fmt: skip


def _listening(
    figures: FeedFigures, sink: Any, clock: Clock, *, host: str = "127.0.0.1", clients: int = 8
) -> ListeningFeed:
    return ListeningFeed(
        figures=figures, host=host, port=0, decoder=_decoder(figures), sink=sink, clock=clock,
        idle=0.0, max_clients=clients,
    )  # fmt: skip


def test_what_a_receiver_sends_arrives_and_its_end_is_an_error_to_come_back_from(
    figures: FeedFigures, sink: Any, clock: Clock
) -> None:
    sent = b"".join(CONTACT % n for n in range(3)) + b"\r\nMSG,3,cut"

    async def send(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(sent)
        writer.close()

    async def scenario() -> None:
        server, port = await _serving(send)
        async with server:
            with pytest.raises(FeedError) as lost:
                await asyncio.wait_for(_connecting(figures, port, sink, clock).run(), PATIENCE_S)
        assert lost.value.code == "closed"

    asyncio.run(scenario())
    assert [o.icao24 for o in sink.observations] == ["000000", "000001", "000002"]
    assert (figures.received, figures.accepted, figures.ignored) == (5, 3, 1)
    assert (figures.refused, figures.connections) == ({"cut_line": 1}, 1)
    assert (figures.last_contact, figures.bytes) == (clock.wall(), len(sent))


def test_a_lost_receiver_is_connected_to_again(
    figures: FeedFigures, sink: Any, clock: Clock
) -> None:
    async def scenario() -> None:
        served = 0

        async def send(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal served
            served += 1
            writer.write(CONTACT % served)
            writer.close()

        server, port = await _serving(send)
        enough = Enough(sink, 3)
        supervisor = FeedSupervisor(
            [_connecting(figures, port, sink, clock)], clock=clock, sleep=lambda _: asyncio.sleep(0)
        )
        async with server:
            supervisor.start()
            await enough.wait()
            await supervisor.stop()

    asyncio.run(scenario())
    assert [o.icao24 for o in sink.observations[:3]] == ["000001", "000002", "000003"]
    assert figures.connections >= 3


def test_a_receiver_that_fell_silent_is_given_up(
    figures: FeedFigures, sink: Any, clock: Clock
) -> None:
    async def scenario() -> str:
        done = asyncio.Event()

        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await done.wait()
            writer.close()

        server, port = await _serving(silent)
        async with server:
            feed = _connecting(figures, port, sink, clock, idle=0.05)
            with pytest.raises(FeedError) as lost:
                await asyncio.wait_for(feed.run(), PATIENCE_S)
            done.set()
        return lost.value.code

    assert asyncio.run(scenario()) == "idle"


def test_no_receiver_at_all_is_an_oserror(figures: FeedFigures, sink: Any, clock: Clock) -> None:
    async def scenario() -> None:
        server, port = await _serving(lambda r, w: asyncio.sleep(0))
        server.close()
        await server.wait_closed()
        with pytest.raises(OSError):
            await _connecting(figures, port, sink, clock).run()

    asyncio.run(scenario())
    assert figures.connections == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_several_clients_push_at_once_and_are_told_apart(
    figures: FeedFigures, sink: Any, clock: Clock, host: str
) -> None:
    async def scenario() -> None:
        feed = _listening(figures, sink, clock, host=host)
        task = asyncio.create_task(feed.run())
        enough = Enough(sink, 4)
        async with asyncio.timeout(PATIENCE_S):
            ready = asyncio.create_task(feed.ready.wait())
            await asyncio.wait({task, ready}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                ready.cancel()
                pytest.skip(f"no {host} on this machine: {task.exception()}")
        writers = [(await asyncio.open_connection(host, feed.ports[0]))[1] for _ in range(4)]
        for number, writer in enumerate(writers):
            writer.write((CONTACT % number)[:20])
        for number, writer in enumerate(writers):
            writer.write((CONTACT % number)[20:])
        await enough.wait()
        assert figures.state == "listening"
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        for writer in writers:
            writer.close()

    asyncio.run(scenario())
    assert sorted(o.icao24 for o in sink.observations) == [f"{n:06x}" for n in range(4)]
    assert {o.receiver for o in sink.observations} == {host}
    assert len({o.ts for o in sink.observations}) == 4
    assert figures.connections == 4


def test_binary_noise_and_endless_lines_of_one_client_do_not_disturb_another(
    figures: FeedFigures, sink: Any, clock: Clock
) -> None:
    async def scenario() -> None:
        feed = _listening(figures, sink, clock)
        task = asyncio.create_task(feed.run())
        enough = Enough(sink, 1)
        async with asyncio.timeout(PATIENCE_S):
            await feed.ready.wait()
            _, noisy = await asyncio.open_connection("127.0.0.1", feed.ports[0])
            noisy.write(bytes(range(256)) * 40)
            for _ in range(160):
                noisy.write(b"\x1a" * 65_536)
                await noisy.drain()
            noisy.write(b"\nNOISE,1\n" + CONTACT % 0xABC)
            await enough.wait()
            noisy.close()
            _, good = await asyncio.open_connection("127.0.0.1", feed.ports[0])
            enough = Enough(sink, 2)
            good.write(CONTACT % 0xDEF)
            await enough.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        good.close()

    asyncio.run(scenario())
    assert [o.icao24 for o in sink.observations] == ["000abc", "000def"]
    assert figures.refused["line_too_long"] == 1
    assert figures.received == figures.accepted + figures.ignored + sum(figures.refused.values())


def test_a_client_too_many_is_closed_at_once_and_said(
    figures: FeedFigures, sink: Any, clock: Clock
) -> None:
    async def scenario() -> None:
        feed = _listening(figures, sink, clock, clients=1)
        task = asyncio.create_task(feed.run())
        enough = Enough(sink, 1)
        async with asyncio.timeout(PATIENCE_S):
            await feed.ready.wait()
            _, first = await asyncio.open_connection("127.0.0.1", feed.ports[0])
            first.write(CONTACT % 1)
            await enough.wait()
            reader, second = await asyncio.open_connection("127.0.0.1", feed.ports[0])
            with contextlib.suppress(ConnectionResetError):
                assert await reader.read() == b""
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        first.close()
        second.close()

    asyncio.run(scenario())
    assert (figures.last_error, figures.connections) == ("more than 1 clients at once", 1)


def test_a_decoder_with_a_bug_costs_its_client_and_not_the_feed(
    figures: FeedFigures, sink: Any, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    make = _decoder(figures)

    class Broken:
        def decode(self, chunk: bytes, *, now: float) -> list[Any]:
            raise ZeroDivisionError("a bug")

        def close(self, *, now: float) -> list[Any]:
            return []

    made: list[Decoder] = []

    def once_broken(receiver: str | None) -> Decoder:
        made.append(make(receiver) if made else Broken())
        return made[-1]

    async def scenario() -> None:
        feed = ListeningFeed(
            figures=figures, host="127.0.0.1", port=0, decoder=once_broken, sink=sink,
            clock=clock, idle=0.0,
        )  # fmt: skip
        task = asyncio.create_task(feed.run())
        enough = Enough(sink, 1)
        async with asyncio.timeout(PATIENCE_S):
            await feed.ready.wait()
            reader, first = await asyncio.open_connection("127.0.0.1", feed.ports[0])
            first.write(b"x\n")
            with contextlib.suppress(ConnectionResetError):
                assert await reader.read() == b""
            _, second = await asyncio.open_connection("127.0.0.1", feed.ports[0])
            second.write(CONTACT % 2)
            await enough.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        first.close()
        second.close()

    asyncio.run(scenario())
    assert [record.message.split()[0] for record in caplog.records] == ["feed_client_failed"]
    assert "ZeroDivisionError" in (figures.last_error or "")


def test_a_quiet_receiver_outlives_two_missed_heartbeats() -> None:
    assert tcp.CONNECT_IDLE_S > 2 * 60.0
