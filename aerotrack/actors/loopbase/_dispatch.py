"""The queue of deliveries and its draining: the hot path of the whole program.

One delivery costs well under a microsecond of the system's own time, so nothing here locks, logs
or looks at a clock per message. A delivery is `(key, message, sender)`: the receiver is looked up
when the message is delivered, not when it is sent, so that whoever died meanwhile is not reached.

Order: the queue is one FIFO, so between a given sender and receiver order is kept (a delivery
that is retried after an exception goes to the end, as in Thespian). Handlers never nest: a send
only queues, and only the loop's own callback drains.

Threads: `deque.append` is atomic, so a send from any thread is an append, plus one wake-up of the
loop when nothing is scheduled yet. Everything else runs on the loop's thread.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import traceback
from collections import deque
from threading import get_ident
from time import perf_counter
from typing import Any

from thespian.actors import (
    ActorAddress,
    ActorExitRequest,
    ActorSystemMessage,
    ChildActorExited,
    DeadEnvelope,
    PoisonMessage,
)

from aerotrack.actors.loopbase._endpoints import Endpoint, PendingAsk
from aerotrack.actors.loopbase._errors import AskedActorGone
from aerotrack.actors.loopbase._ref import ActorRef

logger = logging.getLogger(__name__)

SLICE_SECONDS = 0.004
"""Longest run of deliveries before sockets get their turn: well under the 20 ms a stall may take,
and long against the 20 µs that an empty turn of the loop costs."""

LONGEST_FAIR_SLICE_S = 0.1
"""What was left over when a slice ended gets as long as everything else on the loop took since, up
to this: fifty sockets read between two slices take a second, and would starve the actors."""

CHECK_EVERY = 32
"""Deliveries between two looks at the clock (50 ns each): at the usual 1 to 10 µs a delivery the
slice is overrun by 0.3 ms at most."""

MAX_ATTEMPTS = 3
"""Runs of a handler that raises before its sender gets a PoisonMessage, as in simpleSystemBase."""

RETRY_KEY = "System:Retry"

Delivery = tuple[str, Any, ActorAddress]


class _Retry:
    """A delivery whose handler raised, waiting for its next attempt."""

    __slots__ = ("attempts", "details", "key", "message", "sender")

    def __init__(self, delivery: Delivery, attempts: int, details: str) -> None:
        self.key, self.message, self.sender = delivery
        self.attempts = attempts
        self.details = details


class Retrier(Endpoint):
    """Takes `_Retry` records off the queue like any receiver, which keeps the hot path flat."""

    __slots__ = ("_dispatcher",)

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher

    def receiveMessage(self, message: _Retry, _sender: ActorAddress) -> None:
        self._dispatcher.retry(message)


class Dispatcher:
    """Registry, queue and delivery. `LoopSystemBase` adds what the system does with messages."""

    def __init__(self, loop: asyncio.AbstractEventLoop, slice_seconds: float) -> None:
        self.loop = loop
        self.slice_seconds = slice_seconds
        self.queue: deque[Delivery] = deque()
        self.actorRegistry: dict[str, ActorRef] = {}
        self.armed = False  # a drain is scheduled or running
        self.draining = False
        self.closed = False
        self.dead_letter_key: str | None = None
        self.delivered = 0
        self.dead_letters = 0
        self.poisoned = 0
        self.longest_slice_s = 0.0
        self._left_over_at: float | None = None  # when a slice ended with deliveries left
        self._thread = get_ident()
        # Handlers run in one context, not in that of whoever happened to send first.
        self._context = contextvars.copy_context()
        self._handle: asyncio.Handle | None = None
        self._quiet_waiters: list[asyncio.Future[None]] = []

    # -- sending -------------------------------------------------------------------------------

    def post(self, key: str, message: Any, sender: ActorAddress) -> None:
        """Queue one delivery; from any thread."""
        self.queue.append((key, message, sender))
        if not self.armed:
            self.arm()

    def arm(self) -> None:
        """Schedule a drain. Two threads may both do so; the second drain finds nothing to do."""
        if self.closed:
            return
        self.armed = True
        if get_ident() == self._thread:
            self._handle = self.loop.call_soon(self._drain, context=self._context)
            return
        try:
            self._handle = self.loop.call_soon_threadsafe(self._drain, context=self._context)
        except RuntimeError:  # the loop was closed without a shutdown: there is nobody to deliver
            logger.warning("message_after_loop_closed queued=%d", len(self.queue))

    # -- delivering ----------------------------------------------------------------------------

    def _drain(self) -> None:
        if self.closed or self.draining:
            return
        self._handle = None
        self.armed = True
        started = perf_counter()
        seconds = self.slice_seconds
        if self._left_over_at is not None:
            seconds = max(seconds, min(started - self._left_over_at, LONGEST_FAIR_SLICE_S))
        try:
            self.run_slice(started + seconds)
        finally:
            ended = perf_counter()
            self.longest_slice_s = max(self.longest_slice_s, ended - started)
            self._left_over_at = ended if self.queue else None
            self._after_slice()

    def run_slice(self, deadline: float) -> None:
        """Deliver until the queue is empty or `perf_counter()` has reached `deadline`."""
        queue = self.queue
        popleft = queue.popleft
        find = self.actorRegistry.get
        self.draining = True
        try:
            while queue:
                batch = min(len(queue), CHECK_EVERY)
                self.delivered += batch
                for _ in range(batch):
                    key, message, sender = popleft()
                    try:
                        ref = find(key)
                        if ref is None:
                            self.dead_letter(key, message, sender)
                        elif isinstance(message, ActorSystemMessage):
                            self.deliver_system_message(ref, message, sender)
                        else:
                            ref.instance.receiveMessage(message, sender)
                    except Exception:
                        self._failed((key, message, sender), 1)
                if perf_counter() >= deadline:
                    return
        finally:
            self.draining = False

    def _after_slice(self) -> None:
        self.armed = False
        # Asked again after `armed` fell: another thread may have queued in between, and then
        # either it saw the flag and scheduled the next drain, or it is seen here.
        if self.queue:
            self.arm()
        elif self._quiet_waiters:
            self._wake_quiet_waiters()

    def _wake_quiet_waiters(self) -> None:
        waiters, self._quiet_waiters = self._quiet_waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    def deliver_system_message(self, ref: ActorRef, message: Any, sender: ActorAddress) -> None:
        """Deliver one of Thespian's own messages, which may also concern the system."""
        raise NotImplementedError

    # -- what goes wrong -----------------------------------------------------------------------

    def dead_letter(self, key: str, message: Any, sender: ActorAddress) -> None:
        """Nobody lives at `key`: count, settle a question that went there, tell the handler."""
        self.dead_letters += 1
        asker = self.actorRegistry.get(sender._aaddr)
        if asker is not None and isinstance(asker.instance, PendingAsk):
            asker.instance.fail(AskedActorGone(f"no actor at {key}"))
        if self.dead_letter_key is not None:
            handler = self.actorRegistry.get(self.dead_letter_key)
            if handler is not None:
                handler.instance.receiveMessage(DeadEnvelope(key, message), sender)

    def _failed(self, delivery: Delivery, attempts: int) -> None:
        """A handler raised (called while handling the exception): try again later."""
        key, message, sender = delivery
        if attempts == 1:
            logger.warning(
                "handler_raised actor=%s message=%s", key, type(message).__name__, exc_info=True
            )
        if isinstance(message, ActorExitRequest):
            return  # it has exited all the same
        self.post(RETRY_KEY, _Retry(delivery, attempts, traceback.format_exc()), sender)

    def retry(self, record: _Retry) -> None:
        """Run a delivery again, or send it back as poison once it has had its attempts."""
        key, message, sender = record.key, record.message, record.sender
        if record.attempts < MAX_ATTEMPTS:
            try:
                ref = self.actorRegistry.get(key)
                if ref is None:
                    self.dead_letter(key, message, sender)
                elif isinstance(message, ActorSystemMessage):
                    self.deliver_system_message(ref, message, sender)
                else:
                    ref.instance.receiveMessage(message, sender)
            except Exception:
                self._failed((key, message, sender), record.attempts + 1)
            return
        self.poisoned += 1
        if isinstance(message, PoisonMessage | ChildActorExited):
            return  # no poison about poison, and none to the system about a death
        ref = self.actorRegistry.get(key)
        receiver = ActorAddress(key) if ref is None else ref.address
        self.post(sender._aaddr, PoisonMessage(message, record.details), receiver)
