"""Filters: normalised so that the same wish is the same value, and what is unknown never passes."""

from typing import Any

import pytest

from aerotrack.domain.live import Filter
from aerotrack.domain.stream.filters import PREFIXES_MOST, BadFilter, FlightFilter, filter_of

FLIGHT = {
    "callsign": "RYR4TK", "registration": "EI-DPX", "typecode": "B738", "category": "A3",
    "source": "adsb_icao", "squawk": "7421", "alt_baro": 35_000, "on_ground": False,
}  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "passes"),
    [
        ({"callsign": "RYR"}, True),
        ({"callsign": "ryr4"}, True),
        ({"callsign": ("DLH", "RYR")}, True),
        ({"callsign": "YR"}, False),
        ({"source": "ADSB"}, True),
        ({"typecode": ("A320", "B73")}, True),
        ({"category": ("A4",)}, False),
        ({"registration": "EI-"}, True),
        ({"squawk": ("7700", "7500")}, False),
        ({"callsign": "RYR", "squawk": "7700"}, False),
        ({"alt_baro": (0, 35_000)}, True),
        ({"alt_baro": (35_001, 60_000)}, False),
        ({"on_ground": False}, True),
        ({"on_ground": True}, False),
        ({"emergency": False}, True),
        ({"emergency": True}, False),
    ],
)
def test_conditions_are_joined_by_and_their_strings_are_prefixes_joined_by_or(
    wanted: dict[str, Any], passes: bool
) -> None:
    made = filter_of(Filter(**wanted))
    assert made is not None
    assert passes == made.passes(FLIGHT)


@pytest.mark.parametrize(
    "wanted",
    [{"callsign": "R"}, {"alt_baro": (-2_000, 99_999)}, {"on_ground": False}, {"on_ground": True}],
)
def test_what_is_unknown_meets_no_condition(wanted: dict[str, Any]) -> None:
    made = filter_of(Filter(**wanted))
    assert made is not None
    assert not made.passes({})


@pytest.mark.parametrize(
    "values", [{"squawk": "7500"}, {"squawk": "7600"}, {"squawk": "7700"}, {"emergency": "nordo"}]
)
def test_an_emergency_is_a_squawk_or_a_state(values: dict[str, Any]) -> None:
    assert FlightFilter(emergency=True).passes(values)
    assert not FlightFilter(emergency=False).passes(values)


def test_filters_that_say_the_same_are_the_same() -> None:
    same = [
        Filter(callsign=("RYR", "DLH"), typecode="A320"),
        Filter(callsign=("dlh", "RYR", "RYR4", "DLH"), typecode=("A320",)),
    ]
    assert 1 == len({filter_of(wanted) for wanted in same})
    assert filter_of(Filter()) is None


def test_its_fields_are_those_it_looks_at() -> None:
    made = FlightFilter((("callsign", ("A",)),), (0, 1), on_ground=True, emergency=True)
    assert {"callsign", "alt_baro", "on_ground", "squawk", "emergency"} == made.fields


@pytest.mark.parametrize(
    "wanted",
    [
        {"callsign": ()},
        {"callsign": ""},
        {"callsign": "A" * 25},
        {"callsign": tuple(f"A{n}" for n in range(PREFIXES_MOST + 1))},
        {"alt_baro": (2, 1)},
    ],
)
def test_a_filter_that_cannot_be_is_refused(wanted: dict[str, Any]) -> None:
    with pytest.raises(BadFilter):
        filter_of(Filter(**wanted))
