"""Flights that are alive, kept in the outbox's file, so that a restart goes on with them."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from aerotrack.actors.messages import KeepStates, RestoreFlights
from aerotrack.db.outbox import OwnedOutbox, Spool
from aerotrack.domain.saved import SavedFlight, load
from aerotrack.logs import log_event

logger = logging.getLogger(__name__)

# What flights said of themselves goes to the disk together, this often: a commit each time.
WRITTEN_EVERY_S: Final = 15.0
# The same where the disk is to be spared: two kilobytes a flight each time. A state is then at most
# three minutes old after a kill; from five on a flight would count as silent meanwhile.
SPARING_EVERY_S: Final = 120.0
# Flights taken up in one message: each becomes an actor and tells the live picture, 0.1 ms in all.
RESTORED_TOGETHER: Final = 100


class Checkpoints:
    """Takes in the states of flights and hands them to ``spool``, ``every`` so many seconds."""

    def __init__(self, spool: Spool, *, every: float = WRITTEN_EVERY_S) -> None:
        self._spool = spool
        self._every = every
        self._changed: dict[int, bytes] = {}

    def keep(self, message: KeepStates) -> None:
        """States whose rows are safe; on the loop's thread."""
        self._changed.update((state.flight, state.body) for state in message.states)

    def write(self) -> None:
        """Hand on what came since the last time."""
        if self._changed:
            changed, self._changed = self._changed, {}
            self._spool.keep_flights(changed)

    async def run(self) -> None:
        """Write now and then, until cancelled."""
        while True:
            await asyncio.sleep(self._every)
            self.write()


def read_flights(outbox: OwnedOutbox) -> list[SavedFlight]:
    """The flights that were alive, the last one of each aircraft. What cannot be read is said.

    Blocking; for before the spool starts, whose file it is then.
    """
    latest: dict[str, SavedFlight] = {}
    unreadable = 0
    for _, body in outbox.file.flights():
        try:
            saved = load(body)
        except msgspec.MsgspecError:
            unreadable += 1
            continue
        icao24 = saved.record.icao24
        other = latest.get(icao24)
        if other is None or other.record.last_contact <= saved.record.last_contact:
            latest[icao24] = saved
    outbox.file.keep_only({saved.record.flight for saved in latest.values()})
    if unreadable:
        log_event(logger, "checkpoint_unreadable", level=logging.ERROR, flights=unreadable)
    return list(latest.values())


async def restore(
    flights: list[SavedFlight],
    tell: Callable[[RestoreFlights], None],
    room: Callable[[], Awaitable[None]],
    now: float,
    received: float,
) -> None:
    """Have the registry take them up, some at a time."""
    for start in range(0, len(flights), RESTORED_TOGETHER):
        await room()
        tell(RestoreFlights(tuple(flights[start : start + RESTORED_TOGETHER]), now, received))
        await asyncio.sleep(0)
    if flights:
        log_event(logger, "flights_restored", flights=len(flights))
