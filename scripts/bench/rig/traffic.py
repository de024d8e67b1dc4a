"""Traffic made beforehand, so that sending it costs next to nothing.

A play is a list of seconds, a second ``SLICES`` slices, a slice what each socket sends then. It
carries no times, so that it is dated by its arrival.
"""

import random
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any, Final, NamedTuple

import decode
import ingest_traffic

from aerotrack.domain.airports import load_airports
from aerotrack.domain.simulation import World

SLICES: Final = 50
SLICE_S: Final = 1.0 / SLICES
SEED: Final = 1
# The first flight of each slice tells by its altitude which second it was sent in: this and so many
# feet. A client that sees it knows how long it was under way.
PROBE_FT: Final = 20_000
# Seconds that one lives in the scenario where flights come and go.
LIFE_S: Final = 8


class Slice(NamedTuple):
    """What is sent at once: (socket, bytes) each, and how many updates or frames that is."""

    parts: tuple[tuple[int, bytes], ...]
    updates: int
    probe: tuple[str, int] | None = None  # icao24 and altitude


Second = list[Slice]


def places(count: int) -> list[tuple[float, float]]:
    """Where so many flights are in the air at a busy hour: latitude, longitude."""
    world = World(load_airports(), SEED)
    for _ in range(count):
        world.add(0.0)
    seen = (world.observe(number, 0.0, 0.0, "rig") for number in range(count))
    return [
        (min(85.0, max(-85.0, one.lat)), one.lon)
        for one in seen
        if isinstance(one.lat, float) and isinstance(one.lon, float)
    ]


def world(flights: int, seconds: int) -> Iterator[Second]:
    """So many flights, a line of JSON a second of each, in an order that is always the same."""
    chance = random.Random(SEED)
    known = places(flights)
    fleet = [
        ingest_traffic.Aircraft(number, chance, known[number % len(known)])
        for number in range(flights)
    ]
    # Neighbours in the list are no neighbours in the world.
    bounds = [flights * n // SLICES for n in range(SLICES + 1)]
    probes = {bounds[n] for n in range(SLICES) if bounds[n] < bounds[n + 1]}
    for number in probes:
        fleet[number].rate = 0
    for second in range(seconds):
        lines = []
        for number, craft in enumerate(fleet):
            craft.move(chance)
            if number in probes:
                craft.alt = PROBE_FT + second
            lines.append(ingest_traffic.undated(craft))
        yield [
            Slice(
                ((0, b"".join(lines[begin:end])),),
                end - begin,
                (fleet[begin].icao24, PROBE_FT + second) if begin < end else None,
            )
            for begin, end in pairwise(bounds)
        ]


def coming_and_going(flights: int, seconds: int, fresh: int) -> Iterator[Second]:
    """The same, and ``fresh`` flights a second that begin, are heard for ``LIFE_S`` and end."""
    chance = random.Random(SEED + 1)
    known = places(1_000)
    alive: list[list[ingest_traffic.Aircraft]] = []
    begun = flights
    for steady in world(flights, seconds):
        begun += fresh
        alive.append([
            ingest_traffic.Aircraft(number, chance, known[number % len(known)])
            for number in range(begun - fresh, begun)
        ])  # fmt: skip
        del alive[:-LIFE_S]
        lines = []
        for generation in alive:
            for craft in generation:
                craft.move(chance)
                lines.append(ingest_traffic.undated(craft))
        bounds = [len(lines) * n // SLICES for n in range(SLICES + 1)]
        yield [
            Slice(
                ((0, one.parts[0][1] + b"".join(lines[begin:end])),),
                one.updates + end - begin,
                one.probe,
            )
            for one, begin, end in zip(steady, bounds, bounds[1:], strict=False)
        ]


def beast(
    aircraft: int, seconds: int, receivers: int, shared: float, frames_per_s: int | None
) -> Iterator[Second]:
    """Raw frames as so many receivers hear them, each with a clock of its own.

    A share ``shared`` of what a receiver hears is heard by others, too: each such frame by four.
    ``frames_per_s`` is how many a receiver hears (None: everything that is sent).
    """
    chance = random.Random(SEED)
    fleet = [decode.Aircraft(number, chance) for number in range(aircraft)]
    # Counters begin anywhere, and run up to 20 millionths fast or slow.
    clocks = [
        (chance.randrange(1 << 44), 1.0 + chance.uniform(-20e-6, 20e-6)) for _ in range(receivers)
    ]
    for second in range(seconds):
        sent = sorted(message for one in fleet for message in one.messages(second))
        heard: list[list[list[bytes]]] = [[[] for _ in range(receivers)] for _ in range(SLICES)]
        rooms = [frames_per_s or len(sent)] * receivers
        for number, (offset, message) in enumerate(sent):
            first = number % receivers
            by = [first]
            # Of a receiver's frames ``shared`` are heard by four: so many of those sent.
            if receivers > 1 and chance.random() < shared / (shared + 4 * (1 - shared)):
                by = [(first + more) % receivers for more in range(4)]
            for receiver in by:
                if rooms[receiver] <= 0:
                    continue
                rooms[receiver] -= 1
                start, pace = clocks[receiver]
                clock = start + round((second + offset) * decode.HZ * pace)
                frame = decode.beast(message, clock & (1 << 48) - 1)
                heard[min(SLICES - 1, int(offset * SLICES))][receiver].append(frame)
        yield [
            Slice(
                tuple((n, b"".join(frames)) for n, frames in enumerate(one) if frames),
                sum(map(len, one)),
            )
            for one in heard
        ]


PLAYS: Final[dict[str, Callable[..., Iterator[Second]]]] = {
    "world": world,
    "coming_and_going": coming_and_going,
    "beast": beast,
}


def play(kind: str, **options: Any) -> list[Second]:
    """All of it."""
    return list(PLAYS[kind](**options))
