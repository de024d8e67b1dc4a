"""Answers to Thespian_StatusReq. Diagnostics: they scan, so ask rarely."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import msgspec
from thespian.actors import ActorAddress
from thespian.system.messages.status import Thespian_ActorStatus, Thespian_SystemStatus

from aerotrack.actors.loopbase._endpoints import Endpoint
from aerotrack.actors.loopbase._ref import ActorRef

if TYPE_CHECKING:
    from aerotrack.actors.loopbase._base import LoopSystemBase

PENDING_SHOWN = 100
"""Queued messages listed in one status: it is for a person to read."""


class BaseFigures(msgspec.Struct, frozen=True):
    """What metrics show of the actor system; totals count since it started."""

    queue_depth: int
    """Deliveries waiting now."""
    deliveries: int
    """Deliveries taken off the queue, retries included."""
    dead_letters: int
    """Messages to an address at which nobody lives."""
    poison_messages: int
    """Messages given up after every attempt of their receiver raised."""
    mailbox_errors: int
    """Exceptions of mailbox callbacks."""
    handler_failures: int
    """What our own actors counted: failed handlers, unknown and poisoned messages."""
    external_dropped: int
    """Answers to the outside world that nobody fetched in time."""
    live_actors: int
    """Actors alive now; endpoints such as mailboxes are none."""
    mailboxes: int
    """Open mailboxes."""
    pending_wakeups: int
    """Wakeups not yet due."""
    longest_slice_s: float
    """Longest uninterrupted run of deliveries since `reset_longest_slice`, in seconds."""


def actor_status(base: LoopSystemBase, ref: ActorRef) -> Thespian_ActorStatus:
    """Children, pending wakeups and the first queued messages of one actor."""
    status = Thespian_ActorStatus(
        ref.address,
        type(ref.instance).__name__,
        base.address,
        parentAddress=ActorAddress(ref.parent),
        sourceHash=ref.source_hash,
    )
    key = ref.address._aaddr
    for child in (ref.children or {}).values():
        status.addChild(child)
    status.addWakeups([(ref.address, timer) for timer in base.wakeups.of(key)])
    queued = (delivery for delivery in list(base.queue) if delivery[0] == key)
    for _key, message, sender in islice(queued, PENDING_SHOWN):
        status.addPendingMessage(sender, ref.address, message)
    return status


def system_status(base: LoopSystemBase) -> Thespian_SystemStatus:
    """The system as a whole: primary actors, names, capabilities and the figures."""
    status = Thespian_SystemStatus(
        base.address, capabilities=dict(base.capabilities), inShutdown=base.closed
    )
    for ref in base.actorRegistry.values():
        if ref.parent == base.address._aaddr and not isinstance(ref.instance, Endpoint):
            status.addChild(ref.address)
    for name, address in base.global_names.items():
        status.addGlobalActor(name, address)
    if base.dead_letter_key is not None:
        status.setDeadLetterHandler(ActorAddress(base.dead_letter_key))
    status.setNotifyHandlers(base.sources.listeners())
    status.sourceAuthority = base.sources.authority
    status.loadedSources = [(source_hash, "") for source_hash in base.sources.zips]
    for name, value in msgspec.structs.asdict(base.figures()).items():
        status.addKeyVal(name, value)
    return status
