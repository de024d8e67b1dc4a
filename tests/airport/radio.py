"""What a station hears of the aircraft of the simulated day: noise, steps, holes, floors.

As ADS-B has it: positions, speeds and callsigns come in messages of their own; on the ground there
is no altitude.
"""

from collections.abc import Callable, Iterator
from random import Random
from typing import Any, Final, NamedTuple

from msgspec.structs import replace

from aerotrack.domain.observation import Observation

from .pilot import State

# Every so many seconds each kind of message gets through: a tenth of what is really sent.
POSITION_EVERY_S: Final = 3
SPEED_EVERY_S: Final = 4
CALLSIGN_EVERY_S: Final = 9
POLLED_EVERY_S: Final = 10
LOST: Final = 0.15  # share of messages nobody decodes
JITTER_DEG: Final = 0.00004  # 4 m
ROUGH_AIR_FT: Final = 18.0


class Transponder(NamedTuple):
    """How an aircraft reports. ``step`` in feet; ``says_ground`` is False for those without a
    switch in the gear, which say "airborne" for ever, None for those that say nothing of it.
    ``polled``: heard by way of a document fetched every ten seconds, everything at once."""

    icao24: str
    step: int = 25
    says_ground: bool | None = True
    category: str = "A3"
    polled: bool = False


Heard = Callable[[State], bool]
Callsign = Callable[[State], str]


def everywhere(state: State) -> bool:
    """No hole anywhere."""
    return True


def heard(
    path: list[State],
    by: Transponder,
    callsign: Callsign,
    covered: Heard,
    rng: Random,
    *,
    pressure: float,
) -> Iterator[Observation]:
    """The observations a station makes of the aircraft that went along ``path``.

    ``pressure`` is by how many feet pressure altitude lies over true.
    """
    phase = rng.randrange(36)
    for state in path:
        second = state.ts + phase
        if not covered(state):
            continue
        if by.polled:
            if second % POLLED_EVERY_S == 0:
                said = replace(_position(state, by, rng, pressure), **_speed(state, rng))
                yield replace(said, callsign=callsign(state), category=by.category)
            continue
        if second % POSITION_EVERY_S == 0 and rng.random() > LOST:
            yield _position(state, by, rng, pressure)
        if second % SPEED_EVERY_S == 1 and rng.random() > LOST:
            yield Observation(
                icao24=by.icao24, ts=state.ts + rng.uniform(0.3, 0.5), source="adsb_icao",
                feed="home", **_speed(state, rng),
            )  # fmt: skip
        if second % CALLSIGN_EVERY_S == 2 and rng.random() > LOST:
            yield Observation(
                icao24=by.icao24, ts=state.ts + rng.uniform(0.6, 0.8), source="adsb_icao",
                feed="home", callsign=callsign(state), category=by.category,  # type: ignore[arg-type]
            )  # fmt: skip


def _speed(state: State, rng: Random) -> dict[str, Any]:
    return {
        "gs": float(max(0, round(state.gs + rng.gauss(0, 0.5)))),
        "track": round(state.track + rng.gauss(0, 0.3), 1) % 360.0,
        "baro_rate": round(state.rate / 64 + rng.gauss(0, 0.7)) * 64,
    }


def _position(state: State, by: Transponder, rng: Random, pressure: float) -> Observation:
    on_ground = state.on_ground if by.says_ground else by.says_ground
    altitude = state.altitude + pressure
    if not state.on_ground:
        altitude += rng.gauss(0, ROUGH_AIR_FT)
    return Observation(
        icao24=by.icao24, ts=state.ts + rng.uniform(0.0, 0.2), source="adsb_icao", feed="home",
        lat=round(state.lat + rng.uniform(-JITTER_DEG, JITTER_DEG), 5),
        lon=round(state.lon + rng.uniform(-JITTER_DEG, JITTER_DEG), 5),
        alt_baro=None if on_ground else round(altitude / by.step) * by.step,
        on_ground=on_ground,
    )  # fmt: skip
