"""Starting an actor system on the running loop."""

from __future__ import annotations

import asyncio
from typing import Any

from thespian.actors import ActorAddress, ActorSystem

from aerotrack.actors.failures import FailureCounts
from aerotrack.actors.loopbase._base import LoopSystemBase
from aerotrack.actors.loopbase._dispatch import SLICE_SECONDS
from aerotrack.actors.loopbase._endpoints import MailboxCallback
from aerotrack.actors.loopbase._status import BaseFigures


class LoopActorSystem(ActorSystem):
    """An ordinary `ActorSystem` (createActor, tell, shutdown …) plus what a loop makes possible.

    Made by `start_actor_system`. `base` is its LoopSystemBase, also after shutdown.
    """

    def __init__(self, base: LoopSystemBase) -> None:
        # transientUnique: without it a second base of this class would silently be replaced by
        # the first. The dict is the base's own (never empty), so both see every capability.
        super().__init__(systemBase=base, capabilities=base.capabilities, transientUnique=True)
        self.base = base

    async def ask_async(self, to: ActorAddress, message: Any, timeout_s: float) -> Any:
        """The answer to this very question; see `LoopSystemBase.ask_async` for what it raises."""
        return await self.base.ask_async(to, message, timeout_s)

    def tell_as(self, sender: ActorAddress, to: ActorAddress, message: Any) -> None:
        """`tell` whose answers go to `sender`, usually a mailbox of the caller; any thread."""
        self.base.tell_as(sender, to, message)

    def create_mailbox(self, callback: MailboxCallback) -> ActorAddress:
        """An address whose messages go to `callback(message, sender)` on the loop's thread."""
        return self.base.create_mailbox(callback)

    def close_mailbox(self, address: ActorAddress) -> None:
        """Close a mailbox; what still arrives for it is a dead letter."""
        self.base.close_mailbox(address)

    async def drained(self) -> None:
        """Wait until no delivery is queued."""
        await self.base.drained()

    def figures(self) -> BaseFigures:
        """Queue depth, totals and stalls for metrics; from any thread, also after shutdown."""
        return self.base.figures()

    @property
    def failures(self) -> FailureCounts:
        """What the actors' failed handlers counted, by kind."""
        return self.base.failures

    def shutdown(self) -> None:
        """End all actors; see `LoopSystemBase.shutdown`. Calling it again does nothing.

        Afterwards a tell goes nowhere, and whatever creates or asks raises ActorSystemFailure.
        """
        # Not Thespian's own, which forgets the base: a late tell would then be an AttributeError.
        self.base.shutdown()


def start_actor_system(
    loop: asyncio.AbstractEventLoop | None = None,
    *,
    capabilities: dict[str, Any] | None = None,
    slice_seconds: float = SLICE_SECONDS,
) -> LoopActorSystem:
    """A new actor system on the running loop, independent of any other in the process.

    Must be called on the loop's thread while it runs; `loop`, if given, must be that loop, else
    RuntimeError. `capabilities` is copied.
    """
    base = LoopSystemBase(loop, capabilities=dict(capabilities or {}), slice_seconds=slice_seconds)
    return LoopActorSystem(base)
