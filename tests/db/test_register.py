"""Imports merge: new rows, changed ones, those that stay; and what is read of them."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from aerotrack.db.embedded import EmbeddedPostgres, shared_server
from aerotrack.db.embedded.lock import DataDirLock
from aerotrack.db.errors import DatabaseUnavailable
from aerotrack.db.migrate import migrate
from aerotrack.db.reader import Reader
from aerotrack.db.register import Merged, import_airframes, import_routes
from aerotrack.domain.airframe import Airframe, KnownAirframe
from aerotrack.domain.route_csv import CallsignRoute

T = TypeVar("T")
Fetch = Callable[..., list[tuple[Any, ...]]]

DLF = Airframe(
    icao24="4ca2d6",
    registration="EI-DLF",
    typecode="B738",
    desc="BOEING 737-800",
    year=2006,
    db_flags=0,
)
TANKER = Airframe(icao24="3ea0f4", registration="14+01", owner="German Air Force", db_flags=1)


def read(url: str, ask: Callable[[Reader], Awaitable[T]]) -> T:
    async def with_reader() -> T:
        reader = Reader(url)
        try:
            return await ask(reader)
        finally:
            await reader.close()

    return asyncio.run(with_reader())


def test_an_import_can_be_repeated_and_counts_every_row(database_url: str, fetch: Fetch) -> None:
    first = import_airframes(database_url, [DLF, TANKER, DLF], origin="a.csv")
    again = import_airframes(database_url, [DLF, TANKER], origin="a.csv")
    other = Airframe(icao24="4ca2d6", registration="EI-DLF", typecode="B738", year=2007)
    changed = import_airframes(database_url, [other, TANKER], origin="b.csv")
    assert [Merged(2, 0, 0, 1), Merged(0, 0, 2, 0), Merged(0, 1, 1, 0)] == [first, again, changed]
    assert [(1, "a.csv", 2, 0), (2, "a.csv", 0, 0), (3, "b.csv", 0, 1)] == fetch(
        database_url, "SELECT import, origin, inserted, updated FROM import ORDER BY import"
    )
    assert [("4ca2d6", 3), ("3ea0f4", 1)] == fetch(
        database_url, "SELECT icao24, import FROM register ORDER BY import DESC"
    )


def test_one_database_adds_to_another_and_the_later_row_wins(
    database_url: str, fetch: Fetch
) -> None:
    import_airframes(database_url, [DLF], origin="tar1090")
    opensky = Airframe(icao24="4ca2d6", registration="EIDLF", desc="Boeing 737", operator="Ryanair")
    import_airframes(database_url, [opensky], origin="opensky")
    assert [("EIDLF", "B738", "Boeing 737", "Ryanair", 2006, 0)] == fetch(
        database_url,
        "SELECT registration, typecode, description, operator, year, db_flags FROM register",
    )


def test_another_registration_is_another_aircraft(database_url: str, fetch: Fetch) -> None:
    import_airframes(database_url, [TANKER], origin="old")
    sold = Airframe(icao24="3ea0f4", registration="D-ASLD", typecode="A310")
    assert Merged(0, 1, 0, 0) == import_airframes(database_url, [sold], origin="new")
    assert [("D-ASLD", "A310", None, None)] == fetch(
        database_url, "SELECT registration, typecode, owner, db_flags FROM register"
    )


def test_an_import_that_breaks_off_changes_nothing(database_url: str, fetch: Fetch) -> None:
    def broken() -> Iterator[Airframe]:
        yield DLF
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="disk"):
        import_airframes(database_url, broken(), origin="a.csv")
    assert [(0, 0)] == fetch(
        database_url, "SELECT (SELECT count(*) FROM register), (SELECT count(*) FROM import)"
    )


def test_flights_are_told_what_is_known(database_url: str) -> None:
    import_airframes(database_url, [DLF, TANKER], origin="a.csv")
    assert [
        KnownAirframe("3ea0f4", "14+01", None, None, "German Air Force", 1),
        KnownAirframe("4ca2d6", "EI-DLF", "B738", "BOEING 737-800", None, 0),
    ] == sorted(
        read(database_url, lambda reader: reader.airframes(["4ca2d6", "3ea0f4", "~00001"])),
        key=lambda known: known.icao24,
    )


def test_routes_are_merged_and_read(database_url: str) -> None:
    baw = CallsignRoute("BAW123", ("EGLL", "KJFK"))
    qfa = CallsignRoute("QFA1", ("YSSY", "WSSS", "EGLL"))
    moved = CallsignRoute("BAW123", ("EGKK", "KJFK"))
    assert Merged(2, 0, 0, 0) == import_routes(database_url, [baw, qfa], origin="r.csv")
    assert Merged(0, 1, 1, 1) == import_routes(database_url, [baw, moved, qfa], origin="r.csv")
    assert {"BAW123": ("EGKK", "KJFK"), "QFA1": ("YSSY", "WSSS", "EGLL")} == read(
        database_url, lambda reader: reader.routes(["BAW123", "QFA1", "DLH1"])
    )
    assert 2 == read(database_url, lambda reader: reader.latest_import())


def test_the_view_joins_what_was_heard_and_what_is_known(
    storing: Any, make: Any, database_url: str, fetch: Fetch
) -> None:
    storing.counts(make.batch(1, make.flight(registration="EI-NEW")))
    import_airframes(database_url, [DLF, TANKER], origin="a.csv")
    assert [("4ca2d6", "EI-NEW", "B738", "BOEING 737-800", 2006)] == fetch(
        database_url, "SELECT icao24, registration, typecode, description, year FROM api.aircraft"
    )


# -- which server ----------------------------------------------------------------------------------

FAST = {"fsync": "off", "full_page_writes": "off"}


def test_the_server_of_another_process_is_used_and_left_running(
    require_embedded: None, make_place: Callable[[], Path], fetch: Fetch
) -> None:
    place = make_place() / "data"
    with EmbeddedPostgres(place, settings=FAST) as running:
        with shared_server(place, progress=lambda _: None) as conninfo:
            assert running.conninfo == conninfo
            migrate(conninfo)
            import_airframes(conninfo, [DLF], origin="a.csv")
        assert running.is_running
        assert [("4ca2d6",)] == fetch(running.conninfo, "SELECT icao24 FROM register")
    with shared_server(place, progress=lambda _: None) as alone:  # none runs: one of our own
        assert [("4ca2d6",)] == fetch(alone, "SELECT icao24 FROM register")
    assert not (place / "postgres-18" / "postmaster.pid").exists()


def test_an_owner_without_a_server_is_named(
    require_embedded: None, make_place: Callable[[], Path]
) -> None:
    place = make_place()
    lock = DataDirLock(place)
    try:
        with (
            pytest.raises(DatabaseUnavailable, match="process"),
            shared_server(place, progress=lambda _: None, wait_s=0.0),
        ):
            pytest.fail("there is no server")
    finally:
        lock.release()
