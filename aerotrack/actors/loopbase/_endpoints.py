"""Receivers with an address that are no actors: mailboxes, questions, the outside world.

Each has `receiveMessage(message, sender)` like an actor, so a delivery treats them alike.
Thespian's ActorExitRequest has no power over them.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import time
from collections.abc import Callable
from typing import Any

from thespian.actors import ActorAddress, PoisonMessage
from thespian.system import isInternalActorSystemMessage

from aerotrack.actors.failures import worth_logging
from aerotrack.actors.loopbase._errors import ActorPoisoned

logger = logging.getLogger(__name__)

INBOX_LIMIT = 1000
"""Answers kept for a blocking `listen` that may never be called; beyond, the oldest is dropped."""

MailboxCallback = Callable[[Any, ActorAddress], object]


class Endpoint:
    """Base of everything addressable that is not an actor; by itself it discards (BadActor)."""

    __slots__ = ()

    def receiveMessage(self, message: Any, _sender: ActorAddress) -> None:
        """Take one delivery; never raises."""


class Mailbox(Endpoint):
    """Hands each message to a callback on the loop's thread; a failing callback is its own fault.

    `errors` counts exceptions of the callback; they are logged at powers of ten.
    """

    __slots__ = ("_callback", "_on_error", "errors")

    def __init__(self, callback: MailboxCallback, on_error: Callable[[], None]) -> None:
        self._callback = callback
        self._on_error = on_error
        self.errors = 0

    def receiveMessage(self, message: Any, sender: ActorAddress) -> None:
        try:
            self._callback(message, sender)
        except Exception:
            self.errors += 1
            self._on_error()
            if worth_logging(self.errors):
                logger.exception(
                    "mailbox_callback_failed message=%s callback=%r times=%d",
                    type(message).__name__,
                    self._callback,
                    self.errors,
                )


class PendingAsk(Endpoint):
    """The one-shot reply address of one question; the first answer settles it."""

    __slots__ = ("answer",)

    def __init__(self, answer: asyncio.Future[Any]) -> None:
        self.answer = answer

    def receiveMessage(self, message: Any, _sender: ActorAddress) -> None:
        if self.answer.done():
            return
        if isinstance(message, PoisonMessage):
            self.answer.set_exception(ActorPoisoned(message.poisonMessage, message.details))
        else:
            self.answer.set_result(message)

    def fail(self, error: Exception) -> None:
        """Settle the question with an exception, if it is still open."""
        if not self.answer.done():
            self.answer.set_exception(error)


class _Closed:
    """Wakes a blocked listener at shutdown."""


class Inbox(Endpoint):
    """What actors send to the outside world, for blocking `listen` and `ask` in another thread.

    As in Thespian the next message may come from any actor. Thespian's internal messages are
    left out. Holds `INBOX_LIMIT` messages; `dropped` counts those nobody fetched in time.
    """

    __slots__ = ("_queue", "dropped")

    def __init__(self) -> None:
        self._queue: queue.Queue[Any] = queue.Queue(INBOX_LIMIT)
        self.dropped = 0

    def receiveMessage(self, message: Any, _sender: ActorAddress) -> None:
        if not isInternalActorSystemMessage(message):
            self._put(message)

    def _put(self, message: Any) -> None:
        while True:
            try:
                self._queue.put_nowait(message)
                return
            except queue.Full:
                try:
                    self._queue.get_nowait()
                    self.dropped += 1
                except queue.Empty:
                    pass

    def close(self) -> None:
        """Let a listener that waits return None."""
        self._put(_Closed())

    def listen(self, timeout_s: float | None) -> Any:
        """Next message, or None after `timeout_s` seconds (None: wait for ever) or on close."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        try:
            wait_s = None if deadline is None else max(0.0, deadline - time.monotonic())
            message = self._queue.get(timeout=wait_s)
        except queue.Empty:
            return None
        return None if isinstance(message, _Closed) else message
