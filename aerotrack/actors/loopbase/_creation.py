"""Making an actor instance: class by name or source hash, capability check, init arguments."""

from __future__ import annotations

import functools
import inspect
from typing import Any
from weakref import WeakKeyDictionary

from thespian.actors import Actor
from thespian.system.sourceLoader import loadModuleFromHashSource
from thespian.system.utilis import actualActorClass

_OFFERED = ("capabilities", "requirements")


class ActorFactory:
    """Creates actors for one system; what `__init__` of a class takes is looked up once.

    An actor's `__init__` gets `capabilities` and `requirements` only if it names them.
    """

    def __init__(self, capabilities: dict[str, Any], sources: dict[str, bytes]) -> None:
        self._capabilities = capabilities
        self._sources = sources
        self._wanted: WeakKeyDictionary[type[Actor], tuple[str, ...]] = WeakKeyDictionary()

    def create(
        self,
        actor_class: type[Actor] | str,
        requirements: dict[str, Any] | None,
        source_hash: str | None,
    ) -> Actor | None:
        """The new actor, or None if this system lacks a capability it needs.

        Raises whatever finding the class, its capability check or its `__init__` raise.
        """
        if isinstance(actor_class, str):
            loader = (
                functools.partial(loadModuleFromHashSource, source_hash, self._sources)
                if source_hash
                else None
            )
            actor_class = actualActorClass(actor_class, loader)
        check = getattr(actor_class, "actorSystemCapabilityCheck", None)
        if check is not None and not check(self._capabilities, requirements or {}):
            return None
        wanted = self._wanted.get(actor_class)
        if wanted is None:
            wanted = self._wanted[actor_class] = _init_arguments(actor_class)
        if not wanted:
            return actor_class()
        offered = {"capabilities": self._capabilities, "requirements": requirements}
        return actor_class(**{name: offered[name] for name in wanted})


def _init_arguments(actor_class: type[Actor]) -> tuple[str, ...]:
    try:
        parameters = inspect.signature(actor_class.__init__).parameters
    except (ValueError, TypeError):  # an __init__ in C, about which nothing is known
        return ()
    return tuple(name for name in _OFFERED if name in parameters)
