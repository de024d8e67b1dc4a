"""A Thespian system base that runs every actor of the process on the running asyncio loop.

Start with `start_actor_system()`; `docs/actors.md` says what is guaranteed and ADR 1 why it
exists. Private modules, by what they hold: `_dispatch` the queue and its draining, `_base` the
interface Thespian calls, `_ref` the registry entry of an actor, `_endpoints` addresses that are
no actors, `_wakeups`, `_sources`, `_creation`, `_status`, `_private`, `_errors`, and `_system`
the ActorSystem with our additions.
"""

from thespian.actors import ActorSystemFailure

from aerotrack.actors.loopbase._base import SHUTDOWN_SECONDS, LoopSystemBase
from aerotrack.actors.loopbase._dispatch import MAX_ATTEMPTS, SLICE_SECONDS
from aerotrack.actors.loopbase._endpoints import INBOX_LIMIT, MailboxCallback
from aerotrack.actors.loopbase._errors import (
    ActorPoisoned,
    ActorTimeout,
    AskedActorGone,
    BlockingCallOnLoop,
)
from aerotrack.actors.loopbase._status import BaseFigures
from aerotrack.actors.loopbase._system import LoopActorSystem, start_actor_system

__all__ = [
    "INBOX_LIMIT",
    "MAX_ATTEMPTS",
    "SHUTDOWN_SECONDS",
    "SLICE_SECONDS",
    "ActorPoisoned",
    "ActorSystemFailure",
    "ActorTimeout",
    "AskedActorGone",
    "BaseFigures",
    "BlockingCallOnLoop",
    "LoopActorSystem",
    "LoopSystemBase",
    "MailboxCallback",
    "start_actor_system",
]
