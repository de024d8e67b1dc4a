#!/usr/bin/env python3
"""What an update costs on its way from a feed's bytes to the rows of a COPY, stage by stage.

    python scripts/bench/ingest.py [--shape jsonl|readsb|sbs] [--flights 25000] [--seconds 4]
                                   [--json] [--profile FILE]

Everything runs in one thread of this process, as in the server: the bytes of a feed (one update a
second of each flight, in chunks as a socket gives them), its parser, the registry, the flights'
actors, the broadcaster without clients, persistence, and the rows encoded as COPY sends them. First
each stage alone, fed with what the one before it gave, then all of it wired together. Processor
time by the thread's own clock, a second of traffic at a time; of each stage the least, since what
disturbs only adds. What changes from one second to the next follows the recordings of readsb:
positions always, speed, track, altitudes and rates in 15 to 25 of 100 cases, the rest hardly ever.

The baseline is msgspec's untyped decoding of the lines of ``jsonl``, in the same rounds.
"""

import argparse
import asyncio
import cProfile
import gc
import json
import platform
import pstats
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
from ingest_traffic import SHAPES, Traffic
from psycopg import _copy_base
from psycopg.adapt import Transformer
from thespian.actors import ActorAddress

from aerotrack.actors.broadcaster import Broadcaster
from aerotrack.actors.loopbase import LoopActorSystem, start_actor_system
from aerotrack.actors.messages import (
    BatchStored,
    ConfigurePersistence,
    ConfigureRegistry,
    Ingest,
    StoreBatch,
    Tick,
)
from aerotrack.actors.persistence import Persistence
from aerotrack.actors.registry import Registry
from aerotrack.db.rows import POSITION
from aerotrack.domain.flight import FlightState
from aerotrack.domain.records import Batch
from aerotrack.domain.rules import FlightRules
from aerotrack.feeds.feed import FeedFigures
from aerotrack.gc_policy import GcPolicy

T0: Final = 1_764_000_000.0
EXPECTED_US: Final = 28.0
# As the server reads a socket.
CHUNK_BYTES: Final = 65_536
# As the settings have it.
BATCH_ROWS: Final = 25_000
ROWS_LIMIT: Final = 1_000_000
# Seconds of traffic before the first that counts: flights begin, positions are confirmed.
WARM_UP: Final = 3


def spent() -> float:
    """Processor time of this thread, seconds."""
    return time.thread_time()


def chunks(stream: bytes) -> Iterator[bytes]:
    """A second's bytes as a socket gives them."""
    for start in range(0, len(stream), CHUNK_BYTES):
        yield stream[start : start + CHUNK_BYTES]


class Encoder:
    """Rows as ``copy.write_row`` makes them of ``encode_points``, sent nowhere."""

    def __init__(self) -> None:
        self.rows = 0
        self.bytes = 0
        self._transformer = Transformer()
        self._transformer.set_dumper_types(
            [self._transformer.adapters.types[name].oid for name in POSITION.wire_types], 1
        )

    def encode(self, batch: Batch) -> None:
        """All points of a batch."""
        buffer = bytearray()
        format_row = _copy_base.format_row_binary
        for start in range(0, len(batch.points), 250):
            for row in POSITION.encode(batch.points[start : start + 250]):
                format_row(row, self._transformer, buffer)
            self.bytes += len(buffer)
            buffer.clear()
        self.rows += len(batch.points)


class Wired:
    """Registry, flights and what they report to, the last two real or mailboxes that keep all."""

    def __init__(self, *, broadcaster: bool, persistence: bool, encoder: Encoder | None) -> None:
        self.system: LoopActorSystem = start_actor_system()
        create = self.system.create_mailbox
        self.changes: list[Any] = []
        self.records: list[Any] = []
        self.batches: list[Batch] = []
        self._encoder = encoder
        self.registry = self.system.createActor(Registry)
        self.broadcaster = (
            self.system.createActor(Broadcaster)
            if broadcaster
            else create(lambda message, _: self.changes.append(message))
        )
        self.persistence = (
            self.system.createActor(Persistence)
            if persistence
            else create(lambda message, _: self.records.append(message))
        )
        if persistence:
            writer = create(self._store)
            self.tell(self.persistence, ConfigurePersistence(writer, 1.0, BATCH_ROWS, ROWS_LIMIT))
        self.tell(
            self.registry, ConfigureRegistry(self.broadcaster, self.persistence, FlightRules())
        )

    def tell(self, to: ActorAddress, message: object) -> None:
        self.system.tell(to, message)

    def _store(self, message: StoreBatch, _: ActorAddress) -> None:
        batch = message.batch
        if self._encoder is None:
            self.batches.append(batch)
        else:
            self._encoder.encode(batch)
        self.tell(self.persistence, BatchStored(batch.number, batch.rows, 0, 0, 0.01))

    async def settle(self) -> None:
        await self.system.drained()


class Bench:
    """One run over the same traffic; ``us`` has microseconds an update by stage, a second each."""

    def __init__(self, shape: str, flights: int, seconds: int) -> None:
        self.shape = shape
        self.flights = flights
        self.seconds = seconds
        self.us: dict[str, list[float]] = {}
        self.memory = 0.0

    def traffic(self) -> Iterator[tuple[int, float, bytes]]:
        """Seconds of traffic: number (those below 0 do not count), time, bytes."""
        traffic = Traffic(self.shape, self.flights)
        for second in range(-WARM_UP, self.seconds):
            now = T0 + WARM_UP + second
            yield second, now, traffic.second(now)

    def note(self, stage: str, second: int, seconds: float) -> None:
        if second >= 0:
            self.us.setdefault(stage, []).append(seconds / self.flights * 1e6)

    def decoder(self) -> Any:
        return SHAPES[self.shape].decoder(FeedFigures(name="bench", url=""))

    # -- stages alone ------------------------------------------------------------------------------

    def baseline(self) -> None:
        """msgspec alone, on lines of ``jsonl``."""
        traffic = Traffic("jsonl", self.flights)
        decode = msgspec.json.Decoder().decode
        for second in range(self.seconds):
            lines = traffic.second(T0 + second).splitlines()
            began = spent()
            for line in lines:
                decode(line)
            self.note("baseline: msgspec, untyped", second, spent() - began)

    def fold(self) -> None:
        """The parser, and the states of all flights without any actor."""
        decoder = self.decoder()
        states: dict[str, FlightState] = {}
        for second, now, stream in self.traffic():
            parsing = folding = 0.0
            for chunk in chunks(stream):
                began = spent()
                observations = decoder.decode(chunk, now=now)
                parsed = spent()
                for obs in observations:
                    state = states.get(obs.icao24)
                    if state is None:
                        state = states[obs.icao24] = FlightState(obs.icao24, obs.ts)
                    state.fold(obs)
                parsing += parsed - began
                folding += spent() - parsed
            self.note("parse", second, parsing)
            self.note("fold", second, folding)

    async def stages(self) -> None:
        """Actors and persistence, each fed with what the one before it gave."""
        decoder, encoder = self.decoder(), Encoder()
        flights = Wired(broadcaster=False, persistence=False, encoder=None)
        after = Wired(broadcaster=True, persistence=True, encoder=None)
        for second, now, stream in self.traffic():
            acting = showing = keeping = 0.0
            for chunk in chunks(stream):
                observations = decoder.decode(chunk, now=now)
                began = spent()
                flights.tell(flights.registry, Ingest(tuple(observations), now, now))
                await flights.settle()
                acting += spent() - began
                began = spent()
                for message in flights.changes:
                    after.tell(after.broadcaster, message)
                await after.settle()
                showing += spent() - began
                began = spent()
                for message in flights.records:
                    after.tell(after.persistence, message)
                await after.settle()
                keeping += spent() - began
                flights.changes.clear()
                flights.records.clear()
            began = spent()
            after.tell(after.broadcaster, Tick(now))
            after.tell(after.persistence, Tick(now))
            await after.settle()
            keeping += spent() - began
            began = spent()
            for batch in after.batches:
                encoder.encode(batch)
            self.note("registry, flights (fold included)", second, acting)
            self.note("broadcaster", second, showing)
            self.note("persistence", second, keeping)
            self.note("rows encoded", second, spent() - began)
            after.batches.clear()
        flights.system.shutdown()
        after.system.shutdown()

    # -- all of it ---------------------------------------------------------------------------------

    async def whole(self, profile: cProfile.Profile | None = None) -> int:
        """Everything together, garbage collection included; rows encoded."""
        decoder, encoder, policy = self.decoder(), Encoder(), GcPolicy()
        wired = Wired(broadcaster=True, persistence=True, encoder=encoder)
        policy.start(0.0)
        for second, now, stream in self.traffic():
            pieces = list(chunks(stream))
            if profile is not None and second == 0:
                profile.enable()
            began = spent()
            for chunk in pieces:
                if observations := decoder.decode(chunk, now=now):
                    wired.tell(wired.registry, Ingest(tuple(observations), now, now))
                await wired.settle()
            for actor in (wired.registry, wired.broadcaster, wired.persistence):
                wired.tell(actor, Tick(now))
            await wired.settle()
            policy.tick(now)
            self.note("all together", second, spent() - began)
        if profile is not None:
            profile.disable()
        policy.stop()
        wired.system.shutdown()
        return encoder.rows


def run(shape: str, flights: int, seconds: int) -> Bench:
    """All stages."""
    bench = Bench(shape, flights, seconds)
    steps: Iterable[Callable[[], object]] = (
        bench.baseline,
        bench.fold,
        lambda: asyncio.run(bench.stages()),
        lambda: asyncio.run(bench.whole()),
    )
    for step in steps:
        gc.collect()
        gc.freeze()
        step()
    return bench


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", choices=sorted(SHAPES), default="jsonl")
    parser.add_argument("--flights", type=int, default=25_000)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--json", action="store_true", help="one line of JSON")
    parser.add_argument("--profile", type=Path, help="write a profile of all together there")
    args = parser.parse_args()
    if args.profile is not None:
        profile = cProfile.Profile()
        asyncio.run(Bench(args.shape, args.flights, args.seconds).whole(profile))
        with args.profile.open("w") as out:
            pstats.Stats(profile, stream=out).strip_dirs().sort_stats("tottime").print_stats(60)
        return 0
    bench = run(args.shape, args.flights, args.seconds)
    least = {stage: min(taken) for stage, taken in bench.us.items()}
    held = least["all together"] <= EXPECTED_US
    if args.json:
        print(json.dumps({"shape": args.shape, "flights": args.flights, "us": least, "held": held}))
    else:
        print(f"Python {platform.python_version()}, {args.shape}, {args.flights} flights")
        base = least["baseline: msgspec, untyped"]
        for stage, cost in least.items():
            print(f"{stage:36} {cost:6.2f} us {cost / base:6.1f}")
        print("as expected" if held else "NOT as expected")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
