"""The fields of a flight beside its position, and how an observation changes them."""

from typing import Any, Final, NamedTuple

import msgspec

from aerotrack.domain.observation import REPORTED_FIELDS, Observation
from aerotrack.domain.origins import PLACES, Origins
from aerotrack.domain.sources import TRUSTED_FOR_S
from aerotrack.domain.types import Value
from aerotrack.domain.vocabulary import DECIMALS

IDENTITY: Final = frozenset({"callsign", "registration", "typecode", "category", "db_flags"})
# A change in one of these makes a point of the track (DESIGN section 5), beside a new position.
TRACKED: Final = frozenset(
    {"alt_baro", "alt_geom", "on_ground", "gs", "track", "callsign", "squawk", "emergency"}
)
POSITION: Final = frozenset({"lat", "lon"})


class Field(NamedTuple):
    """What the fold needs to know of a field: its place among the origins, its precision."""

    place: int
    decimals: int | None
    tracked: bool
    identity: bool


PLAIN_FIELDS: Final = {
    name: Field(PLACES[name], DECIMALS.get(name), name in TRACKED, name in IDENTITY)
    for name in REPORTED_FIELDS
    if name not in POSITION
}
# Fields come in the order of Observation: behind this one there are no more.
FIRST_OF_THE_REST: Final = Observation.__struct_fields__[len(REPORTED_FIELDS)]


def take_fields(
    values: dict[str, Any],
    origins: Origins,
    obs: Observation,
    giver: int,
    changed: list[tuple[str, Value]],
) -> tuple[bool, bool, bool, str | None]:
    """Take in all that ``obs`` says beside its position, given by ``giver``.

    Appends to ``changed`` what has a new value at public precision. Says whether anything was
    taken, whether that makes a point, whether it changes the identity, and why the first field
    refused was.
    """
    ts = obs.ts
    times, givers, known = origins.times, origins.givers, origins.known
    rank = known[giver].rank
    tracked = identity = taken = False
    refused: str | None = None
    # Only what is not at its default, and in C: an observation says 3 of 50 fields.
    for name, value in msgspec.to_builtins(obs).items():
        field = PLAIN_FIELDS.get(name)
        if field is None:
            if name == FIRST_OF_THE_REST:
                break
            continue
        place = field[0]
        age = ts - times[place]
        if age < TRUSTED_FOR_S and (age < 0.0 or rank < known[givers[place]].rank):
            refused = refused or ("old" if age < 0.0 else "worse_source")
            continue
        taken = True
        times[place] = ts
        givers[place] = giver
        before = values.get(name)
        if value == before:
            continue
        values[name] = value
        decimals = field[1]
        if decimals is None:
            changed.append((name, value))
        else:
            shown = round(value, decimals)
            if before is None or shown != round(before, decimals):
                changed.append((name, shown))
        if field[2]:
            tracked = True
        if field[3]:
            identity = True
    return taken, tracked, identity, refused
