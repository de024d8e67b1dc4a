"""The way out of a socket, with a wire and a clock of the test's own."""

import asyncio
import contextlib
import struct

import pytest
from tornado.websocket import WebSocketProtocol13

from aerotrack.web.outgoing import PING_INTERVAL, PROMPT_PINGS, PROMPT_S, Outgoing, text_frame


class Wire:
    """Takes frames; while ``stuck`` a write stays unfinished until :meth:`flow`."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.pings: list[bytes] = []
        self.stuck = False
        self.broken = False
        self.open_write: asyncio.Future[None] | None = None

    def transmit(self, payload: bytes) -> asyncio.Future[None] | None:
        if self.broken:
            raise ConnectionError("closed")
        assert self.open_write is None, "two writes in flight"
        self.sent.append(payload)
        if self.stuck:
            self.open_write = asyncio.get_running_loop().create_future()
        return self.open_write

    def ping(self, payload: bytes) -> None:
        if self.broken:
            raise ConnectionError("closed")
        self.pings.append(payload)

    async def flow(self) -> None:
        """The kernel took the write in flight."""
        written, self.open_write = self.open_write, None
        assert written is not None
        written.set_result(None)
        await asyncio.sleep(0)


class Bench:
    """An Outgoing with all it reports written down."""

    def __init__(self) -> None:
        self.now = 100.0
        self.wire = Wire()
        self.writable: list[bool] = []
        self.handed: list[tuple[float | None, int]] = []
        self.out = Outgoing(
            self.wire,
            monotonic=lambda: self.now,
            on_writable=self.writable.append,
            on_handed=lambda received, size: self.handed.append((received, size)),
        )


def on_loop(scene):
    async def main():
        await scene(Bench())

    asyncio.run(main())


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 600_000])
def test_a_text_frame_is_the_one_of_the_rfc(size):
    payload = b"x" * size
    frame = text_frame(payload)
    if size < 126:
        head = bytes([0x81, size])
    elif size < 65_536:
        head = bytes([0x81, 126]) + struct.pack("!H", size)
    else:
        head = bytes([0x81, 127]) + struct.pack("!Q", size)
    assert frame == head + payload
    assert frame[0] == WebSocketProtocol13.FIN | 1


def test_frames_the_kernel_takes_leave_at_once_and_change_nothing():
    async def scene(bench):
        bench.out.send(b"a", 1.0)
        bench.out.send(b"bc")
        assert bench.wire.sent == [b"a", b"bc"]
        assert bench.handed == [(1.0, 1), (None, 2)]
        assert bench.writable == []

    on_loop(scene)


def test_only_one_write_is_in_flight_and_the_rest_waits_in_order():
    async def scene(bench):
        bench.wire.stuck = True
        for payload in (b"a", b"b", b"c"):
            bench.out.send(payload)
        assert (bench.wire.sent, bench.writable, bench.out.waiting) == ([b"a"], [False], 2)
        await bench.wire.flow()
        assert bench.wire.sent == [b"a", b"b"]
        assert bench.writable == [False]
        bench.wire.stuck = False
        await bench.wire.flow()
        assert bench.wire.sent == [b"a", b"b", b"c"]
        assert bench.writable == [False, True]
        assert [size for _, size in bench.handed] == [1, 1, 1]

    on_loop(scene)


def test_a_frame_is_reported_when_it_is_handed_over_not_when_it_is_sent():
    async def scene(bench):
        bench.wire.stuck = True
        bench.out.send(b"a", 1.0)
        bench.out.send(b"b", 2.0)
        assert bench.handed == [(1.0, 1)]
        await bench.wire.flow()
        assert bench.handed == [(1.0, 1), (2.0, 1)]
        await bench.wire.flow()

    on_loop(scene)


def test_a_ping_follows_a_frame_at_most_once_a_second():
    async def scene(bench):
        for _ in range(24):
            bench.now += PING_INTERVAL / 8
            bench.out.send(b"x")
            for ping in bench.wire.pings:
                bench.out.answered(ping)
        assert len(bench.wire.pings) == 3
        assert len(set(bench.wire.pings)) == 3

    on_loop(scene)


def test_until_a_client_has_been_quick_to_answer_a_ping_follows_every_frame_of_the_stream():
    async def scene(bench):
        pings = []
        for _ in range(30):
            bench.out.send(b"x", paced=True)
            pings.append(len(bench.wire.pings))
            bench.now += PROMPT_S / 4
            bench.out.answered(bench.wire.pings[-1])
        assert pings[:PROMPT_PINGS] == list(range(1, PROMPT_PINGS + 1))
        assert pings[-1] < 12  # then one a second
        bench.now += PING_INTERVAL
        bench.out.send(b"x", paced=True)
        bench.now += PROMPT_S * 2
        bench.out.answered(bench.wire.pings[-1])
        before = len(bench.wire.pings)
        bench.out.send(b"x", paced=True)
        bench.out.send(b"x", paced=True)
        assert (len(bench.wire.pings), bench.writable) == (before + 2, [False])

    on_loop(scene)


def test_a_client_that_takes_a_frame_in_five_seconds_reads_none_older_than_fifteen():
    async def scene(bench):
        unread, ages = [], []
        for tenth in range(1200):
            bench.now += 0.1
            if bench.out.writable:
                bench.out.send(b"x", paced=True)
                unread.append((bench.now, bench.wire.pings[-1]))
            if tenth % 50 == 49:
                sent, ping = unread.pop(0)
                ages.append(bench.now - sent)
                bench.out.answered(ping)
        assert len(ages) == 24
        assert max(ages) < 15.0

    on_loop(scene)


def test_two_unanswered_pings_stop_the_frames_and_one_pong_starts_them_again():
    async def scene(bench):
        for _ in range(2):
            assert bench.writable == []
            bench.now += PING_INTERVAL
            bench.out.send(b"x")
        assert (bench.out.unanswered, bench.writable) == (2, [False])
        bench.out.answered(bench.wire.pings[0])
        assert (bench.out.unanswered, bench.writable) == (1, [False, True])

    on_loop(scene)


def test_the_pong_of_the_last_ping_answers_all_before_it():
    async def scene(bench):
        for _ in range(2):
            bench.now += PING_INTERVAL
            bench.out.send(b"x")
        bench.out.answered(bench.wire.pings[1])
        assert (bench.out.unanswered, bench.writable) == (0, [False, True])
        bench.out.answered(bench.wire.pings[0])
        assert bench.out.unanswered == 0

    on_loop(scene)


@pytest.mark.parametrize("payload", [b"", b"hello", b"\xff" * 8, b"\0" * 8])
def test_a_pong_nobody_asked_for_means_nothing(payload):
    async def scene(bench):
        for _ in range(2):
            bench.now += PING_INTERVAL
            bench.out.send(b"x")
        bench.out.answered(payload)
        assert (bench.out.unanswered, bench.writable) == (2, [False])

    on_loop(scene)


def test_a_client_that_answers_pings_but_takes_no_bytes_is_not_writable():
    async def scene(bench):
        bench.wire.stuck = True
        bench.now += PING_INTERVAL
        bench.out.send(b"x")
        bench.out.answered(bench.wire.pings[0])
        assert bench.writable == [False]
        await bench.wire.flow()
        assert bench.writable == [False, True]

    on_loop(scene)


def test_a_closed_connection_ends_it_silently():
    async def scene(bench):
        bench.wire.stuck = True
        bench.out.send(b"a")
        bench.out.send(b"b")
        written, bench.wire.open_write = bench.wire.open_write, None
        written.set_exception(ConnectionError("closed"))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(bench.out.drained(), 1)
        bench.out.send(b"c")
        bench.out.ask()
        assert (bench.wire.sent, bench.writable, bench.out.waiting) == ([b"a"], [False], 0)
        bench.wire.broken = True

    on_loop(scene)


def test_a_write_to_a_connection_closed_under_it_ends_it_too():
    async def scene(bench):
        bench.wire.broken = True
        bench.out.send(b"a")
        assert (bench.handed, bench.writable) == ([], [])

    on_loop(scene)


def test_drained_returns_when_everything_is_written():
    async def scene(bench):
        await bench.out.drained()
        bench.wire.stuck = True
        bench.out.send(b"a")
        bench.out.send(b"b")
        waiting = asyncio.ensure_future(bench.out.drained())
        await bench.wire.flow()
        assert not waiting.done()
        await bench.wire.flow()
        await asyncio.wait_for(waiting, 1)

    on_loop(scene)
