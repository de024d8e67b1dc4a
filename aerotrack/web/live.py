"""``/api/v1/live``: one handler a client, a mailbox with an actor address of its own.

The handler decodes what the client says, tells the broadcaster, and passes on the frames that come
back. It sends only ``welcome``, ``error`` and ``pong`` itself, which carry no ``seq``.
"""

import asyncio
import contextlib
import logging
import socket
from typing import Any, ClassVar, Final

from msgspec import UNSET
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from aerotrack.actors.messages import RefuseView, SendFrame, SetWritable, Subscribe, Unsubscribe
from aerotrack.domain.live import (
    PROTOCOL,
    ClientMessage,
    ClientPing,
    ClientSubscribe,
    ClientUnsubscribe,
    Pong,
    Welcome,
)
from aerotrack.web import live_messages as messages
from aerotrack.web.handler import AnswersWithProblems
from aerotrack.web.handover import take
from aerotrack.web.hub import LiveHub
from aerotrack.web.live_messages import Refused
from aerotrack.web.outgoing import Outgoing, text_frame
from aerotrack.web.playing import PlaysHistory
from aerotrack.web.ports import Address, FanOut
from aerotrack.web.problems import Problem

logger = logging.getLogger(__name__)

# Bytes of one message the WebSocket layer takes: those above MESSAGE_LIMIT are answered with
# ``too_large``, those above this close the connection with 1009, unread.
PROTOCOL_LIMIT: Final = 1 << 20
# Panning a map sends a few views a second; this is far above any hand and far below a flood.
MESSAGES_PER_SECOND: Final = 20.0
MESSAGE_BURST: Final = 40.0
# With more frames than this in its way no further message of a client is read, so that one who
# floods us without reading our answers waits for himself. A snapshot of the world is 15 frames.
FRAMES_WAITING: Final = 64
# Clients come and go; a full server has room again within minutes, not seconds.
RETRY_AFTER_SECONDS: Final = 30
# A process of the fan-out that died is back in about a second.
FANOUT_RETRY_SECONDS: Final = 2
# WebSocket close codes of our own (RFC 6455 leaves 4000 to 4999 to applications).
CLOSE_NO_PONG: Final = 4408
CLOSE_TOO_SLOW: Final = 4409
# One that takes nothing for so long is better off with a new connection and a snapshot: what it has
# missed by then is hardly remembered any more.
TOO_SLOW_AFTER_S: Final = 60.0
CLOSE_GOING_AWAY: Final = 1001


class Allowance:
    """A token bucket: so many messages a second on average, a burst at once."""

    __slots__ = ("_left", "_then")

    def __init__(self, now: float) -> None:
        self._left = MESSAGE_BURST
        self._then = now

    def take(self, now: float) -> bool:
        """Whether one more is allowed at ``now`` (monotonic seconds)."""
        self._left = min(MESSAGE_BURST, self._left + (now - self._then) * MESSAGES_PER_SECOND)
        self._then = now
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True


class LiveSocket(PlaysHistory, AnswersWithProblems, WebSocketHandler):
    """A client of the live stream."""

    # What may stand in the address, for a first look with any WebSocket tool.
    parameters: ClassVar[frozenset[str]] = frozenset(
        {"bbox", "interval", "follow", "filter", "at", "speed"}
    )

    address: Address
    outgoing: Outgoing
    client_id: int

    def initialize(self) -> None:
        self._opened = False
        self._view: messages.View | None = None
        self._view_waits = False
        self._live = False  # whether it ever had a live view
        self._player = None

    @property
    def hub(self) -> LiveHub:
        """All sockets of this application."""
        return self.application.live

    # -- opening -----------------------------------------------------------------------------------

    async def get(self, *args: Any, **kwargs: Any) -> None:
        if self.request.headers.get("Upgrade", "").lower() != "websocket":
            raise Problem(
                "upgrade_required",
                "Open this address with a WebSocket client.",
                headers={"Upgrade": "websocket", "Connection": "Upgrade"},
            )
        if not self.origin_allowed():
            raise Problem("bad_origin", "Pages of this origin may not open the live stream.")
        if self.application.clients >= self.web.max_clients:
            raise Problem(
                "too_many_clients",
                f"{self.web.max_clients} clients are connected.",
                headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
            )
        self._view = self._asked_view()
        self._view_waits = self._view is not None
        fanout = self.ports.fanout
        if self._view is not None and self._view.at is not None:
            fanout = None  # other processes have no database
            if self.ports.replays is None:
                raise Problem("not_supported", "History is not played here.")
        if fanout is None or not self._can_upgrade():
            await super().get(*args, **kwargs)
        else:
            self._give_to(fanout)

    def _asked_view(self) -> messages.View | None:
        """The view that the address itself asks for, if it does."""
        asked = self.request.query_arguments
        for name in asked:
            if name not in self.parameters:
                raise Problem("unknown_parameter", f"There is no parameter {name!r} here.")
        if not asked:
            return None
        try:
            if "speed" in asked and "at" not in asked:
                raise Refused("not_playing", "speed needs at.")
            return messages.view_of_query({name: self.get_query_argument(name) for name in asked})
        except Refused as refused:
            code = refused.code if refused.code in ("bad_bbox", "bad_time") else "bad_parameter"
            raise Problem(code, str(refused)) from None

    def _can_upgrade(self) -> bool:
        """Whether a WebSocket will come of it: what is refused stays, its connection has a next
        request, which only this process can answer."""
        headers = self.request.headers
        wanted = {one.strip().lower() for one in headers.get("Connection", "").split(",")}
        return (
            "upgrade" in wanted
            and headers.get("Sec-WebSocket-Version") == "13"
            and "Host" in headers
            and bool(headers.get("Sec-WebSocket-Key"))
        )

    def _give_to(self, fanout: FanOut) -> None:
        """Let another process answer and serve this client; it hears of nobody else's."""
        if not fanout.room:
            raise Problem(
                "fanout_down",
                "No process has room for another client now.",
                headers={"Retry-After": str(FANOUT_RETRY_SECONDS)},
            )
        with contextlib.suppress(OSError):  # it has hung up
            fanout.give(*take(self))

    def check_origin(self, origin: str) -> bool:  # noqa: ARG002
        return self.origin_allowed()  # judged with the proxies in mind, not by the header alone

    def get_compression_options(self) -> dict[str, Any] | None:
        return {} if self.web.compress else None

    @property
    def max_message_size(self) -> int:
        return PROTOCOL_LIMIT

    def open(self, *_args: str, **_kwargs: str) -> None:
        self.set_nodelay(True)
        stream = self._stream()
        if stream is not None and stream.socket is not None:
            stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, self.web.send_buffer)
        clock = self.ports.clock
        self._allowance = Allowance(clock.monotonic())
        self.outgoing = Outgoing(
            self,
            monotonic=clock.monotonic,
            on_writable=self._writable_changed,
            on_handed=self._handed,
        )
        self.address = self.ports.actors.create_mailbox(self.deliver)
        self.client_id = self.hub.joined(self)
        self._opened = True
        welcome = Welcome(PROTOCOL, self.web.server, self.web.epoch, round(clock.wall(), 3))
        self.outgoing.send(messages.encode(welcome))
        view = self._view
        if view is None or view.at is None:
            self._subscribe()
            return
        try:
            self.play(view)
        except Refused as refused:
            self.refuse(refused)

    # -- from the client ---------------------------------------------------------------------------

    async def on_message(self, message: str | bytes) -> None:
        try:
            if not self._allowance.take(self.ports.clock.monotonic()):
                raise Refused(
                    "too_fast", f"At most {MESSAGES_PER_SECOND:g} messages a second are taken."
                )
            self._act(messages.decode(message))
        except Refused as refused:
            self.refuse(refused)
        if self.outgoing.waiting > FRAMES_WAITING:
            await self.outgoing.drained()

    def _act(self, message: ClientMessage) -> None:
        if isinstance(message, ClientPing):
            self.outgoing.send(messages.encode(Pong(message.id)))
        elif isinstance(message, ClientSubscribe):
            view = messages.view_of(message)
            if view.at is not None or view.speed is not None or self._player is not None:
                self.play(view)
                return
            self._view = view
            self._view_waits = True
            if self.outgoing.writable:
                self._subscribe()
        elif not isinstance(message, ClientUnsubscribe):
            self.steer(message)
        elif self._player is not None:
            self._player.stop()
        elif self._view is not None:
            self._view, self._view_waits = None, False
            self._tell(Unsubscribe(self.client_id, closed=False))

    def refuse(self, refused: Refused) -> None:
        self.hub.metrics.live_errors.labels(refused.code).inc()
        self.outgoing.send(refused.encoded())

    def on_pong(self, data: bytes) -> None:
        self.outgoing.answered(data)

    # -- to and from the broadcaster ---------------------------------------------------------------

    def deliver(self, message: Any, _sender: Address) -> None:
        """A message to this client's mailbox."""
        if isinstance(message, SendFrame):
            self.outgoing.send(message.payload, message.received, paced=True)
        elif isinstance(message, RefuseView):
            given = UNSET if message.request_id is None else message.request_id
            self.refuse(Refused(message.code, message.reason, given))
        else:
            logger.warning("live_message_unexpected type=%s", type(message).__name__)

    def _tell(self, message: object) -> None:
        self.ports.actors.tell(self.ports.broadcaster, message)

    def _subscribe(self) -> None:
        """Hand the wanted view on. A view may cost a whole snapshot, so it waits until the client
        took what was sent before, and only the last of several counts."""
        view = self._view
        if view is None or not self._view_waits:
            return
        self._view_waits, self._live = False, True
        resume = view.resume
        self._tell(
            Subscribe(
                client_id=self.client_id,
                client=self.address,
                box=view.box,
                interval=view.interval,
                now=self.ports.clock.wall(),
                which=view.which,
                follow=view.follow,
                # Positions of another run say nothing.
                resume_pos=resume.pos if resume and resume.epoch == self.web.epoch else None,
                request_id=view.request_id,
            )
        )

    def _writable_changed(self, writable: bool) -> None:
        self.hub.writable_changed(writable)
        if self._player is not None:
            self._player.writable(writable)
        if self._view is None or self._player is not None:
            return
        self._tell(SetWritable(self.client_id, writable))
        if writable:
            self._subscribe()

    # -- the wire ----------------------------------------------------------------------------------

    def _stream(self) -> Any:
        return None if self.ws_connection is None else self.ws_connection.stream

    def transmit(self, payload: bytes) -> "asyncio.Future[None] | None":
        """Start writing a text frame; see :class:`aerotrack.web.outgoing.Wire`."""
        stream = self._stream()
        if stream is None or self.ws_connection is None or self.ws_connection.is_closing():
            raise ConnectionError("closed")
        try:
            if self.web.compress:
                written = self.write_message(payload)
                written.add_done_callback(_consume)
            else:
                # The frame is built here because write_message makes a task for every write.
                written = stream.write(text_frame(payload))
        except (StreamClosedError, WebSocketClosedError):
            raise ConnectionError("closed") from None
        return written if stream.writing() else None

    def ping(self, data: str | bytes = b"") -> None:
        """Send a ping frame. Raises ``OSError`` when the connection is closed."""
        try:
            super().ping(data)
        except (StreamClosedError, WebSocketClosedError):
            raise ConnectionError("closed") from None

    def _handed(self, received: float | None, size: int) -> None:
        interval = 1.0 if self._view is None else self._view.interval
        self.hub.metrics.frame_handed(
            size, interval, None if received is None else self.ports.clock.monotonic() - received
        )

    # -- the end -----------------------------------------------------------------------------------

    def check_alive(self, now: float) -> None:
        """Ping an idle client, close one that answered nothing for long (monotonic seconds)."""
        outgoing = self.outgoing
        if not outgoing.writable and now - outgoing.last_progress >= TOO_SLOW_AFTER_S:
            self.hub.metrics.live_errors.labels("too_slow").inc()
            self.close(CLOSE_TOO_SLOW, f"too_slow: nothing taken for {TOO_SLOW_AFTER_S:g} s")
        elif outgoing.unanswered and now - outgoing.last_pong >= self.web.pong_timeout:
            self.hub.metrics.live_errors.labels("no_pong").inc()
            self.close(CLOSE_NO_PONG, f"no_pong: no answer for {self.web.pong_timeout:g} s")
        elif now - outgoing.last_ping >= self.web.keepalive and outgoing.unanswered < 2:
            outgoing.ask()

    def on_close(self) -> None:
        if not self._opened:
            return
        self._opened = False
        if self._player is not None:
            self._player.stop()
        self.outgoing.close()
        self.hub.left(self)
        if not self.outgoing.writable:
            self.hub.writable_changed(True)
        self._tell(Unsubscribe(self.client_id, closed=True))
        self.ports.actors.close_mailbox(self.address)

    @property
    def expected_errors(self) -> tuple[type[BaseException], ...]:
        return (HTTPError, StreamClosedError, WebSocketClosedError)


def _consume(written: "asyncio.Future[None]") -> None:
    """Look at the outcome, which nobody else may await once the connection is gone."""
    if not written.cancelled():
        written.exception()
