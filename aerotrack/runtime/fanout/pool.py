"""All processes of the fan-out: where a client goes, and who replaces the dead."""

import asyncio
import contextlib
import logging
import socket
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final

from aerotrack.actors.loopbase import LoopActorSystem
from aerotrack.actors.messages import (
    ConfigureRelay,
    Figure,
    Figures,
    SendBatch,
    ShowPicture,
)
from aerotrack.logs import log_event
from aerotrack.runtime.fanout import wire
from aerotrack.runtime.fanout.process import Patience, WorkerProcess
from aerotrack.runtime.tasks import in_background
from aerotrack.web.live import CLOSE_GOING_AWAY
from aerotrack.web.ports import Address, Check, MetricSample

logger = logging.getLogger(__name__)

# Before a process that ended is replaced, doubling to the second while none lasts, seconds. The
# first is short: clients wait.
BACK_OFF_FIRST_S: Final = 0.25
BACK_OFF_MOST_S: Final = 30.0
# One that lived this long did not die of its start.
LASTED_S: Final = 60.0
START_POLL_S: Final = 0.02
_GOODBYE: Final = wire.Leave(CLOSE_GOING_AWAY, "going_away: the server stops")

_SampleKey = tuple[str, str, tuple[tuple[str, str], ...]]


class FanOutPool:
    """Fulfils ``aerotrack.web.ports.FanOut`` with ``count`` processes.

    ``broadcaster`` is a relaying one of ``system``. ``label`` is shown in lists of processes.
    """

    def __init__(
        self,
        count: int,
        configure: wire.Configure,
        *,
        system: LoopActorSystem,
        broadcaster: Address,
        label: str,
        patience: Patience | None = None,
    ) -> None:
        self._count = count
        self._configure = wire.encode(configure)
        self._system = system
        self._broadcaster = broadcaster
        self._label = label
        self._patience = patience or Patience()
        self._numbers = 0  # every process has one of its own, also where it replaces another
        self._workers: dict[int, WorkerProcess] = {}  # by place, 1 to count
        self._started: dict[int, WorkerProcess] = {}  # by number
        self._following: dict[int, WorkerProcess] = {}  # by number: they get every batch
        self._restarts: Counter[int] = Counter()  # by place
        self._past: dict[_SampleKey, float] = {}  # what processes that ended had counted
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = asyncio.Event()
        self._batches = system.create_mailbox(self._batch)

    # -- what the web uses -------------------------------------------------------------------------

    @property
    def clients(self) -> int:
        return sum(worker.clients for worker in self._workers.values())

    @property
    def slow(self) -> int:
        return sum(worker.report.slow for worker in self._workers.values())

    @property
    def room(self) -> bool:
        return any(worker.room for worker in self._workers.values())

    def give(self, connection: socket.socket, said: bytes) -> None:
        able = [worker for worker in self._workers.values() if worker.room]
        if not able:
            connection.close()
            return
        min(able, key=lambda worker: worker.clients).give(connection, said)

    @property
    def samples(self) -> Iterator[MetricSample]:
        for (metric, name, labels), value in self._past.items():
            yield MetricSample(metric, name, labels, value)
        for worker in self._workers.values():
            yield from worker.report.samples

    # -- their lives -------------------------------------------------------------------------------

    async def start(self) -> None:
        """Start them; returns when all are up, or one takes too long, which is no error."""
        self._system.tell(self._broadcaster, ConfigureRelay(self._batches))
        for place in range(1, self._count + 1):
            keep = self._keep(place)
            self._tasks.append(in_background(keep, f"fanout-{place}"))
        loop = asyncio.get_running_loop()
        until = loop.time() + self._patience.start
        while self.up < self._count and loop.time() < until:
            await asyncio.sleep(START_POLL_S)

    async def stop(self) -> None:
        """Let every client be told that the server goes away, then end them all; once is enough."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        for worker in self._workers.values():
            worker.leave(_GOODBYE)
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=self._patience.leave)
            for task in late:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
        self._system.close_mailbox(self._batches)

    @property
    def up(self) -> int:
        """How many take clients."""
        return sum(worker.state == "up" for worker in self._workers.values())

    async def _keep(self, place: int) -> None:
        """Have a process at this place until :meth:`stop`."""
        back_off = BACK_OFF_FIRST_S
        while not self._stopping.is_set():
            self._numbers += 1
            number, began = self._numbers, time.monotonic()
            worker = self._workers[place] = WorkerProcess(
                f"fanout-{place}",
                self._configure,
                label=self._label,
                on_started=partial(self._show_picture, number),
                patience=self._patience,
            )
            self._started[number] = worker
            try:
                why = await worker.live()
            except OSError as error:
                why = f"cannot be started: {error}"
            finally:
                self._remember(place, number, worker)
            if self._stopping.is_set():
                return
            lasted = time.monotonic() - began
            back_off = BACK_OFF_FIRST_S if lasted >= LASTED_S else back_off
            log_event(
                logger,
                "fanout_died",
                level=logging.ERROR,
                process=worker.name,
                pid=worker.pid,
                reason=why,
                clients=worker.clients,
                again_in_s=back_off,
            )
            self._restarts[place] += 1
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), back_off)
            back_off = min(BACK_OFF_MOST_S, 2 * back_off)

    def _remember(self, place: int, number: int, worker: WorkerProcess) -> None:
        """A process is gone: keep what it counted."""
        del self._workers[place], self._started[number]
        self._following.pop(number, None)
        for sample in worker.report.samples:
            key = (sample.metric, sample.name, sample.labels)
            self._past[key] = self._past.get(key, 0.0) + sample.value

    # -- the picture -------------------------------------------------------------------------------

    def _show_picture(self, number: int) -> None:
        self._system.tell(self._broadcaster, ShowPicture(number))

    def _batch(self, message: SendBatch, _sender: Address) -> None:
        """A batch of the broadcaster's for one or all; the first for one begins it."""
        number = message.follower
        if number is None:
            for worker in self._following.values():
                worker.send(message.payload)
        elif number in self._started:
            worker = self._following[number] = self._started[number]
            worker.send(message.payload)

    # -- figures -----------------------------------------------------------------------------------

    def check(self) -> Check:
        """Whether clients can be served."""
        detail = f"{self.up} of {self._count} processes serve live clients"
        return (
            Check("fanout", ok=True, detail=detail)
            if self.up
            else Check("fanout", ok=False, code="fanout_down", detail=detail)
        )

    def figures(self) -> Mapping[str, Figures]:
        """What they count, each number with the process it is of."""
        own: list[Figure] = []
        theirs: dict[str, list[Figure]] = {"fanout": own}
        for place in range(1, self._count + 1):
            worker = self._workers.get(place)
            label = (("process", f"fanout-{place}"),)
            own += (
                Figure("up", float(worker is not None and worker.state == "up"), label),
                Figure("restarts_total", self._restarts[place], label),
                Figure("unsent_bytes", 0.0 if worker is None else worker.unsent, label),
            )
            for part, figures in ({} if worker is None else worker.report.figures).items():
                name = "fanout" if part == "process" else f"fanout_{part}"
                theirs.setdefault(name, []).extend(
                    Figure(each.name, each.value, label + each.labels) for each in figures.values
                )
        return {part: Figures(tuple(values)) for part, values in theirs.items()}
