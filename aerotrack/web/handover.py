"""A connection changes processes: taken from one HTTP server behind its request, given to another.

The first server reads and judges the request, and answers nothing. :func:`take` gives the bare
socket and what the client said so far; the other process, which got both, calls :func:`serve`, and
its own HTTP server reads the request as if the client had just sent it. The socket is never shut
down on the way, so the client notices nothing.
"""

import asyncio
import socket
from collections.abc import Callable
from typing import Final

from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPServerRequest
from tornado.iostream import IOStream
from tornado.web import RequestHandler

# The body was read (and ignored) with the request; who reads the request again must not wait for
# another.
_BODY_HEADERS: Final = frozenset({"content-length", "transfer-encoding", "expect"})
# What a client may send before it has its answer, read in one go; RFC 6455 allows nothing.
_AHEAD_LIMIT: Final = 1 << 16


def take(handler: RequestHandler) -> tuple[socket.socket, bytes]:
    """The connection of a request that nothing was answered to, and what its client said so far.

    The socket is the caller's then, who closes it, and the handler's work is done. Raises
    ``OSError`` where the client has hung up.
    """
    stream: IOStream = handler.detach()
    try:
        ahead = stream.read_bytes(_AHEAD_LIMIT, partial=True)
        # Tornado's reads are futures, done where the bytes are there.
        early = ahead.result() if isinstance(ahead, asyncio.Future) and ahead.done() else b""
        connection = stream.socket.dup()
    finally:
        stream.close()
    return connection, request_head(handler.request) + early


def request_head(request: HTTPServerRequest) -> bytes:
    """Request line and headers as they stand on the wire, without what speaks of a body."""
    lines = [f"{request.method} {request.uri} {request.version}"]
    lines += [
        f"{name}: {value}"
        for name, value in request.headers.get_all()
        if name.lower() not in _BODY_HEADERS
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin1")  # as Tornado decoded them


def serve(
    server: HTTPServer, connection: socket.socket, said: bytes, on_closed: Callable[[], None]
) -> None:
    """Let ``server`` serve a connection whose client has already ``said`` something.

    The connection is the server's from now on; ``on_closed`` is called once, when it is closed.
    Where the client has hung up, that is at once.
    """
    try:
        address = connection.getpeername()
    except OSError:
        connection.close()
        on_closed()
        return
    server.handle_stream(_Replayed(connection, said, on_closed), address)


class _Replayed(IOStream):
    """A stream whose first bytes have been read before."""

    def __init__(self, connection: socket.socket, said: bytes, on_closed: Callable[[], None]):
        super().__init__(connection)
        self._said = memoryview(said)
        self._on_closed = on_closed

    def read_from_fd(self, buf: bytearray | memoryview) -> int | None:
        if not self._said:
            return super().read_from_fd(buf)
        size = min(len(buf), len(self._said))
        buf[:size] = self._said[:size]
        self._said = self._said[size:]
        return size

    def close_fd(self) -> None:
        super().close_fd()
        self._on_closed()
