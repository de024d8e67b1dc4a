"""The air of the simulation against the standard atmosphere's own figures."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aerotrack.domain.simulation.atmosphere import (
    airspeed,
    ias_of_mach,
    mach_of_ias,
    pressure_ratio,
    sound_kt,
    wind,
)


@pytest.mark.parametrize(
    ("altitude", "ratio", "sound"),
    [(0, 1.0, 661.5), (10_000, 0.6877, 638.3), (30_000, 0.2970, 589.3), (39_000, 0.1942, 573.6)],
)
def test_pressure_and_sound_are_those_of_the_standard_atmosphere(
    altitude: float, ratio: float, sound: float
) -> None:
    assert pytest.approx(ratio, rel=0.002) == pressure_ratio(altitude)
    assert pytest.approx(sound, rel=0.001) == sound_kt(altitude)


def test_indicated_is_true_airspeed_at_sea_level_and_far_less_up_high() -> None:
    low, high = airspeed(250.0, 0.8, 0.0), airspeed(250.0, 0.9, 35_000.0)
    assert pytest.approx(250.0) == low.tas
    assert pytest.approx(427, abs=1) == high.tas


@given(st.floats(100, 340), st.floats(0, 43_000))
def test_mach_and_indicated_airspeed_convert_both_ways(ias: float, altitude: float) -> None:
    assert pytest.approx(ias) == ias_of_mach(mach_of_ias(ias, altitude), altitude)


def test_above_the_crossover_mach_limits() -> None:
    assert pytest.approx(0.78) == airspeed(300.0, 0.78, 37_000.0).mach


@given(st.floats(-90, 90), st.floats(-180, 180), st.floats(-100, 45_000), st.floats(0, 6.3))
def test_wind_is_moderate_everywhere_and_smooth(
    lat: float, lon: float, altitude: float, phase: float
) -> None:
    here = wind(lat, lon, altitude, phase)
    near = wind(min(90.0, lat + 0.1), lon + 0.1, altitude + 100.0, phase)
    assert here.north**2 + here.east**2 < 130.0**2
    assert abs(here.north - near.north) < 3.0
    assert abs(here.east - near.east) < 3.0
