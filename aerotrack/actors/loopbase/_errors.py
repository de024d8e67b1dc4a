"""What calls into the actor system raise.

ActorPoisoned and AskedActorGone are Thespian's ActorSystemException, ActorTimeout is a
TimeoutError, BlockingCallOnLoop (a mistake in the program) a RuntimeError. After shutdown calls
raise Thespian's own ActorSystemFailure.
"""

from __future__ import annotations

from typing import Any

from thespian.actors import ActorSystemException


class ActorTimeout(TimeoutError):
    """An actor did not answer within the time allowed; a later answer becomes a dead letter."""


class ActorPoisoned(ActorSystemException):
    """The asked actor raised on every attempt; carries the message and the last traceback."""

    def __init__(self, message: Any, details: str | None) -> None:
        super().__init__(f"{type(message).__name__} made its receiver fail: {details}")
        self.poison = message
        self.details = details


class AskedActorGone(ActorSystemException):
    """The question reached nobody: the asked actor does not exist any more."""


class BlockingCallOnLoop(RuntimeError):
    """A blocking `ask` or `listen` on the loop's thread, which would wait for itself for ever."""
