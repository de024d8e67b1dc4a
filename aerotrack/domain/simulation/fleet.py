"""Whose aircraft flies a route, and what it is called: airline, type, address, mark, squawk."""

from collections import defaultdict
from random import Random
from typing import Final, NamedTuple

from aerotrack.domain.simulation.airlines import AIRLINES, Airline
from aerotrack.domain.simulation.performance import Performance
from aerotrack.domain.simulation.registers import ALPHABET, REGISTERS

# Codes that mean something by themselves: emergencies, and the conspicuity codes of VFR, unassigned
# IFR and Mode S traffic. No flight of ours gets one by chance.
RESERVED_SQUAWKS: Final = frozenset(
    {"0000", "1000", "1200", "2000", "7000", "7400", "7500", "7600", "7700", "7777"}
)
# Addresses are given out so many aircraft apart, so that neighbours in time are none in the
# register. A prime that divides no register's size: all of them come round before one is reused.
REGISTER_STRIDE: Final = 7919
SHORT_NUMBERS: Final = 0.35  # share of flight numbers under 1000
LETTER_CALLSIGNS: Final = 0.55  # share of alphanumeric callsigns where an airline uses them
CALLSIGN_LETTERS: Final = "ABCDEFGHJKLMNPQRTUVWXYZ"  # I, O and S read like digits


class Aircraft(NamedTuple):
    """Who flies: unique address and callsign among those in use."""

    icao24: str
    registration: str
    callsign: str
    squawk: str
    performance: Performance


class Fleet:
    """Hands out aircraft for routes and takes them back. Changes with every call."""

    def __init__(self, rng: Random) -> None:
        self._living: Final[set[str]] = set()
        self._callsigns: Final[set[str]] = set()
        self._next: Final = {
            country: rng.randrange(register.size) for country, register in REGISTERS.items()
        }
        self._based: Final[dict[str, list[Airline]]] = defaultdict(list)
        for airline in AIRLINES:
            for country in airline.homes:
                self._based[country].append(airline)

    def __len__(self) -> int:
        """How many aircraft are in use."""
        return len(self._living)

    def aircraft(self, rng: Random, ends: tuple[str, str], distance: float) -> Aircraft | None:
        """An aircraft for a flight between two countries over ``distance`` nmi.

        ``None`` if nobody based in either has a type for it, or no address is left there.
        """
        airlines = self._based.get(ends[0], []) + self._based.get(ends[1], [])
        choices = [
            (airline, types) for airline in airlines if (types := _suited(airline, distance))
        ]
        if not choices:
            return None
        weights = [airline.fleet for airline, _ in choices]
        airline, types = rng.choices(choices, weights)[0]
        mark = self._register(airline.homes[0])
        if mark is None:
            return None
        callsign = _callsign(rng, airline)
        while callsign in self._callsigns:
            callsign = _callsign(rng, airline)
        self._living.add(mark[0])
        self._callsigns.add(callsign)
        return Aircraft(*mark, callsign, _squawk(rng), rng.choice(types))

    def retire(self, icao24: str, callsign: str) -> None:
        """The flight is over; its callsign may be used again, its address when its turn comes."""
        self._living.discard(icao24)
        self._callsigns.discard(callsign)

    def _register(self, country: str) -> tuple[str, str] | None:
        register = REGISTERS[country]
        for _ in range(register.size):
            number = self._next[country]
            self._next[country] = (number + REGISTER_STRIDE) % register.size
            icao24 = register.icao24(number)
            if icao24 not in self._living:
                return icao24, register.mark(number)
        return None


def _suited(airline: Airline, distance: float) -> list[Performance]:
    return [type_ for type_ in airline.types if type_.range[0] <= distance <= type_.range[1]]


def _callsign(rng: Random, airline: Airline) -> str:
    if airline.letters and rng.random() < LETTER_CALLSIGNS:
        last = rng.choice(CALLSIGN_LETTERS)
        if rng.random() < 0.5:
            return f"{airline.designator}{rng.randrange(1, 100)}{last}"
        return f"{airline.designator}{rng.randrange(1, 100)}{rng.choice(ALPHABET)}{last}"
    if rng.random() < SHORT_NUMBERS:
        return f"{airline.designator}{rng.randrange(1, 1_000)}"
    return f"{airline.designator}{rng.randrange(1_000, 8_000)}"


def _squawk(rng: Random) -> str:
    while True:
        squawk = f"{rng.randrange(0o7777):04o}"
        if squawk not in RESERVED_SQUAWKS:
            return squawk
