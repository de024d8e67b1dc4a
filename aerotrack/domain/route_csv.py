"""Lists of callsign routes as CSV: a callsign and airport codes a row. Pure.

Read are the community's standing data (``Callsign,Code,Number,AirlineCode,AirportCodes``), other
headers that name a callsign and its airports or a route, and rows without a header, such as
``BAW123,EGLL-KJFK`` or ``BAW123,EGLL,KJFK``; commas, semicolons or tabs.
"""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

import msgspec

from aerotrack.domain.routes import airport_codes
from aerotrack.domain.tables import SHOWN, BadRow, Row, UnknownTable, rows, split
from aerotrack.domain.vocabulary import CHECKS

_CALLSIGN: Final = ("callsign", "flight")
_AIRPORTS: Final = ("airportcodes", "airports", "route")
_ENDS: Final = (("from", "to"), ("origin", "destination"), ("departure", "arrival"))


class CallsignRoute(msgspec.Struct, frozen=True, gc=False):
    """The airports a callsign goes by, ICAO or IATA codes in order."""

    callsign: str
    airports: tuple[str, ...]


def read_routes(lines: Iterable[str]) -> Iterator[CallsignRoute | BadRow]:
    """The routes in ``lines`` and the rows that are none, in their order.

    Codes of bad rows: ``bad_callsign``, ``bad_airports``, ``missing_columns``, ``line_too_long``.

    Raises:
        UnknownTable: at the first ``next``, where the first line neither names the columns nor is
            a route.
    """
    every = iter(lines)
    first = next(every, "").lstrip("\ufeff")
    delimiter = next((mark for mark in ";\t" if mark in first), ",")
    quote = "'" if first.startswith("'") else '"'
    fields = split(first.rstrip("\r\n"), delimiter, quote)
    header = [name.strip().lower().replace("_", "") for name in fields]
    name_at = next((header.index(name) for name in _CALLSIGN if name in header), None)
    places: tuple[int, ...] = ()  # without a header: all behind the callsign
    if name_at is None:
        if len(fields) < 2 or isinstance(_route(Row(1, fields), 0, ()), BadRow):
            raise UnknownTable(
                "the first line neither names the columns (Callsign and AirportCodes) nor is a "
                f"route such as BAW123,EGLL-KJFK: {first[:SHOWN]!r}"
            )
        every, name_at, number = chain((first,), every), 0, 1
    else:
        places, number = _places(header), 2
        if not places:
            raise UnknownTable(f"no column of airports (AirportCodes, route): {first[:SHOWN]!r}")
    least = max(name_at, *(places or (1,))) + 1
    for row in rows(every, delimiter=delimiter, quote=quote, columns=least, first=number):
        yield row if isinstance(row, BadRow) else _route(row, name_at, places)


def _places(header: list[str]) -> tuple[int, ...]:
    """The columns of the airports."""
    for name in _AIRPORTS:
        if name in header:
            return (header.index(name),)
    for start, end in _ENDS:
        if start in header and end in header:
            return (header.index(start), header.index(end))
    return ()


def _route(row: Row, name_at: int, places: tuple[int, ...]) -> CallsignRoute | BadRow:
    fields = row.fields
    shown = ",".join(fields)[:SHOWN]
    callsign = CHECKS["callsign"](fields[name_at].strip().upper())
    if not isinstance(callsign, str):
        return BadRow(row.line, "bad_callsign", shown)
    given = [fields[place] for place in places] or [each for each in fields[1:] if each.strip()]
    airports = airport_codes("-".join(given))
    if airports is None:
        return BadRow(row.line, "bad_airports", shown)
    return CallsignRoute(callsign, airports)
