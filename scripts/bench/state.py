#!/usr/bin/env python3
"""Measure what an observation costs in a flight's state, and what a flight's state weighs.

``position``: raw airborne positions and nothing else, each accepted. ``position, station known``:
the same with distance and bearing. ``judged``: lat and lon of a judged feed. ``any frame``: the
mix a receiver hears of an aircraft: position with altitude, velocity, identity, status, and the
replies with altitude, squawk or Comm-B registers. The quietest of --repeats rounds, each over a
fresh flight; next to it a list comprehension over ten numbers, to compare machines by. Weight is
what tracemalloc sees of --flights flights after 200 observations: of a judged feed with 17 fields,
and of raw frames with every field there is, halves of pairs included. --profile writes where the
time of ``any frame`` goes.
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import json
import math
import platform
import pstats
import random
import sys
import time
import timeit
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from aerotrack.domain.cpr import encode
from aerotrack.domain.flight import FlightState
from aerotrack.domain.observation import Observation, site

EXPECTED_POSITION_US = 5.0
EXPECTED_FRAME_US = 15.0
EXPECTED_BYTES = 3 * 1024
T0 = 1_764_000_000.0
DEGREES_A_SECOND = 450 / 3600 / 60
SITE = site(52.0, 4.5)


def seen(after: float, **fields: Any) -> Observation:
    return Observation(icao24="4ca2d6", ts=T0 + after, source="adsb_icao", feed="home", **fields)


RADIUS_DEG = 0.5


def place(after: float) -> tuple[float, float]:
    """On a wide circle flown at 450 kt."""
    angle = DEGREES_A_SECOND * after / RADIUS_DEG
    return 52.0 + RADIUS_DEG * math.sin(angle), 4.0 + RADIUS_DEG / 0.6157 * math.cos(angle)


def track(after: float) -> float:
    return -math.degrees(DEGREES_A_SECOND * after / RADIUS_DEG) % 360.0


def raw(after: float, number: int, **fields: Any) -> Observation:
    frame = encode(*place(after), odd=number % 2 == 1, surface=False)
    return seen(after, cpr=frame, **fields)


def positions(number: int) -> list[Observation]:
    return [raw(n / 2, n) for n in range(number)]


def positions_with_site(number: int) -> list[Observation]:
    return [raw(n / 2, n, site=SITE) for n in range(number)]


def judged(number: int) -> list[Observation]:
    places = [place(n / 2) for n in range(number)]
    return [seen(n / 2, lat=lat, lon=lon) for n, (lat, lon) in enumerate(places)]


def status(dice: random.Random, after: float) -> dict[str, Any]:
    """What a frame without a position says: one of the kinds a receiver hears."""
    knots, feet, rate = dice.uniform(440, 460), dice.randrange(9) * 25, dice.randrange(9) * 64
    kinds: tuple[dict[str, Any], ...] = (
        {
            "gs": knots,
            "track": track(after),
            "baro_rate": rate,
            "geom_rate": 64,
            "alt_geom": 35_000 + feet,
        },
        {"callsign": "RYR4TK", "category": "A3"},
        {"emergency": "none", "squawk": "1017"},
        {
            "version": 2,
            "nic_baro": 1,
            "nac_p": 10,
            "nac_v": 2,
            "sil": 3,
            "sil_type": "perhour",
            "gva": 2,
            "sda": 2,
        },
        {
            "nav_altitude_mcp": 36_000,
            "nav_qnh": 1013.2,
            "nav_heading": 12.0,
            "nav_modes": ("autopilot",),
        },
        {"alt_baro": 35_000 + feet, "on_ground": False, "spi": False, "alert": False},
        {"squawk": "1017", "spi": False, "alert": False},
        {
            "roll": knots / 400,
            "tas": 455,
            "track_rate": knots / 500,
            "gs": knots,
            "track": track(after),
        },
        {"mag_heading": knots / 2, "ias": 270, "mach": 0.78, "baro_rate": rate},
    )
    return dice.choice(kinds)


def any_frames(number: int) -> list[Observation]:
    """Four of ten frames a position, the others as they come, each with its signal level."""
    dice = random.Random(1)
    frames = []
    for n in range(number):
        rssi = round(dice.uniform(-20, -15), 1)
        if n % 10 in (0, 3, 5, 8):
            said = {
                "alt_baro": 35_000 + 25 * dice.randrange(3),
                "nic": 8,
                "rc": 186,
                "on_ground": False,
            }
            frames.append(raw(n / 5, n, rssi=rssi, site=SITE, **said))
        else:
            frames.append(seen(n / 5, rssi=rssi, **status(dice, n / 5)))
    return frames


def microseconds(stream: Callable[[int], list[Observation]], number: int, repeats: int) -> float:
    """The least cost of folding one of ``number`` observations."""
    observations = stream(number)
    taken = []
    for _ in range(repeats):
        state = FlightState("4ca2d6", T0)
        fold = state.fold
        started = time.thread_time()
        for obs in observations:
            fold(obs)
        taken.append((time.thread_time() - started) / number * 1e6)
        if state.refused:
            raise SystemExit(f"refused: {state.refused[0]}")
    return min(taken)


def judged_fields(number: int) -> list[Observation]:
    """What the simulator or another server says, all of it each time."""
    said = {
        "callsign": "RYR4TK", "registration": "EI-DCL", "typecode": "B738", "category": "A3",
        "alt_baro": 35_000, "alt_geom": 35_700, "on_ground": False, "gs": 450.5, "ias": 270,
        "tas": 455, "mach": 0.78, "baro_rate": 0, "squawk": "1017", "emergency": "none",
    }  # fmt: skip
    places = [place(n / 2) for n in range(number)]
    return [
        seen(n / 2, lat=lat, lon=lon, track=track(n / 2), **said)
        for n, (lat, lon) in enumerate(places)
    ]


def bytes_a_flight(stream: Callable[[int], list[Observation]], flights: int) -> float:
    """What a flight holds that has heard the stream."""
    state = FlightState("4ca2d6", T0)
    for obs in stream(200):  # what all flights share is made now
        state.fold(obs)
    gc.collect()
    held = []
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(flights):
        state = FlightState("4ca2d6", T0)
        for obs in stream(200):
            state.fold(obs)
        held.append(state)
    del obs
    gc.collect()
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return (after - before) / len(held)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--observations", type=int, default=5_000)
    parser.add_argument("--repeats", type=int, default=40)
    parser.add_argument("--flights", type=int, default=200)
    parser.add_argument("--json", action="store_true", help="one line of JSON")
    parser.add_argument("--profile", type=Path, help="write a profile of `any frame` there")
    args = parser.parse_args()
    gc.disable()
    streams = {
        "position": positions,
        "position, station known": positions_with_site,
        "judged": judged,
        "any frame": any_frames,
    }
    costs = {
        name: microseconds(stream, args.observations, args.repeats)
        for name, stream in streams.items()
    }
    weights = {
        "a judged flight": bytes_a_flight(judged_fields, args.flights),
        "a raw flight, every field": bytes_a_flight(any_frames, args.flights),
    }
    if args.profile is not None:
        profile = cProfile.Profile()
        state, observations = FlightState("4ca2d6", T0), any_frames(args.observations)
        profile.enable()
        for obs in observations:
            state.fold(obs)
        profile.disable()
        with args.profile.open("w") as out:
            pstats.Stats(profile, stream=out).strip_dirs().sort_stats("tottime").print_stats(25)
    held = (
        costs["position"] <= EXPECTED_POSITION_US
        and costs["any frame"] <= EXPECTED_FRAME_US
        and max(weights.values()) <= EXPECTED_BYTES
    )
    if args.json:
        print(json.dumps({"us": costs, "bytes": weights, "held": held}))
    else:
        print(f"Python {platform.python_version()}, {args.observations} observations")
        base = min(timeit.repeat("[i for i in range(10)]", number=2_000, repeat=200)) / 2_000 * 1e6
        print(f"{'ten numbers':26} {base:6.2f} us")
        for name, cost in costs.items():
            print(f"{name:26} {cost:6.2f} us")
        for name, weight in weights.items():
            print(f"{name:26} {weight:6.0f} bytes")
        print("as expected" if held else "NOT as expected")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
