"""Who lives in the system: creating and removing actors, endpoints, and what Thespian's own
messages do to them.

Removal is constant time and leaves nothing behind: a reference knows its parent's key and its
children's, so nobody scans siblings, and every table that may mention an actor is keyed by it.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future
from threading import get_ident
from typing import IO, Any, TypeVar

from thespian.actors import (
    Actor,
    ActorAddress,
    ActorExitRequest,
    ActorSystemFailure,
    ChildActorExited,
    InvalidActorAddress,
    ThespianGeneration,
    ValidatedSource,
    WakeupMessage,
)
from thespian.system.messages.status import Thespian_StatusReq

from aerotrack.actors.failures import FailureCounts
from aerotrack.actors.loopbase._creation import ActorFactory
from aerotrack.actors.loopbase._dispatch import RETRY_KEY, Dispatcher, Retrier
from aerotrack.actors.loopbase._endpoints import Endpoint
from aerotrack.actors.loopbase._ref import ActorRef
from aerotrack.actors.loopbase._sources import Sources, read_source
from aerotrack.actors.loopbase._wakeups import Wakeups

logger = logging.getLogger(__name__)

SYSTEM_KEY = "/ActorSys"  # as thespian.actors.ActorSystem has it
BAD_ACTOR_KEY = "System:BadActor"

LOOP_CHECK_SECONDS = 0.5
"""How often a thread that waits for the loop looks whether the loop still runs."""

T = TypeVar("T")


class Population(Dispatcher):
    """Actors and endpoints of one system. `LoopSystemBase` adds the calls from outside."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        slice_seconds: float,
        capabilities: dict[str, Any],
    ) -> None:
        super().__init__(loop, slice_seconds)
        self.address = ActorAddress(SYSTEM_KEY)
        self.capabilities = capabilities
        self.capabilities.update(
            {
                "Python Version": tuple(sys.version_info),
                "Thespian Generation": ThespianGeneration,
                "Thespian Version": str(int(time.time() * 1000)),
                "Thespian ActorSystem Name": "aerotrackLoop",
                "Thespian ActorSystem Version": 2,
                "Thespian Watch Supported": False,
                "AllowRemoteActorSources": "No",
            }
        )
        self.failures = FailureCounts()
        self.global_names: dict[str, ActorAddress] = {}
        self.sources = Sources(lambda to, message: self.post(to._aaddr, message, self.address))
        self.wakeups = Wakeups(loop, self._deliver_wakeup)
        self.live_actors = 0
        self._factory = ActorFactory(capabilities, self.sources.zips)
        self._made = 0  # names addresses; never reused
        self._add_endpoint(SYSTEM_KEY, Endpoint())
        self._add_endpoint(RETRY_KEY, Retrier(self))
        self._bad_actor = self._add_endpoint(BAD_ACTOR_KEY, Endpoint())

    # -- creating and removing -----------------------------------------------------------------

    def newPrimaryActor(
        self,
        actor_class: type[Actor] | str,
        requirements: dict[str, Any] | None,
        global_name: str | None,
        source_hash: str | None = None,
    ) -> ActorAddress:
        """A top-level actor; raises what its construction raises.

        Lacking a required capability gives the address of an actor that discards everything.
        """
        return self.on_loop(self._new_primary, actor_class, requirements, global_name, source_hash)

    def _new_primary(
        self,
        actor_class: type[Actor] | str,
        requirements: dict[str, Any] | None,
        global_name: str | None,
        source_hash: str | None,
    ) -> ActorAddress:
        if global_name and global_name in self.global_names:
            return self.global_names[global_name]
        instance = self._factory.create(actor_class, requirements, source_hash)
        if instance is None:
            logger.warning("actor_lacks_capability class=%s", actor_class)
            return self._bad_actor
        return self._enter(
            self._next_address(), instance, SYSTEM_KEY, source_hash, global_name
        ).address

    def new_child(
        self,
        parent: ActorRef,
        actor_class: type[Actor] | str,
        requirements: dict[str, Any] | None,
        global_name: str | None,
        source_hash: str | None,
    ) -> ActorAddress:
        """A child of `parent`; one that cannot be made is reported by ChildActorExited."""
        if global_name and global_name in self.global_names:
            return self.global_names[global_name]
        parent_key = parent.address._aaddr
        if self.actorRegistry.get(parent_key) is not parent:
            raise InvalidActorAddress(parent.address, f"no parent for a new {actor_class}")
        address = self._next_address()
        try:
            instance = self._factory.create(actor_class, requirements, source_hash)
        except ImportError:
            raise
        except Exception:
            logger.warning("actor_creation_failed class=%s", actor_class, exc_info=True)
            instance = None
        if instance is None:
            self.post(parent_key, ChildActorExited(address), self.address)
            return address
        self._enter(address, instance, parent_key, source_hash, global_name)
        if parent.children is None:
            parent.children = {}
        parent.children[address._aaddr] = address
        return address

    def _next_address(self) -> ActorAddress:
        self._made += 1
        return ActorAddress(f"/A~{self._made:x}")

    def _enter(
        self,
        address: ActorAddress,
        instance: Actor,
        parent: str,
        source_hash: str | None,
        global_name: str | None,
    ) -> ActorRef:
        if self.closed:
            raise ActorSystemFailure("the actor system is shut down")
        ref = ActorRef(self, address, instance, parent, source_hash, global_name or None)
        instance._myRef = ref
        self.actorRegistry[address._aaddr] = ref
        self.live_actors += 1
        if global_name:
            self.global_names[global_name] = address
        return ref

    def _remove(self, ref: ActorRef, recursive: bool) -> None:
        """Take an actor out and leave nothing of it: constant time, plus one send per child."""
        key = ref.address._aaddr
        del self.actorRegistry[key]
        self.live_actors -= 1
        self.wakeups.forget(key)
        self.sources.forget(key)
        if ref.globalName is not None:
            self.global_names.pop(ref.globalName, None)
        if self.dead_letter_key == key:
            self.dead_letter_key = None
        parent = self.actorRegistry.get(ref.parent)
        if parent is not None and not isinstance(parent.instance, Endpoint):
            if parent.children is not None:
                parent.children.pop(key, None)
            self.post(ref.parent, ChildActorExited(ref.address), self.address)
        if recursive and ref.children:
            for child in ref.children:
                self.post(child, ActorExitRequest(), self.address)
        ref.children = None
        ref.instance = None  # breaks the cycle instance -> ref -> instance: freed without the GC

    def _add_endpoint(self, key: str, endpoint: Endpoint) -> ActorAddress:
        address = ActorAddress(key)
        self.actorRegistry[key] = ActorRef(self, address, endpoint, SYSTEM_KEY)
        return address

    # -- delivering Thespian's own messages ----------------------------------------------------

    def deliver_system_message(self, ref: ActorRef, message: Any, sender: ActorAddress) -> None:
        if isinstance(message, Thespian_StatusReq):
            self.answer_status(ref, sender)
        elif isinstance(message, ActorExitRequest) and not isinstance(ref.instance, Endpoint):
            try:
                ref.instance.receiveMessage(message, sender)
            finally:
                if ref.instance is not None:
                    self._remove(ref, message.isRecursive)
        elif isinstance(message, ValidatedSource) and ref.address._aaddr == SYSTEM_KEY:
            self.sources.accept(message.sourceHash, message.sourceZip)
        else:
            ref.instance.receiveMessage(message, sender)

    def answer_status(self, ref: ActorRef, asker: ActorAddress) -> None:
        """Send Thespian's status of `ref` to `asker`."""
        raise NotImplementedError

    def shutdown(self) -> None:
        """End the system, at an actor's wish."""
        raise NotImplementedError

    def _deliver_wakeup(self, key: str, message: WakeupMessage) -> None:
        ref = self.actorRegistry.get(key)
        if ref is not None:
            self.post(key, message, ref.address)

    def _handleDeadLetters(self, address: ActorAddress, enable: bool) -> None:
        if enable:
            self.dead_letter_key = address._aaddr
        elif self.dead_letter_key == address._aaddr:
            self.dead_letter_key = None

    # -- capabilities and sources --------------------------------------------------------------

    def updateCapability(self, name: str, value: Any = None) -> None:
        if value is None:
            self.capabilities.pop(name, None)
        else:
            self.capabilities[name] = value

    def loadActorSource(self, source: str | IO[bytes]) -> str:
        source_hash, content = read_source(source)
        self.on_loop(self.sources.offer, source_hash, content)
        return source_hash

    def unloadActorSource(self, source_hash: str) -> None:
        self.on_loop(self.sources.unload, source_hash)

    # -- threads --------------------------------------------------------------------------------

    def on_loop(self, function: Callable[..., T], *arguments: Any) -> T:
        """Run `function` on the loop's thread and return what it returns, or raise what it raises.

        ActorSystemFailure when the system is shut down or its loop has stopped.
        """
        if get_ident() == self._thread:
            return function(*arguments)
        result: Future[T] = Future()

        def run() -> None:
            try:
                result.set_result(function(*arguments))
            except BaseException as error:
                result.set_exception(error)

        if self.closed:
            raise ActorSystemFailure("the actor system is shut down")
        try:
            self.loop.call_soon_threadsafe(run)
        except RuntimeError as error:
            raise ActorSystemFailure("the actor system's loop is closed") from error
        while True:
            try:
                return result.result(LOOP_CHECK_SECONDS)
            except TimeoutError:
                if result.done():
                    return result.result()
                if not self.loop.is_running():
                    raise ActorSystemFailure("the actor system's loop has stopped") from None
