#!/usr/bin/env python3
"""How fast recordings are decoded: frames a second from a file to NDJSON, on one core.

python scripts/bench/decode.py [FILE --format beast [--rate N]] [--aircraft 200] [--seconds 60]
                               [--receivers 2] [--repeat 3] [--profile]

Without FILE it makes a Beast recording: aircraft in cruise, each sending what aircraft send, about
as much of each kind of message as in real recordings, none like another but where real ones are;
what every second receiver hears is heard by another, too, whose clock is another. Exit code 0 means
that the expectation held.
"""

import argparse
import cProfile
import io
import math
import os
import platform
import pstats
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from aerotrack.decode import decode_file
from aerotrack.domain.cpr import encode
from aerotrack.feeds.feed import FeedFigures
from aerotrack.feeds.modes.codes import ALTITUDE, SQUAWK
from aerotrack.feeds.modes.parity import with_parity
from aerotrack.feeds.recording import Replay

EXPECTED_PER_S: Final = 50_000
HZ: Final = 12_000_000
# The other receiver's counter is this far ahead.
APART: Final = 7_777 * HZ
LETTERS: Final = "#ABCDEFGHIJKLMNOPQRSTUVWXYZ##### ###############0123456789######"


def bits(*fields: tuple[int, int]) -> int:
    """A number of fields, each (value, width), the first on the left."""
    number = 0
    for value, width in fields:
        number = number << width | value & (1 << width) - 1
    return number


class Aircraft:
    """One in cruise, straight ahead; ``messages`` are those of one second."""

    def __init__(self, number: int, chance: random.Random) -> None:
        self.address = 0x400000 + number * 77
        self.lat, self.lon = chance.uniform(45, 55), chance.uniform(0, 20)
        self.track, self.gs = chance.uniform(0, 360), chance.uniform(380, 520)
        self.altitude = ALTITUDE.index(chance.randrange(300, 400) * 100)
        self.squawk = SQUAWK.index(f"{chance.randrange(8**4):04o}")
        self.callsign = bits(*((LETTERS.index(c), 6) for c in f"AT{number:04d}  "))
        self.chance = chance
        self.phase = chance.uniform(0, 0.5)
        self.odd = False

    def squitter(self, me: int) -> bytes:
        """An extended squitter."""
        return with_parity(b"\x8d" + self.address.to_bytes(3, "big") + me.to_bytes(7, "big"))

    def reply(self, df: int, code: int, register: bytes = b"") -> bytes:
        """A reply to a radar."""
        return with_parity(bytes([df << 3, 0]) + code.to_bytes(2, "big") + register, self.address)

    def position(self) -> bytes:
        """Where it is, half a second further on."""
        north = self.gs / 3600 / 60 / 2
        self.lat += north * math.cos(math.radians(self.track))
        east = north * math.sin(math.radians(self.track))
        self.lon += east / math.cos(math.radians(self.lat))
        self.odd = not self.odd
        place = encode(self.lat, self.lon, odd=self.odd, surface=False)
        twelve = (self.altitude & 0x1F80) >> 1 | self.altitude & 0x3F
        return self.squitter(
            bits(
                (11, 5),
                (0, 3),
                (twelve, 12),
                (0, 1),
                (self.odd, 1),
                (place.lat, 17),
                (place.lon, 17),
            )
        )

    def velocity(self) -> bytes:
        """How fast it is, give or take a few knots."""
        speed = self.gs + self.chance.uniform(-3, 3)
        east = round(speed * math.sin(math.radians(self.track)))
        north = round(speed * math.cos(math.radians(self.track)))
        return self.squitter(
            bits(
                (19, 5), (1, 3), (0, 5), (east < 0, 1), (abs(east) + 1, 10), (north < 0, 1),
                (abs(north) + 1, 10), (1, 1), (0, 1), (self.chance.randrange(1, 5), 9), (0, 3),
                (self.chance.randrange(1, 40), 7),
            )
        )  # fmt: skip

    def register_50(self) -> bytes:
        """Roll, track, ground speed, true airspeed."""
        track = round(self.track * 512 / 90) & 0x7FF
        speed = round((self.gs + self.chance.uniform(-3, 3)) / 2)
        rate = self.chance.randrange(16)
        return bits(
            (1, 1), (self.chance.randrange(8), 10), (1, 1), (track, 11), (1, 1), (speed, 10),
            (1, 1), (rate, 10), (1, 1), (230, 10),
        ).to_bytes(7, "big")  # fmt: skip

    def register_60(self) -> bytes:
        """Heading, indicated airspeed, Mach number, rates."""
        heading = round((self.track + self.chance.uniform(-2, 2)) * 512 / 90) & 0x7FF
        return bits(
            (1, 1), (heading, 11), (1, 1), (self.chance.randrange(255, 275), 10), (1, 1),
            (self.chance.randrange(190, 200), 10), (1, 1), (self.chance.randrange(4), 10),
            (1, 1), (self.chance.randrange(4), 10),
        ).to_bytes(7, "big")  # fmt: skip

    def messages(self, second: int) -> Iterator[tuple[float, bytes]]:
        """What it sends in a second, each with when: 4 squitters or so, 3 all-calls, 8 replies."""
        yield self.phase, self.position()
        yield self.phase + 0.5, self.position()
        all_call = with_parity(b"\x5d" + self.address.to_bytes(3, "big"))
        others = [self.velocity(), self.velocity(), all_call, all_call, all_call]
        if second % 5 == 0:
            others.append(self.squitter(bits((4, 5), (3, 3), (self.callsign, 48))))
        others += [self.reply(0, self.altitude), self.reply(4, self.altitude)]
        others.append(self.reply(5, self.squawk))
        for df, code in ((20, self.altitude), (21, self.squawk)):
            others.append(self.reply(df, code, self.register_50()))
            others.append(self.reply(df, code, self.register_60()))
        others.append(self.reply(20, self.altitude, bytes.fromhex("C8480030A40000")))
        yield from ((self.chance.random(), message) for message in others)


def beast(message: bytes, clock: int) -> bytes:
    """A Beast frame."""
    body = clock.to_bytes(6, "big") + b"\x64" + message
    return b"\x1a" + (b"3" if len(message) == 14 else b"2") + body.replace(b"\x1a", b"\x1a\x1a")


def made(aircraft: int, seconds: int, receivers: int) -> Iterator[bytes]:
    """The frames of the recording described above."""
    chance = random.Random(1)
    fleet = [Aircraft(number, chance) for number in range(aircraft)]
    for second in range(seconds):
        sent = sorted(message for one in fleet for message in one.messages(second))
        for number, (offset, message) in enumerate(sent):
            clock = (1_000 + second) * HZ + round(offset * HZ)
            yield beast(message, clock)
            if receivers > 1 and number % 2:
                yield beast(message, clock + APART + 120)


def run(path: Path, replay: Replay) -> tuple[float, FeedFigures, int]:
    """Frames a second of processor time, what was counted, bytes of NDJSON."""
    figures = FeedFigures(name="bench", url="")
    output = io.FileIO(os.devnull, "w")
    size = 0
    began = time.process_time()
    for piece in decode_file(path, replay, figures=figures):
        size += len(piece)
        output.write(piece)
    spent = time.process_time() - began
    output.close()
    return figures.received / spent, figures, size


def main() -> int:
    """Run it; 0 where as fast as expected."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--format", default="beast", choices=["beast", "avr"])
    parser.add_argument("--rate", type=float)
    parser.add_argument("--aircraft", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--receivers", type=int, default=2, choices=[1, 2])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    replay = Replay(format=options.format, rate=options.rate)
    with tempfile.TemporaryDirectory() as folder:
        path = options.file
        if path is None:
            path = Path(folder) / "made.beast"
            path.write_bytes(b"".join(made(options.aircraft, options.seconds, options.receivers)))
        if options.profile:
            profile = cProfile.Profile()
            profile.runcall(run, path, replay)
            pstats.Stats(profile).sort_stats("tottime").print_stats(25)
        runs = [run(path, replay) for _ in range(options.repeat)]
    rates = [rate for rate, *_ in runs]
    _, figures, size = runs[0]
    print(f"python {platform.python_version()}, {platform.machine()}")
    print(
        f"{figures.received} frames: {figures.accepted} taken, {figures.ignored} heard before or "
        f"of no use, {figures.refused.total()} refused; {size / 1e6:.1f} MB of NDJSON"
    )
    rate = statistics.median(rates)
    print(f"{rate:,.0f} frames/s (median of {len(rates)}: {min(rates):,.0f} to {max(rates):,.0f})")
    print(f"{1e6 / rate:.1f} us a frame")
    return 0 if rate >= EXPECTED_PER_S else 1


if __name__ == "__main__":
    sys.exit(main())
