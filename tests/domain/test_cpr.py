"""Compact position reporting: what is encoded comes back, anywhere on earth."""

import math

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from aerotrack.domain.cpr import (
    AIRBORNE_CELL_DEG,
    SURFACE_CELL_DEG,
    encode,
    longitude_zones,
    resolve_airborne,
    resolve_near,
    resolve_surface,
)
from aerotrack.domain.geo import wrap_lon
from aerotrack.domain.observation import CprFrame

LATITUDES = st.floats(-90, 90)
LONGITUDES = st.floats(-180, 180, exclude_max=True)
OFFSETS = st.tuples(st.floats(-1, 1), st.floats(-1, 1))
# A transition latitude is where a rounding decides between two numbers of zones.
ROUNDING_DEG = 2 * AIRBORNE_CELL_DEG


def cell(surface: bool) -> float:
    """The cell's height in degrees of latitude."""
    return SURFACE_CELL_DEG if surface else AIRBORNE_CELL_DEG


def lon_cell(lat: float, surface: bool) -> float:
    """The widest a cell of either format is at ``lat``, degrees of longitude."""
    span = 90.0 if surface else 360.0
    return span / max(longitude_zones(lat) - 1, 1) / 2**17


def astray(found: tuple[float, float], lat: float, lon: float, surface: bool) -> float:
    """The greater of the two errors, in halves of a cell; 1 is what encoding costs."""
    north = abs(found[0] - lat) / (cell(surface) / 2)
    east = abs(wrap_lon(found[1] - lon)) / (lon_cell(lat, surface) / 2)
    return max(north, east)


@pytest.mark.parametrize(
    ("even", "odd", "odd_newer", "expected"),
    [  # 1090 MOPS examples as the literature has them, and a pair two decoders resolved
        ((93000, 51372), (74158, 50194), False, (52.2572021484375, 3.91937255859375)),
        ((93000, 51372), (74158, 50194), True, (52.26578017412606, 3.938912527901786)),
    ],
)
def test_known_pairs_decode_to_their_known_positions(
    even: tuple[int, int],
    odd: tuple[int, int],
    odd_newer: bool,
    expected: tuple[float, float],
) -> None:
    found = resolve_airborne(
        CprFrame(*even, odd=False, surface=False),
        CprFrame(*odd, odd=True, surface=False),
        odd_newer=odd_newer,
    )
    assert expected == pytest.approx(found, abs=1e-9)


@pytest.mark.parametrize(
    ("near", "expected"),
    [
        ((51.990, 4.375), (52.32056, 4.73473)),
        ((-37.7, 4.375), (-37.67944, 4.73473)),
        ((51.990, -85.0), (52.32056, -85.26527)),
        ((51.990, 179.0), (52.32056, -175.26527)),
    ],
)
def test_a_surface_pair_is_resolved_in_the_quadrant_of_the_reference(
    near: tuple[float, float], expected: tuple[float, float]
) -> None:
    even = CprFrame(115609, 116941, odd=False, surface=True)
    odd = CprFrame(39199, 110269, odd=True, surface=True)
    found = resolve_surface(even, odd, odd_newer=True, near=near)
    assert expected[0] == pytest.approx(found[0], abs=1e-4)
    if expected[0] > 0:
        assert expected[1] == pytest.approx(found[1], abs=1e-4)


@pytest.mark.parametrize(
    ("lat", "zones"),
    [(0.0, 59), (10.4, 59), (10.5, 58), (-45.0, 42), (52.25, 36), (86.9, 2), (87.1, 1), (-90.0, 1)],
)
def test_zones_of_longitude_go_from_59_at_the_equator_to_1_at_the_poles(
    lat: float, zones: int
) -> None:
    assert zones == longitude_zones(lat)


@given(LATITUDES, LONGITUDES, st.booleans())
@example(90.0, 0.0, True)
@example(-90.0, 123.0, False)
@example(0.0, -180.0, False)
@example(87.0, 179.999999, True)
def test_an_airborne_pair_comes_back_within_half_a_cell_anywhere_on_earth(
    lat: float, lon: float, odd_newer: bool
) -> None:
    even, odd = (encode(lat, lon, odd=odd, surface=False) for odd in (False, True))
    found = resolve_airborne(even, odd, odd_newer=odd_newer)
    if found == "straddles_zones":
        assert longitude_zones(lat - ROUNDING_DEG) != longitude_zones(lat + ROUNDING_DEG)
        return
    assert not isinstance(found, str)
    assert astray(found, lat, lon, False) <= 1 + 1e-6
    assert -180.0 <= found[1] < 180.0


@given(LATITUDES, LONGITUDES, st.booleans(), st.floats(-0.7, 0.7), st.floats(-0.7, 0.7))
def test_a_surface_pair_comes_back_within_half_a_cell_near_its_station(
    lat: float, lon: float, odd_newer: bool, north: float, east: float
) -> None:
    near = (max(-90.0, min(90.0, lat + north)), wrap_lon(lon + east))
    even, odd = (encode(lat, lon, odd=odd, surface=True) for odd in (False, True))
    found = resolve_surface(even, odd, odd_newer=odd_newer, near=near)
    if isinstance(found, str):
        at_pole = abs(lat) > 90 - SURFACE_CELL_DEG
        assert at_pole or (
            longitude_zones(lat - ROUNDING_DEG) != longitude_zones(lat + ROUNDING_DEG)
        )
        return
    assert astray(found, lat, lon, True) <= 1 + 1e-6
    assert -180.0 <= found[1] < 180.0


@given(LATITUDES, LONGITUDES, st.booleans(), st.booleans(), OFFSETS)
def test_one_frame_is_enough_near_a_known_place(
    lat: float, lon: float, odd: bool, surface: bool, offset: tuple[float, float]
) -> None:
    assume(abs(lat) < 89.9)
    half = 0.74 if surface else 2.9  # degrees; zones are 1.5 and 6
    frame = encode(lat, lon, odd=odd, surface=surface)
    reference = max(-90.0, min(90.0, lat + half * offset[0])), wrap_lon(lon + half * offset[1])
    found = resolve_near(frame, *reference)
    assert found is not None
    if longitude_zones(found[0]) == longitude_zones(lat):
        assert astray(found, lat, lon, surface) <= 1 + 1e-6
    assert abs(found[0] - lat) <= cell(surface)
    assert -180.0 <= found[1] < 180.0


@given(st.floats(-86, 86), LONGITUDES, st.booleans())
def test_a_pair_from_both_sides_of_a_transition_is_not_resolved(
    lat: float, lon: float, odd_newer: bool
) -> None:
    low = encode(lat, lon, odd=False, surface=False)
    high = encode(lat + 0.04, lon, odd=True, surface=False)
    found = resolve_airborne(low, high, odd_newer=odd_newer)
    if longitude_zones(lat + ROUNDING_DEG) != longitude_zones(lat + 0.04 - ROUNDING_DEG):
        assert found == "straddles_zones"
    else:
        assert found == "straddles_zones" or abs(found[0] - lat) < 0.05


FRAMES = st.tuples(st.integers(0, 2**17 - 1), st.integers(0, 2**17 - 1))


@given(FRAMES, FRAMES, st.booleans(), st.booleans(), st.tuples(LATITUDES, LONGITUDES))
def test_any_two_frames_give_a_place_on_earth_or_a_reason(
    first: tuple[int, int],
    second: tuple[int, int],
    odd_newer: bool,
    surface: bool,
    near: tuple[float, float],
) -> None:
    even = CprFrame(*first, odd=False, surface=surface)
    odd = CprFrame(*second, odd=True, surface=surface)
    found = (
        resolve_surface(even, odd, odd_newer=odd_newer, near=near)
        if surface
        else resolve_airborne(even, odd, odd_newer=odd_newer)
    )
    alone = resolve_near(odd, *near)
    for place in (found, alone):
        if place is not None and not isinstance(place, str):
            assert -90.0 <= place[0] <= 90.0
            assert -180.0 <= place[1] < 180.0
            assert all(map(math.isfinite, place))
