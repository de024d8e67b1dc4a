"""The fields of a flight beside its position, and how an observation changes them."""

from typing import Any, Final

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


# What a change of a field means beyond the live picture, as bits.
IS_TRACKED: Final = 1
IS_IDENTITY: Final = 2
IS_DISTRESS: Final = 4  # an emergency may be declared by it
DISTRESS: Final = frozenset({"squawk", "emergency"})
_MEANINGS: Final = ((IS_TRACKED, TRACKED), (IS_IDENTITY, IDENTITY), (IS_DISTRESS, DISTRESS))

# What the fold needs to know of a field: its place among the origins, its decimals, its meaning.
# A bare tuple, since the fold reads a dozen of them for every observation.
Field = tuple[int, int | None, int]

PLAIN_FIELDS: Final[dict[str, Field]] = {
    name: (
        PLACES[name],
        DECIMALS.get(name),
        sum(bit for bit, names in _MEANINGS if name in names),
    )
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
) -> tuple[bool, int, str | None]:
    """Take in all that ``obs`` says beside its position, given by ``giver``.

    Appends to ``changed`` what has a new value at public precision. Says whether anything was
    taken, what the new values mean (bits, :data:`IS_TRACKED` and the others), and why the first
    field refused was.
    """
    ts = obs.ts
    times, givers, known = origins.times, origins.givers, origins.known
    rank = known[giver].rank
    several = givers if isinstance(givers, bytearray) else None  # most flights have one giver
    meaning = 0
    taken = False
    refused: str | None = None
    # Only what is not at its default, and in C: an observation says 3 to 15 of 50 fields.
    for name, value in msgspec.to_builtins(obs).items():
        field = PLAIN_FIELDS.get(name)
        if field is None:
            if name == FIRST_OF_THE_REST:
                break
            continue
        place = field[0]
        known_at = times[place]
        if ts < known_at:
            refused = refused or "old"
            continue
        if several is not None:
            if ts - known_at < TRUSTED_FOR_S and rank < known[several[place]].rank:
                refused = refused or "worse_source"
                continue
            several[place] = giver
        taken = True
        times[place] = ts
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
        meaning |= field[2]
    return taken, meaning, refused
