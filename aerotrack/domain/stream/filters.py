"""Filters of the live stream: which flights of a view a client wants, normalised and evaluated.

Two filters that say the same become one value, so that a flight is judged once for all clients that
ask for the same. What is unknown of a flight meets no condition.
"""

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct, UnsetType

from aerotrack.domain.flight import EMERGENCY_SQUAWKS
from aerotrack.domain.live import Filter

# Strings of one field. A fleet's registrations are a few hundred; they belong into ``follow``.
PREFIXES_MOST: Final = 32
# No field has longer values than sources, such as ``tisb_trackfile``.
PREFIX_LENGTH: Final = 24
# Upper case everywhere in the vocabulary, but for sources.
_LOWER: Final = "source"
_PREFIXED: Final = ("callsign", "registration", "typecode", "category", "source", "squawk")
_EMERGENCY_FIELDS: Final = ("squawk", "emergency")


class BadFilter(ValueError):
    """A filter that cannot be one; the message says what is wrong with it."""


class FlightFilter(Struct, frozen=True):
    """A filter, normalised: it passes flights that meet every condition.

    ``prefixes`` are (field, what its value may begin with), ``alt_baro`` is lowest and highest in
    feet, ``None`` where a condition is not set.
    """

    prefixes: tuple[tuple[str, tuple[str, ...]], ...] = ()
    alt_baro: tuple[float, float] | None = None
    on_ground: bool | None = None
    emergency: bool | None = None

    def passes(self, values: Mapping[str, Any]) -> bool:
        """Whether a flight with these values is wanted."""
        for name, prefixes in self.prefixes:
            value = values.get(name)
            if value is None or not value.startswith(prefixes):
                return False
        if self.alt_baro is not None:
            altitude = values.get("alt_baro")
            if altitude is None or not self.alt_baro[0] <= altitude <= self.alt_baro[1]:
                return False
        if self.on_ground is not None and values.get("on_ground") is not self.on_ground:
            return False
        return self.emergency is None or in_emergency(values) is self.emergency

    @property
    def fields(self) -> frozenset[str]:
        """The fields it looks at."""
        looked = [name for name, _ in self.prefixes]
        if self.alt_baro is not None:
            looked.append("alt_baro")
        if self.on_ground is not None:
            looked.append("on_ground")
        if self.emergency is not None:
            looked.extend(_EMERGENCY_FIELDS)
        return frozenset(looked)


def in_emergency(values: Mapping[str, Any]) -> bool:
    """Whether a flight says that it is in an emergency, by its squawk or its emergency state."""
    return values.get("squawk") in EMERGENCY_SQUAWKS or values.get("emergency", "none") != "none"


def filter_of(wanted: Filter) -> FlightFilter | None:
    """The filter a client asked for; ``None`` where it sets no condition.

    Raises:
        BadFilter: a list that nothing can meet, too many or too long strings, a range upside down.
    """
    prefixes = tuple(
        (name, _prefixes(name, value))
        for name in _PREFIXED
        if not isinstance(value := getattr(wanted, name), UnsetType)
    )
    made = FlightFilter(
        prefixes,
        None if isinstance(wanted.alt_baro, UnsetType) else _range(wanted.alt_baro),
        None if isinstance(wanted.on_ground, UnsetType) else wanted.on_ground,
        None if isinstance(wanted.emergency, UnsetType) else wanted.emergency,
    )
    return None if made == FlightFilter() else made


def _range(wanted: tuple[float, float]) -> tuple[float, float]:
    lowest, highest = wanted
    if lowest > highest:
        raise BadFilter(f"alt_baro: {lowest:g} lies above {highest:g}")
    return (lowest, highest)


def _prefixes(name: str, wanted: str | tuple[str, ...]) -> tuple[str, ...]:
    """The shortest of them that say the same, in order."""
    given = (wanted,) if isinstance(wanted, str) else wanted
    if not given:
        raise BadFilter(f"{name}: an empty list, which no flight meets")
    if len(given) > PREFIXES_MOST:
        raise BadFilter(f"{name}: at most {PREFIXES_MOST} strings")
    if any(not 0 < len(text) <= PREFIX_LENGTH for text in given):
        raise BadFilter(f"{name}: strings of 1 to {PREFIX_LENGTH} characters")
    same = {text.lower() if name == _LOWER else text.upper() for text in given}
    kept: list[str] = []
    for text in sorted(same):
        if not kept or not text.startswith(kept[-1]):
            kept.append(text)
    return tuple(kept)
