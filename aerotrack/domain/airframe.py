"""An airframe as a register has it, and what a flight shows of that."""

from typing import Final

import msgspec

from aerotrack.domain.flight import FlightState
from aerotrack.domain.origins import Origin
from aerotrack.domain.types import Value

# The feed and the source under which a flight shows what the register says.
REGISTER: Final = "register"
REGISTER_SOURCE: Final = "unknown"  # the lowest rank: whatever a feed says may replace it


class Airframe(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What an open database says of an aircraft; ``None`` where it says nothing.

    ``desc`` is maker and model in words, ``operator`` and ``owner`` are names, ``operator_icao``
    the three-letter designator, ``year`` that of building. ``db_flags`` are the vocabulary's bits.
    """

    icao24: str
    registration: str | None = None
    typecode: str | None = None
    desc: str | None = None
    operator: str | None = None
    operator_icao: str | None = None
    owner: str | None = None
    serial_number: str | None = None
    year: int | None = None
    db_flags: int | None = None


class KnownAirframe(msgspec.Struct, frozen=True, gc=False):
    """The part of it that flights show. ``operator`` is the owner where none is known."""

    icao24: str
    registration: str | None
    typecode: str | None
    desc: str | None
    operator: str | None
    db_flags: int | None


# What flights show of it, in the names of the vocabulary.
SHOWN: Final = ("registration", "typecode", "desc", "operator", "db_flags")


def know(state: FlightState, airframe: KnownAirframe) -> tuple[tuple[str, Value], ...]:
    """Fill in what nobody has said about the flight's aircraft, and say which fields are new.

    The register ranks below every feed: what a feed has said stays, what one says later replaces
    this, and a later answer of the register replaces an earlier one. No flags are not shown.
    """
    changed: list[tuple[str, Value]] = []
    origin = Origin(state.started, REGISTER_SOURCE, REGISTER)
    for name in SHOWN:
        value = getattr(airframe, name) or None
        held = state.origins.get(name)
        if held is not None and held.feed != REGISTER:
            continue
        if value == state.values.get(name):
            continue
        if value is None:
            del state.values[name]
            del state.origins[name]
        else:
            state.values[name] = value
            state.origins[name] = origin
        changed.append((name, value))
    return tuple(changed)
