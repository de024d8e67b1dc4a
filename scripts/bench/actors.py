#!/usr/bin/env python3
"""Measure the actor system: throughput against simpleSystemBase, population, stalls of the loop.

Throughput: updates a second through registry -> flight -> sink (two deliveries an update), our
base and simpleSystemBase in turn in this one run, medians of --repeats. Population: creating and
removing --population flight actors; what is left of them. Stalls: --flights live flights, as many
updates a second for --seconds; a task that wants to run every millisecond notes how late it is,
once with the collector as Python sets it and once with ours (aerotrack/gc_policy.py). stall_max_s
is the clock's and contains what the machine gives to others; work_max_s is the processor time the
loop's thread itself spent between two such beats, collector included, and is what is judged.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import platform
import statistics
import sys
import time
import tracemalloc
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import thespian
from bench_model import BenchFlight, BenchParent, BenchRegistry, BenchSink, Remove, Spawn, batch
from thespian.actors import ActorAddress, ActorSystem

from aerotrack.actors.loopbase import LoopActorSystem, start_actor_system
from aerotrack.gc_policy import DEEP_SECONDS, TICK_SECONDS, GcPolicy

EXPECTED_RATIO = 3.0
EXPECTED_STALL_S = 0.020
BATCH = 1000  # observations a feed hands over at once
BEAT_S = 0.001
FEED_S = 0.1  # how often the steady load comes in
GC_HEADER = 16  # bytes a tracked object has in front, which tracemalloc leaves out
TRACKED_PER_ACTOR = 3  # instance, reference, address


def instance(system: ActorSystem, address: ActorAddress) -> Any:
    return system._systemBase.actorRegistry[address.actorAddressString].instance


# -- throughput ------------------------------------------------------------------------------------


async def loop_updates_per_s(updates: int, flights: int) -> float:
    system = start_actor_system()
    try:
        sink = system.createActor(BenchSink)
        registry = system.createActor(BenchRegistry)
        system.tell(registry, Spawn(flights, sink))
        await system.drained()
        batches = [batch(first, BATCH, flights, 0.0) for first in range(0, updates, BATCH)]
        started = time.perf_counter()
        for each in batches:
            system.tell(registry, each)
        await system.drained()
        elapsed = time.perf_counter() - started
        assert instance(system, sink).changes == len(batches) * BATCH
        return len(batches) * BATCH / elapsed
    finally:
        system.shutdown()


def simple_updates_per_s(updates: int, flights: int) -> float:
    system = ActorSystem("simpleSystemBase", logDefs=False, transientUnique=True)
    try:
        sink = system.createActor(BenchSink)
        registry = system.createActor(BenchRegistry)
        system.tell(registry, Spawn(flights, sink))
        batches = [batch(first, BATCH, flights, 0.0) for first in range(0, updates, BATCH)]
        started = time.perf_counter()
        for each in batches:
            system.tell(registry, each)
        elapsed = time.perf_counter() - started
        assert instance(system, sink).changes == len(batches) * BATCH
        return len(batches) * BATCH / elapsed
    finally:
        system.shutdown()


def measure_throughput(options: argparse.Namespace) -> dict[str, Any]:
    ours, simple = [], []
    for _ in range(options.repeats):
        ours.append(asyncio.run(loop_updates_per_s(options.updates, 1000)))
        simple.append(simple_updates_per_s(max(options.updates // 10, BATCH), 1000))
    return {
        "loop_updates_per_s": round(statistics.median(ours)),
        "simple_updates_per_s": round(statistics.median(simple)),
        "loop_us_per_message": round(0.5e6 / statistics.median(ours), 3),
        "ratio": round(statistics.median(ours) / statistics.median(simple), 1),
    }


# -- population ------------------------------------------------------------------------------------


async def bytes_per_actor(count: int) -> float:
    """An actor alone: instance, reference, address, entries in registry and parent."""
    system = start_actor_system()
    try:
        parent = system.createActor(BenchParent)
        gc.collect()
        tracemalloc.start()
        system.tell(parent, Spawn(count, parent))
        await system.drained()
        gc.collect()
        traced = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        return traced / count + GC_HEADER * TRACKED_PER_ACTOR
    finally:
        system.shutdown()


async def population(count: int) -> dict[str, float]:
    system = start_actor_system()
    try:
        sink = system.createActor(BenchSink)
        registry = system.createActor(BenchRegistry)
        for message in (Spawn(10, sink), Remove()):  # fills the caches that stay
            system.tell(registry, message)
            await system.drained()
        gc.collect()
        objects = len(gc.get_objects())
        known = len(system.base.actorRegistry)
        started = time.perf_counter()
        system.tell(registry, Spawn(count, sink))
        await system.drained()
        created = time.perf_counter() - started
        started = time.perf_counter()
        system.tell(registry, Remove())
        await system.drained()
        removed = time.perf_counter() - started
        alive = sum(isinstance(thing, BenchFlight) for thing in gc.get_objects())
        gc.collect()
        return {
            "create_s": created,
            "remove_s": removed,
            "left_objects": max(0, len(gc.get_objects()) - objects),
            "left_flights_without_gc": alive,
            "left_registry_entries": len(system.base.actorRegistry) - known,
        }
    finally:
        system.shutdown()


def measure_population(options: argparse.Namespace) -> dict[str, Any]:
    timed = asyncio.run(population(options.population))
    return {
        "actors": options.population,
        "create_s": round(timed["create_s"], 3),
        "remove_s": round(timed["remove_s"], 3),
        "bytes_per_actor": round(asyncio.run(bytes_per_actor(options.population))),
        "left_objects": timed["left_objects"],
        "left_flights_without_gc": timed["left_flights_without_gc"],
        "left_registry_entries": timed["left_registry_entries"],
    }


# -- stalls ----------------------------------------------------------------------------------------


async def beat(beats: list[tuple[float, float]], stop: asyncio.Event) -> None:
    """Note (how late, processor time of this thread meanwhile) every millisecond."""
    while not stop.is_set():
        due, worked = time.perf_counter() + BEAT_S, time.thread_time()
        await asyncio.sleep(BEAT_S)
        beats.append((time.perf_counter() - due, time.thread_time() - worked))


async def feed(system: LoopActorSystem, registry: ActorAddress, flights: int, until: float) -> int:
    sent = 0
    share = round(flights * FEED_S)
    due = time.perf_counter()
    while time.perf_counter() < until:
        for first in range(0, share, BATCH):
            size = min(BATCH, share - first)
            system.tell(registry, batch(sent, size, flights, due))
            sent += size
            await asyncio.sleep(0)
        due += FEED_S
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
    return sent


async def tick(policy: GcPolicy, stop: asyncio.Event) -> None:
    while not stop.is_set():
        await asyncio.sleep(TICK_SECONDS)
        policy.tick(time.monotonic())


async def stalls(flights: int, seconds: float, *, with_policy: bool) -> dict[str, float]:
    system = start_actor_system()
    policy = GcPolicy()
    try:
        sink = system.createActor(BenchSink)
        registry = system.createActor(BenchRegistry)
        system.tell(registry, Spawn(flights, sink))
        await system.drained()
        await feed(system, registry, flights, time.perf_counter() + 1.5)  # every flight has state
        await system.drained()
        if with_policy:
            policy.start(time.monotonic())
        system.base.reset_longest_slice()
        stop = asyncio.Event()
        beats: list[tuple[float, float]] = []
        tasks = [asyncio.create_task(beat(beats, stop))]
        if with_policy:
            tasks.append(asyncio.create_task(tick(policy, stop)))
        cpu = time.process_time()
        before = instance(system, sink).changes
        sent = await feed(system, registry, flights, time.perf_counter() + seconds)
        await system.drained()
        cpu = time.process_time() - cpu
        stop.set()
        await asyncio.gather(*tasks)
        assert instance(system, sink).changes - before == sent
        lateness = sorted(late for late, _worked in beats)
        longest_gc_s = policy.longest_pause_s
        policy.tick(time.monotonic() + DEEP_SECONDS)
        return {
            "updates_per_s": sent / seconds,
            "cpu_share": cpu / seconds,
            "stall_p99_s": lateness[int(len(lateness) * 0.99)],
            "stall_max_s": lateness[-1],
            "work_max_s": max(worked for _late, worked in beats),
            "longest_slice_s": system.figures().longest_slice_s,
            "longest_gc_s": longest_gc_s,
            "deep_gc_s": policy.longest_pause_s,
        }
    finally:
        policy.stop()
        system.shutdown()


def measure_stalls(options: argparse.Namespace) -> dict[str, Any]:
    result: dict[str, Any] = {"flights": options.flights, "seconds": options.seconds}
    for name, with_policy in (("python_gc", False), ("policy", True)):
        measured = asyncio.run(stalls(options.flights, options.seconds, with_policy=with_policy))
        result[name] = {key: round(value, 4) for key, value in measured.items()}
    return result


# -- report ----------------------------------------------------------------------------------------


def verdicts(result: dict[str, Any]) -> dict[str, bool]:
    held: dict[str, bool] = {}
    if "throughput" in result:
        held["ratio"] = result["throughput"]["ratio"] >= EXPECTED_RATIO
    if "population" in result:
        population_ = result["population"]
        held["nothing_left"] = not any(
            population_[name] for name in population_ if name.startswith("left_")
        )
    if "stalls" in result:
        held["stall"] = result["stalls"]["policy"]["work_max_s"] <= EXPECTED_STALL_S
    return held


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--updates", type=int, default=200_000, help="updates a repeat (%(default)s)"
    )
    parser.add_argument("--repeats", type=int, default=5, help="repeats of each base (%(default)s)")
    parser.add_argument("--population", type=int, default=50_000, help="actors (%(default)s)")
    parser.add_argument("--flights", type=int, default=25_000, help="live flights (%(default)s)")
    parser.add_argument("--seconds", type=float, default=20.0, help="steady load (%(default)s)")
    parser.add_argument(
        "--only", choices=["throughput", "population", "stalls"], help="measure just one of them"
    )
    parser.add_argument("--json", action="store_true", help="print one line of JSON")
    options = parser.parse_args()
    measures = {
        "throughput": measure_throughput,
        "population": measure_population,
        "stalls": measure_stalls,
    }
    result: dict[str, Any] = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "thespian": getattr(thespian, "__version__", "4.0.1"),
    }
    for name, measure in measures.items():
        if options.only in (None, name):
            result[name] = measure(options)
    result["held"] = verdicts(result)
    if options.json:
        print(json.dumps(result))
    else:
        print(json.dumps(result, indent=2))
    return 0 if all(result["held"].values()) else 1


if __name__ == "__main__":
    sys.exit(main())
