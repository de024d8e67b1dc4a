#!/usr/bin/env python3
"""What a report costs to relay to processes of the fan-out, and to follow there.

    python scripts/bench/relay.py

One process: a broadcaster, one that relays, and one that follows the batches of the other, each
without clients; the quietest of some rounds, in processor time a report.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec

from aerotrack.actors.broadcaster import Broadcaster
from aerotrack.actors.loopbase import LoopActorSystem, start_actor_system
from aerotrack.actors.messages import (
    ConfigureRelay,
    FlightChanged,
    PictureBatch,
    SendBatch,
    ShowPicture,
    Tick,
)
from aerotrack.actors.relay import FollowingBroadcaster, RelayingBroadcaster

ROUNDS: Final = 10
REPORTS: Final = 25_000
# A second's reports come with ten ticks.
A_TICK: Final = REPORTS // 10
FIELDS: Final = (
    ("lat", 51.12345), ("lon", -0.12345), ("alt_baro", 35000), ("gs", 451.2), ("track", 91.2),
)  # fmt: skip

decode = msgspec.msgpack.Decoder(PictureBatch).decode


def report(number: int, *, whole: bool = False) -> FlightChanged:
    icao24 = f"{number:06x}"
    return FlightChanged(icao24, f"{icao24}-692159a0", FIELDS, whole, 1.7e9, 1.7e9, 1.5)


async def quietest(work: Callable[[], Awaitable[Any]], each: int) -> float:
    """Microseconds of processor time for one of ``each``, the least of some rounds."""
    times = []
    for _ in range(ROUNDS):
        began = time.process_time()
        await work()
        times.append(time.process_time() - began)
    return min(times) / each * 1e6


def second(system: LoopActorSystem, to: Any, reports: list[FlightChanged]) -> Any:
    """A coroutine function that tells a second's reports with their ticks."""

    async def work() -> None:
        for first in range(0, REPORTS, A_TICK):
            for each in reports[first : first + A_TICK]:
                system.tell(to, each)
            system.tell(to, Tick(1.7e9))
            await system.drained()

    return work


async def run() -> None:
    system = start_actor_system()
    reports = [report(number) for number in range(REPORTS)]
    alone = system.createActor(Broadcaster)
    relaying = system.createActor(RelayingBroadcaster)
    following = system.createActor(FollowingBroadcaster)
    sent: list[bytes] = []

    def keep(message: Any, _sender: Any) -> None:
        assert isinstance(message, SendBatch)
        sent.append(message.payload)

    system.tell(relaying, ConfigureRelay(system.create_mailbox(keep)))
    for to in (alone, relaying):
        for number in range(REPORTS):
            system.tell(to, report(number, whole=True))
    await system.drained()
    kept = await quietest(second(system, alone, reports), REPORTS)
    relayed = await quietest(second(system, relaying, reports), REPORTS)
    sent.clear()
    await second(system, relaying, reports)()
    batches, size = list(sent), sum(map(len, sent))

    async def follow() -> None:
        for batch in batches:
            system.tell(following, decode(batch))
        await system.drained()

    followed = await quietest(follow, REPORTS)
    sent.clear()

    async def show() -> None:
        system.tell(relaying, ShowPicture(1))
        await system.drained()
        sent.clear()

    shown = await quietest(show, REPORTS)
    system.shutdown()
    print(f"a report kept in the picture            {kept:5.2f} µs")
    print(f"the same, relayed too                   {relayed:5.2f} µs ({relayed - kept:+.2f})")
    print(f"a report decoded and kept by a follower {followed:5.2f} µs")
    print(f"a flight shown to a new follower        {shown:5.2f} µs")
    print(f"bytes of a report on the way            {size / REPORTS:5.0f}")


if __name__ == "__main__":
    asyncio.run(run())
