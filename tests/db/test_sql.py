"""What people are told to rely on: the schema ``api``, and every question of docs/sql.md."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.errors import InsufficientPrivilege

from aerotrack.domain.geo import distance_and_bearing, distance_nmi
from aerotrack.domain.records import flight_id_of_key, flight_key

Fetch = Callable[..., list[tuple[Any, ...]]]

PAGE = (Path(__file__).parents[2] / "docs/sql.md").read_text(encoding="utf-8")
QUESTIONS = dict(re.findall(r"^### (.*?)\n.*?```sql\n(.*?)```", PAGE, re.DOTALL | re.MULTILINE))
MINUTE = 60.0
DUBLIN, HEATHROW = (53.42, -6.27), (51.47, -0.45)


@pytest.fixture
def day(storing: Any, make: Any, database_url: str) -> dict[str, int]:
    """Three flights of the last hours, by callsign: one from Dublin to Heathrow, one in circles,
    one in trouble; their keys."""
    start = time.time() // MINUTE * MINUTE - 180 * MINUTE
    keys = {
        "RYR4TK": flight_key("4ca2d6", start),
        "RRR12": flight_key("43c001", start + 30 * MINUTE),
        "GABCD": flight_key("400123", start + 120 * MINUTE),
    }
    rows: list[Any] = []

    def point(callsign: str, minute: int, lat: float, lon: float, **fields: Any) -> None:
        ts = start + minute * MINUTE
        fields = {"squawk": None, "emergency": None} | fields
        rows.append(
            make.point(ts, flight=keys[callsign], callsign=callsign, lat=lat, lon=lon, **fields)
        )

    for minute in range(61):
        share = minute / 60
        lat = DUBLIN[0] + (HEATHROW[0] - DUBLIN[0]) * share
        lon = DUBLIN[1] + (HEATHROW[1] - DUBLIN[1]) * share
        altitude = round(30_000 * min(1.0, 6 * share, 6 * (1 - share)))
        point("RYR4TK", minute, lat, lon, alt_baro=altitude, track=118.0)
    for minute in range(30, 60):
        point("RRR12", minute, 55.0, -5.5, alt_baro=20_000, track=(minute - 30) * 36.0 % 360)
    for minute in range(120, 125):
        point("GABCD", minute, 52.0, -4.0, alt_baro=3_000, track=90.0, source="mlat", feed="club")

    def flight(callsign: str, begun: int, over: int, **fields: Any) -> Any:
        key, first, last = keys[callsign], start + begun * MINUTE, start + over * MINUTE
        return make.flight(
            last, flight=key, icao24=flight_id_of_key(key)[:-9], started=first, ended=last,
            end_cause="silence", callsign=callsign, **fields,
        )  # fmt: skip

    rows += [
        flight("RYR4TK", 0, 60, typecode="B738", registration="EI-DAA", est_departure="EIDW",
               est_arrival="EGLL"),
        flight("RRR12", 30, 59, typecode="A400", db_flags=1),
        flight("GABCD", 120, 124),
        make.event(start + 60 * MINUTE, flight=keys["RYR4TK"], kind="landing", detail="EGLL"),
        make.event(start + 122 * MINUTE, flight=keys["GABCD"], kind="emergency", detail="general",
                   lat=52.0, lon=-4.0),
    ]  # fmt: skip
    stored, duplicate, rejected = storing.counts(make.batch(1, *rows))
    assert (len(rows), 0, 0) == (stored, duplicate, rejected)
    return keys


def ask(url: str, question: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(QUESTIONS[question].encode()).fetchall()


# What of each answer the made day determines: columns chosen, rows as they come.
ANSWERS: dict[str, tuple[tuple[int, ...], list[tuple[Any, ...]]]] = {
    "Which flights did this aircraft make?": ((1, 4, 5), [("RYR4TK", "EIDW", "EGLL")]),
    "Who was here at that moment?": ((0, 1), [("RRR12", "43c001")]),
    "What flew low over my house today?": ((1, 2, 3), [("RYR4TK", "4ca2d6", 0)]),
    "What landed here, and when?": ((1, 2, 3, 4), [("RYR4TK", "EI-DAA", "B738", "EIDW")]),
    "Which routes are flown most?": ((0, 1, 2, 3), [("EIDW", "EGLL", 1, 60)]),
    "Which types do I hear most?": ((0, 1, 2), [("A400", 1, 1), ("B738", 1, 1)]),
    "Who was in trouble?": ((2, 3, 4, 5), [("GABCD", "general", 52.0, -4.0)]),
    "Which military aircraft were there?": ((0, 2), [("43c001", "A400")]),
    "Which aircraft had I never heard before?": ((0,), [("4ca2d6",), ("43c001",), ("400123",)]),
    "Who flew in circles?": ((1, 2), [("RRR12", 1044)]),
    "What does each feed bring?": (
        (0, 1, 2, 3, 4),
        [("home", "adsb_icao", 91, 91, 2), ("club", "mlat", 5, 5, 1)],
    ),
}
ASKED_APART = {
    "Where did this flight go?",
    "How many aircraft each hour?",
    "How far does my receiver hear in each direction?",
    "How long was I deaf?",
}


def test_there_are_fifteen_questions_and_each_is_asked() -> None:
    assert (15, set(QUESTIONS)) == (len(QUESTIONS), set(ANSWERS) | ASKED_APART)


@pytest.mark.parametrize("question", ANSWERS)
def test_a_question_gets_its_answer(question: str, day: dict[str, int], database_url: str) -> None:
    columns, expected = ANSWERS[question]
    assert expected == [tuple(row[i] for i in columns) for row in ask(database_url, question)]


def test_a_track_is_found_by_its_name(day: dict[str, int], database_url: str, fetch: Fetch) -> None:
    name = flight_id_of_key(day["RYR4TK"])
    (count, first, last) = fetch(
        database_url, "SELECT count(*), min(alt_baro), max(alt_baro) FROM api.track(%s)", name
    )[0]
    assert (61, 0, 30_000) == (count, first, last)
    assert [] == ask(database_url, "Where did this flight go?")  # the page's flight is another


def test_hours_count_each_aircraft_once(day: dict[str, int], database_url: str) -> None:
    hours = ask(database_url, "How many aircraft each hour?")
    assert (96, 3) == (sum(row[2] for row in hours), max(1, len({*day})))
    assert {row[1] for row in hours} <= {1, 2}


def test_the_farthest_of_each_direction_is_found(day: dict[str, int], database_url: str) -> None:
    sectors = {row[0]: float(row[1]) for row in ask(
        database_url, "How far does my receiver hear in each direction?"
    )}  # fmt: skip
    miles, bearing = distance_and_bearing(53.4, -6.3, *HEATHROW)
    assert sectors[bearing // 10 * 10] == pytest.approx(miles, abs=0.06)


def test_the_gap_between_two_flights_is_found(day: dict[str, int], database_url: str) -> None:
    gaps = ask(database_url, "How long was I deaf?")
    assert [3600.0] == [gap.total_seconds() for _, _, gap in gaps]


def test_positions_in_opensky_s_names_are_in_its_units(
    day: dict[str, int], database_url: str, fetch: Fetch
) -> None:
    rows = fetch(
        database_url,
        'SELECT velocity, vertrate, baroaltitude, callsign, "time" - hour < 3600, alert '
        "FROM api.state_vectors WHERE icao24 = '43c001' LIMIT 1",
    )
    velocity, vertrate, altitude, callsign, within, alert = rows[0]
    assert (447.3 * 0.514444, -64 * 0.00508, 6096.0) == pytest.approx(
        (velocity, vertrate, altitude), rel=1e-6
    )
    assert ("RRR12   ", True, None) == (callsign, within, alert)


@pytest.mark.parametrize(
    "places",
    [(53.4, -6.3, 51.47, -0.45), (0.0, 179.9, 0.1, -179.9), (89.9, 0.0, 89.9, 180.0), (1, 2, 1, 2)],
)
def test_distances_and_bearings_are_ours(
    places: tuple[float, ...], database_url: str, fetch: Fetch
) -> None:
    query = "SELECT api.distance_nmi(%s, %s, %s, %s), api.bearing(%s, %s, %s, %s)"
    (found,) = fetch(database_url, query, *places, *places)
    lat1, lon1, lat2, lon2 = places
    miles = distance_nmi(lat1, lon1, lat2, lon2)
    bearing = distance_and_bearing(lat1, lon1, lat2, lon2)[1]
    assert (miles, bearing % 360) == pytest.approx(found, abs=1e-6)


def test_a_picture_across_the_antimeridian_shows_both_sides(
    storing: Any, make: Any, database_url: str, fetch: Fetch
) -> None:
    points = [
        make.point(flight=flight_key(f"00000{i}", make.noon), lat=0.0, lon=lon)
        for i, lon in enumerate((179.5, -179.5, 0.0))
    ]
    storing.counts(make.batch(1, *points))
    query = "SELECT lon FROM api.picture(to_timestamp(%s), 170, -5, -170, 5) ORDER BY lon"
    assert [(-179.5,), (179.5,)] == fetch(database_url, query, make.noon + 1)


@pytest.fixture
def analyst(database_url: str) -> Iterator[str]:
    """A role that was given what the page says."""
    name = f"analyst_{time.monotonic_ns()}"
    role = sql.Identifier(name)
    grants = re.search(r"`(GRANT USAGE.*?)`", PAGE, re.DOTALL)
    assert grants is not None
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE {}").format(role))
        connection.execute(grants[1].replace("analyst", name).encode())
        yield name
        connection.execute(sql.SQL("DROP OWNED BY {}; DROP ROLE {}").format(role, role))


def test_a_role_that_may_read_sees_the_views_and_nothing_else(
    analyst: str, day: dict[str, int], database_url: str
) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(analyst)))
        counted = connection.execute(
            "SELECT (SELECT count(*) FROM api.positions), (SELECT count(*) FROM api.flights)"
        ).fetchone()
        assert (96, 3) == counted
        with pytest.raises(InsufficientPrivilege):
            connection.execute("SELECT FROM aerotrack.position")
        with pytest.raises(InsufficientPrivilege):
            connection.execute("DELETE FROM api.positions")
