"""One connection to a server's live stream: opening it, its welcome, its requests and its end."""

import asyncio
import contextlib
import itertools
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

import msgspec
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.iostream import StreamClosedError
from tornado.websocket import (
    WebSocketClientConnection,
    WebSocketClosedError,
    WebSocketError,
    websocket_connect,
)

from aerotrack.client.errors import CannotConnect, ConnectionLost, RequestRefused
from aerotrack.domain.held import ProtocolBroken
from aerotrack.domain.live import (
    PROTOCOL,
    ClientMessage,
    ClientPing,
    ErrorMessage,
    RequestId,
    Welcome,
)

CONNECT_TIMEOUT_S: Final = 10.0
# A router forgets an idle connection after a minute or more, and a server that died without a word
# is noticed within two of these.
PING_INTERVAL_S: Final = 25.0
# A part of a snapshot is under 512 kB; this leaves room for a server that thinks otherwise.
LARGEST_FRAME: Final = 8 << 20
# How long a good-bye waits for the server's.
FAREWELL_S: Final = 1.0

_FRAMES: Final = frozenset({"snapshot", "delta", "event"})


class Socket:
    """An open connection behind its welcome. Made by :func:`open_socket`."""

    def __init__(self, connection: WebSocketClientConnection, welcome: Welcome) -> None:
        self._connection = connection
        self.welcome = welcome
        self._ids = itertools.count(1)
        self._asked: dict[RequestId, asyncio.Future[None]] = {}
        self._over = False  # nothing can be said any more
        self._heard_end = False

    async def read(self, on_frame: Callable[[dict[str, Any]], None]) -> str:
        """Hand every frame to ``on_frame`` until the connection ends; the reason of that.

        Raises:
            ProtocolBroken: what came is no message.
        """
        try:
            while (text := await self._connection.read_message()) is not None:
                message = _decoded(text)
                kind = message.get("type")
                if kind in _FRAMES:
                    on_frame(message)
                elif kind == "pong":
                    self._answered(message.get("id"))
                elif kind == "error":
                    self._refused(msgspec.convert(message, ErrorMessage, strict=False))
            self._heard_end = True
        except msgspec.ValidationError as error:
            raise ProtocolBroken(f"an error that is none: {error}") from None
        finally:
            self._over = True
            lost = ConnectionLost("connection_lost", "The connection ended.")
            for asked in self._asked.values():
                if not asked.done():
                    asked.set_exception(lost)
        code, reason = self._connection.close_code, self._connection.close_reason
        return " ".join(str(part) for part in (code, reason) if part) or "without a word"

    async def request(self, message: ClientMessage) -> None:
        """Say something and wait until the server has taken it.

        Raises:
            RequestRefused: it answered with an error.
            ConnectionLost: it did not answer.
        """
        # Nothing acknowledges a request but the error it may be answered with; what is answered
        # after that is the ping behind it.
        number = next(self._ids)
        asked = asyncio.get_running_loop().create_future()
        self._asked[number] = asked
        try:
            self._send(msgspec.structs.replace(message, id=number))
            self._send(ClientPing(id=number))
            await asked
        finally:
            del self._asked[number]

    def _send(self, message: ClientMessage) -> None:
        try:
            if self._over:
                raise WebSocketClosedError
            written = self._connection.write_message(msgspec.json.encode(message).decode())
        except (WebSocketClosedError, StreamClosedError):
            raise ConnectionLost("connection_lost", "The connection ended.") from None
        written.add_done_callback(_seen)

    def _answered(self, number: Any) -> None:
        asked = self._asked.get(number)
        if asked is not None and not asked.done():
            asked.set_result(None)

    def _refused(self, error: ErrorMessage) -> None:
        # One without an id is about a message that was not read, so it may be any.
        about = [error.id] if isinstance(error.id, int | str) else list(self._asked)
        for number in about:
            asked = self._asked.get(number)
            if asked is not None and not asked.done():
                asked.set_exception(RequestRefused(error.code, error.message))

    async def close(self) -> None:
        """Say good-bye, and hear the server's if it says it soon."""
        self._over = True
        with contextlib.suppress(WebSocketClosedError, StreamClosedError):
            self._connection.close(1000)
        if not self._heard_end:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(FAREWELL_S):
                    while await self._connection.read_message() is not None:
                        pass
            self._heard_end = True


async def open_socket(url: str, *, headers: Mapping[str, str], compress: bool) -> Socket:
    """Connect to ``url``, a WebSocket's, and take the welcome.

    Raises:
        CannotConnect: no connection came about, or none to a server of ours.
    """
    request = HTTPRequest(
        url,
        headers=dict(headers),
        connect_timeout=CONNECT_TIMEOUT_S,
        request_timeout=CONNECT_TIMEOUT_S,
    )
    opening = websocket_connect(
        request,
        compression_options={} if compress else None,
        ping_interval=PING_INTERVAL_S,
        ping_timeout=PING_INTERVAL_S,
        max_message_size=LARGEST_FRAME,
    )
    connection = await _opened(cast("asyncio.Future[WebSocketClientConnection]", opening))
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            welcome = await _welcome(connection)
    except TimeoutError:
        connection.close()
        raise CannotConnect("unreachable", f"{url} does not say welcome") from None
    except BaseException:
        connection.close()
        raise
    return Socket(connection, welcome)


async def _opened(
    opening: "asyncio.Future[WebSocketClientConnection]",
) -> WebSocketClientConnection:
    try:
        # Not awaited itself: cancelled with us, it would leave an open connection to nobody.
        await asyncio.wait([opening])
    except asyncio.CancelledError:
        opening.add_done_callback(_hang_up)
        raise
    try:
        return opening.result()
    except HTTPClientError as error:
        raise _cannot_connect(error) from None
    except WebSocketError as error:
        raise CannotConnect("unreachable", f"no WebSocket: {error}") from None
    except (OSError, StreamClosedError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise CannotConnect("unreachable", reason) from None


async def _welcome(connection: WebSocketClientConnection) -> Welcome:
    text = await connection.read_message()
    if text is None:
        raise CannotConnect("unreachable", "the server hung up without a welcome")
    try:
        message = _decoded(text)
        protocol = message.get("protocol")
        if message.get("type") == "welcome" and protocol != PROTOCOL:
            raise CannotConnect(
                "unsupported_protocol", f"the server speaks protocol {protocol}, not {PROTOCOL}"
            )
        return msgspec.convert(message, Welcome)
    except (ProtocolBroken, msgspec.ValidationError) as error:
        raise CannotConnect("unsupported_protocol", f"this is no AeroTrack: {error}") from None


def _cannot_connect(error: HTTPClientError) -> CannotConnect:
    """What a server that answered by HTTP says: its problem document, else the status."""
    if error.code == 599:  # Tornado's own number for "no answer"
        return CannotConnect("unreachable", str(error.message or "no answer"))
    code, detail = f"http_{error.code}", f"the server answers {error.code} {error.message or ''}"
    retry_after = None
    if error.response is not None:
        with contextlib.suppress(ValueError, TypeError):
            retry_after = float(error.response.headers.get("Retry-After", ""))
        with contextlib.suppress(msgspec.DecodeError, KeyError, TypeError):
            problem = msgspec.json.decode(error.response.body)
            code, detail = str(problem["code"]), str(problem["detail"])
    return CannotConnect(code, detail.strip(), retry_after)


def _decoded(text: str | bytes) -> dict[str, Any]:
    try:
        message = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise ProtocolBroken(f"a message that is no JSON: {error}") from None
    if not isinstance(message, dict):
        raise ProtocolBroken("a message that is no object")
    return message


def _hang_up(opening: "asyncio.Future[WebSocketClientConnection]") -> None:
    """Close a connection that came about when nobody wanted it any more."""
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()


def _seen(written: "asyncio.Future[None]") -> None:
    """Look at a write's outcome; its failure shows as the end of the connection."""
    if not written.cancelled():
        written.exception()
