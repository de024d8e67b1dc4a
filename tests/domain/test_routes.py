"""A filed route is shown only where the aircraft may well be flying it."""

from typing import Any

import pytest

from aerotrack.domain.airports import load_airports
from aerotrack.domain.routes import (
    DOUBTED_FOR_S,
    REVIEW_S,
    FiledRoute,
    RouteWatch,
    Verdict,
    airport_codes,
    beside_leg_nmi,
    filed_route,
    judge,
)

T0 = 1_764_000_000.0


def route(*codes: str) -> FiledRoute:
    found = filed_route("BAW123", codes, load_airports())
    assert found is not None
    return found


ATLANTIC = route("EGLL", "KJFK")


@pytest.mark.parametrize(
    ("lat", "lon", "more", "verdict"),
    [
        (53.0, -30.0, {"track": 265.0}, "likely"),  # on the way, and going there
        (50.5, -30.0, {"track": 265.0}, "likely"),  # on a southern track of the day
        (53.0, -30.0, {"track": 80.0}, "unlikely"),  # on the way back
        (53.0, -30.0, {}, "undecided"),
        (40.0, -30.0, {"track": 280.0}, "unlikely"),  # bound for somewhere else
        (48.0, 11.8, {"track": 280.0}, "unlikely"),  # before its beginning
        (38.0, -80.0, {"track": 280.0}, "unlikely"),  # beyond its end
        (51.6, -0.7, {"rate": 2_000}, "likely"),  # left Heathrow
        (51.6, -0.7, {"rate": -1_000}, "unlikely"),  # comes down to it
        (51.6, -0.7, {"rate": 0, "track": 90.0}, "undecided"),
        (40.6, -73.5, {"rate": -900}, "likely"),  # comes down to Kennedy
        (40.6, -73.5, {"rate": 2_500}, "unlikely"),
        (51.47, -0.46, {"on_ground": True}, "likely"),
        (40.64, -73.78, {"on_ground": True}, "undecided"),
        (53.35, -2.28, {"on_ground": True}, "unlikely"),  # at Manchester
    ],
)
def test_place_direction_and_climb_say_whether_a_route_is_flown(
    lat: float, lon: float, more: dict[str, Any], verdict: Verdict
) -> None:
    assert verdict == judge(ATLANTIC, lat, lon, **more)


def test_a_route_of_several_legs_is_likely_on_any_of_them() -> None:
    kangaroo = route("YSSY", "WSSS", "EGLL")
    assert "likely" == judge(kangaroo, -12.0, 125.0, track=310.0)
    assert "likely" == judge(kangaroo, 35.0, 60.0, track=315.0)
    assert "unlikely" == judge(kangaroo, 35.0, 60.0, track=130.0)


def test_a_leg_over_the_antimeridian_is_no_other_than_any() -> None:
    pacific = route("NZAA", "KLAX")
    assert "likely" == judge(pacific, -20.0, -165.0, track=45.0)
    assert "likely" == judge(pacific, -33.5, 179.5, track=50.0)
    assert "unlikely" == judge(pacific, -20.0, 165.0, track=45.0)


def test_distance_from_a_leg_is_that_from_its_nearest_point() -> None:
    start, end = route("EGLL", "LFPG").stops
    assert 0.0 == pytest.approx(beside_leg_nmi(start, end, start.lat, start.lon), abs=0.01)
    assert 0.0 == pytest.approx(beside_leg_nmi(start, end, end.lat, end.lon), abs=0.01)
    assert 60.0 == pytest.approx(beside_leg_nmi(start, end, start.lat + 1, start.lon), rel=0.01)
    assert 60.0 == pytest.approx(beside_leg_nmi(start, end, end.lat - 1, end.lon), rel=0.01)


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("EGLL-KJFK", ("EGLL", "KJFK")),
        (" lhr > jfk", ("LHR", "JFK")),
        ("EGLL-EGLL", None),
        ("EGLL", None),
        ("", None),
        ("EGLL-", None),
        ("EGLL-KJFK" * 30, None),
    ],
)
def test_airport_codes_are_taken_apart(text: str, codes: tuple[str, ...] | None) -> None:
    assert codes == airport_codes(text)


def test_a_route_has_the_icao_codes_of_its_airports_or_is_none() -> None:
    found = filed_route("BAW123", ("LHR", "JFK"), load_airports())
    assert found is not None
    assert "EGLL-KJFK" == found.text
    assert filed_route("BAW123", ("EGLL", "ZZZ9"), load_airports()) is None


class Watching:
    """A flight whose route is reviewed at each of the given moments."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.watch = RouteWatch(ATLANTIC)

    def at(self, after: float, **values: Any) -> tuple[Any, ...]:
        self.values.update(values)
        return self.watch.review(self.values, T0 + after)


def test_a_likely_route_is_shown_once_there_is_a_position() -> None:
    flight = Watching()
    assert () == flight.at(0)
    assert (("route", "EGLL-KJFK"),) == flight.at(1, lat=53.0, lon=-30.0, track=265.0)
    assert "EGLL-KJFK" == flight.values["route"]
    assert () == flight.at(1 + REVIEW_S)


def test_an_unlikely_route_is_not_shown() -> None:
    flight = Watching()
    assert () == flight.at(0, lat=53.0, lon=-30.0, track=85.0)
    assert "route" not in flight.values


def test_a_route_is_withdrawn_only_after_lasting_doubt() -> None:
    flight = Watching()
    flight.at(0, lat=53.0, lon=-30.0, track=265.0)
    turned = REVIEW_S
    assert () == flight.at(turned, track=85.0)
    assert () == flight.at(turned + DOUBTED_FOR_S - 1)
    assert () == flight.at(turned + DOUBTED_FOR_S + REVIEW_S, track=265.0)  # it was a hold
    again = turned + DOUBTED_FOR_S + 2 * REVIEW_S
    assert () == flight.at(again, track=85.0)
    assert (("route", None),) == flight.at(again + DOUBTED_FOR_S)
    assert "route" not in flight.values
    assert () == flight.at(again + 2 * DOUBTED_FOR_S)
