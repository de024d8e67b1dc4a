"""The state of an aircraft, by the block its address lies in."""

from itertools import pairwise

import pytest

from aerotrack.domain.countries import BLOCKS, country_of


@pytest.mark.parametrize(
    ("icao24", "state"),
    [
        ("4ca2d6", "IE"),
        ("3c6444", "DE"),
        ("a0b1c2", "US"),
        ("4840d6", "NL"),
        ("06a149", "QA"),
        ("780c5d", "CN"),
        ("e94fff", "BO"),
        ("004000", "ZW"),
        ("4c9000", None),
        ("000000", None),
        ("ffffff", None),
        ("~4ca2d6", None),
    ],
)
def test_the_state_of_an_address(icao24: str, state: str | None) -> None:
    assert state == country_of(icao24)


def test_blocks_are_sorted_and_apart_and_of_a_size_that_is_given_out() -> None:
    assert all(last < first for (_, last, _), (first, _, _) in pairwise(BLOCKS))
    sizes = {last - first + 1 for first, last, _ in BLOCKS}
    assert sizes == {1 << 11, 1 << 12, 1 << 13, 1 << 15, 1 << 18, 1 << 20}
    states = [state for *_, state in BLOCKS]
    assert len(states) == len(set(states))
