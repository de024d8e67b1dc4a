"""flight_id and the number behind it are the same name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aerotrack.domain.records import (
    flight_id,
    flight_id_of_key,
    flight_key,
    flight_key_range,
    key_of_flight_id,
)


@given(
    st.from_regex(r"\A~?[0-9a-f]{6}\Z"),
    st.floats(0, 2**32 - 1, allow_nan=False),
)
def test_name_and_key_of_a_flight_turn_into_each_other(icao24: str, started: float) -> None:
    name = flight_id(icao24, started)
    assert name == flight_id_of_key(flight_key(icao24, started))
    assert flight_key(icao24, started) == key_of_flight_id(name)
    assert flight_key(icao24, started) < 2**63


def test_the_name_is_the_one_of_the_contract() -> None:
    assert flight_id("4ca2d6", 0x692159A0 + 0.9) == "4ca2d6-692159a0"


@pytest.mark.parametrize("wrong", ["", "4ca2d6", "4ca2d6-", "zz-1", "-1"])
def test_what_is_no_flight_id_raises(wrong: str) -> None:
    with pytest.raises(ValueError):
        key_of_flight_id(wrong)


def test_the_flights_of_an_aircraft_are_a_range_of_keys() -> None:
    first, last = flight_key_range("4ca2d6")
    assert (first, last) == (flight_key("4ca2d6", 0), flight_key("4ca2d6", 2**32 - 1))
    assert last < flight_key("4ca2d7", 0)
    assert last < flight_key("~4ca2d6", 0)
