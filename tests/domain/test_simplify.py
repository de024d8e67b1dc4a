"""A simplified track misses no point left out by more than the tolerance, and keeps both ends."""

import itertools
import math

from hypothesis import given
from hypothesis import strategies as st

from aerotrack.domain.records import TrackPoint
from aerotrack.domain.simplify import PART, Simplifier, distance_to_way, kept_of
from aerotrack.domain.simplify import _places as places


def fix(ts: float, lat: float | None, lon: float | None, alt_baro: int | None = 0) -> TrackPoint:
    return TrackPoint(
        1, ts, lat, lon, alt_baro, None, None, None, None, None, None, None, None, "sim", "demo"
    )


def simplified(points: list[TrackPoint], tolerance: float) -> list[TrackPoint]:
    simplifier = Simplifier(tolerance)
    return simplifier.take(points) + simplifier.rest()


def test_a_straight_line_is_its_ends_and_a_corner_stays():
    straight = [fix(n, 50.0 + n * 1e-3, 8.0) for n in range(100)]
    corner = [fix(100 + n, 50.099, 8.0 + n * 1e-3) for n in range(1, 50)]
    assert [p.ts for p in simplified(straight + corner, 10.0)] == [0, 99, 149]


def test_a_level_off_on_a_straight_course_stays():
    climb = [fix(n, 50.0 + n * 1e-3, 8.0, n * 100) for n in range(50)]
    level = [fix(50 + n, 50.05 + n * 1e-3, 8.0, 4900) for n in range(50)]
    assert [p.ts for p in simplified(climb + level, 30.0)] == [0, 49, 99]


def test_the_antimeridian_is_no_detour():
    over = [fix(n, 10.0, (179.5 + n * 0.01 + 180) % 360 - 180) for n in range(100)]
    assert [p.ts for p in simplified(over, 10.0)] == [0, 99]


def test_points_without_a_position_are_left_out_and_none_are_made_up():
    assert simplified([], 1.0) == []
    assert simplified([fix(1, None, None)], 1.0) == []
    assert [p.ts for p in simplified([fix(1, 1.0, 1.0), fix(2, None, None)], 1.0)] == [1]


def test_a_long_track_is_given_out_as_it_comes_in_and_nothing_twice():
    simplifier = Simplifier(10.0)
    given = []
    for start in range(0, 5 * PART, 100):
        given += simplifier.take([fix(n, 0.0, n * 1e-5) for n in range(start, start + 100)])
        assert len(simplifier._part) < PART
    times = [p.ts for p in given + simplifier.rest()]
    assert times == sorted(set(times))
    assert len(times) <= 7


@given(
    st.lists(
        st.tuples(st.floats(-0.5, 0.5), st.floats(-0.5, 0.5), st.integers(0, 4000)),
        min_size=2,
        max_size=60,
    ),
    st.floats(1.0, 20_000.0),
)
def test_no_point_left_out_is_missed_by_more_than_the_tolerance(where, tolerance):
    part = [fix(n, lat, lon, alt) for n, (lat, lon, alt) in enumerate(where)]
    kept = [int(p.ts) for p in kept_of(part, tolerance)]
    spots = places(part)
    assert (kept[0], kept[-1]) == (0, len(part) - 1)
    for first, last in itertools.pairwise(kept):
        for index in range(first + 1, last):
            missed = distance_to_way(spots[index], spots[first], spots[last])
            assert missed <= tolerance or math.isclose(missed, tolerance)
