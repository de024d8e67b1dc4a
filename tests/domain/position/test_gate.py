"""What the gate lets through: distances by speed, time and direction."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aerotrack.domain.geo import METRES_PER_NMI, bearing_deg, distance_nmi
from aerotrack.domain.position import gate

KT = METRES_PER_NMI / 3600  # metres a second


def test_an_aircraft_at_rest_may_jitter_by_the_error_of_its_positions() -> None:
    assert 30.0 == gate.reach_m(100.0, 0.0, None)
    assert 10.0 == gate.reach_m(100.0, 0.0, None, surface=True)


def test_without_a_direction_it_may_be_a_third_faster_than_it_says() -> None:
    assert pytest.approx(30 + 450 * 1.3 * KT * 10.2) == gate.reach_m(10.0, 450.0, None)


def test_aside_it_may_be_as_fast_as_it_says() -> None:
    assert pytest.approx(30 + 450 * KT * 10.2) == gate.reach_m(10.0, 450.0, 90.0)


def test_ahead_it_may_be_twice_as_fast_and_late_by_two_kilometres() -> None:
    assert pytest.approx(2030 + 900 * KT * 10.2) == gate.reach_m(10.0, 450.0, 0.0)
    assert pytest.approx(30 + 60 * KT * 10.2) == gate.reach_m(10.0, 30.0, 0.0)


def test_backward_it_can_only_seem_to_go_by_the_latency_of_its_positions() -> None:
    assert pytest.approx(30 + 450 * KT * 0.6) == gate.reach_m(10.0, 450.0, 180.0)


def test_a_crawling_one_may_go_anywhere_its_speed_lets_it() -> None:
    assert pytest.approx(10 + (5 + 2) * KT * 5.2) == gate.reach_m(5.0, 5.0, 180.0, surface=True)


def test_nothing_does_more_than_two_thousand_knots() -> None:
    assert gate.reach_m(10.0, 2_000.0, None) == gate.reach_m(10.0, 5_000.0, None)


def test_multilateration_and_packets_get_more_room() -> None:
    assert pytest.approx(30 + 250 + (450 * 1.3 * 1.4 + 50) * KT * 1.2) == gate.reach_m(
        1.0, 450.0, None, mlat=True
    )
    assert gate.reach_m(0.0, 450.0, None) + 500.0 == gate.reach_m(
        0.0, 450.0, None, same_packet=True
    )


@pytest.mark.parametrize(
    ("tas", "ias", "surface", "expected"),
    [(300.0, 200.0, False, 400.0), (None, 200.0, False, 400.0), (None, None, False, 900.0),
     (None, None, True, 120.0)],
)  # fmt: skip
def test_without_a_ground_speed_the_best_guess_is_on_the_high_side(
    tas: float | None, ias: float | None, surface: bool, expected: float
) -> None:
    assert expected == gate.airspeed_limit_kt(tas, ias, surface=surface)


@given(
    st.floats(-89, 89), st.floats(-180, 180, exclude_max=True), st.floats(-1, 1), st.floats(-1, 1)
)
def test_the_cheap_way_to_measure_a_distance_agrees_with_the_sphere(
    lat: float, lon: float, north: float, east: float
) -> None:
    lat2, lon2 = max(-90.0, min(90.0, lat + north)), (lon + east + 180) % 360 - 180
    metres = gate.distance_m(lat, lon, lat2, lon2)
    expected = distance_nmi(lat, lon, lat2, lon2) * METRES_PER_NMI
    assert expected == pytest.approx(metres, rel=0.01, abs=0.5)


@given(
    st.floats(-89, 89), st.floats(-180, 180, exclude_max=True), st.floats(-1, 1), st.floats(-1, 1)
)
def test_the_cheap_way_to_measure_a_direction_agrees_with_the_sphere(
    lat: float, lon: float, north: float, east: float
) -> None:
    lat2, lon2 = max(-89.5, min(89.5, lat + north)), (lon + east + 180) % 360 - 180
    up, right = gate.offset_m(lat, lon, lat2, lon2)
    if math.hypot(up, right) > 10.0:  # nearer, a direction is rounding
        off = gate.angle_between(
            math.degrees(math.atan2(right, up)), bearing_deg(lat, lon, lat2, lon2)
        )
        assert off <= 1.0, "a tenth of what the gate tells apart"


@given(st.floats(0, 2000), st.floats(0, 60), st.none() | st.floats(0, 180), st.booleans())
def test_nothing_lets_it_less_far_than_the_latency_of_its_positions(
    speed: float, elapsed: float, off_track: float | None, surface: bool
) -> None:
    least = gate.least_reach_m(speed)
    assert least <= gate.reach_m(elapsed, speed, off_track, surface=surface) + 1e-6


@given(st.floats(0, 60), st.floats(0, 900), st.floats(0, 180), st.floats(0, 180))
def test_the_farther_off_track_the_less_it_may_go(
    elapsed: float, speed: float, one: float, other: float
) -> None:
    nearer, farther = sorted((one, other))
    assert gate.reach_m(elapsed, speed, nearer) >= gate.reach_m(elapsed, speed, farther)
