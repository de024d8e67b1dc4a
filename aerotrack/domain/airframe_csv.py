"""The open databases of aircraft as CSV: OpenSky's, and the one readsb and tar1090 use. Pure.

OpenSky publishes ``aircraftDatabase.csv`` (double quotes) and ``aircraft-database-complete-YYYY-MM
.csv`` (single quotes, other spellings of the same columns); both name their columns in the first
line. ``aircraft.csv`` of tar1090-db has none: ``icao24;registration;typecode;flags;long type;year;
owner;``, the flags a digit each for military, interesting, PIA and LADD.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Final

from aerotrack.domain.airframe import Airframe
from aerotrack.domain.tables import SHOWN, BadRow, Row, UnknownTable, plain, rows, split
from aerotrack.domain.vocabulary import CHECKS, TERMS

# Names of airlines and owners are seldom half as long; a longer one is cut.
NAME_LENGTH: Final = TERMS["operator"].max_length or 0
FLAG_BITS: Final = 8  # those the vocabulary's db_flags can hold
FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2100
_icao24 = re.compile(r"[0-9A-Fa-f]{6}").fullmatch
_flags = re.compile(r"[01]{1,16}").fullmatch
_operator_icao = re.compile(r"[A-Z]{3}").fullmatch
_year = re.compile(r"(\d{4})(?!\d)").match

_MICTRONICS: Final = {
    name: index
    for index, name in enumerate(
        ("icao24", "registration", "typecode", "flags", "desc", "year", "owner")
    )
}
_MICTRONICS_COLUMNS: Final = 5  # year and owner came later
# OpenSky's names, in lower case and without underscores, and what they are to us.
_OPENSKY: Final = {
    "icao24": "icao24",
    "registration": "registration",
    "typecode": "typecode",
    "manufacturername": "maker",
    "model": "model",
    "operator": "operator",
    "operatoricao": "operator_icao",
    "owner": "owner",
    "serialnumber": "serial_number",
    "built": "year",
}


def read_airframes(lines: Iterable[str], *, dropped: Counter[str]) -> Iterator[Airframe | BadRow]:
    """The airframes in ``lines`` and the rows that are none, in their order.

    Values that cannot be one (a type of nine letters) are left out and counted in ``dropped`` as
    ``bad_`` and the field. Codes of bad rows: ``bad_icao24``, ``nothing_known`` (only an address),
    ``missing_columns``, ``line_too_long``.

    Raises:
        UnknownTable: at the first ``next``, where the first line belongs to neither database.
    """
    every = iter(lines)
    first = next(every, "").lstrip("\ufeff")
    if _icao24(first.partition(";")[0].strip()):
        table = rows(
            chain((first,), every),
            delimiter=";",
            quote="\0",  # quotes are letters there
            columns=_MICTRONICS_COLUMNS,
            first=1,
        )
        columns: Mapping[str, int] = _MICTRONICS
    else:
        quote = "'" if first.startswith("'") else '"'
        header = [name.strip().lower().replace("_", "") for name in split(first, ",", quote)]
        columns = {_OPENSKY[name]: at for at, name in enumerate(header) if name in _OPENSKY}
        if "icao24" not in columns or len(columns) < 2:
            raise UnknownTable(
                "this is neither OpenSky's aircraft database (no column icao24 in the first line) "
                f"nor the semicolon-separated one of readsb and tar1090: {first[:SHOWN]!r}"
            )
        table = rows(every, delimiter=",", quote=quote, columns=len(header), first=2)
    for row in table:
        yield row if isinstance(row, BadRow) else _airframe(row, columns, dropped)


def _airframe(row: Row, columns: Mapping[str, int], dropped: Counter[str]) -> Airframe | BadRow:
    fields = row.fields
    given = {
        name: text
        for name, at in columns.items()
        if at < len(fields) and (text := plain(fields[at], NAME_LENGTH)) is not None
    }
    address = given.pop("icao24", "")
    if not _icao24(address) or address == "000000":
        return BadRow(row.line, "bad_icao24", ",".join(fields)[:SHOWN])
    if (maker := given.pop("maker", None)) or "model" in given:
        given["desc"] = _described(maker or "", given.pop("model", ""))
    values: dict[str, str | int] = {}
    for name, text in given.items():
        reader = _READERS.get(name)
        value = text if reader is None else reader(text)
        if value is None:
            dropped[f"bad_{name}"] += 1
        else:
            values["db_flags" if name == "flags" else name] = value
    if not values:
        return BadRow(row.line, "nothing_known", ",".join(fields)[:SHOWN])
    return Airframe(icao24=address.lower(), **values)  # type: ignore[arg-type]  # by _READERS


def _described(maker: str, model: str) -> str:
    """Maker and model as one text; models often begin with the maker already."""
    if model.lower().startswith(maker.lower()):
        return model or maker
    return f"{maker} {model}".strip()[:NAME_LENGTH].rstrip()


def _text_of(name: str) -> Callable[[str], str | None]:
    check = CHECKS[name]

    def read(text: str) -> str | None:
        value = check(text.upper())
        return value if isinstance(value, str) else None

    return read


def _flags_of(text: str) -> int | None:
    if not _flags(text):
        return None
    return sum(1 << bit for bit, digit in enumerate(text[:FLAG_BITS]) if digit == "1")


def _year_of(text: str) -> int | None:
    found = _year(text)
    year = int(found[1]) if found else 0
    return year if FIRST_YEAR <= year <= LAST_YEAR else None


def _operator_icao_of(text: str) -> str | None:
    return text.upper() if _operator_icao(text.upper()) else None


_READERS: Final[Mapping[str, Callable[[str], str | int | None]]] = {
    "registration": _text_of("registration"),
    "typecode": _text_of("typecode"),
    "flags": _flags_of,
    "year": _year_of,
    "operator_icao": _operator_icao_of,
}
