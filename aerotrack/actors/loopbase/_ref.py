"""What the system knows of one actor, and the face of the system that the actor sees.

`thespian.actors.Actor` reaches the system only through `self._myRef`; the names of these methods
are therefore Thespian's. One `ActorRef` exists per address in the registry, also for the
endpoints that are not actors (see `_endpoints`), so that a delivery never needs to ask what kind
of receiver it has.
"""

from __future__ import annotations

from datetime import timedelta
from typing import IO, TYPE_CHECKING, Any

from thespian.actors import Actor, ActorAddress

if TYPE_CHECKING:
    from aerotrack.actors.failures import FailureCounts
    from aerotrack.actors.loopbase._population import Population


class ActorRef:
    """Registry entry of one receiver. Slots only: there may be 50,000 of them."""

    __slots__ = ("address", "base", "children", "globalName", "instance", "parent", "source_hash")

    def __init__(  # noqa: PLR0917  (made in one place, for every actor)
        self,
        base: Population,
        address: ActorAddress,
        instance: Any,
        parent: str,
        source_hash: str | None = None,
        global_name: str | None = None,
    ) -> None:
        self.base = base
        self.address = address
        self.instance = instance  # anything with receiveMessage(message, sender); None once dead
        self.parent = parent  # the parent's registry key
        self.children: dict[str, ActorAddress] | None = None  # made with the first child
        self.source_hash = source_hash
        self.globalName = global_name

    @property
    def failures(self) -> FailureCounts:
        """Where this actor counts its failed handlers (an addition of ours to Thespian's ref)."""
        return self.base.failures

    def actor_send(self, to: ActorAddress, message: Any) -> None:
        base = self.base
        base.queue.append((to._aaddr, message, self.address))
        if not base.armed:
            base.arm()

    def createActor(
        self,
        actor_class: type[Actor] | str,
        requirements: dict[str, Any] | None,
        global_name: str | None,
        source_hash: str | None = None,
    ) -> ActorAddress:
        return self.base.new_child(
            self, actor_class, requirements, global_name, source_hash or self.source_hash
        )

    def wakeupAfter(self, delay: timedelta | float, payload: Any) -> None:
        self.base.wakeups.add(self.address._aaddr, delay, payload)

    def handleDeadLetters(self, address: ActorAddress, enable: bool) -> None:
        self.base._handleDeadLetters(address, enable)

    def registerSourceAuthority(self, address: ActorAddress) -> None:
        self.base.sources.authority = address

    def notifyOnSourceAvailability(self, address: ActorAddress, enable: bool) -> None:
        self.base.sources.notify(address, enable)

    def updateCapability(self, name: str, value: Any) -> None:
        self.base.updateCapability(name, value)

    def loadActorSource(self, source: str | IO[bytes]) -> str:
        return self.base.loadActorSource(source)

    def unloadActorSource(self, source_hash: str) -> None:
        self.base.unloadActorSource(source_hash)

    def notifyOnSystemRegistrationChanges(self, address: ActorAddress, enable: bool) -> None:
        """Accepted and without effect: one process has no convention to change."""

    def actorSystemShutdown(self) -> None:
        self.base.shutdown()
