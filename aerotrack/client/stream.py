"""The live stream of a server, kept: its picture, its changes, and its way back when it is lost."""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any, Final, Literal, Self

import msgspec
from msgspec import UNSET

from aerotrack.client import backoff
from aerotrack.client.address import live_url
from aerotrack.client.changes import Changes
from aerotrack.client.errors import CannotConnect, ConnectionLost, LiveError, RequestRefused
from aerotrack.client.picture import Picture
from aerotrack.client.socket import Socket, open_socket
from aerotrack.domain.geo import Box
from aerotrack.domain.held import ProtocolBroken
from aerotrack.domain.live import ClientSubscribe, ClientUnsubscribe, Filter, Resume
from aerotrack.domain.vocabulary import Live as LiveFlight

logger = logging.getLogger(__name__)

# A connection that held this long was a good one: the next loss begins with short delays again.
STEADY_S: Final = 10.0
# What a new view shows comes with the server's next frame to us, and nothing says which that is. A
# connection lost within so many seconds and intervals of a new view is not resumed but begun anew.
SETTLED_S: Final = 5.0
SETTLED_INTERVALS: Final = 2.0

State = Literal["connecting", "live", "waiting", "closed"]


class LiveStream:
    """A server's live stream; made by :func:`aerotrack.client.connect`, used as a context.

    One task of the running event loop reads the socket, whatever the user of this does, so a slow
    user delays neither the server nor the picture. Not to be used from other threads.
    """

    def __init__(
        self,
        url: str,
        *,
        reconnect: bool,
        compress: bool,
        headers: Mapping[str, str],
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.url: Final = live_url(url)
        self._reconnect = reconnect
        self._compress = compress
        self._headers = headers
        self._chance = chance
        self._picture = Picture()
        self._view: ClientSubscribe | None = None
        self._settled_at = 0.0  # monotonic seconds when the picture is that of the view
        self._socket: Socket | None = None
        self._asking = asyncio.Lock()
        self._told: Socket | None = None  # the connection that knows the view
        self._epoch = ""
        self._resumable = False
        self._server = ""
        self._state: State = "connecting"
        self._changed = asyncio.Event()  # the state, or that the picture is complete
        self._reader: asyncio.Task[None] | None = None
        self._last_error: LiveError | None = None
        self._heard = 0.0  # monotonic seconds of the last frame
        self._lost_at = 0.0  # monotonic seconds of the end of the last connection

    # -- what there is to see ----------------------------------------------------------------------

    @property
    def flights(self) -> Mapping[str, LiveFlight]:
        """The flights of the view by icao24, as they are now; a live mapping, not a copy.

        It changes whenever the event loop runs, so take a ``list`` of it before awaiting in a loop
        over it. While the connection is lost it stays what it was.
        """
        return self._picture

    @property
    def state(self) -> State:
        """``live``; ``waiting`` until the next attempt to connect, ``connecting``, ``closed``."""
        return self._state

    @property
    def last_error(self) -> LiveError | None:
        """Why there is no connection, while there is none."""
        return self._last_error

    @property
    def server(self) -> str:
        """Name and version of the server: ``aerotrack/0.1.0``."""
        return self._server

    @property
    def now(self) -> float:
        """The server's clock in epoch seconds, by its last frame; 0 before the first one."""
        if not self._picture.now:
            return 0.0
        return self._picture.now + time.monotonic() - self._heard

    @property
    def updates(self) -> int:
        """How many entries of flights came so far, to tell a rate from."""
        return self._picture.updates

    # -- what there is to do -----------------------------------------------------------------------

    async def subscribe(
        self,
        *,
        bbox: Iterable[float] | Box | None = None,
        filter: Filter | Mapping[str, Any] | None = None,  # noqa: A002  # the protocol's name
        follow: Iterable[str] = (),
        interval: float = 1.0,
    ) -> None:
        """Look at this view from now on, in place of any before, also over lost connections.

        ``bbox`` is west, south, east, north in degrees, everything where there is none; ``filter``
        as in docs/live.md; ``follow`` names aircraft (icao24) wanted wherever they are;
        ``interval`` is seconds between frames, 0.1 to 60. Returns when the server has taken it and
        the view was seen whole once.

        Raises:
            RequestRefused: the server does not do that; the view stays what it was.
            ConnectionLost: the stream was closed, or lost and is not to come back.
        """
        await self._request(_subscription(bbox, filter, follow, interval))
        while not self._picture.complete:
            await self._change()

    async def unsubscribe(self) -> None:
        """Hear nothing any more; the picture stays what it was. Raises as :meth:`subscribe`."""
        await self._request(None)

    def changes(self) -> Changes:
        """What changes in the view from now on; first every flight there is has ``Appeared``.

        Ends with :meth:`close`. What happens while nobody asks is conflated, see :class:`Changes`;
        several may be at work at once.
        """
        changes = self._picture.watch()
        if self._state == "closed":
            changes.end(self._last_error)
        return changes

    async def close(self) -> None:
        """Hang up; every iterator over changes ends."""
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)
        if self._state != "closed":
            self._last_error = None
            self._finish(None)

    async def __aenter__(self) -> Self:
        if self._reader is not None or self._state == "closed":
            raise RuntimeError("a LiveStream is entered once")
        self._took(await self._open())
        self._reader = asyncio.create_task(self._run(), name=f"live stream of {self.url}")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    # -- requests ----------------------------------------------------------------------------------

    async def _request(self, view: ClientSubscribe | None) -> None:
        """Have the server take a view; where the connection is lost meanwhile, the next one."""
        while True:
            while self._state != "live" or self._socket is None:
                await self._change()
            socket = self._socket
            try:
                async with self._asking:
                    await socket.request(ClientUnsubscribe() if view is None else view)
                    self._told, self._view = socket, view
                    self._settle(0.0 if view is None else view.interval)
                return
            except ConnectionLost:
                self._epoch = ""  # the server may have taken it or not
                if self._socket is socket:
                    await self._change()

    def _settle(self, interval: float) -> None:
        self._settled_at = time.monotonic() + SETTLED_S + SETTLED_INTERVALS * interval

    async def _change(self) -> None:
        """Wait for something to change; raises where nothing will."""
        if self._state == "closed":
            raise self._last_error or ConnectionLost("closed", "The stream was closed.")
        await self._changed.wait()

    def _notify(self) -> None:
        """Wake all who wait in :meth:`_change`."""
        self._changed.set()
        self._changed = asyncio.Event()

    # -- the connection ----------------------------------------------------------------------------

    def _took(self, socket: Socket) -> None:
        """A connection came about."""
        self._resumable = (
            self._picture.complete
            and socket.welcome.epoch == self._epoch
            and self._lost_at >= self._settled_at
        )
        self._epoch = socket.welcome.epoch
        self._server = socket.welcome.server
        self._socket = socket
        self._picture.connected(resumable=self._resumable)
        self._last_error = None
        self._set_state("live")

    def _set_state(self, state: State) -> None:
        self._state = state
        self._notify()

    async def _run(self) -> None:
        """Keep the stream; nobody is left waiting for what fails in it."""
        try:
            await self._keep()
        except Exception as error:
            logger.exception("live_client_failed url=%s", self.url)
            self._finish(LiveError("internal", f"The client failed: {error!r}"))

    async def _keep(self) -> None:
        """Read, and connect again, until it is to end."""
        attempt = 0
        while self._socket is not None:
            began = time.monotonic()
            reason = await self._read(self._socket)
            self._socket, self._lost_at = None, time.monotonic()
            if self._lost_at - began >= STEADY_S:
                attempt = 0
            logger.warning("live_client_lost url=%s reason=%s", self.url, reason)
            self._last_error = ConnectionLost("connection_lost", f"The connection ended: {reason}.")
            if not self._reconnect:
                self._finish(self._last_error)
                return
            while self._socket is None:
                await self._try_again(attempt)
                attempt += 1

    async def _try_again(self, attempt: int) -> None:
        """Wait as long as is due, and make an attempt to connect."""
        self._set_state("waiting")
        error = self._last_error
        asked = error.retry_after if isinstance(error, CannotConnect) else None
        await asyncio.sleep(backoff.delay(attempt, self._chance, asked))
        self._set_state("connecting")
        try:
            self._took(await self._open())
        except CannotConnect as failure:
            self._last_error = failure

    async def _open(self) -> Socket:
        return await open_socket(self.url, headers=self._headers, compress=self._compress)

    async def _read(self, socket: Socket) -> str:
        """Read one connection to its end, asking for the view first; why it ended."""
        renewing = asyncio.create_task(self._renew(socket))
        try:
            return await socket.read(self._on_frame)
        except ProtocolBroken as error:
            self._epoch = ""  # what is held is not to be built upon
            return f"the server broke the protocol: {error}"
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)
            await socket.close()

    async def _renew(self, socket: Socket) -> None:
        """Have a new connection take the view of the one before."""
        try:
            async with self._asking:
                view = self._view
                if view is None or self._told is socket:
                    return
                if not (self._resumable and await self._resumed(socket, view)):
                    await socket.request(view)
                    self._settle(view.interval)
                self._told = socket
        except ConnectionLost:
            return  # the next connection does it
        except RequestRefused as refused:
            logger.warning("live_client_view_refused code=%s reason=%s", refused.code, refused)
            self._last_error = refused

    async def _resumed(self, socket: Socket, view: ClientSubscribe) -> bool:
        """Whether the server goes on where the connection before ended."""
        resume = Resume(epoch=self._epoch, pos=self._picture.pos)
        try:
            await socket.request(msgspec.structs.replace(view, resume=resume))
        except RequestRefused:
            return False
        return True

    def _on_frame(self, frame: dict[str, Any]) -> None:
        self._heard = time.monotonic()
        was_complete = self._picture.complete
        self._picture.apply(frame)
        if not was_complete:
            self._notify()

    # -- the end -----------------------------------------------------------------------------------

    def _finish(self, error: LiveError | None) -> None:
        self._set_state("closed")
        self._picture.end(error)


def _subscription(
    bbox: Iterable[float] | Box | None,
    wanted: Filter | Mapping[str, Any] | None,
    follow: Iterable[str],
    interval: float,
) -> ClientSubscribe:
    """The message for a view."""
    if isinstance(bbox, Box):
        bbox = (bbox.west, bbox.south, bbox.east, bbox.north)
    return ClientSubscribe(
        # What is wrong with any of it, the server says.
        bbox=UNSET if bbox is None else tuple(bbox),  # type: ignore[arg-type]
        interval=interval,
        filter=UNSET if wanted is None else wanted,  # type: ignore[arg-type]
        follow=tuple(follow) or UNSET,
    )
