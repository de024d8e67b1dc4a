"""One process of the fan-out as the main process sees it: started, fed, watched, ended."""

import asyncio
import logging
import signal
import socket
import sys
import time
from collections.abc import Callable
from typing import Final, Literal

import msgspec

from aerotrack.logs import log_event
from aerotrack.runtime.fanout import wire
from aerotrack.runtime.fanout.link import Link
from aerotrack.runtime.fanout.passing import SocketSender

logger = logging.getLogger(__name__)

# A fresh interpreter, not a fork: there are threads here by now. It gets this one's search path,
# so that it runs this very code however this process was started.
_START: Final = (
    "import sys; sys.path[:] = sys.argv[5:]; from aerotrack.runtime.fanout.worker import main; "
    "main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))"
)


class Patience(msgspec.Struct, frozen=True):
    """How long a process may take for what, seconds; past it, it is killed and another started."""

    # Start and the whole picture: 0.5 s on a server; a busy small board is given time.
    start: float = 30.0
    # Without a word; it reports every second. A thousand snapshots at once take seconds; after ten
    # it is not coming back.
    silence: float = 10.0
    # From being told to leave to its end; its clients have a second to answer its goodbye.
    leave: float = 3.0
    # Between two looks at it.
    look: float = 0.5


# A process that has fallen so far behind is not catching up: 20 s of 25,000 reports a second.
UNSENT_MOST: Final = 64 << 20

State = Literal["starting", "up", "ended"]


class WorkerProcess:
    """One life of one process; :meth:`live` is called once.

    It is sent ``configure`` as soon as it runs, then ``on_started`` is called. ``label`` is shown
    among its arguments, for who reads a list of processes.
    """

    def __init__(
        self,
        name: str,
        configure: bytes,
        *,
        label: str,
        on_started: Callable[[], None],
        patience: Patience,
    ) -> None:
        self.name = name
        self.state: State = "starting"
        self.pid = 0
        self.given = 0  # connections handed over
        self.released = 0  # of those, closed
        self.report = wire.Report((), 0, {})
        self._configure = configure
        self._label = label
        self._on_started = on_started
        self._patience = patience
        self._link: Link | None = None
        self._sender: SocketSender | None = None
        self._ended = asyncio.Event()
        self._began = 0.0
        self._said_at = 0.0  # when it last said something

    # -- what it is told ---------------------------------------------------------------------------

    @property
    def clients(self) -> int:
        """Connections it holds."""
        return self.given - self.released

    @property
    def room(self) -> bool:
        """Whether it takes another connection."""
        return self.state == "up" and self._sender is not None and self._sender.room

    @property
    def unsent(self) -> int:
        """Bytes that wait to be taken."""
        return 0 if self._link is None else self._link.unsent

    def give(self, connection: socket.socket, said: bytes) -> None:
        """Hand a connection over; only where there is :attr:`room`."""
        assert self._sender is not None
        self.given += 1
        self._sender.send(connection, said)

    def send(self, message: bytes) -> None:
        """Send a message."""
        if self._link is not None:
            self._link.send(message)

    def leave(self, goodbye: wire.Leave) -> None:
        """Tell it to say goodbye to its clients and end."""
        self.send(wire.encode(goodbye))

    # -- its life ----------------------------------------------------------------------------------

    async def live(self) -> str:
        """Start it and stay with it to its end; why it ended. Cancelled, it is killed.

        Raises ``OSError`` where no process can be started.
        """
        process = await self._start()
        why = ""
        try:
            why = await self._watch()
        finally:
            self.state = "ended"
            self._cut_off()
            await self._reap(process, self._patience.leave if why == "ended" else 0.0)
        return f"exit code {process.returncode}" if why == "ended" else why

    async def _start(self) -> asyncio.subprocess.Process:
        near, far = socket.socketpair()
        near_passing, far_passing = socket.socketpair()
        near_passing.setblocking(False)
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-P", "-c", _START, self.name, str(far.fileno()), str(far_passing.fileno())),
                *(self._label, *sys.path),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                pass_fds=(far.fileno(), far_passing.fileno()),
            )
        except BaseException:
            near.close()
            near_passing.close()
            raise
        finally:
            far.close()
            far_passing.close()
        self.pid = process.pid
        self._began = self._said_at = time.monotonic()
        self._link = Link(near, self._told, self._ended.set)
        self._sender = SocketSender(near_passing)
        return process

    def _told(self, message: bytes) -> None:
        told = wire.decode_from_worker(message)
        self._said_at = time.monotonic()
        if isinstance(told, wire.Report):
            self.report = told
        elif isinstance(told, wire.Released):
            self.released = told.total
        elif isinstance(told, wire.Started):
            self.send(self._configure)
            self._on_started()
        else:
            self.state = "up"
            seconds = round(time.monotonic() - self._began, 2)
            log_event(logger, "fanout_ready", process=self.name, pid=self.pid, seconds=seconds)

    async def _watch(self) -> str:
        """Return what is wrong with it, as soon as something is."""
        while True:
            try:
                await asyncio.wait_for(self._ended.wait(), self._patience.look)
            except TimeoutError:
                pass
            else:
                return "ended"
            now = time.monotonic()
            if self.state == "starting":
                if now - self._began > self._patience.start:
                    return "start_timed_out"
                continue
            if (wrong := self._wrong(now)) is not None:
                return wrong

    def _wrong(self, now: float) -> str | None:
        assert self._link is not None
        if self._link.unsent > UNSENT_MOST:
            return "too_far_behind"
        if now - self._said_at > self._patience.silence:
            return "silent"
        return None

    def _cut_off(self) -> None:
        """Close our ends: it ends by itself then."""
        if self._link is not None:
            self._link.close()
        if self._sender is not None:
            self._sender.close()

    async def _reap(self, process: asyncio.subprocess.Process, patience: float) -> None:
        """See it end, by force where it does not within ``patience`` seconds."""
        try:
            await asyncio.wait_for(process.wait(), patience)
        except TimeoutError:
            pass
        finally:
            if process.returncode is None:
                log_event(logger, "fanout_killed", process=self.name, pid=self.pid)
                process.send_signal(signal.SIGKILL)
                await process.wait()
