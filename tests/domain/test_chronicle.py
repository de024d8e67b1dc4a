"""Observations of one aircraft told again as flights, points and events."""

from typing import Any

from aerotrack.domain.chronicle import Chronicle
from aerotrack.domain.observation import Observation
from aerotrack.domain.rules import FlightRules

START = 1_763_942_400.0
HOUR = 3_600.0


def obs(after: float, **given: Any) -> Observation:
    """Flying east at 420 kt over the ocean, a point wherever it is at ``after`` seconds."""
    values = {"lat": 50.0, "lon": -30.0 + after * 0.003, "alt_baro": 35_000, "on_ground": False,
              "gs": 420.0, "track": 90.0, "callsign": "BAW123"}  # fmt: skip
    return Observation(
        icao24="400abc", ts=START + after, source="adsb_icao", feed="old", **(values | given)
    )


def told(*observations: Observation, now: float = START + 100 * HOUR) -> Chronicle:
    chronicle = Chronicle(FlightRules())
    for each in observations:
        chronicle.take(each)
    chronicle.finish(now=now)
    return chronicle


def test_a_flight_has_points_a_row_and_two_events() -> None:
    chronicle = told(*(obs(t) for t in range(0, 100, 10)))
    (flight,) = chronicle.flights
    assert (START, START + 90, 10, "silence", "BAW123") == (
        flight.started, flight.last_contact, flight.points, flight.end_cause, flight.callsign,
    )  # fmt: skip
    assert [START + t for t in range(0, 100, 10)] == [point.ts for point in chronicle.points]
    assert ["started", "ended"] == [event.kind for event in chronicle.events]


def test_a_flight_that_may_go_on_is_left_open() -> None:
    chronicle = told(obs(0), obs(10), now=START + 60)
    assert [None] == [flight.ended for flight in chronicle.flights]
    assert ["started"] == [event.kind for event in chronicle.events]


def test_a_hole_in_coverage_ends_no_flight_and_a_day_does() -> None:
    hole = told(obs(0), obs(HOUR), obs(HOUR + 10))
    assert 1 == len(hole.flights)
    day = told(obs(0), obs(24 * HOUR, lon=-30.0), obs(24 * HOUR + 10, lon=-29.97))
    assert [START, START + 24 * HOUR] == [flight.started for flight in day.flights]


def test_a_leg_its_tracker_saw_begin_is_another_flight() -> None:
    chronicle = Chronicle(FlightRules())
    for t in range(0, 1_000, 10):
        chronicle.take(obs(t), new_leg=t == 700)
    chronicle.finish(now=START + 100 * HOUR)
    assert [("landed", START + 690), ("silence", START + 990)] == [
        (flight.end_cause, flight.ended) for flight in chronicle.flights
    ]


def test_a_leg_that_began_only_just_now_does_not_begin_twice() -> None:
    chronicle = Chronicle(FlightRules())
    for t in range(0, 100, 10):
        chronicle.take(obs(t), new_leg=t == 50)
    chronicle.finish(now=START + 100 * HOUR)
    assert 1 == len(chronicle.flights)


def test_the_antimeridian_is_no_jump() -> None:
    chronicle = told(*(obs(t, lon=(179.99 + t * 0.003 + 180) % 360 - 180) for t in range(20)))
    assert 20 == sum(point.lon is not None for point in chronicle.points)
    assert -179.0 > chronicle.points[-1].lon  # type: ignore[operator]  # counted above


def test_what_waits_after_a_pause_is_told_in_the_end() -> None:
    chronicle = told(obs(0), obs(400, callsign="BAW9"))
    assert (2, 2) == (len(chronicle.flights), len(chronicle.points))
