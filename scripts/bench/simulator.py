#!/usr/bin/env python3
"""What the simulator costs: time to start, time per update, memory, the longest slice.

python scripts/bench/simulator.py [--flights 25000] [--seconds 60] [--seed 1]
"""

import argparse
import asyncio
import gc
import platform
import resource
import time
from collections.abc import Sequence

from aerotrack.domain.airports import load_airports
from aerotrack.domain.observation import Observation
from aerotrack.domain.simulation import World
from aerotrack.feeds.feed import Clock, FeedFigures
from aerotrack.feeds.simulator import SimulatorFeed

CLOCK = Clock(wall=time.time, monotonic=time.monotonic)


def resident_mb() -> float:
    """Most memory this process has held, in MB (Linux counts it in kB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def bare(flights: int, seed: int, seconds: int) -> None:
    """The world by itself: every flight once a simulated second."""
    empty = resident_mb()
    began = time.perf_counter()
    airports = load_airports()
    loaded = time.perf_counter()
    print(f"airports: {len(airports)}, {loaded - began:.3f} s, {resident_mb() - empty:.0f} MB")
    empty = resident_mb()
    world = World(airports, seed)
    for _ in range(flights):
        world.add(0.0)
    made = time.perf_counter()
    print(f"flights: {flights}, {made - loaded:.2f} s, {resident_mb() - empty:.0f} MB")
    slowest = 0.0
    for second in range(seconds):
        began = time.perf_counter()
        for index in range(flights):
            world.observe(index, float(second), 1e9 + second, "sim")
        slowest = max(slowest, time.perf_counter() - began)
    mean = (time.perf_counter() - made) / (flights * seconds)
    print(f"update: {mean * 1e6:.2f} us, {slowest / flights * 1e6:.2f} us in the slowest second")
    gc.collect()
    began = time.perf_counter()
    gc.collect()
    print(f"full collection with them alive: {(time.perf_counter() - began) * 1e3:.1f} ms")


async def feed(flights: int, seed: int, seconds: int) -> None:
    """The feed on the loop: rate, share of a core, how late a waiting task gets its turn."""
    slices: list[float] = []

    def sink(observations: Sequence[Observation], *, now: float, received: float) -> None:
        del observations, now
        slices.append(time.monotonic() - received)

    figures = FeedFigures(name="sim", url="simulator://")
    running = asyncio.create_task(
        SimulatorFeed(
            figures=figures, sink=sink, clock=CLOCK, flights=flights, seed=seed, rate=1.0
        ).run()
    )
    began, worst = time.monotonic(), 0.0
    while not slices:
        turn = time.monotonic()
        await asyncio.sleep(0.001)
        worst = max(worst, time.monotonic() - turn - 0.001)
    print(f"feed: first update after {time.monotonic() - began:.1f} s, longest stall {worst:.4f} s")
    before, cpu, began, worst = figures.accepted, time.process_time(), time.monotonic(), 0.0
    while (elapsed := time.monotonic() - began) < seconds:
        turn = time.monotonic()
        await asyncio.sleep(0.005)
        worst = max(worst, time.monotonic() - turn - 0.005)
    rate, share = (figures.accepted - before) / elapsed, (time.process_time() - cpu) / elapsed
    print(f"feed: {rate:.0f} updates/s with {share:.1%} of a core")
    slices.sort()
    middle, late = slices[len(slices) // 2], slices[len(slices) * 99 // 100]
    print(
        f"feed: slice p50 {middle * 1e3:.1f} ms, p99 {late * 1e3:.1f} ms,"
        f" longest {slices[-1] * 1e3:.1f} ms; longest stall {worst * 1e3:.1f} ms"
    )
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def main() -> None:
    """Run both and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flights", type=int, default=25_000)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    print(f"Python {platform.python_version()} on {platform.machine()}")
    bare(chosen.flights, chosen.seed, chosen.seconds)
    asyncio.run(feed(chosen.flights, chosen.seed, chosen.seconds))


if __name__ == "__main__":
    main()
