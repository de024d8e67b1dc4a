"""The vocabulary, read off the types: what every name means, its unit, range and precision.

``docs/vocabulary.md`` is printed from here; parsers take their ranges and the live picture its
rounding from here, so that a name has one meaning everywhere.
"""

import re
import typing
from collections.abc import Callable
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

import msgspec

from aerotrack.domain import types as t
from aerotrack.domain.observation import Reported


class Live(Reported, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """A flight in the live picture: what ``/api/v1/live`` and ``/api/v1/flights`` show of it."""

    icao24: t.Icao24
    flight_id: t.FlightId
    source: t.Source | None = None
    feed: t.FeedName | None = None
    receiver: t.Receiver | None = None
    country: t.Country | None = None
    phase: t.Phase | None = None
    est_departure: t.EstDeparture | None = None
    est_arrival: t.EstArrival | None = None
    route: t.Route | None = None
    time_position: t.TimePosition | None = None
    last_contact: t.LastContact | None = None
    r_dst: t.ReceiverDistance | None = None
    r_dir: t.ReceiverBearing | None = None


class Term(msgspec.Struct, frozen=True):
    """One name of the vocabulary. ``low``/``high`` are inclusive; ``choices`` empty where open."""

    name: str
    kind: type
    description: str
    unit: str
    decimals: int | None
    low: float | None
    high: float | None
    pattern: str | None
    max_length: int | None
    choices: tuple[str, ...]
    readsb: str
    opensky: str


def _unwrap(hint: Any) -> tuple[Any, msgspec.Meta | None]:
    """The bare type and the Meta of ``X``, ``X | None`` and ``Annotated[X, Meta]``."""
    options = [a for a in get_args(hint) if a is not type(None)]
    if type(None) in get_args(hint):
        hint = options[0]
    if get_origin(hint) is typing.Annotated:
        bare, *marks = get_args(hint)
        return bare, next((m for m in marks if isinstance(m, msgspec.Meta)), None)
    return hint, None


def _term(name: str, hint: Any) -> Term:
    bare, meta = _unwrap(hint)
    if meta is None:
        raise TypeError(f"{name} has no annotated type of its own")
    extra = meta.extra or {}
    kind: type
    choices: tuple[str, ...]
    if get_origin(bare) is Literal:
        kind, choices = str, tuple(get_args(bare))
    elif get_origin(bare) is tuple:
        kind, choices = tuple, tuple(get_args(get_args(bare)[0]))
    else:
        kind, choices = bare, ()
    return Term(
        name=name,
        kind=kind,
        description=meta.description or "",
        unit=extra.get("unit", ""),
        decimals=extra.get("decimals"),
        low=meta.ge,
        high=meta.le,
        pattern=meta.pattern,
        max_length=meta.max_length,
        choices=choices,
        readsb=extra.get("readsb", ""),
        opensky=extra.get("opensky", ""),
    )


_ORDER: Final = ("icao24", "flight_id")
TERMS: Final[dict[str, Term]] = {
    name: _term(name, hint)
    for name, hint in sorted(
        get_type_hints(Live, include_extras=True).items(),
        key=lambda item: _ORDER.index(item[0]) if item[0] in _ORDER else len(_ORDER),
    )
}

DECIMALS: Final[dict[str, int]] = {
    name: term.decimals for name, term in TERMS.items() if term.decimals is not None
}


def _checker(term: Term) -> Callable[[object], t.Value]:
    """A function that returns the value in our type, or ``None`` where it cannot be one."""
    low, high = term.low, term.high
    if term.kind in (int, float):
        if low is None or high is None:
            raise TypeError(f"{term.name} needs a range")
        whole = term.kind is int

        def number(value: object) -> t.Value:
            if type(value) is not float and type(value) is not int:  # bool is no number here
                return None
            # NaN compares false with everything, so it and the infinities are refused here.
            if not low <= value <= high:
                return None
            return round(value) if whole else float(value)

        return number
    if term.kind is bool:
        return lambda value: value if isinstance(value, bool) else None
    if term.kind is tuple:
        choices = frozenset(term.choices)
        return lambda value: (
            tuple(item for item in value if isinstance(item, str) and item in choices)
            if isinstance(value, list | tuple)
            else None
        )
    allowed = frozenset(term.choices)
    pattern = re.compile(term.pattern) if term.pattern else None
    longest = term.max_length or 64

    def text(value: object) -> t.Value:
        if not isinstance(value, str) or not value or len(value) > longest:
            return None
        if allowed and value not in allowed:
            return None
        return value if pattern is None or pattern.search(value) else None

    return text


CHECKS: Final[dict[str, Callable[[object], t.Value]]] = {
    name: _checker(term) for name, term in TERMS.items()
}
