"""The way out of one socket: text frames in order, one write in flight, and whether it keeps up.

A finished write says little about a client: the kernel takes megabytes for one that reads nothing.
So a WebSocket ping follows a frame, at most once a second where the client has been quick to
answer, and with two unanswered the client is not writable. Nor is it while a write has not wholly
gone to the kernel. Those who send frames are told each change of that and send nothing meanwhile,
so what waits here is bounded by what they send at once (the parts of one snapshot).
"""

import asyncio
import struct
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

# A ping costs 6 bytes and a wakeup; one a second shows a stall as early as anyone would notice.
PING_INTERVAL: Final = 1.0
# One may be on its way in a slow network; two are a second and more of silence.
PINGS_UNANSWERED: Final = 2
# Until a client has answered so many pings in a row within PROMPT_S (a satellite's line takes half
# a second) every frame of the stream is followed by one. So one that takes a frame in five seconds
# has two on their way at most, and never reads one that is older than fifteen.
PROMPT_PINGS: Final = 5
PROMPT_S: Final = 0.7

_FIN_TEXT: Final = 0x81
_PING_PAYLOAD: Final = struct.Struct("!Q")


def text_frame(payload: bytes) -> bytes:
    """``payload`` as one unmasked WebSocket text frame (RFC 6455, section 5.2)."""
    size = len(payload)
    if size < 126:
        return struct.pack("!BB", _FIN_TEXT, size) + payload
    if size <= 0xFFFF:
        return struct.pack("!BBH", _FIN_TEXT, 126, size) + payload
    return struct.pack("!BBQ", _FIN_TEXT, 127, size) + payload


class Wire(Protocol):
    """The socket as :class:`Outgoing` uses it."""

    def transmit(self, payload: bytes, /) -> "asyncio.Future[None] | None":
        """Start writing a text frame; a future where the kernel did not take all of it at once.

        Raises ``OSError`` when the connection is closed.
        """

    def ping(self, payload: bytes, /) -> None:
        """Send a ping frame. Raises ``OSError`` when the connection is closed."""


class Outgoing:
    """Sends the frames of one socket. ``on_writable`` is called with every change.

    ``on_handed(received, size)`` is called for each frame when it was handed to the socket.
    ``now`` everywhere is the monotonic clock, in seconds.
    """

    __slots__ = (
        "_busy",
        "_closed",
        "_monotonic",
        "_on_handed",
        "_on_writable",
        "_pings_sent",
        "_prompt",
        "_unanswered",
        "_waiting",
        "_wire",
        "last_ping",
        "last_pong",
        "last_progress",
        "writable",
    )

    def __init__(
        self,
        wire: Wire,
        *,
        monotonic: Callable[[], float],
        on_writable: Callable[[bool], None],
        on_handed: Callable[[float | None, int], None],
    ) -> None:
        self._wire = wire
        self._monotonic = monotonic
        self._on_writable = on_writable
        self._on_handed = on_handed
        self._waiting: deque[tuple[bytes, float | None, bool]] = deque()
        self._busy: asyncio.Future[None] | None = None
        self._pings_sent = 0
        self._prompt = 0  # pings answered quickly, one after the other
        self._unanswered: deque[tuple[int, float]] = deque()  # number, when it was sent
        self._closed = False
        self.last_ping = self.last_pong = monotonic()
        self.last_progress = self.last_pong  # when the client last took something
        self.writable = True

    @property
    def unanswered(self) -> int:
        """Pings that no pong answered yet."""
        return len(self._unanswered)

    @property
    def waiting(self) -> int:
        """Frames that wait for the one in flight."""
        return len(self._waiting)

    @property
    def idle(self) -> bool:
        """Nothing waits and nothing is in flight."""
        return self._busy is None and not self._waiting

    def send(self, payload: bytes, received: float | None = None, *, paced: bool = False) -> None:
        """Send a frame after all before it. ``received``: when a feed read what is behind it.

        ``paced`` are the frames of the stream, which come no faster than they are taken.
        """
        if self._closed:
            return
        if self._busy is None and not self._waiting:
            self._hand_over(payload, received, paced)
        else:
            self._waiting.append((payload, received, paced))
        self._judge()

    async def drained(self) -> None:
        """Return when all that was sent so far went to the kernel, or the connection is closed."""
        while self._busy is not None and not self._closed:
            await asyncio.wait((self._busy,))

    def answered(self, payload: bytes) -> None:
        """A pong came. Only the latest ping need be answered, and unasked pongs mean nothing."""
        if len(payload) != _PING_PAYLOAD.size:
            return
        (number,) = _PING_PAYLOAD.unpack(payload)
        now, waiting = self._monotonic(), self._unanswered
        if not waiting or not waiting[0][0] <= number <= waiting[-1][0]:
            return
        while waiting and waiting[0][0] <= number:
            _, sent = waiting.popleft()
        self._prompt = self._prompt + 1 if now - sent <= PROMPT_S else 0
        self.last_pong = self.last_progress = now
        self._judge()

    def ask(self) -> None:
        """Ping the client now."""
        if self._closed:
            return
        if self.unanswered == 0:
            self.last_pong = self._monotonic()  # silence counts from here
        self._pings_sent += 1
        self.last_ping = self._monotonic()
        self._unanswered.append((self._pings_sent, self.last_ping))
        try:
            self._wire.ping(_PING_PAYLOAD.pack(self._pings_sent))
        except OSError:
            self.close()

    def close(self) -> None:
        """Send nothing any more."""
        self._closed = True
        self._waiting.clear()

    def _hand_over(self, payload: bytes, received: float | None, paced: bool) -> None:
        try:
            written = self._wire.transmit(payload)
        except OSError:
            self.close()
            return
        self._on_handed(received, len(payload))
        if written is not None:
            self._busy = written
            written.add_done_callback(self._written)
        slow = paced and self._prompt < PROMPT_PINGS
        if slow or self._monotonic() - self.last_ping >= PING_INTERVAL:
            self.ask()

    def _written(self, written: "asyncio.Future[None]") -> None:
        self._busy = None
        if written.cancelled() or written.exception() is not None:
            self.close()
            return
        self.last_progress = self._monotonic()
        while self._waiting and self._busy is None:
            self._hand_over(*self._waiting.popleft())
        self._judge()

    def _judge(self) -> None:
        if self._closed:
            return
        writable = self.idle and self.unanswered < PINGS_UNANSWERED
        if writable != self.writable:
            self.writable = writable
            self.last_progress = self._monotonic()
            self._on_writable(writable)
