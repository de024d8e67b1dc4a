"""Altitudes from raw frames: what an aircraft can climb is believed, the rest is not."""

from aerotrack.feeds.modes.altitude import REPLY, SQUITTER, take_altitude
from aerotrack.feeds.modes.heard import Heard

T0 = 1_764_000_000.0


def level(feet: int = 30_000, *, count: int = 20) -> Heard:
    """One that flies level, half a second between messages; the last one at ``T0``."""
    heard = Heard("4ca2d6")
    for n in range(count):
        assert take_altitude(heard, feet, T0 - (count - 1 - n) / 2, SQUITTER)
    return heard


def test_a_climb_is_believed_at_any_rate_an_aircraft_has() -> None:
    for rate in (500, 3_000, 10_000):
        heard = level()
        assert all(
            take_altitude(heard, round(30_000 + rate * n / 120), T0 + n / 2, SQUITTER)
            for n in range(1, 200)
        )


def test_a_jump_is_not_believed_and_costs_nothing_after_it() -> None:
    heard = level()
    assert not take_altitude(heard, 12_000, T0 + 0.5, REPLY)
    assert take_altitude(heard, 30_025, T0 + 1.0, SQUITTER)
    assert (30_025, 1) == (heard.alt_baro, heard.alt_refused)


def test_a_jump_that_the_vertical_rate_contradicts_is_not_believed() -> None:
    heard = level()
    heard.climb, heard.climb_at = 0, T0
    assert not take_altitude(heard, 30_600, T0 + 5.0, SQUITTER)
    heard.climb = 6_000
    assert take_altitude(heard, 30_600, T0 + 5.0, SQUITTER)


def test_a_wrong_first_one_is_corrected_by_the_next() -> None:
    heard = level(5_000, count=1)
    assert take_altitude(heard, 30_000, T0 + 0.5, SQUITTER)
    assert 30_000 == heard.alt_baro


def test_after_many_that_agree_with_one_another_the_others_were_wrong() -> None:
    heard = level(5_000)
    believed = [take_altitude(heard, 30_000, T0 + n / 2, SQUITTER) for n in range(1, 30)]
    assert 9 == believed.index(True)
    assert all(believed[9:])


def test_after_a_minute_of_silence_any_is_believed() -> None:
    assert take_altitude(level(), 3_000, T0 + 61.0, REPLY)
