"""The past positions kept to judge late ones by."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aerotrack.domain.position.trail import APART_S, KEPT, Trail, between


def trail(*times: float) -> Trail:
    kept = Trail()
    for at in times:
        kept.add(at, at / 100, -at / 100)
    return kept


def test_what_lies_around_a_time_is_found() -> None:
    kept = trail(0.0, 10.0, 20.0)
    assert [(10.0, 0.1, -0.1), (20.0, 0.2, -0.2)] == sorted(kept.around(15.0))
    assert [(10.0, 0.1, -0.1), (20.0, 0.2, -0.2)] == sorted(kept.around(10.0))
    assert [(0.0, 0.0, 0.0)] == kept.around(-1.0)
    assert [(20.0, 0.2, -0.2)] == kept.around(25.0)
    assert [] == Trail().around(1.0)


def test_what_is_too_near_the_last_is_left_out() -> None:
    assert 2 == len(trail(0.0, 9.9, 10.0))


@given(st.lists(st.floats(0.1, 60), max_size=400))
def test_however_long_it_flies_a_few_are_kept_the_first_and_the_newest_among_them(
    gaps: list[float],
) -> None:
    times = [1000.0]
    for gap in gaps:
        times.append(times[-1] + gap)
    kept = trail(*times)
    assert len(kept) <= KEPT
    assert 1000.0 == min(kept.around(1000.0))[0]
    newest = max(kept.around(times[-1]))[0]
    assert times[-1] - newest < APART_S


def test_gaps_grow_with_age_so_that_half_an_hour_stays_covered() -> None:
    kept = trail(*(float(at) for at in range(0, 1800, 5)))
    ages = [1795.0 - at for at in _times(kept)]
    assert all(older - newer <= max(2 * APART_S, 0.8 * older) for older, newer in pairwise(ages))
    assert ages[0] == 1795.0


def _times(kept: Trail) -> list[float]:
    return sorted({place[0] for at in range(0, 1800, 5) for place in kept.around(float(at))})


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [((0.0, 50.0, 8.0), (10.0, 51.0, 9.0), (50.5, 8.5)),
     ((0.0, 50.0, 179.5), (10.0, 50.0, -179.5), (50.0, -180.0))],
)  # fmt: skip
def test_between_two_places_it_flew_straight(
    before: tuple[float, float, float],
    after: tuple[float, float, float],
    expected: tuple[float, float],
) -> None:
    assert expected == between(before, after, 5.0)
