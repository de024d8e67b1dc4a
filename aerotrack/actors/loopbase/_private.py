"""`ActorSystem.private()`: an outside address of its own for one thread."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from thespian.actors import Actor, ActorAddress, ActorSystemFailure
from thespian.system.timing import timePeriodSeconds

from aerotrack.actors.loopbase._endpoints import Inbox

if TYPE_CHECKING:
    from aerotrack.actors.loopbase._base import LoopSystemBase


class PrivateContext:
    """What Thespian's ExternalContext calls; its answers reach only the thread that holds it."""

    def __init__(self, base: LoopSystemBase) -> None:
        self._base = base
        self._inbox = Inbox()
        self._address = base.add_endpoint("System:ExternalRequester", self._inbox)

    def tell(self, to: ActorAddress, message: Any) -> None:
        self._base.tell_as(self._address, to, message)

    def ask(self, to: ActorAddress, message: Any, timeout: timedelta | float | None) -> Any:
        self._base.refuse_on_loop("ask")
        self.tell(to, message)
        return self.listen(timeout)

    def listen(self, timeout: timedelta | float | None) -> Any:
        self._base.refuse_on_loop("listen")
        return self._inbox.listen(None if timeout is None else timePeriodSeconds(timeout))

    def newPrimaryActor(
        self,
        actor_class: type[Actor] | str,
        requirements: dict[str, Any] | None,
        global_name: str | None,
        source_hash: str | None = None,
    ) -> ActorAddress:
        return self._base.newPrimaryActor(actor_class, requirements, global_name, source_hash)

    def exit_context(self) -> None:
        try:
            self._base.remove_endpoint(self._address)
        except ActorSystemFailure:
            self._inbox.close()  # the system ended first and took the address with it
