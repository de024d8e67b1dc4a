#!/usr/bin/env python3
"""What the live stream costs by itself: no sockets, no actors, no flights behind the reports.

25,000 flights where traffic is report once a second; clients look at boxes of 5° there. Printed is
processor time of the picture (a report taken in), of the beats (filing, encoding, joining cells),
and of a client's frame, each the least of several seconds, with 1,000 and 10,000 clients; and in
the same run, as a baseline, joining bytes of the same frames and nothing else.
"""

import argparse
import json
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from aerotrack.domain.geo import box
from aerotrack.domain.stream import audience
from aerotrack.domain.stream.audience import Wanted
from aerotrack.domain.stream.beats import Beat, Round
from aerotrack.domain.stream.pyramid import area_of
from aerotrack.domain.stream.stream import LiveStream
from aerotrack.gc_policy import GcPolicy

NOW = 1_764_000_000.0
FLIGHTS = 25_000
TICKS = 10  # a second
# Where traffic is: centre, spread (degrees), share. About what a map of a busy hour shows.
REGIONS = (
    ((50.0, 8.0), 7.0, 0.28), ((38.0, -88.0), 11.0, 0.32), ((32.0, 114.0), 9.0, 0.18),
    ((22.0, 78.0), 8.0, 0.07), ((0.0, 0.0), 50.0, 0.15),
)  # fmt: skip
FAST_EVERY = 10  # one client in so many is at interval 0.1


class Flight:
    """One that flies straight on."""

    def __init__(self, number: int, chance: random.Random) -> None:
        (lat, lon), spread, _ = chance.choices(REGIONS, [share for _, _, share in REGIONS])[0]
        self.icao24 = f"{number:06x}"
        self.lat = max(-80.0, min(80.0, chance.gauss(lat, spread)))
        self.lon = (chance.gauss(lon, spread) + 180.0) % 360.0 - 180.0
        self.dlat, self.dlon = chance.uniform(-0.002, 0.002), chance.uniform(-0.003, 0.003)
        self.track = chance.uniform(0, 360)

    def step(self) -> tuple[tuple[str, Any], ...]:
        """Where it is a second later, with what else changes now and then."""
        self.lat = max(-85.0, min(85.0, self.lat + self.dlat))
        self.lon = (self.lon + self.dlon + 180.0) % 360.0 - 180.0
        self.track = round((self.track + 0.1) % 360, 1)
        return (
            ("lat", round(self.lat, 5)), ("lon", round(self.lon, 5)), ("track", self.track),
            ("baro_rate", int(self.track) * 64 % 3000),
        )  # fmt: skip


WHOLE = (
    ("callsign", "RYR4TK"), ("registration", "EI-DPX"), ("typecode", "B738"), ("category", "A3"),
    ("squawk", "7421"), ("alt_baro", 35000), ("alt_geom", 35800), ("on_ground", False),
    ("gs", 441.2), ("nic", 8), ("rc", 186), ("nac_p", 9), ("sil", 3), ("version", 2),
    ("source", "adsb_icao"), ("feed", "world"), ("country", "IE"), ("phase", "cruise"),
)  # fmt: skip


class TimedBeat(Beat):
    """Sums the processor time of gathering and filing, apart from that of clients' frames."""

    spent = 0.0

    def begin(self, *arguments: Any) -> Round:
        began = time.process_time()
        made = super().begin(*arguments)
        TimedBeat.spent += time.process_time() - began
        return made

    def prepare(self) -> None:
        began = time.process_time()
        super().prepare()
        TimedBeat.spent += time.process_time() - began


class Stopwatch:
    """Sums processor time by what it went to."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}

    def of(self, what: str, work: Callable[[], Any]) -> Any:
        began = time.process_time()
        made = work()
        self.spent[what] = self.spent.get(what, 0.0) + time.process_time() - began
        return made


def second(stream: LiveStream, flights: list[Flight], now: float) -> dict[str, float]:
    """One second of traffic; processor seconds by part, frames, and the longest slice."""
    watch, frames, size, longest = Stopwatch(), 0, 0, 0.0
    TimedBeat.spent = 0.0
    part = len(flights) // TICKS
    for tick in range(TICKS):
        then = now + tick / TICKS
        reports = [(flight, flight.step()) for flight in flights[tick * part : (tick + 1) * part]]

        def report(reports: Any = reports, then: float = then) -> None:
            for flight, changed in reports:
                stream.change(
                    flight.icao24, f"{flight.icao24}-692159a0", changed, whole=False,
                    time_position=then, last_contact=then, received=then,
                )  # fmt: skip

        watch.of("report", report)
        work = stream.tick(then)
        while True:
            began = time.process_time()
            made = list(work)
            took = time.process_time() - began
            longest = max(longest, took)
            watch.spent["serve"] = watch.spent.get("serve", 0.0) + took
            frames += len(made)
            size += sum(len(payload) for _, payload, _ in made)
            if not stream.audience.busy:
                break
            work = stream.audience.work()
    watch.spent["file"] = TimedBeat.spent
    watch.spent["serve"] -= TimedBeat.spent
    return {**watch.spent, "frames": frames, "bytes": size, "longest": longest}


def baseline(frames: int, size: int) -> float:
    """Processor seconds that joining as many frames of that size from 25 pieces takes."""
    piece = b"x" * max(1, size // max(1, frames) // 25)
    pieces = [piece] * 25
    began = time.process_time()
    for number in range(frames):
        head = b'{"type":"delta","seq":%d,"pos":%d,"now":%.3f,"gone":[' % (number, number, NOW)
        b"".join((head, b'],"flights":[', b",".join(pieces), b"]}"))
    return time.process_time() - began


def world_snapshot(stream: LiveStream) -> tuple[float, float, int]:
    """Processor seconds of a snapshot of everything, its longest slice, its parts."""
    total = longest = 0.0
    parts = 0
    work = stream.audience.subscribe(-1, Wanted(area_of(None), 1.0), NOW)
    while True:
        began = time.process_time()
        parts += len(list(work))
        took = time.process_time() - began
        total, longest = total + took, max(longest, took)
        if not stream.audience.busy:
            stream.audience.unsubscribe(-1, closed=True)
            return total, longest, parts
        work = stream.audience.work()


def measure(clients: int, seconds: int) -> dict[str, Any]:
    """The figures for so many clients."""
    chance = random.Random(1)
    audience.Beat = TimedBeat  # type: ignore[misc]
    stream = LiveStream()
    gc = GcPolicy()
    gc.start(time.monotonic())
    flights = [Flight(number, chance) for number in range(FLIGHTS)]
    for flight in flights:
        stream.change(
            flight.icao24, f"{flight.icao24}-692159a0", WHOLE + flight.step(), whole=True,
            time_position=NOW, last_contact=NOW, received=0.0,
        )  # fmt: skip
    stream_parts = world_snapshot(stream)
    for client in range(clients):
        at = chance.choice(flights)
        lat = max(-85.0, min(85.0, at.lat))
        look = box(at.lon - 2.5, lat - 2.5, at.lon + 2.5, lat + 2.5)
        interval = 0.1 if client % FAST_EVERY == 0 else 1.0
        list(stream.audience.subscribe(client, Wanted(area_of(look), interval), NOW))
    rounds = [second(stream, flights, NOW + 1 + number) for number in range(seconds)]
    gc.stop()
    best = min(rounds[1:], key=lambda one: one["report"] + one["file"] + one["serve"])
    joining = min(baseline(int(best["frames"]), int(best["bytes"])) for _ in range(3))
    return {
        "clients": clients,
        "report_us": 1e6 * best["report"] / FLIGHTS,
        "filing_us": 1e6 * best["file"] / FLIGHTS,
        "frame_us": 1e6 * best["serve"] / best["frames"],
        "joining_us": 1e6 * joining / best["frames"],
        "frames": int(best["frames"]),
        "bytes_a_frame": int(best["bytes"] / best["frames"]),
        "core": best["report"] + best["file"] + best["serve"],
        "longest_ms": 1e3 * min(one["longest"] for one in rounds),
        "world_ms": 1e3 * stream_parts[0],
        "world_longest_ms": 1e3 * stream_parts[1],
        "world_parts": stream_parts[2],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--seconds", type=int, default=6, help="of traffic, for each")
    parser.add_argument("--json", action="store_true", help="one line")
    options = parser.parse_args()
    results = [measure(clients, options.seconds) for clients in options.clients]
    if options.json:
        print(json.dumps(results))
        return
    for result in results:
        for name, value in result.items():
            print(
                f"{name:20} {value:12,.2f}"
                if isinstance(value, float)
                else f"{name:20} {value:12,}"
            )
        print()


if __name__ == "__main__":
    main()
