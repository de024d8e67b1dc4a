"""Messages both ways between two processes over one Unix socket; nothing here blocks.

On the wire a message is its length in four bytes, and its bytes. Nothing is lost while both ends
live, and what the other end does not take waits here: whoever sends looks at :attr:`Link.unsent`.
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
_READ_BYTES: Final = 1 << 18


class Link:
    """One end. ``receive`` takes each message, ``ended`` is called once when the other end closed.

    What ``receive`` raises ends the link too: the two do not understand each other, as when the
    code was replaced under a running server. Belongs to the running loop; ``channel`` is the
    link's from now on.
    """

    def __init__(
        self,
        channel: socket.socket,
        receive: Callable[[bytes], None],
        ended: Callable[[], None],
    ) -> None:
        channel.setblocking(False)
        self._channel = channel
        self._receive = receive
        self._ended = ended
        self._loop = asyncio.get_running_loop()
        self._outgoing: deque[memoryview] = deque()
        self._incoming = bytearray()
        self._closed = False
        self._paused = False
        self.unsent = 0  # bytes that the kernel has not taken
        self.sent = 0  # bytes that it took, ever
        self._loop.add_reader(channel, self._readable)

    def send(self, message: bytes) -> None:
        """Send a message behind all before it; nowhere, once the link is closed."""
        if self._closed:
            return
        self._outgoing.append(memoryview(_LENGTH.pack(len(message)) + message))
        self.unsent += _LENGTH.size + len(message)
        if len(self._outgoing) == 1:
            self._flush()

    def pause(self) -> None:
        """Take no messages for now. Meanwhile the end of the other end is not noticed either."""
        if not self._paused and not self._closed:
            self._paused = True
            self._loop.remove_reader(self._channel)

    def resume(self) -> None:
        """Take messages again."""
        if self._paused and not self._closed:
            self._paused = False
            self._loop.add_reader(self._channel, self._readable)

    def close(self) -> None:
        """Send and take nothing any more; ``ended`` is not called."""
        if self._closed:
            return
        self._closed = True
        self._loop.remove_reader(self._channel)
        self._loop.remove_writer(self._channel)
        self._channel.close()
        self._outgoing.clear()
        self.unsent = 0

    def _lost(self) -> None:
        if not self._closed:
            self.close()
            self._ended()

    def _flush(self) -> None:
        while self._outgoing:
            left = self._outgoing[0]
            try:
                size = self._channel.send(left)
            except BlockingIOError:
                self._loop.add_writer(self._channel, self._flush)
                return
            except OSError:
                # Not from within send(): its caller need not be ready for what ended() does.
                self._loop.call_soon(self._lost)
                return
            self.sent += size
            self.unsent -= size
            if size < len(left):
                self._outgoing[0] = left[size:]
            else:
                self._outgoing.popleft()
        self._loop.remove_writer(self._channel)

    def _readable(self) -> None:
        try:
            received = self._channel.recv(_READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            received = b""
        if not received:
            self._lost()
            return
        incoming = self._incoming
        incoming += received
        start = 0
        while len(incoming) - start >= _LENGTH.size:
            (size,) = _LENGTH.unpack_from(incoming, start)
            end = start + _LENGTH.size + size
            if len(incoming) < end:
                break
            message = bytes(incoming[start + _LENGTH.size : end])
            start = end
            try:
                self._receive(message)
            except Exception as error:
                log_event(logger, "fanout_link_failed", level=logging.ERROR, error=error)
                self._lost()
            if self._closed:
                return
        del incoming[:start]
