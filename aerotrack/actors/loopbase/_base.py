"""The system base: what Thespian's `ActorSystem` and its actors call, on one asyncio loop.

camelCase methods are Thespian's interface; snake_case ones are ours. Thread rules: `tell` may be
called from any thread; methods that create or change something hop to the loop's thread and wait;
`ask` and `listen` block and therefore refuse to run on the loop's thread.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from datetime import timedelta
from threading import get_ident
from typing import Any

from thespian.actors import ActorAddress, ActorExitRequest, ActorSystemFailure
from thespian.system.timing import timePeriodSeconds

from aerotrack.actors.loopbase._dispatch import SLICE_SECONDS
from aerotrack.actors.loopbase._endpoints import (
    Endpoint,
    Inbox,
    Mailbox,
    MailboxCallback,
    PendingAsk,
)
from aerotrack.actors.loopbase._errors import ActorTimeout, BlockingCallOnLoop
from aerotrack.actors.loopbase._population import SYSTEM_KEY, Population
from aerotrack.actors.loopbase._private import PrivateContext
from aerotrack.actors.loopbase._ref import ActorRef
from aerotrack.actors.loopbase._status import BaseFigures, actor_status, system_status

logger = logging.getLogger(__name__)

EXTERNAL_KEY = "System:ExternalRequester"

SHUTDOWN_SECONDS = 5.0
"""How long `shutdown` lets actors work on what is queued and on their exit before it drops them."""


class LoopSystemBase(Population):
    """Every actor of the process, on the asyncio loop that runs where this is constructed.

    `loop`: None, or the loop that is running; RuntimeError without one. `capabilities`: the dict
    that the ActorSystem has too (Thespian does not hand it to a base made by the user).
    `slice_seconds`: longest run of deliveries before the loop's other callbacks get their turn.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop | None = None,
        *,
        capabilities: dict[str, Any] | None = None,
        slice_seconds: float = SLICE_SECONDS,
    ) -> None:
        running = asyncio.get_running_loop()
        if loop is not None and loop is not running:
            raise RuntimeError("the base must be made on the loop it shall run on")
        super().__init__(running, slice_seconds, {} if capabilities is None else capabilities)
        self.mailbox_errors = 0
        self._mailboxes = 0
        self._shutdown_wanted = False
        self._on_closed: list[Callable[[], None]] = []
        self._inbox = Inbox()
        self._external = self._add_endpoint(EXTERNAL_KEY, self._inbox)

    # -- from outside --------------------------------------------------------------------------

    def tell(self, to: ActorAddress, message: Any) -> None:
        """Queue a message from the outside world; from any thread."""
        self.post(to._aaddr, message, self._external)

    def tell_as(self, sender: ActorAddress, to: ActorAddress, message: Any) -> None:
        """Queue a message whose answers go to `sender`, usually a mailbox; from any thread."""
        self.post(to._aaddr, message, sender)

    def ask(self, to: ActorAddress, message: Any, timeout: timedelta | float | None) -> Any:
        """Thespian's blocking ask: the next answer from any actor, or None."""
        self.refuse_on_loop("ask")
        self.tell(to, message)
        return self.listen(timeout)

    def listen(self, timeout: timedelta | float | None) -> Any:
        """Thespian's blocking listen: the next message to the outside world, or None."""
        self.refuse_on_loop("listen")
        return self._inbox.listen(None if timeout is None else timePeriodSeconds(timeout))

    def refuse_on_loop(self, call: str) -> None:
        """Raise BlockingCallOnLoop on the loop's thread, ActorSystemFailure after shutdown."""
        if get_ident() == self._thread:
            raise BlockingCallOnLoop(
                f"{call}() would block the event loop it waits for; await ask_async() instead"
            )
        if self.closed:
            raise ActorSystemFailure("the actor system is shut down")

    async def ask_async(self, to: ActorAddress, message: Any, timeout_s: float) -> Any:
        """The receiver's answer to this very question.

        The question has a one-shot address of its own; an answer that comes later, or a second
        one, is a dead letter. Raises ActorTimeout after `timeout_s` seconds, ActorPoisoned if the
        receiver failed on every attempt, AskedActorGone if there is no receiver, and
        ActorSystemFailure when the system shuts down meanwhile.
        """
        if asyncio.get_running_loop() is not self.loop:
            raise RuntimeError("ask_async belongs to the loop of the actor system")
        if self.closed:
            raise ActorSystemFailure("the actor system is shut down")
        answer: asyncio.Future[Any] = self.loop.create_future()
        self._made += 1
        key = f"System:Ask~{self._made:x}"
        self.post(to._aaddr, message, self._add_endpoint(key, PendingAsk(answer)))
        expired = self.loop.call_later(timeout_s, _expire, answer, to, message, timeout_s)
        try:
            return await answer
        finally:
            expired.cancel()
            self.actorRegistry.pop(key, None)

    def create_mailbox(self, callback: MailboxCallback) -> ActorAddress:
        """An address whose messages go to `callback(message, sender)` on the loop's thread.

        The callback is run like a handler: short, never nested. What it raises is logged and
        counted, nothing more.
        """
        return self.on_loop(self._create_mailbox, callback)

    def _create_mailbox(self, callback: MailboxCallback) -> ActorAddress:
        if self.closed:
            raise ActorSystemFailure("the actor system is shut down")
        self._made += 1
        self._mailboxes += 1
        mailbox = Mailbox(callback, self._count_mailbox_error)
        return self._add_endpoint(f"System:Mailbox~{self._made:x}", mailbox)

    def close_mailbox(self, address: ActorAddress) -> None:
        """Close a mailbox: what is queued for it becomes dead letters. Twice is harmless."""
        self.on_loop(self._close_mailbox, address)

    def _close_mailbox(self, address: ActorAddress) -> None:
        ref = self.actorRegistry.get(address._aaddr)
        if ref is not None and isinstance(ref.instance, Mailbox):
            del self.actorRegistry[address._aaddr]
            self._mailboxes -= 1

    def _count_mailbox_error(self) -> None:
        self.mailbox_errors += 1

    def external_clone(self) -> PrivateContext:
        """For `ActorSystem.private()`: an outside address for one thread."""
        return PrivateContext(self)

    def add_endpoint(self, prefix: str, endpoint: Endpoint) -> ActorAddress:
        """Give an endpoint a fresh address that starts with `prefix`; from any thread."""

        def add() -> ActorAddress:
            self._made += 1
            return self._add_endpoint(f"{prefix}~{self._made:x}", endpoint)

        return self.on_loop(add)

    def remove_endpoint(self, address: ActorAddress) -> None:
        """Take back an address given by `add_endpoint`; from any thread."""
        self.on_loop(self.actorRegistry.pop, address._aaddr, None)

    # -- watching and ending -------------------------------------------------------------------

    @property
    def queue_depth(self) -> int:
        """Deliveries waiting now."""
        return len(self.queue)

    def figures(self) -> BaseFigures:
        """The figures for metrics; cheap enough for every scrape, from any thread."""
        return BaseFigures(
            queue_depth=len(self.queue),
            deliveries=self.delivered,
            dead_letters=self.dead_letters,
            poison_messages=self.poisoned,
            mailbox_errors=self.mailbox_errors,
            handler_failures=self.failures.total,
            external_dropped=self._inbox.dropped,
            live_actors=self.live_actors,
            mailboxes=self._mailboxes,
            pending_wakeups=len(self.wakeups),
            longest_slice_s=self.longest_slice_s,
        )

    def reset_longest_slice(self) -> None:
        """Start measuring `longest_slice_s` anew."""
        self.longest_slice_s = 0.0

    async def drained(self) -> None:
        """Wait until nothing is queued. Wakeups that are not due do not count."""
        while (self.queue or self.draining) and not self.closed:
            quiet: asyncio.Future[None] = self.loop.create_future()
            self._quiet_waiters.append(quiet)
            await quiet

    def answer_status(self, ref: ActorRef, asker: ActorAddress) -> None:
        system = ref.address._aaddr == SYSTEM_KEY
        answer = system_status(self) if system else actor_status(self, ref)
        self.post(asker._aaddr, answer, ref.address)

    def shutdown(self) -> None:
        """End all actors and leave nothing scheduled; the loop itself runs on. Idempotent.

        What is queued is delivered first, then every actor gets ActorExitRequest (parents before
        their children), all within `SHUTDOWN_SECONDS`; then the rest is dropped and logged.
        Blocks the loop meanwhile, so a large system should be quiet by then. Called from a
        handler, it happens when the running slice of deliveries is over.
        """
        if self.closed:
            return
        if not self.loop.is_running():
            self._shutdown()
        elif get_ident() != self._thread:
            try:
                self.on_loop(self._shutdown)
            except ActorSystemFailure:  # the loop stopped meanwhile
                self._shutdown()
        elif self.draining:
            self._shutdown_wanted = True
        else:
            self._shutdown()

    def when_closed(self, callback: Callable[[], None]) -> None:
        """Call `callback` once, at the end of shutdown."""
        self._on_closed.append(callback)

    def _after_slice(self) -> None:
        super()._after_slice()
        if self._shutdown_wanted:
            self._shutdown()

    def _shutdown(self) -> None:
        if self.closed:
            return
        deadline = time.perf_counter() + SHUTDOWN_SECONDS
        self.armed = True  # nobody schedules another drain
        while True:
            for ref in list(self.actorRegistry.values()):
                parent = self.actorRegistry.get(ref.parent)
                parentless = parent is None or isinstance(parent.instance, Endpoint)
                if parentless and not isinstance(ref.instance, Endpoint):
                    self.post(ref.address._aaddr, ActorExitRequest(), self.address)
            self.run_slice(deadline)
            if not self.live_actors or time.perf_counter() >= deadline:
                break
        if self.queue or self.live_actors:
            logger.warning(
                "shutdown_left actors=%d deliveries=%d", self.live_actors, len(self.queue)
            )
        self._close()

    def _close(self) -> None:
        self.closed = True
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        self.wakeups.close()
        self.sources.close()
        for ref in list(self.actorRegistry.values()):
            if isinstance(ref.instance, PendingAsk):
                ref.instance.fail(ActorSystemFailure("the actor system is shut down"))
            elif isinstance(ref.instance, Inbox):
                ref.instance.close()
            ref.instance = None
        self.actorRegistry.clear()
        self.global_names.clear()
        self.live_actors = self._mailboxes = 0
        self.queue = deque(maxlen=0)  # whoever still sends keeps nothing alive
        if not self.loop.is_closed():
            self._wake_quiet_waiters()
        callbacks, self._on_closed = self._on_closed, []
        for callback in callbacks:
            callback()


def _expire(answer: asyncio.Future[Any], to: ActorAddress, message: Any, timeout_s: float) -> None:
    if not answer.done():
        answer.set_exception(
            ActorTimeout(f"{to} did not answer {type(message).__name__} in {timeout_s} s")
        )
