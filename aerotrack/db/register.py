"""Imports into the register of aircraft and the list of routes: staged by COPY, then merged.

One transaction an import: whoever reads sees all of it or nothing. Importing the same again changes
nothing.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

import msgspec

from aerotrack.db import queries
from aerotrack.db.connection import connect, translated
from aerotrack.domain.airframe import Airframe
from aerotrack.domain.route_csv import CallsignRoute

_SQL: Final = queries.load("register")


class Merged(msgspec.Struct, frozen=True, gc=False):
    """What became of the rows of an import; the four add up to those that were given.

    ``repeated`` are rows whose aircraft or callsign came again later in the same import.
    """

    inserted: int
    updated: int
    unchanged: int
    repeated: int


class _Kind(NamedTuple):
    """What is imported, into which table, by which columns of which types."""

    name: str
    table: str
    columns: str
    types: tuple[str, ...]


_AIRCRAFT: Final = _Kind(
    "aircraft",
    "register",
    "icao24, registration, typecode, description, operator, operator_icao, owner, serial_number, "
    "year, db_flags",
    ("text",) * 8 + ("int2", "int2"),
)
_ROUTES: Final = _Kind("routes", "route", "callsign, airports", ("text", "text[]"))


def _nobody_minds() -> None:
    pass


def import_airframes(
    conninfo: str,
    airframes: Iterable[Airframe],
    *,
    origin: str,
    merging: Callable[[], None] = _nobody_minds,
) -> Merged:
    """Merge ``airframes`` into the register; ``merging`` is called when all have been taken in.

    ``origin`` is noted. Blocks. Raises a ``DatabaseError``, and whatever ``airframes`` raises:
    then nothing has changed.
    """
    rows = (
        (
            each.icao24,
            each.registration,
            each.typecode,
            each.desc,
            each.operator,
            each.operator_icao,
            each.owner,
            each.serial_number,
            each.year,
            each.db_flags,
        )
        for each in airframes
    )
    return _merge(conninfo, _AIRCRAFT, rows, origin, merging)


def import_routes(
    conninfo: str,
    routes: Iterable[CallsignRoute],
    *,
    origin: str,
    merging: Callable[[], None] = _nobody_minds,
) -> Merged:
    """Merge ``routes`` into the list of routes; otherwise as :func:`import_airframes`."""
    rows = ((each.callsign, list(each.airports)) for each in routes)
    return _merge(conninfo, _ROUTES, rows, origin, merging)


def _merge(
    conninfo: str,
    kind: _Kind,
    rows: Iterable[tuple[Any, ...]],
    origin: str,
    merging: Callable[[], None],
) -> Merged:
    copy = f"COPY staged_{kind.table} ({kind.columns}) FROM STDIN (FORMAT binary)".encode()
    given = 0
    with translated(), connect(conninfo, "aerotrack import") as connection:
        with connection.transaction(), connection.cursor() as cursor:
            cursor.execute(_SQL["prepare"])
            cursor.execute(_SQL[f"stage_{kind.table}"])
            with cursor.copy(copy) as into:
                into.set_types(kind.types)
                write_row = into.write_row
                for row in rows:
                    write_row(row)
                    given += 1
            merging()
            cursor.execute(_SQL["one_import_at_a_time"])
            cursor.execute(_SQL["begin_import"], {"kind": kind.name, "origin": origin})
            (number,) = _only(cursor.fetchone())
            cursor.execute(_SQL[f"merge_{kind.table}"], {"import": number})
            inserted, updated, different = _only(cursor.fetchone())
            counts = {"inserted": inserted, "updated": updated}
            cursor.execute(_SQL["end_import"], {"import": number, **counts})
        connection.execute(_SQL["fresh_statistics"])
    return Merged(inserted, updated, different - inserted - updated, given - different)


def _only(row: tuple[Any, ...] | None) -> tuple[Any, ...]:
    """The row of a query that always has one."""
    assert row is not None
    return row
