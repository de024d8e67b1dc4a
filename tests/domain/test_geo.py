"""Distances, bearings and boxes, on both sides of the antimeridian and at the poles."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from aerotrack.domain.geo import WORLD, BadBox, Box, bearing_deg, box, distance_nmi, wrap_lon

LAT = st.floats(-90, 90)
LON = st.floats(-180, 180)


def test_a_degree_of_latitude_is_sixty_nautical_miles() -> None:
    assert pytest.approx(distance_nmi(50, 8, 51, 8), rel=0.002) == 60.0
    assert bearing_deg(50, 8, 51, 8) == 0.0


def test_distance_is_the_short_way_over_the_antimeridian() -> None:
    assert pytest.approx(distance_nmi(0, 179, 0, -179), rel=0.002) == 120.0
    assert bearing_deg(0, 179, 0, -179) == 90.0


@given(LAT, LON, LAT, LON)
def test_distance_is_symmetric_and_at_most_half_the_earth(
    lat1: float, lon1: float, lat2: float, lon2: float
) -> None:
    there, back = distance_nmi(lat1, lon1, lat2, lon2), distance_nmi(lat2, lon2, lat1, lon1)
    assert math.isclose(there, back, rel_tol=1e-9, abs_tol=1e-6)
    assert 0.0 <= there <= 10_808
    assert 0.0 <= bearing_deg(lat1, lon1, lat2, lon2) <= 360.0


@given(LAT, LON, st.integers(-3, 3))
def test_a_box_is_the_same_whole_turns_further(lat: float, lon: float, turns: int) -> None:
    shift = turns * 360
    assume(min(abs(lon - 170), abs(lon + 170)) > 1e-6)
    made = box(170 + shift, -90, 190 + shift, 90)
    assert Box(170.0, -90, -170.0, 90) == made
    assert made.contains(lat, lon) == (lon >= 170 or lon <= -170)


@pytest.mark.parametrize(
    ("asked", "made"),
    [
        ((-180, -90, 180, 90), WORLD),
        ((0, -90, 360, 90), WORLD),
        ((-1000, 10, 1000, 20), Box(-180.0, 10, 180.0, 20)),
        ((170, 0, 180, 10), Box(170.0, 0, 180.0, 10)),
        ((180, 0, 190, 10), Box(-180.0, 0, -170.0, 10)),
        ((350, 0, 370, 10), Box(-10.0, 0, 10.0, 10)),
        ((10, 0, -10, 10), Box(10.0, 0, -10.0, 10)),
    ],
)
def test_boxes_as_clients_ask_for_them(asked: tuple[float, float, float, float], made: Box) -> None:
    assert made == box(*asked)


@pytest.mark.parametrize(
    "wrong",
    [(0, 10, 1, 5), (0, -91, 1, 5), (0, 0, 1, 90.1), (math.nan, 0, 1, 1), (0, 0, math.inf, 1)],
)
def test_what_is_no_box_is_refused(wrong: tuple[float, float, float, float]) -> None:
    with pytest.raises(BadBox):
        box(*wrong)


@given(st.floats(-1e6, 1e6))
def test_longitudes_wrap_into_half_open_range(lon: float) -> None:
    assert -180.0 <= wrap_lon(lon) <= 180.0
