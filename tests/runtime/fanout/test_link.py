"""Messages between two processes over one socket."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable

from aerotrack.runtime.fanout.link import Link

PATIENCE_S = 30.0


class Ends:
    """Two links that talk to each other."""

    def __init__(self) -> None:
        near, far = socket.socketpair()
        self.near_got: list[bytes] = []
        self.far_got: list[bytes] = []
        self.ended: list[str] = []
        self.near = Link(near, self.near_got.append, lambda: self.ended.append("near"))
        self.far = Link(far, self.far_got.append, lambda: self.ended.append("far"))

    async def until(self, so: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not so():
                await asyncio.sleep(0.001)


@contextlib.asynccontextmanager
async def ends() -> AsyncIterator[Ends]:
    both = Ends()
    try:
        yield both
    finally:
        both.near.close()
        both.far.close()


def test_messages_of_every_size_come_whole_and_in_order_both_ways():
    async def scene():
        async with ends() as both:
            sizes = (0, 1, 65_535, 5_000_000, 3, 262_144)
            sent = [bytes((number,)) * size for number, size in enumerate(sizes)]
            for message in sent:
                both.near.send(message)
                both.far.send(message)
            await both.until(lambda: len(both.far_got) == len(both.near_got) == len(sent))
            assert sent == both.far_got == both.near_got
            assert (both.near.unsent, both.near.sent) == (0, sum(sizes) + 4 * len(sizes))

    asyncio.run(scene())


def test_what_the_other_end_does_not_take_waits_and_is_counted():
    async def scene():
        async with ends() as both:
            both.far.pause()
            for number in range(100):
                both.near.send(bytes((number,)) * 100_000)
            assert both.near.unsent > 9_000_000
            assert both.near.unsent + both.near.sent == 100 * 100_004
            await asyncio.sleep(0)
            assert both.far_got == []
            both.far.resume()
            await both.until(lambda: len(both.far_got) == 100)
            assert [bytes((n,)) * 100_000 for n in range(100)] == both.far_got
            assert both.near.unsent == 0

    asyncio.run(scene())


def test_the_end_of_the_other_end_is_told_once_behind_its_last_message():
    async def scene():
        async with ends() as both:
            both.near.send(b"last")
            both.near.close()
            await both.until(lambda: both.ended)
            assert (both.far_got, both.ended) == ([b"last"], ["far"])
            both.far.send(b"nobody hears this")
            await asyncio.sleep(0)
            assert both.ended == ["far"]

    asyncio.run(scene())


def test_sending_to_an_end_that_is_gone_raises_nothing_and_tells_it_once():
    async def scene():
        async with ends() as both:
            both.far.close()
            both.near.send(bytes(10_000_000))
            both.near.send(b"more")
            await both.until(lambda: both.ended)
            assert (both.ended, both.near.unsent) == (["near"], 0)

    asyncio.run(scene())


def test_a_receiver_may_close_in_the_middle_of_what_came():
    async def scene():
        near, far = socket.socketpair()
        got: list[bytes] = []

        def first(message: bytes) -> None:
            got.append(message)
            link.close()

        link = Link(far, first, lambda: got.append(b"ended"))
        sender = Link(near, got.append, lambda: got.append(b"other end closed"))
        sender.send(b"one")
        sender.send(b"two")
        async with asyncio.timeout(PATIENCE_S):
            while b"other end closed" not in got:
                await asyncio.sleep(0.001)
        assert got == [b"one", b"other end closed"]

    asyncio.run(scene())


def test_messages_that_are_not_understood_end_the_link(caplog):
    async def scene():
        near, far = socket.socketpair()
        ended: list[str] = []

        def puzzled(message: bytes) -> None:
            raise ValueError(message)

        link = Link(far, puzzled, lambda: ended.append("far"))
        sender = Link(near, puzzled, lambda: ended.append("near"))
        sender.send(b"one")
        sender.send(b"two")
        async with asyncio.timeout(PATIENCE_S):
            while len(ended) < 2:
                await asyncio.sleep(0.001)
        assert ended == ["far", "near"]
        assert ["fanout_link_failed"] == [record.getMessage() for record in caplog.records]
        link.close()

    asyncio.run(scene())
