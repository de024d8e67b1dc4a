"""Open sockets change processes: each goes over a Unix socket, with some bytes that belong to it.

On the wire a message is its length in four bytes, and the bytes; the descriptor travels with the
first of them, so descriptors and messages come in the same order. Nothing here blocks.
"""

import asyncio
import logging
import socket
import struct
from collections import deque
from collections.abc import Callable
from typing import Final

from aerotrack.logs import log_event

logger = logging.getLogger(__name__)

_LENGTH: Final = struct.Struct("!I")
_READ_BYTES: Final = 1 << 16
# One message brings one; a kernel that hands out several at once stays within this.
_DESCRIPTORS: Final = 16
# The kernel hands out one message at a time, so this many connections are taken in one turn of the
# loop: with one in each a busy process, whose turns take 10 ms, would take a hundred a second.
TAKEN_PER_TURN: Final = 16
# With more connections than this waiting for the other process to take them, it does not take any.
WAITING_MOST: Final = 256

Receive = Callable[[socket.socket, bytes], None]


class SocketSender:
    """The sending end. ``channel`` is non-blocking, and closed by :meth:`close`."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._loop = asyncio.get_running_loop()
        # The connection to send with the first byte, None once it is sent; what is left of it all.
        self._waiting: deque[tuple[socket.socket | None, memoryview]] = deque()
        self._closed = False

    @property
    def room(self) -> bool:
        """Whether another may be sent."""
        return not self._closed and len(self._waiting) < WAITING_MOST

    def send(self, connection: socket.socket, said: bytes) -> None:
        """Give ``connection`` away: closed here once it is sent, or when it cannot be."""
        if self._closed:
            connection.close()
            return
        self._waiting.append((connection, memoryview(_LENGTH.pack(len(said)) + said)))
        if len(self._waiting) == 1:
            self._flush()

    def close(self) -> None:
        """Send nothing any more; what still waits is closed."""
        if self._closed:
            return
        self._closed = True
        self._loop.remove_writer(self._channel)
        self._channel.close()
        for connection, _ in self._waiting:
            if connection is not None:
                connection.close()
        self._waiting.clear()

    def _flush(self) -> None:
        while self._waiting:
            connection, left = self._waiting[0]
            try:
                if connection is None:
                    sent = self._channel.send(left)
                else:
                    sent = socket.send_fds(self._channel, [left], [connection.fileno()])
            except BlockingIOError:
                self._loop.add_writer(self._channel, self._flush)
                return
            except OSError:
                self.close()  # the other process is gone, which its owner learns otherwise
                return
            if connection is not None:
                connection.close()
            if sent < len(left):
                self._waiting[0] = (None, left[sent:])
            else:
                self._waiting.popleft()
        self._loop.remove_writer(self._channel)


class SocketReceiver:
    """The receiving end: hands each connection, and what belongs to it, to ``receive``.

    ``lost`` counts those the kernel dropped because this process has no descriptor left. Ends by
    itself when the other end closes.
    """

    def __init__(self, channel: socket.socket, receive: Receive) -> None:
        self._channel = channel
        self._receive = receive
        self._loop = asyncio.get_running_loop()
        self._read_ahead = bytearray()
        self._connections: deque[socket.socket | None] = deque()
        self._closed = False
        self.lost = 0
        self._loop.add_reader(channel, self._readable)

    def close(self) -> None:
        """Take nothing any more."""
        if self._closed:
            return
        self._closed = True
        self._loop.remove_reader(self._channel)
        self._channel.close()
        for connection in self._connections:
            if connection is not None:
                connection.close()
        self._connections.clear()

    def _readable(self) -> None:
        for _ in range(TAKEN_PER_TURN):
            if self._closed or not self._take():
                return

    def _take(self) -> bool:
        """Receive once; whether there may be more."""
        try:
            received, descriptors, flags, _ = socket.recv_fds(
                self._channel, _READ_BYTES, _DESCRIPTORS
            )
        except BlockingIOError:
            return False
        except OSError:
            self.close()
            return False
        self._connections += (socket.socket(fileno=each) for each in descriptors)
        if flags & socket.MSG_CTRUNC:
            self._connections.append(None)
        if not received:
            self.close()
            return False
        self._read_ahead += received
        self._hand_out()
        return True

    def _hand_out(self) -> None:
        ahead = self._read_ahead
        while len(ahead) >= _LENGTH.size:
            (size,) = _LENGTH.unpack_from(ahead)
            end = _LENGTH.size + size
            if len(ahead) < end:
                return
            said = bytes(ahead[_LENGTH.size : end])
            del ahead[:end]
            connection = self._connections.popleft()
            if connection is not None:
                self._receive(connection, said)
                continue
            self.lost += 1
            if self.lost & (self.lost - 1) == 0:
                log_event(
                    logger, "connection_lost", level=logging.ERROR, reason="too many open files",
                    times=self.lost,
                )  # fmt: skip
