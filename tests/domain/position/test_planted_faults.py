"""A stream with planted faults: none of them is believed, hardly anything good is lost."""

import math
import random
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
import pytest

from aerotrack.domain.cpr import encode
from aerotrack.domain.flight import FlightState
from aerotrack.domain.geo import METRES_PER_NMI, distance_nmi, wrap_lon
from aerotrack.domain.observation import Observation, site

T0 = 1_764_000_000.0
SECONDS = 120
AIRCRAFT = 25
HEARD = 0.7  # share of the messages that arrive
FAULTY = 0.03  # share of the positions that are planted
NEAR_M = 60.0  # rounding, and what it flies within the jitter of a time
MOST_LOST = 0.01
SITE = site(50.0, 8.0)


STEP_S = 0.1


class Flown:
    """An aircraft in a gentle turn: degrees, knots, degrees a second."""

    def __init__(self, icao24: str, place: tuple[float, float], gs: float, turn: float) -> None:
        self.icao24, self.gs = icao24, gs
        self._way: list[tuple[float, float, float]] = []
        (lat, lon), track = place, 40.0 * turn + gs  # any direction
        for _ in range(round((SECONDS + 2) / STEP_S)):
            self._way.append((lat, lon, track % 360))
            flown = gs * STEP_S / 3600 / 60
            lat += flown * math.cos(math.radians(track))
            lon += flown * math.sin(math.radians(track)) / math.cos(math.radians(lat))
            track += turn * STEP_S

    def at(self, seconds: float) -> tuple[float, float, float]:
        """Latitude, longitude, track ``seconds`` after the start."""
        step = int(seconds / STEP_S)
        part = seconds / STEP_S - step
        (lat, lon, track), (lat2, lon2, _) = self._way[step], self._way[step + 1]
        return lat + (lat2 - lat) * part, lon + (lon2 - lon) * part, track


class Sent(NamedTuple):
    """An observation and, where it is a position that should be believed, the true one."""

    obs: Observation
    true: tuple[float, float] | None
    fault: str | None


def fleet(dice: random.Random) -> list[Flown]:
    return [
        Flown(
            f"{0x400000 + n:06x}",
            (SITE.lat + dice.uniform(-2, 2), SITE.lon + dice.uniform(-3, 3)),
            dice.uniform(90, 520),
            dice.choice([0.0, 0.0, 0.5, -1.5, 3.0]),
        )
        for n in range(AIRCRAFT)
    ]


def seen(flown: Flown, after: float, **fields: Any) -> Observation:
    return Observation(
        icao24=flown.icao24, ts=T0 + after, source="adsb_icao", feed="home", site=SITE, **fields
    )


def moved(dice: random.Random, lat: float, lon: float) -> tuple[float, float]:
    """Fifty to 2,000 kilometres away in some direction."""
    nmi, direction = dice.uniform(27, 1080), dice.uniform(0, 2 * math.pi)
    north = max(-85.0, min(85.0, lat + nmi / 60 * math.cos(direction)))
    return north, wrap_lon(lon + nmi / 60 * math.sin(direction) / math.cos(math.radians(lat)))


def good_stream(flown: Flown, dice: random.Random, *, raw: bool) -> list[Sent]:
    """What it sends, as far as it is heard: position and velocity twice a second."""
    sent, after, odd = [], dice.uniform(0, 5), False
    while after < SECONDS:
        lat, lon, track = flown.at(after)
        if dice.random() < HEARD:
            if raw:
                obs = seen(flown, after, cpr=encode(lat, lon, odd=odd, surface=False))
            else:
                obs = seen(flown, after, lat=round(lat, 6), lon=round(lon, 6))
            sent.append(Sent(obs, (lat, lon), None))
        if dice.random() < HEARD:
            later = after + 0.2
            velocity = seen(flown, later, gs=round(flown.gs, 1), track=round(track, 1))
            sent.append(Sent(velocity, None, None))
        after += dice.uniform(0.4, 0.6)
        odd = not odd
    return sent


def planted(
    good: list[Sent], others: list[Sent], dice: random.Random, *, raw: bool
) -> Iterator[Sent]:
    """The stream with faults put into it; where ``raw``, also in the very first positions."""
    first = dice.choice([(), (0,), (0, 1), (1,), (0, 2)]) if raw else ()
    number = -1
    before: list[Observation] = []
    for sent in good:
        obs = sent.obs
        if sent.true is None:
            yield sent
            continue
        number += 1
        if number in first:  # one or both halves of the first pair
            yield Sent(with_position(obs, *moved(dice, *sent.true)), None, "moved_first")
            continue
        yield sent
        before.append(obs)
        if dice.random() >= FAULTY:
            continue
        fault = dice.choice(["moved", "swapped", "replayed", "address", "clock"])
        wrong = msgspec.structs.replace(obs, ts=obs.ts + 0.1)
        if fault == "moved":
            wrong = with_position(wrong, *moved(dice, *sent.true))
        elif fault == "swapped":
            if obs.cpr is None:
                continue
            cpr = msgspec.structs.replace(obs.cpr, odd=not obs.cpr.odd)
            wrong = msgspec.structs.replace(wrong, cpr=cpr)
        elif fault == "replayed":
            old = next((one for one in reversed(before) if obs.ts - one.ts > 3), None)
            if old is None:
                continue
            wrong = msgspec.structs.replace(old, ts=wrong.ts)
        elif fault == "address":
            other = dice.choice(others).obs
            wrong = msgspec.structs.replace(other, icao24=obs.icao24, ts=wrong.ts)
        else:
            wrong = msgspec.structs.replace(wrong, ts=obs.ts - dice.uniform(20, 100))
            if wrong.ts < T0 + 10:
                continue
        yield Sent(msgspec.structs.replace(wrong, receiver="bad"), None, fault)


def with_position(obs: Observation, lat: float, lon: float) -> Observation:
    if obs.cpr is None:
        return msgspec.structs.replace(obs, lat=lat, lon=lon)
    return msgspec.structs.replace(obs, cpr=encode(lat, lon, odd=obs.cpr.odd, surface=False))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("raw", [True, False], ids=["raw", "judged"])
def test_no_planted_position_is_believed_and_hardly_a_good_one_lost(raw: bool, seed: int) -> None:
    dice = random.Random(seed)
    flights = fleet(dice)
    streams = [good_stream(flown, dice, raw=raw) for flown in flights]
    sent = lost = faults = 0
    why: Counter[str] = Counter()
    for flown, stream in zip(flights, streams, strict=True):
        others = [
            one
            for other in streams
            if other is not stream
            for one in other
            if one.true is not None
            and distance_nmi(*one.true, *flown.at(60)[:2]) > 27  # as far as a moved one
        ]
        state: FlightState | None = None
        stored: set[float] = set()
        due: dict[float, tuple[float, float]] = {}
        for one in planted(stream, others, dice, raw=raw):
            if state is None:
                state = FlightState(flown.icao24, T0)
            folded = state.fold(one.obs)
            why.update(fix.reason for fix in folded.refused_fixes)
            for point in folded.points:
                if point.lat is not None and point.lon is not None:
                    stored.add(round(point.ts, 3))
                    true = flown.at(point.ts - T0)
                    astray = distance_nmi(point.lat, point.lon, *true[:2]) * METRES_PER_NMI
                    assert astray < NEAR_M, (one.fault, point)
            if one.fault is not None:
                faults += 1
                has_fix = state.time_position is not None
                assert folded.refused_fixes or not has_fix, (one, folded)
            elif one.true is not None:
                due[round(one.obs.ts, 3)] = one.true
        sent += len(due)
        lost += len(due.keys() - stored)
    if raw:  # one frame alone says nothing yet
        lost -= AIRCRAFT
    assert lost <= MOST_LOST * sent, (lost, sent, why)
    assert faults > 50
