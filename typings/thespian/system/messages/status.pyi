from typing import Any

from thespian.actors import ActorAddress, ActorSystemMessage
from thespian.system.timing import ExpirationTimer

class Thespian_StatusReq(ActorSystemMessage): ...

class _CommonStatus(ActorSystemMessage):
    pendingMessages: list[tuple[ActorAddress, ActorAddress, str]]
    pendingWakeups: list[tuple[ActorAddress, ExpirationTimer]]
    childActors: list[ActorAddress]
    miscKeyVals: dict[str, Any]
    def addChild(self, childAddress: ActorAddress) -> None: ...
    def addPendingMessage(
        self, fromActor: ActorAddress, toActor: ActorAddress, msgstr: Any
    ) -> None: ...
    def addWakeups(self, wakeups_list: list[tuple[ActorAddress, ExpirationTimer]]) -> None: ...
    def addKeyVal(self, key: str, value: Any) -> None: ...

class Thespian_SystemStatus(_CommonStatus):
    adminAddress: ActorAddress
    capabilities: dict[str, Any]
    globalActors: dict[str, ActorAddress]
    deadLetterHandler: ActorAddress | None
    sourceAuthority: ActorAddress | None
    loadedSources: list[tuple[str, str]]
    def __init__(
        self,
        address: ActorAddress,
        conventionLeader: ActorAddress | None = None,
        capabilities: dict[str, Any] | None = None,
        inShutdown: bool = False,
    ) -> None: ...
    def addGlobalActor(self, name: str, address: ActorAddress) -> None: ...
    def setDeadLetterHandler(self, address: ActorAddress | None) -> None: ...
    def setNotifyHandlers(self, addresses: list[ActorAddress]) -> None: ...

class Thespian_ActorStatus(_CommonStatus):
    actorAddress: ActorAddress
    actorClass: str
    adminAddress: ActorAddress
    parentAddress: ActorAddress | None
    def __init__(
        self,
        address: ActorAddress,
        actorClass: str,
        adminAddress: ActorAddress,
        parentAddress: ActorAddress | None = None,
        sourceHash: str | None = None,
        exiting: bool | None = None,
    ) -> None: ...
