"""The actors of one server, created and wired, and what the web and the feeds reach them by."""

import asyncio
import itertools
import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from aerotrack.actors.broadcaster import TICK_S, Broadcaster
from aerotrack.actors.loopbase import (
    ActorSystemFailure,
    AskedActorGone,
    LoopActorSystem,
    start_actor_system,
)
from aerotrack.actors.messages import (
    AwaitDurable,
    ConfigurePersistence,
    ConfigureRegistry,
    Drain,
    Drained,
    DurableDone,
    DurableFailed,
    Figure,
    Figures,
    FindIdentity,
    GetFigures,
    Ingest,
    KeepStates,
    StoreBatch,
    Tick,
)
from aerotrack.actors.persistence import Persistence
from aerotrack.actors.registry import Registry
from aerotrack.actors.relay import RelayingBroadcaster
from aerotrack.domain.durable import DURABLE_WITHIN_S
from aerotrack.domain.observation import Observation
from aerotrack.gc_policy import TICK_SECONDS as GC_TICK_S
from aerotrack.gc_policy import GcPolicy
from aerotrack.logs import log_event
from aerotrack.runtime.tasks import in_background
from aerotrack.settings import Settings
from aerotrack.web.ports import NotDurable

logger = logging.getLogger(__name__)

# Ticks of the broadcaster between ticks of the registry (silence is a matter of seconds) and of
# persistence (a flush interval may be as short as 0.05 s, so it hears every tick).
REGISTRY_EVERY: Final = 10
# With more deliveries than this waiting, those who can wait do: about 0.1 s of the actors' work, so
# that live traffic and questions stay quick beside a bulk load.
QUEUE_ROOM: Final = 20_000
ROOM_POLL_S: Final = 0.01
# Feeds cannot be slowed without making their times wrong, so while what they brought waits longer
# than this, what they bring is refused whole, and counted. A picture this late is still live.
OVERLOADED_AFTER_S: Final = 2.0
# The deliveries from a feed's batch to a client's socket: registry, flight, broadcaster, mailbox.
# Each waits behind all that was queued before it, so the probe goes round as often.
PROBE_HOPS: Final = 4
# Refusing empties the queue, so it comes and goes; it is over when it has not been for this long.
OVERLOAD_OVER_AFTER_S: Final = 10.0
ASK_TIMEOUT_S: Final = 10.0
# A batch that is being written when the server stops is given this long.
DRAIN_TIMEOUT_S: Final = 20.0
# A database that is away when the server stops is waited for this long: an embedded one that was
# killed is back in three seconds, and containers are killed ten seconds after they were told to
# stop, of which the writer's own back-off may take another five.
DATABASE_BACK_WITHIN_S: Final = 4.0
DRAIN_AGAIN_S: Final = 0.2
# Observations of a durable POST handed on in one message: milliseconds of the actors' work.
DURABLE_SLICE: Final = 250


class Actors:
    """Registry, broadcaster and persistence, alive on the running loop.

    ``system`` is what the web reaches them by; :meth:`ingest` is the sink of every feed.
    """

    def __init__(
        self,
        settings: Settings,
        store: Callable[[StoreBatch], None],
        find: Callable[[FindIdentity], None],
        *,
        first_batch: int = 1,
        keep: Callable[[KeepStates], None] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._monotonic = monotonic
        system: LoopActorSystem = start_actor_system()
        self.system = system
        self.registry = system.createActor(Registry)
        self.broadcaster = system.createActor(
            RelayingBroadcaster if settings.fanout else Broadcaster
        )
        self.persistence = system.createActor(Persistence)
        writer = system.create_mailbox(lambda message, _: store(message))
        register = system.create_mailbox(lambda message, _: find(message))
        keeper = None if keep is None else system.create_mailbox(lambda message, _: keep(message))
        system.tell(
            self.persistence,
            ConfigurePersistence(
                writer,
                settings.flush_interval,
                settings.batch_rows,
                settings.rows_limit,
                first_batch,
                keeper,
            ),
        )
        system.tell(
            self.registry,
            ConfigureRegistry(
                self.broadcaster, self.persistence, settings.flight_rules(), register
            ),
        )
        self._request_numbers = itertools.count(1)
        self._ticker: asyncio.Task[None] | None = None
        self._gc = GcPolicy()
        self._longest_tick = 0.0
        self._overloaded: Counter[str] = Counter()
        self._refused_at: float | None = None  # the last refusal, while overloaded
        self._probe = system.create_mailbox(lambda _, __: self._probe_back())
        self._probe_sent: float | None = None
        self._probe_hops = 0

    # -- feeds and the database --------------------------------------------------------------------

    def ingest(self, observations: Sequence[Observation], *, now: float, received: float) -> None:
        """Hand what a feed observed to the registry."""
        if not observations:
            return
        at = self._monotonic()
        if self.behind(at) <= OVERLOADED_AFTER_S:
            self.system.tell(self.registry, Ingest(tuple(observations), now, received))
            return
        if self._refused_at is None:
            behind = round(self.behind(at), 1)
            log_event(logger, "overloaded", level=logging.ERROR, behind_s=behind)
        self._refused_at = at
        self._overloaded.update(obs.feed for obs in observations)

    async def ingest_durable(
        self, observations: Sequence[Observation], *, now: float, received: float
    ) -> DurableDone:
        """Hand on what a client posted, and return when all of it is recorded and on disk.

        Raises :class:`NotDurable` where that cannot be had in time; some of it may be there then.
        """
        if self.behind(self._monotonic()) > OVERLOADED_AFTER_S:
            raise NotDurable("overloaded")
        request = next(self._request_numbers)
        waiting = AwaitDurable(request, len(observations), now)
        asked = asyncio.ensure_future(
            self.system.ask_async(self.persistence, waiting, DURABLE_WITHIN_S + ASK_TIMEOUT_S)
        )
        try:
            await asyncio.sleep(0)  # persistence is to know of the request before it is counted
            for start in range(0, len(observations), DURABLE_SLICE):
                await self.room()
                part = tuple(
                    msgspec.structs.replace(obs, request=request)
                    for obs in observations[start : start + DURABLE_SLICE]
                )
                self.system.tell(self.registry, Ingest(part, now, received))
                await asyncio.sleep(0)
            answer = await asked
        except (TimeoutError, ActorSystemFailure, AskedActorGone) as error:
            raise NotDurable("not_in_time") from error
        finally:
            asked.cancel()
        if isinstance(answer, DurableDone):
            return answer
        raise NotDurable(answer.code if isinstance(answer, DurableFailed) else "not_in_time")

    def behind(self, monotonic: float) -> float:
        """How long what waits has waited at least, seconds: since the probe that is still out."""
        return 0.0 if self._probe_sent is None else monotonic - self._probe_sent

    def probe(self, monotonic: float) -> None:
        """Send a message through the queue, unless one is under way; see if overload is over."""
        if self._probe_sent is None:
            self._probe_sent, self._probe_hops = monotonic, PROBE_HOPS
            self.system.tell(self._probe, Tick(monotonic))
        refused = self._refused_at
        if refused is not None and monotonic - refused > OVERLOAD_OVER_AFTER_S:
            self._refused_at = None
            log_event(logger, "overload_over", refused=self._overloaded.total())

    def _probe_back(self) -> None:
        self._probe_hops -= 1
        if self._probe_hops > 0:
            self.system.tell(self._probe, Tick(0.0))
        else:
            self._probe_sent = None

    async def room(self) -> None:
        """Return when the actors have no more than :data:`QUEUE_ROOM` deliveries waiting."""
        while self.system.base.queue_depth > QUEUE_ROOM:
            await asyncio.sleep(ROOM_POLL_S)

    # -- time --------------------------------------------------------------------------------------

    def start_ticking(
        self, wall: Callable[[], float], died: Callable[[BaseException], None]
    ) -> None:
        """Send time to the actors, ten times a second, and collect garbage between ticks.

        Without it nothing is sent to clients or written: ``died`` is told should it ever end.
        """
        self._gc.start(time.monotonic())
        self._ticker = in_background(self._tick(wall), "ticks", died=died)

    async def _tick(self, wall: Callable[[], float]) -> None:
        loop = asyncio.get_running_loop()
        due, count = loop.time(), 0
        gc_every = round(GC_TICK_S / TICK_S)
        while True:
            # A late tick is not made up for: the next one keeps the beat from now.
            due = max(due + TICK_S, loop.time())
            await asyncio.sleep(due - loop.time())
            self._longest_tick = max(self._longest_tick, loop.time() - due)
            count += 1
            self.probe(self._monotonic())
            message = Tick(wall())
            self.system.tell(self.broadcaster, message)
            self.system.tell(self.persistence, message)
            if count % REGISTRY_EVERY == 0:
                self.system.tell(self.registry, message)
            if count % gc_every == gc_every // 2:
                self._gc.tick(time.monotonic())

    # -- figures -----------------------------------------------------------------------------------

    async def figures(self) -> dict[str, Figures]:
        """What every actor and the system under them count."""
        names = ("registry", "broadcaster", "persistence")
        answers = await asyncio.gather(
            *(
                self.system.ask_async(getattr(self, name), GetFigures(), ASK_TIMEOUT_S)
                for name in names
            )
        )
        asked = {
            name: answer
            for name, answer in zip(names, answers, strict=True)
            if isinstance(answer, Figures)
        }
        return {**asked, "actors": self._system_figures()}

    def _system_figures(self) -> Figures:
        base = self.system.figures()
        failures = self.system.failures.snapshot()
        totals = {"deliveries", "dead_letters", "poison_messages", "mailbox_errors",
                  "external_dropped"}  # fmt: skip
        values = [
            Figure(f"{name}_total" if name in totals else name, value)
            for name, value in msgspec.structs.asdict(base).items()
            if name != "handler_failures"
        ]
        values += [
            Figure("failures_total", count, tuple(kind._asdict().items()))
            for kind, count in failures.items()
        ]
        values += [
            Figure("gc_pauses_total", self._gc.pauses),
            Figure("gc_longest_pause_seconds", self._gc.longest_pause_s),
            Figure("longest_tick_delay_seconds", self._longest_tick),
        ]
        values += [
            Figure("overloaded_total", count, (("feed", feed),))
            for feed, count in self._overloaded.items()
        ]
        return Figures(tuple(values))

    # -- the end -----------------------------------------------------------------------------------

    async def drain(self, now: float) -> int:
        """Make every flight write its row and everything that waits be stored; rows left over."""
        if self._ticker is not None:
            self._ticker.cancel()
        try:
            await self.system.ask_async(self.registry, Drain(now), DRAIN_TIMEOUT_S)
            await self.system.drained()
            return await self._write_out(now)
        except TimeoutError:
            log_event(logger, "drain_timed_out", level=logging.ERROR, after_s=DRAIN_TIMEOUT_S)
            return -1

    async def _write_out(self, now: float) -> int:
        """Have persistence write what it holds, again where the database is away; rows left."""
        loop = asyncio.get_running_loop()
        until = loop.time() + DATABASE_BACK_WITHIN_S
        while True:
            answer = await self.system.ask_async(self.persistence, Drain(now), DRAIN_TIMEOUT_S)
            left = answer.left if isinstance(answer, Drained) else -1
            if left == 0 or loop.time() >= until:
                return left
            await asyncio.sleep(DRAIN_AGAIN_S)

    def stop(self) -> None:
        """End all actors."""
        self.system.shutdown()
        if self._ticker is not None:
            self._gc.stop()
