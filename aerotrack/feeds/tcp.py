"""Bytes from TCP sockets into a decoder: connecting to a receiver, or listening for some to push.

The decoder belongs to the format; here are only sockets. Every chunk becomes one call of the sink.
A live socket is never slowed down: late bytes would get wrong times.
"""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from aerotrack.domain.observation import Observation
from aerotrack.feeds.feed import Clock, FeedError, FeedFigures, Sink
from aerotrack.logs import log_event
from aerotrack.masking import mask_url

LOG = logging.getLogger(__name__)

# One read; about 500 SBS lines, two milliseconds of decoding, so the loop stays responsive.
CHUNK_BYTES: Final = 65_536
CONNECT_TIMEOUT_S: Final = 10.0
# readsb and dump1090 send a heartbeat every 60 s; two of them missing is a dead connection.
# Where a quiet receiver sends none, connecting again costs nothing.
CONNECT_IDLE_S: Final = 150.0
# Whoever pushes to us may have nothing to say for long, and a closed connection may cost it a
# record; but one that is gone without a word must not hold its place for ever.
LISTEN_IDLE_S: Final = 3_600.0
# Each costs at most two read buffers. A club merges tens of receivers, not thousands.
MAX_CLIENTS: Final = 256
# TCP's own probes find a peer that vanished: after 60 s of silence, then 4 tries 15 s apart.
KEEPALIVE: Final = (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 15), ("TCP_KEEPCNT", 4))
# Between two attempts of one connect: a name with a dead IPv6 address must not cost the time-out.
HAPPY_EYEBALLS_S: Final = 0.25


class Decoder(Protocol):
    """Turns the bytes of one connection into observations, counting as it goes. Never raises."""

    def decode(self, chunk: bytes, *, now: float) -> Sequence[Observation]:
        """The observations that ``chunk``, read at ``now`` (epoch seconds), completed."""
        ...

    def close(self, *, now: float) -> Sequence[Observation]:
        """What the end of the connection completed."""
        ...


# Makes the decoder of a connection; its argument is the receiver, where the connection tells it.
MakeDecoder = Callable[[str | None], Decoder]


def _keep_alive(writer: asyncio.StreamWriter) -> None:
    sock = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in KEEPALIVE:
            if hasattr(socket, option):  # not every system has all of them
                sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)


async def _close(writer: asyncio.StreamWriter) -> None:
    """Close at once; we have nothing to send, so nothing can be lost."""
    writer.transport.abort()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


class TcpFeed:
    """What both kinds share: reading a connection until it ends."""

    def __init__(
        self,
        *,
        figures: FeedFigures,
        host: str,
        port: int,
        decoder: MakeDecoder,
        sink: Sink,
        clock: Clock,
        idle: float,
    ) -> None:
        """``idle`` is after how many seconds without a byte a connection is given up, 0 never."""
        self.figures = figures
        self._host = host
        self._port = port
        self._decoder = decoder
        self._sink = sink
        self._clock = clock
        self._idle = idle or None

    async def _read(self, reader: asyncio.StreamReader, receiver: str | None) -> None:
        """Read until the other side closes. Raises ``OSError``, or ``FeedError`` ``idle``."""
        decoder = self._decoder(receiver)
        figures, clock = self.figures, self._clock
        try:
            while True:
                try:
                    async with asyncio.timeout(self._idle):
                        chunk = await reader.read(CHUNK_BYTES)
                except TimeoutError:
                    raise FeedError("idle", f"not a byte for {self._idle:g} s") from None
                if not chunk:
                    return
                received, now = clock.monotonic(), clock.wall()
                figures.bytes += len(chunk)
                figures.last_contact = now
                if observations := decoder.decode(chunk, now=now):
                    self._sink(observations, now=now, received=received)
        finally:
            received, now = clock.monotonic(), clock.wall()
            if observations := decoder.close(now=now):
                self._sink(observations, now=now, received=received)


class ConnectingFeed(TcpFeed):
    """Connects to a receiver's output port and reads it."""

    async def run(self) -> None:
        """One connection, from connecting to its end.

        Raises:
            FeedError: ``connect_timeout``, ``idle``, or ``closed`` by the other side.
            OSError: no connection, or it broke.
        """
        self.figures.state = "connecting"
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                reader, writer = await asyncio.open_connection(
                    self._host, self._port, happy_eyeballs_delay=HAPPY_EYEBALLS_S
                )
        except TimeoutError:
            raise FeedError(
                "connect_timeout", f"no answer within {CONNECT_TIMEOUT_S:g} s"
            ) from None
        try:
            _keep_alive(writer)
            self.figures.state = "connected"
            self.figures.connections += 1
            log_event(LOG, "feed_connected", feed=self.figures.name, url=mask_url(self.figures.url))
            await self._read(reader, None)
        finally:
            await _close(writer)
        raise FeedError("closed", "the other side closed the connection")


class ListeningFeed(TcpFeed):
    """Listens for receivers that push; each is known by its address.

    ``ready`` is set while it listens, ``ports`` are those it got (port 0 asks for any).
    """

    def __init__(
        self,
        *,
        figures: FeedFigures,
        host: str,
        port: int,
        decoder: MakeDecoder,
        sink: Sink,
        clock: Clock,
        idle: float,
        max_clients: int = MAX_CLIENTS,
    ) -> None:
        super().__init__(
            figures=figures,
            host=host,
            port=port,
            decoder=decoder,
            sink=sink,
            clock=clock,
            idle=idle,
        )
        self.ready = asyncio.Event()
        self.ports: tuple[int, ...] = ()
        self._max_clients = max_clients
        self._clients: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Listen until cancelled. Raises ``OSError`` where the port cannot be had."""
        server = await asyncio.start_server(self._accept, self._host, self._port)
        try:
            self.ports = tuple(sock.getsockname()[1] for sock in server.sockets)
            self.figures.state = "listening"
            self.ready.set()
            log_event(LOG, "feed_listening", feed=self.figures.name, ports=self.ports)
            await asyncio.get_running_loop().create_future()
        finally:
            self.ready.clear()
            server.close()
            clients = list(self._clients)
            for client in clients:
                client.cancel()
            await asyncio.gather(*clients, return_exceptions=True)
            await server.wait_closed()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.ready.is_set():  # accepted in the moment of closing
            writer.transport.abort()
            return
        if len(self._clients) >= self._max_clients:
            self.figures.last_error = f"more than {self._max_clients} clients at once"
            writer.transport.abort()
            return
        client = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._clients.add(client)
        client.add_done_callback(self._clients.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client from its connection to its end. Whatever it does, the others go on."""
        peer = str(writer.get_extra_info("peername", ("?",))[0])
        self.figures.connections += 1
        log_event(LOG, "feed_client", feed=self.figures.name, peer=peer)
        try:
            _keep_alive(writer)
            await self._read(reader, peer)
        except (OSError, FeedError) as lost:
            self.figures.last_error = f"{peer}: {lost}"
            log_event(LOG, "feed_client_lost", feed=self.figures.name, peer=peer, reason=str(lost))
        except Exception as bug:  # one client's bytes must not end the feed of the others
            self.figures.last_error = f"{peer}: {bug!r}"
            log_event(
                LOG,
                "feed_client_failed",
                level=logging.ERROR,
                error=bug,
                feed=self.figures.name,
                peer=peer,
            )
        finally:
            await _close(writer)
