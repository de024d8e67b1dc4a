"""The base class of every actor: dispatch by message type and the one failure policy.

An actor marks its handlers with the message they take::

    class Registry(AeroActor):
        @handles(ObserveBatch)
        def observe_batch(self, message: ObserveBatch, sender: ActorAddress) -> None: ...

What happens when a handler raises: the exception is counted under (actor, message type, exception
type) in `self.failures`, logged with its traceback the first time and in one line at every power
of ten, and goes no further; the message is not handled again. So a handler computes first and
assigns last: what it had changed before it raised stays changed. `on_failure` may answer the
sender. A message without a handler is counted and logged likewise.

Runs on every Thespian base. On ours all actors of a system share one `FailureCounts`; elsewhere
each actor has its own.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from thespian.actors import (
    Actor,
    ActorAddress,
    ActorExitRequest,
    ActorSystemMessage,
    ChildActorExited,
    DeadEnvelope,
    PoisonMessage,
    WakeupMessage,
)

from aerotrack.actors.failures import (
    POISON_MESSAGE,
    UNKNOWN_MESSAGE,
    FailureCounts,
    worth_logging,
)

_MARK = "_aerotrack_handles"

Handler = Callable[[Any, Any, ActorAddress], object]
_Method = TypeVar("_Method", bound=Callable[..., object])


def handles(*message_types: type) -> Callable[[_Method], _Method]:
    """Mark a method `(self, message, sender)` as the handler of these exact message types.

    Exact: subclasses of a message have no handler of their own accord. Whatever the method
    returns is ignored.
    """

    def mark(method: _Method) -> _Method:
        setattr(method, _MARK, message_types)
        return method

    return mark


class AeroActor(Actor):
    """Base of the actors: override the `handle_…` methods below or add handlers with `handles`.

    Subclasses declare `__slots__` for their state (many live at once) and take no arguments; their
    first message configures them.
    """

    __slots__ = ("_myRef", "_own_failures")

    _own_failures: FailureCounts  # unset until needed: only where the base keeps none

    _handler_names: ClassVar[dict[type, str]] = {}
    _handlers: ClassVar[dict[type, Handler]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._collect_handlers()

    @classmethod
    def _collect_handlers(cls) -> None:
        """Build the class's table; a type with two handlers in one class is a TypeError.

        The table goes by method name, so overriding a handler's method in a subclass replaces it.
        """
        names: dict[type, str] = {}
        for base in reversed(cls.__mro__):
            own: dict[type, str] = {}
            for name, attribute in vars(base).items():
                for message_type in getattr(attribute, _MARK, ()):
                    if message_type in own:
                        raise TypeError(
                            f"{base.__name__}: {own[message_type]} and {name} both handle "
                            f"{message_type.__name__}"
                        )
                    own[message_type] = name
            names |= own
        cls._handler_names = names
        cls._handlers = {message_type: getattr(cls, name) for message_type, name in names.items()}

    @classmethod
    def handled_messages(cls) -> frozenset[type]:
        """The message types this class has a handler for, Thespian's own included."""
        return frozenset(cls._handlers)

    def receiveMessage(self, message: Any, sender: ActorAddress) -> None:
        handler = self._handlers.get(type(message))
        try:
            if handler is None:
                self._unknown(message, sender)
            else:
                handler(self, message, sender)
        except Exception as error:
            self._failed(message, sender, error)

    def send(self, targetAddr: ActorAddress, msg: Any) -> None:  # noqa: N803  # Thespian's names
        """Thespian's own, without its look at the address's type: mypy has looked."""
        self._myRef.actor_send(targetAddr, msg)

    @property
    def failures(self) -> FailureCounts:
        """Where failures are counted: the system's on our base, else this actor's own."""
        shared = getattr(self._myRef, "failures", None)
        if isinstance(shared, FailureCounts):
            return shared
        try:
            return self._own_failures
        except AttributeError:
            self._own_failures = FailureCounts()
            return self._own_failures

    @property
    def log(self) -> logging.Logger:
        """The logger of the class's module."""
        return logging.getLogger(type(self).__module__)

    # -- what a subclass may override ----------------------------------------------------------

    def on_failure(self, message: Any, sender: ActorAddress, error: Exception) -> None:
        """Called after a handler raised and the failure was counted; by default nothing.

        The place to tell the sender, with a reason as text and never with the exception. What
        this raises is counted too.
        """

    @handles(ActorExitRequest)
    def handle_exit(self, message: ActorExitRequest, sender: ActorAddress) -> None:
        """The actor ends after this; only close what must be closed, flushing came before."""

    @handles(ChildActorExited)
    def handle_child_exited(self, message: ChildActorExited, sender: ActorAddress) -> None:
        """A child has ended (best effort in Thespian: silence counts as death too)."""

    @handles(WakeupMessage)
    def handle_wakeup(self, message: WakeupMessage, sender: ActorAddress) -> None:
        """A wakeup fell due that this actor asked for, so a class that asks overrides this."""
        self._unknown(message, sender)

    @handles(PoisonMessage)
    def handle_poison(self, message: PoisonMessage, sender: ActorAddress) -> None:
        """A message of ours made its receiver fail on every attempt: counted and logged."""
        poison = type(message.poisonMessage)
        count = self.failures.record(type(self), poison, POISON_MESSAGE)
        if worth_logging(count):
            self.log.warning(
                "message_poisoned actor=%s message=%s receiver=%s times=%d details=%s",
                type(self).__name__,
                poison.__name__,
                sender,
                count,
                message.details,
            )

    @handles(DeadEnvelope)
    def handle_dead_letter(self, message: DeadEnvelope, sender: ActorAddress) -> None:
        """Only for an actor that called handleDeadLetters, which therefore overrides this."""
        self._unknown(message, sender)

    # -- the failure policy --------------------------------------------------------------------

    def _unknown(self, message: Any, sender: ActorAddress) -> None:
        count = self.failures.record(type(self), type(message), UNKNOWN_MESSAGE)
        if worth_logging(count):
            level = logging.DEBUG if isinstance(message, ActorSystemMessage) else logging.WARNING
            self.log.log(
                level,
                "message_unknown actor=%s message=%s sender=%s times=%d",
                type(self).__name__,
                type(message).__name__,
                sender,
                count,
            )

    def _failed(self, message: Any, sender: ActorAddress, error: Exception) -> None:
        self._count_failure(message, error)
        try:
            self.on_failure(message, sender, error)
        except Exception as second:
            self._count_failure(message, second)

    def _count_failure(self, message: Any, error: Exception) -> None:
        kind = (type(self), type(message), type(error).__name__)
        count = self.failures.record(*kind)
        if worth_logging(count):
            self.log.error(
                "handler_failed actor=%s message=%s error=%s times=%d",
                type(self).__name__,
                type(message).__name__,
                error,
                count,
                exc_info=error if count == 1 else None,
            )


AeroActor._collect_handlers()
