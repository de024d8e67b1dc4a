"""When refused positions win."""

import pytest

from aerotrack.domain.position.reliability import MOST, Reliability


def sure(times: int = 10, odd: bool | None = None) -> Reliability:
    reliability = Reliability()
    reliability.restarted()
    for _ in range(times):
        reliability.accepted(odd)
    return reliability


def refuse(reliability: Reliability, number: int, odd: bool | None = None, by: str = "a") -> None:
    reliability.refused((50.0 + number, 8.0, 100.0 + number), odd, (by, None))


@pytest.mark.parametrize("odd", [None, True, False])
def test_four_refused_ones_exhaust_what_any_number_of_accepted_ones_earned(
    odd: bool | None,
) -> None:
    reliability = sure(odd=odd)
    for number in range(MOST):
        assert not reliability.exhausted
        refuse(reliability, number, odd)
    assert reliability.exhausted


def test_a_first_fix_is_worth_one() -> None:
    reliability = sure(times=0)
    refuse(reliability, 0)
    assert reliability.exhausted


def test_the_formats_of_raw_frames_count_apart() -> None:
    reliability = sure(odd=True)
    refuse(reliability, 0, odd=False)
    assert reliability.exhausted
    reliability.accepted(odd=False)
    assert not reliability.exhausted


def test_the_same_bad_position_within_four_seconds_counts_once() -> None:
    reliability = sure()
    for number in range(8):
        reliability.refused((50.0, 8.0, 100.0 + number / 2), None, (str(number), None))
    assert not reliability.exhausted


def test_one_receiver_counts_once_in_three_tenths_of_a_second() -> None:
    reliability = sure()
    for number in range(8):
        reliability.refused((50.0 + number, 8.0, 100.0 + number / 100), None, ("bad", None))
    assert not reliability.exhausted


def test_where_else_it_might_be_is_forgotten_with_the_next_accepted_one() -> None:
    reliability = sure()
    refuse(reliability, 0)
    assert (50.0, 8.0, 100.0) == reliability.elsewhere
    reliability.accepted(None)
    assert reliability.elsewhere is None
