"""Running actors in tests, on our system base and on Thespian's simpleSystemBase.

`actor_system` is a driver over one fresh actor system; a test that takes it runs twice, once on
each base, and should not care which::

    def test_a_flight_reports_to_its_registry(actor_system):
        sink = actor_system.collector()
        flight = actor_system.create(Flight, Configure(sink.address))
        actor_system.tell(flight, Observe(...))
        actor_system.settle()
        assert [FlightChanged(...)] == sink.messages

`create(cls, *first_messages)`, `tell(to, message, sender=None)`, `settle()` (deliver until nothing
is queued), `collector()` (an actor that keeps what it is sent: `.address`, `.messages`,
`.senders`), `wait_until(predicate)` (for wakeups), `instance(address)` (the actor object, None once
it is gone), `exit(address)`, `failures()` (counts by kind, over all AeroActors).

`run_on_loop(scenario, **options)` runs `async def scenario(system)` on our base alone, within
`TEST_SECONDS`, and shuts the system down.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest
from thespian.actors import Actor, ActorAddress, ActorExitRequest, ActorSystem, ActorSystemMessage

from aerotrack.actors.base import AeroActor
from aerotrack.actors.failures import FailureKind
from aerotrack.actors.loopbase import LoopActorSystem, start_actor_system

TEST_SECONDS = 20.0
"""After this a test that waits has failed; generous, for a busy machine."""


class Collector(Actor):
    """Keeps every message it is sent, Thespian's own left out, with its sender."""

    def __init__(self) -> None:
        self.received: list[tuple[Any, ActorAddress]] = []

    def receiveMessage(self, msg: Any, sender: ActorAddress) -> None:
        if not isinstance(msg, ActorSystemMessage):
            self.received.append((msg, sender))


class Sink:
    """A test's view of one Collector."""

    def __init__(self, address: ActorAddress, actor: Collector) -> None:
        self.address = address
        self._actor = actor

    @property
    def messages(self) -> list[Any]:
        return [message for message, _sender in self._actor.received]

    @property
    def senders(self) -> list[ActorAddress]:
        return [sender for _message, sender in self._actor.received]

    def clear(self) -> None:
        self._actor.received.clear()


class ActorDriver:
    """What both bases offer a test; subclasses say how to let the actors run."""

    name: str
    system: ActorSystem

    def create(self, actor_class: type[Actor], *first_messages: Any, **options: Any) -> Any:
        address = self.system.createActor(actor_class, **options)
        for message in first_messages:
            self.tell(address, message)
        return address

    def tell(self, to: ActorAddress, message: Any, sender: ActorAddress | None = None) -> None:
        raise NotImplementedError

    def settle(self) -> None:
        raise NotImplementedError

    def wait_until(self, predicate: Callable[[], bool]) -> None:
        raise NotImplementedError

    def collector(self) -> Sink:
        address = self.create(Collector)
        return Sink(address, self.instance(address))

    def instance(self, address: ActorAddress) -> Any:
        ref = self.system._systemBase.actorRegistry.get(address.actorAddressString)
        return None if ref is None else ref.instance

    def exit(self, address: ActorAddress) -> None:
        self.tell(address, ActorExitRequest())
        self.settle()

    def failures(self) -> dict[FailureKind, int]:
        raise NotImplementedError


class LoopDriver(ActorDriver):
    """Our base, on a loop that runs only while the test lets it."""

    name = "loop"

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self.system: LoopActorSystem = self._run(self._start())

    async def _start(self) -> LoopActorSystem:
        return start_actor_system()

    def _run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return self._loop.run_until_complete(asyncio.wait_for(coroutine, TEST_SECONDS))

    def tell(self, to: ActorAddress, message: Any, sender: ActorAddress | None = None) -> None:
        if sender is None:
            self.system.tell(to, message)
        else:
            self.system.tell_as(sender, to, message)

    def settle(self) -> None:
        self._run(self.system.drained())

    def wait_until(self, predicate: Callable[[], bool]) -> None:
        async def wait() -> None:
            while not predicate():
                await asyncio.sleep(0.001)

        self._run(wait())

    def failures(self) -> dict[FailureKind, int]:
        return self.system.failures.snapshot()

    def close(self) -> None:
        self.system.shutdown()
        self._loop.close()


class SimpleDriver(ActorDriver):
    """Thespian's synchronous base: telling runs the whole cascade."""

    name = "simpleSystemBase"

    def __init__(self) -> None:
        self.system = ActorSystem("simpleSystemBase", logDefs=False, transientUnique=True)

    def tell(self, to: ActorAddress, message: Any, sender: ActorAddress | None = None) -> None:
        if sender is None:
            self.system.tell(to, message)
        else:
            self.system._systemBase.actor_send(sender, to, message)

    def settle(self) -> None:
        self.system.listen(0.0)
        self.system._systemBase._runSends()

    def wait_until(self, predicate: Callable[[], bool]) -> None:
        give_up = time.monotonic() + TEST_SECONDS
        while not predicate():
            assert time.monotonic() < give_up
            self.system.listen(0.001)

    def failures(self) -> dict[FailureKind, int]:
        total: Counter[FailureKind] = Counter()
        for ref in self.system._systemBase.actorRegistry.values():
            if ref is not None and isinstance(ref.instance, AeroActor):
                total.update(ref.instance.failures.snapshot())
        return dict(total)

    def close(self) -> None:
        self.system.shutdown()


@pytest.fixture(params=[LoopDriver, SimpleDriver], ids=["loop", "simple"])
def actor_system(request: pytest.FixtureRequest) -> Iterator[ActorDriver]:
    driver = request.param()
    yield driver
    driver.close()


Scenario = Callable[[LoopActorSystem], Coroutine[Any, Any, Any]]


@pytest.fixture
def run_on_loop() -> Callable[..., Any]:
    def run(scenario: Scenario, **options: Any) -> Any:
        async def main() -> Any:
            system = start_actor_system(**options)
            try:
                return await asyncio.wait_for(scenario(system), TEST_SECONDS)
            finally:
                system.shutdown()

        return asyncio.run(main())

    return run
