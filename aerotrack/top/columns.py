"""The columns of the live table: what each shows of a flight, how it is sorted, who goes first."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from rich.text import Text

from aerotrack.domain.vocabulary import Live as LiveFlight

# As the live picture counts: without a position for so long nobody may guess where it is.
STALE_S: Final = 15.0
EMERGENCY_SQUAWKS: Final = frozenset({"7500", "7600", "7700"})
# Knots below which each colour is; light aircraft, turboprops, climbing and cruising jets.
SPEED_COLOURS: Final = (
    (50.0, "bright_black"), (120.0, "blue"), (220.0, "cyan"), (320.0, "green"), (420.0, "yellow"),
    (520.0, "bright_red"),
)  # fmt: skip
FASTEST_COLOUR: Final = "magenta"
# Feet a minute that count as level: below it aircraft in cruise jitter.
LEVEL_RATE: Final = 200
LONGEST_AGE_SHOWN: Final = 9999.0
DASH: Final = Text("-", style="bright_black")


class Column(NamedTuple):
    """A column. Those with the highest ``expendable`` give way first on a narrow terminal.

    ``key`` is what a flight is sorted by at a time, ``None`` where it is not known. ``descends``
    where the most interesting values are the highest ones.
    """

    name: str
    title: str
    letter: str
    width: int
    right: bool
    expendable: int
    key: Callable[[LiveFlight, float], Any]
    cell: Callable[[LiveFlight, float], Text]
    descends: bool = False


def in_emergency(flight: LiveFlight) -> bool:
    """Whether it declares one, by squawk or in words."""
    return flight.squawk in EMERGENCY_SQUAWKS or flight.emergency not in (None, "none")


def age(flight: LiveFlight, now: float) -> float | None:
    """Seconds since its position was heard, or since anything was where it has none."""
    heard = flight.time_position if flight.time_position is not None else flight.last_contact
    return None if heard is None else max(0.0, now - heard)


def speed_colour(gs: float) -> str:
    """The colour of a ground speed in knots."""
    return next((colour for below, colour in SPEED_COLOURS if gs < below), FASTEST_COLOUR)


def _plain(name: str, form: str = "") -> Callable[[LiveFlight, float], Text]:
    def cell(flight: LiveFlight, _: float) -> Text:
        value = getattr(flight, name)
        return DASH if value is None else Text(format(value, form))

    return cell


def _key(name: str) -> Callable[[LiveFlight, float], Any]:
    return lambda flight, _: getattr(flight, name)


def _altitude(flight: LiveFlight, _: float) -> Text:
    if flight.on_ground:
        return Text("ground", style="bright_black")
    return DASH if flight.alt_baro is None else Text(f"{flight.alt_baro}")


def _altitude_key(flight: LiveFlight, _: float) -> Any:
    return float("-inf") if flight.on_ground else flight.alt_baro


def _vertical_rate(flight: LiveFlight) -> int | None:
    return flight.baro_rate if flight.baro_rate is not None else flight.geom_rate


def _rate(flight: LiveFlight, _: float) -> Text:
    rate = _vertical_rate(flight)
    if rate is None:
        return DASH
    if abs(rate) < LEVEL_RATE:
        return Text(f"{rate}", style="bright_black")
    return Text(f"{rate:+}", style="green" if rate > 0 else "yellow")


def _speed(flight: LiveFlight, _: float) -> Text:
    return DASH if flight.gs is None else Text(f"{flight.gs:.0f}", style=speed_colour(flight.gs))


def _squawk(flight: LiveFlight, _: float) -> Text:
    if flight.squawk is None:
        return DASH
    return Text(flight.squawk, style="bold white on red" if in_emergency(flight) else "")


def _age(flight: LiveFlight, now: float) -> Text:
    seconds = age(flight, now)
    if seconds is None:
        return DASH
    return Text(f"{min(seconds, LONGEST_AGE_SHOWN):.0f}", style="red" if seconds > STALE_S else "")


COLUMNS: Final = (
    Column("callsign", "CALLSIGN", "c", 8, False, 0, _key("callsign"), _plain("callsign")),
    Column("icao24", "ICAO24", "i", 7, False, 3, _key("icao24"), _plain("icao24")),
    Column("registration", "REG", "", 8, False, 9, _key("registration"), _plain("registration")),
    Column("typecode", "TYPE", "t", 4, False, 6, _key("typecode"), _plain("typecode")),
    Column("lat", "LAT", "y", 7, True, 7, _key("lat"), _plain("lat", ".3f")),
    Column("lon", "LON", "x", 8, True, 7, _key("lon"), _plain("lon", ".3f")),
    Column("alt_baro", "ALT ft", "a", 6, True, 1, _altitude_key, _altitude, True),
    Column("baro_rate", "FT/MIN", "v", 6, True, 4, lambda f, _: _vertical_rate(f), _rate, True),
    Column("gs", "KT", "g", 4, True, 2, _key("gs"), _speed, True),
    Column("track", "TRK", "k", 3, True, 8, _key("track"), _plain("track", ".0f")),
    Column("squawk", "SQWK", "s", 4, False, 5, _key("squawk"), _squawk),
    Column("age", "AGE", "e", 4, True, 1, age, _age),
    Column("r_dst", "NMI", "d", 5, True, 10, _key("r_dst"), _plain("r_dst", ".1f")),
    Column("phase", "PHASE", "p", 8, False, 11, _key("phase"), _plain("phase")),
    Column("route", "ROUTE", "", 9, False, 12, _key("route"), _plain("route")),
    Column("source", "SOURCE", "", 10, False, 13, _key("source"), _plain("source")),
    Column("operator", "OPERATOR", "", 24, False, 14, _key("operator"), _plain("operator")),
)  # fmt: skip
BY_NAME: Final = {column.name: column for column in COLUMNS}
BY_LETTER: Final = {column.letter: column for column in COLUMNS if column.letter}


def fitting(width: int) -> tuple[Column, ...]:
    """The columns a terminal of so many characters has room for, at least one, in their order."""
    kept = list(COLUMNS)
    while len(kept) > 1 and sum(column.width + 1 for column in kept) - 1 > width:
        least = max(column.expendable for column in kept)
        kept = [column for column in kept if column.expendable < least] or kept[:1]
    return tuple(kept)


def ordered(
    flights: list[LiveFlight], column: Column, now: float, *, descending: bool
) -> list[LiveFlight]:
    """``flights`` by a column, those it is not known of last; equal ones by their address."""
    keyed = [(column.key(flight, now), flight.icao24, flight) for flight in flights]
    known = [one for one in keyed if one[0] is not None]
    unknown = [one for one in keyed if one[0] is None]
    unknown.sort(key=lambda one: one[1])
    known.sort(key=lambda one: one[1])
    known.sort(key=lambda one: one[0], reverse=descending)
    return [flight for _, _, flight in (*known, *unknown)]


def matches(flight: LiveFlight, text: str) -> bool:
    """Whether a text somebody typed is found in what names the flight."""
    wanted = text.upper()
    named = (flight.callsign, flight.icao24, flight.registration, flight.typecode, flight.squawk)
    return any(wanted in name.upper() for name in named if name)
