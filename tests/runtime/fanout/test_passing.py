"""Open sockets that go over a Unix socket."""

import asyncio
import contextlib
import resource
import socket
from collections.abc import AsyncIterator, Callable

from aerotrack.runtime.fanout.passing import (
    TAKEN_PER_TURN,
    WAITING_MOST,
    SocketReceiver,
    SocketSender,
)

PATIENCE_S = 30.0


class Ends:
    """Both ends in one process, and what came out."""

    def __init__(self) -> None:
        near, far = socket.socketpair()
        near.setblocking(False)
        far.setblocking(False)
        self.far = far
        self.sender = SocketSender(near)
        self.receiver: SocketReceiver | None = None
        self.got: list[tuple[socket.socket, bytes]] = []

    def receive(self) -> None:
        self.receiver = SocketReceiver(self.far, lambda *one: self.got.append(one))

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
        both.sender.close()
        if both.receiver is not None:
            both.receiver.close()
        both.far.close()
        for connection, _ in both.got:
            connection.close()


def test_a_connection_arrives_with_what_belongs_to_it_and_is_closed_here():
    async def scene():
        async with ends() as both:
            both.receive()
            mine, theirs = socket.socketpair()
            both.sender.send(theirs, b"GET / HTTP/1.1\r\n\r\n")
            assert theirs.fileno() == -1
            await both.until(lambda: both.got)
            ((connection, said),) = both.got
            assert said == b"GET / HTTP/1.1\r\n\r\n"
            mine.sendall(b"ping")
            assert connection.recv(10) == b"ping"
            mine.close()

    asyncio.run(scene())


def test_many_large_ones_come_in_order_each_with_its_own_bytes():
    async def scene():
        async with ends() as both:
            mine = []
            for number in range(20):
                one, theirs = socket.socketpair()
                mine.append(one)
                both.sender.send(theirs, b"%d:" % number + bytes(70_000))
            both.receive()
            await both.until(lambda: len(both.got) == 20)
            for number, (connection, said) in enumerate(both.got):
                assert said == b"%d:" % number + bytes(70_000)
                mine[number].sendall(b"%d" % number)
                assert connection.recv(10) == b"%d" % number
                mine[number].close()

    asyncio.run(scene())


def test_several_are_taken_in_one_turn_of_a_busy_loop():
    async def scene():
        async with ends() as both:
            for _ in range(TAKEN_PER_TURN):
                both.sender.send(one_end(), b"GET")
            both.receive()
            before = 0
            while not both.got:  # the turn in which the loop finds out that something is there
                await asyncio.sleep(0)
                before += 1
            assert (TAKEN_PER_TURN, True) == (len(both.got), before <= 3)

    asyncio.run(scene())


def test_while_the_other_end_takes_nothing_there_is_an_end_of_room():
    async def scene():
        async with ends() as both:
            sent = 0
            while both.sender.room:
                theirs = one_end()
                both.sender.send(theirs, bytes(1000))
                sent += 1
                assert sent < WAITING_MOST * 4
            both.receive()
            await both.until(lambda: len(both.got) == sent)
            assert both.sender.room

    asyncio.run(scene())


def one_end() -> socket.socket:
    mine, theirs = socket.socketpair()
    mine.close()
    return theirs


def test_when_the_other_end_is_gone_connections_are_closed_and_nothing_raises():
    async def scene():
        async with ends() as both:
            both.far.close()
            mine, theirs = socket.socketpair()
            both.sender.send(theirs, b"lost")
            assert (theirs.fileno(), both.sender.room) == (-1, False)
            assert mine.recv(10) == b""
            mine.close()
            late = one_end()
            both.sender.send(late, b"late")
            assert late.fileno() == -1

    asyncio.run(scene())


def test_one_for_which_no_descriptor_is_left_is_counted_and_the_next_has_its_own_bytes():
    async def scene():
        async with ends() as both:
            first, their_first = socket.socketpair()
            both.sender.send(their_first, b"first")
            both.receive()
            soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            with socket.socket() as highest:
                limit = highest.fileno()
            holders = []
            try:
                resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
                with contextlib.suppress(OSError):
                    while True:
                        holders.append(socket.socket())
                await both.until(lambda: both.receiver and both.receiver.lost)
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
                for each in holders:
                    each.close()
            assert first.recv(10) == b""
            second, their_second = socket.socketpair()
            both.sender.send(their_second, b"second")
            await both.until(lambda: both.got)
            assert [said for _, said in both.got] == [b"second"]
            first.close()
            second.close()

    asyncio.run(scene())
