"""Searches and past moments: what the history held then, and pages that miss and repeat nothing."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import psycopg
import pytest
from msgspec.structs import replace

from aerotrack.db.errors import DatabaseTimeout
from aerotrack.db.past import PastReader
from aerotrack.domain.geo import Box, box
from aerotrack.domain.past import AircraftRecord, Airframe, EventSearch, FlightSearch, Stretch
from aerotrack.domain.records import flight_key
from aerotrack.domain.rules import FlightRules

T = TypeVar("T")
RULES = FlightRules()
IRELAND = box(-11, 51, -5, 56)


def read(url: str, ask: Callable[[PastReader], Awaitable[T]], **options: Any) -> T:
    """What ``ask`` gets of a reader on ``url``."""

    async def with_reader() -> T:
        reader = PastReader(url, "past", **options)
        try:
            return await ask(reader)
        finally:
            await reader.close()

    return asyncio.run(with_reader())


def picture(url: str, at: float, area: Box | None = None, follow: tuple[str, ...] = ()) -> Any:
    """The entries of a moment, by icao24."""
    states = read(url, lambda r: r.picture(at, area, follow, RULES))
    return {state.icao24: state.entry() for state in states}


def of(make: Any, icao24: str, ts: float, **fields: Any) -> Any:
    """A point of a flight of that aircraft that began at noon."""
    return make.point(ts, flight=flight_key(icao24, make.noon), **fields)


def test_a_moment_shows_each_flight_as_of_the_last_row_that_held_a_value(
    storing: Any, make: Any, database_url: str
) -> None:
    noon = make.noon
    storing.counts(
        make.batch(
            1,
            make.flight(noon + 30, registration="EI-DAA", typecode="B738"),
            make.point(noon, callsign="RYR4TK"),
            make.point(noon + 10, lat=53.5, lon=-6.3, callsign=None, gs=450.06),
            make.point(noon + 20, lat=None, lon=None, callsign=None, alt_baro=36_000),
            make.point(noon + 30, lat=54.0, lon=-6.4),
        )
    )
    assert picture(database_url, noon + 25) == {
        "4ca2d6": {
            "icao24": "4ca2d6", "flight_id": "4ca2d6-692448c0", "lat": 53.5, "lon": -6.3,
            "alt_baro": 36_000, "on_ground": False, "gs": 447.3, "track": 271.9,
            "baro_rate": -64, "callsign": "RYR4TK", "squawk": "7700", "emergency": "general",
            "source": "adsb_icao", "feed": "home", "registration": "EI-DAA", "typecode": "B738",
            "country": "IE", "time_position": noon + 10, "last_contact": noon + 20,
        }
    }  # fmt: skip


def test_flights_leave_the_past_picture_as_they_left_the_live_one(
    storing: Any, make: Any, database_url: str
) -> None:
    noon = make.noon
    landed = flight_key("000003", noon)
    slow = flight_key("000004", noon)
    storing.counts(
        make.batch(
            1,
            of(make, "000001", noon),
            of(make, "000002", noon + 50),
            of(make, "000002", noon + 70, lat=None, lon=None),
            of(make, "000003", noon + 50),
            make.flight(
                noon + 50, flight=landed, icao24="000003", ended=noon + 55, end_cause="landed"
            ),
            of(make, "000004", noon - 1500, source="adsc"),
            make.flight(
                noon - 1500, flight=slow, icao24="000004", started=noon - 1500, source="adsc"
            ),
        )
    )
    assert set(picture(database_url, noon + 54)) == {"000001", "000002", "000003", "000004"}
    assert set(picture(database_url, noon + 61)) == {"000002", "000004"}
    assert set(picture(database_url, noon + 111)) == {"000004"}
    assert picture(database_url, noon + 601) == {}
    assert picture(database_url, noon - 1501) == {}


def test_a_box_holds_those_whose_last_position_is_in_it_and_those_followed(
    storing: Any, make: Any, database_url: str
) -> None:
    noon = make.noon
    storing.counts(
        make.batch(
            1,
            of(make, "000001", noon),
            of(make, "000002", noon),
            of(make, "000002", noon + 5, lon=-4.0),
            of(make, "000003", noon, lat=10.0, lon=179.5),
            of(make, "~000004", noon, lat=10.0, lon=-179.5),
            of(make, "000005", noon, lat=None, lon=None),
        )
    )
    at = noon + 10
    assert set(picture(database_url, at, IRELAND)) == {"000001"}
    assert set(picture(database_url, at, IRELAND, ("000002", "~000004"))) == {
        "000001", "000002", "~000004",
    }  # fmt: skip
    assert set(picture(database_url, at, box(179, 0, -179, 20))) == {"000003", "~000004"}
    assert "000005" in picture(database_url, at)


def test_playback_reads_the_rows_of_a_box_and_of_whoever_was_there(
    storing: Any, make: Any, database_url: str
) -> None:
    noon = make.noon
    inside = [of(make, "000001", noon + n, lon=-6.0 + n) for n in range(1, 5)]
    known = of(make, "000002", noon + 2, lat=10.0)
    away = of(make, "000003", noon + 2, lat=10.0)
    followed = of(make, "000004", noon + 3, lat=10.0)
    storing.counts(make.batch(1, *inside, known, away, followed))

    async def ask(reader: PastReader) -> Any:
        every = Stretch(since=(noon, 0), until=noon + 60, limit=100)
        some = replace(every, box=IRELAND, follow=("000004",), known=(known.flight,))
        first = await reader.points_between(replace(some, limit=2))
        last = replace(
            some,
            since=(first[-1].ts, first[-1].flight),
            known=(known.flight, *(point.flight for point in first)),
        )
        rest = await reader.points_between(last)
        parts = [*first, *rest]
        return await reader.points_between(every), await reader.points_between(some), parts

    every, some, parts = read(database_url, ask)
    by_time = sorted([*inside, known, away, followed], key=lambda p: (p.ts, p.flight))
    assert by_time == every
    assert [point for point in by_time if point is not away] == some
    assert some == parts


def flights_of_search(make: Any) -> list[Any]:
    """Five flights, an hour apart, the first the latest."""
    made = []
    for n, (icao24, callsign, registration, typecode, ends) in enumerate(
        [
            ("000001", "RYR4TK", "EI-DAA", "B738", ("EIDW", "EGLL")),
            ("000001", "RYR5", "EI-DAA", "B738", ("EGLL", "EIDW")),
            ("000002", "DLH9U", "D-ABCD", "A320", ("EDDF", None)),
            ("000003", "R_X", "N1", None, (None, None)),
            ("000004", "RYR4TK", "EI-DAB", "B738", (None, "EIDW")),
        ]
    ):
        began = make.noon - n * 3600
        made.append(
            make.flight(
                began + 1800,
                flight=flight_key(icao24, began),
                icao24=icao24,
                started=began,
                callsign=callsign,
                registration=registration,
                typecode=typecode,
                est_departure=ends[0],
                est_arrival=ends[1],
            )
        )
    return made


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, [0, 1, 2, 3, 4]),
        ({"callsign": "RYR"}, [0, 1, 4]),
        ({"callsign": "R_"}, [3]),
        ({"registration": "EI-"}, [0, 1, 4]),
        ({"typecode": "A320"}, [2]),
        ({"icao24": "000001"}, [0, 1]),
        ({"airport": "EIDW"}, [0, 1, 4]),
        ({"callsign": "RYR", "airport": "EGLL"}, [0, 1]),
        ({"begin": -1900.0}, [0, 1]),
        ({"end": -3600.0}, [1, 2, 3, 4]),
    ],
)
def test_a_search_finds_what_meets_every_condition_the_latest_first(
    wanted: Any, found: list[int], storing: Any, make: Any, database_url: str
) -> None:
    flights = flights_of_search(make)
    storing.counts(make.batch(1, *flights))
    times = {"begin": -86_400.0, "end": 86_400.0} | wanted
    search = FlightSearch(
        **times | {"begin": make.noon + times["begin"], "end": make.noon + times["end"]}
    )
    assert [flights[n] for n in found] == read(database_url, lambda r: r.flights(search))


def test_pages_of_a_search_miss_and_repeat_nothing(
    storing: Any, make: Any, database_url: str
) -> None:
    at = make.noon + 0.123457
    flights = [
        make.flight(at + 60, flight=flight_key(f"{n:06x}", at), icao24=f"{n:06x}", started=at)
        for n in range(7)
    ]
    events = [
        make.event(at, flight=f.flight, kind=k) for f in flights for k in ("ended", "landing")
    ]
    storing.counts(make.batch(1, *flights, *events))

    async def pages(reader: PastReader) -> Any:
        found, before = [], None
        while page := await reader.flights(
            FlightSearch(begin=at - 60, end=at + 60, before=before, limit=3)
        ):
            found += page
            before = (round(page[-1].started * 1e6), page[-1].flight)
        happened, last = [], None
        while some := await reader.events(
            EventSearch(begin=at - 60, end=at + 60, before=last, limit=4)
        ):
            happened += some
            last = (round(some[-1].ts * 1e6), some[-1].flight, some[-1].kind)
        return found, [(event.flight, event.kind) for event in happened]

    found, happened = read(database_url, pages)
    assert flights[::-1] == found
    assert sorted(((e.flight, e.kind) for e in events), reverse=True) == happened


def test_a_search_in_a_box_finds_who_was_there_at_that_time(
    storing: Any, make: Any, database_url: str
) -> None:
    flights = flights_of_search(make)[:2]
    points = [make.point(make.noon + 5, flight=flight.flight) for flight in flights]
    storing.counts(make.batch(1, *flights, *points))

    def search(begin: float, area: Box) -> FlightSearch:
        return FlightSearch(begin=make.noon + begin, end=make.noon + 60, box=area)

    assert flights == read(database_url, lambda r: r.flights(search(-3000.0, IRELAND)))
    assert read(database_url, lambda r: r.flights(search(6.0, IRELAND))) == []
    assert read(database_url, lambda r: r.flights(search(-3000.0, box(0, 0, 1, 1)))) == []


def test_events_are_found_by_kind_aircraft_and_airport(
    storing: Any, make: Any, database_url: str
) -> None:
    other = flight_key("000001", make.noon)
    storing.counts(
        make.batch(
            1,
            make.flight(make.noon, callsign="RYR4TK"),
            make.event(make.noon, kind="started"),
            make.event(make.noon + 1, kind="takeoff", detail="EIDW", lat=53.4, lon=-6.2),
            make.event(make.noon + 2, kind="landing", detail="EGLL", flight=other),
            make.event(make.noon + 3, kind="ended", detail="EGLL", flight=other),
        )
    )

    def found(**wanted: Any) -> list[float]:
        search = EventSearch(begin=make.noon, end=make.noon + 60, **wanted)
        return [e.ts - make.noon for e in read(database_url, lambda r: r.events(search))]

    assert found() == [3.0, 2.0, 1.0, 0.0]
    assert found(event="takeoff") == [1.0]
    assert found(icao24="000001") == [3.0, 2.0]
    assert found(airport="EGLL") == [2.0]
    search = EventSearch(begin=make.noon, end=make.noon + 60, event="takeoff")
    (event,) = read(database_url, lambda r: r.events(search))
    assert (event.callsign, event.detail, event.lat, event.lon) == ("RYR4TK", "EIDW", 53.4, -6.2)


def test_an_aircraft_is_what_feeds_and_the_register_say_of_it(
    storing: Any, make: Any, database_url: str
) -> None:
    storing.counts(make.batch(1, make.flight(make.noon + 60, category="A3")))
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO aerotrack.register (icao24, registration, typecode, owner, year, import)"
            " VALUES ('4ca2d6', 'EI-DAA', 'B738', 'Somebody', 2004, 1), ('000009', 'N9', 'C172',"
            " NULL, NULL, 1)"
        )
    known = read(database_url, lambda r: r.aircraft("4ca2d6"))
    assert known == AircraftRecord(
        "4ca2d6", "EI-DAA", "B738", None, "Somebody", "Somebody", None, 2004, "A3", None,
        make.noon, make.noon + 60,
    )  # fmt: skip
    unheard = read(database_url, lambda r: r.aircraft("000009"))
    assert unheard is not None
    assert (unheard.registration, unheard.first_seen) == ("N9", None)
    assert read(database_url, lambda r: r.aircraft("ffffff")) is None
    assert read(database_url, lambda r: r.airframes([make.key, 1])) == {
        make.key: Airframe("EI-DAA", "B738", "A3", None)
    }


def test_a_track_is_read_in_parts(storing: Any, make: Any, database_url: str) -> None:
    points = [make.point(make.noon + n) for n in range(10)]
    storing.counts(make.batch(1, *points))

    async def parts(reader: PastReader) -> Any:
        first = await reader.track_part(make.key, make.noon + 1, make.noon + 7, 4)
        return first, await reader.track_part(make.key, first[-1].ts, make.noon + 7, 4)

    assert (points[2:6], points[6:8]) == read(database_url, parts)


def test_a_question_that_takes_too_long_is_stopped(database_url: str) -> None:
    with psycopg.connect(database_url) as blocker:
        blocker.execute("LOCK TABLE aerotrack.flight IN ACCESS EXCLUSIVE MODE")
        search = FlightSearch(begin=0.0, end=1.0)
        with pytest.raises(DatabaseTimeout):
            read(database_url, lambda r: r.flights(search), statement_timeout=0.2)


def whole(url: str, flight: int) -> Any:
    """A track, as far as it goes."""
    return read(url, lambda r: r.track_part(flight, 0.0, 2e9, 100))


def test_a_track_comes_in_time_order_and_as_it_was_recorded(
    storing: Any, make: Any, database_url: str
) -> None:
    points = [
        make.point(make.midnight + 86_399.5, flight=make.key),
        make.point(make.noon, gs=447.3, track=0.1, lat=None, lon=None),
        make.point(make.noon + 0.123457, gs=None, track=None, on_ground=None),
    ]
    other = make.point(make.noon, flight=flight_key("4ca2d7", make.noon))
    storing.counts(make.batch(1, *points, other))
    assert [points[1], points[2], points[0]] == whole(database_url, make.key)


def test_a_point_told_from_another_by_a_microsecond_belongs_to_the_ended_flight(
    storing: Any, make: Any, database_url: str
) -> None:
    points = [make.point(make.noon + 60), make.point(make.noon + 60 + 1e-6)]
    ended = make.flight(make.noon + 60, ended=make.noon + 60, end_cause="silence")
    storing.counts(make.batch(1, *points, ended))
    assert points == whole(database_url, make.key)
