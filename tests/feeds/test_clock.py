"""Times of recorded frames: two kinds of clock, wraps, pauses, several receivers, none."""

import pytest

from aerotrack.domain.cpr import encode
from aerotrack.feeds.clock import FrameTimes
from aerotrack.feeds.clock_kind import is_gps
from aerotrack.feeds.modes.decoder import MLAT_CLOCK, Frame

from .frames import KLM, position

HZ = 12_000_000


def frame(clock: int) -> Frame:
    return (KLM, clock, None, None)


def times_of(clocks: list[int], *, start: float = 0.0, rate: float = 100.0) -> list[float]:
    """The times of frames with these clocks, rounded to a millisecond."""
    times = FrameTimes(start=start, rate=rate)
    taken: list[float] = []
    for at in range(0, len(clocks), 100):
        taken += times.take([frame(clock) for clock in clocks[at : at + 100]])[1]
    taken += times.take([], last=True)[1]
    assert len(clocks) == len(taken)
    return [round(moment, 3) for moment in taken]


def test_time_is_that_of_the_counter_from_the_start_on() -> None:
    clocks = [5 * HZ + n * HZ // 10 for n in range(1000)]
    assert [round(100.0 + n / 10, 3) for n in range(1000)] == times_of(clocks, start=100.0)


def test_the_counter_wraps() -> None:
    clocks = [(2**48 - 50 * HZ + n * HZ // 2) % 2**48 or 1 for n in range(300)]
    assert [n / 2 for n in range(300)] == times_of(clocks)


def test_a_pause_is_kept() -> None:
    clocks = [HZ + n * HZ // 10 for n in range(400)]
    clocks += [HZ * 3600 + n * HZ // 10 for n in range(400)]
    times = times_of(clocks)
    assert (39.9, 3599.0) == (times[399], times[400])


def test_a_receiver_that_was_started_again_goes_on() -> None:
    clocks = [9000 * HZ + n * HZ // 10 for n in range(400)] + [1 + n * HZ // 10 for n in range(400)]
    times = times_of(clocks)
    assert (39.9, 39.9, 40.0) == tuple(times[399:402])


def test_two_receivers_whose_clocks_differ_make_one_timeline() -> None:
    for apart in (3 * HZ, 5000 * HZ, -7 * HZ):
        one = [10_000 * HZ + n * HZ // 100 for n in range(2000)]
        clocks = [c for n, first in enumerate(one) for c in (first, first + apart + (n % 3) * 100)]
        times = times_of(clocks)
        assert times == sorted(times)
        assert [n / 100 for n in range(2000)] == times[::2]
        assert max(abs(a - b) for a, b in zip(times[::2], times[1::2], strict=True)) < 0.02


def test_blocks_handed_on_twice_do_not_turn_time_back() -> None:
    clocks = [HZ + n * HZ // 100 for n in range(600)]
    repeated = clocks[:320] + clocks[290:]
    times = times_of(repeated)
    assert times == sorted(times)
    assert 5.99 == times[-1]


def test_one_damaged_clock_costs_nothing() -> None:
    clocks = [HZ + n * HZ // 100 for n in range(600)]
    clocks[300] = 77_000 * HZ
    times = times_of(clocks)
    assert 5.99 == times[-1]


def test_frames_without_a_clock_come_at_the_rate() -> None:
    assert [7.0, 7.05, 7.1] == times_of([0, 0, MLAT_CLOCK], start=7.0, rate=20.0)


def test_made_up_clocks_among_real_ones_take_the_time_of_the_frame_before() -> None:
    clocks = [HZ, MLAT_CLOCK, 2 * HZ, 0, 3 * HZ]
    assert [0.0, 0.0, 1.0, 1.0, 2.0] == times_of(clocks)


def _flying(ticks: list[int]) -> list[Frame]:
    places = [
        encode(50.0 + n / 1000, 10.0, odd=bool(n % 2), surface=False) for n in range(len(ticks))
    ]
    return [
        (position(0x4CA2D6, place), tick, None, None)
        for place, tick in zip(places, ticks, strict=True)
    ]


def test_the_time_of_day_of_a_radarcape_is_recognised_and_wraps_at_midnight() -> None:
    seconds = [(86_390.0 + n / 2) % 86_400 for n in range(562)]
    ticks = [int(s) << 30 | round((s % 1) * 1e9) for s in seconds]
    ticks = [tick or 1 for tick in ticks]
    frames = _flying(ticks)
    assert is_gps(frames)
    _, times = FrameTimes(start=0.0, rate=1.0).take(frames, last=True)
    assert [n / 2 for n in range(len(ticks))] == [round(moment, 3) for moment in times]


def test_a_counter_is_not_taken_for_a_time_of_day() -> None:
    assert not is_gps(_flying([HZ + n * HZ // 2 for n in range(100)]))
    assert not is_gps(_flying([HZ + n * HZ * 5 for n in range(100)]))
    for apart in (3, 30, 100, 7200, 400_000):
        two = [(HZ + n * HZ // 2) + (n % 3 == 0) * apart * HZ for n in range(100)]
        assert not is_gps(_flying(two)), apart


def test_what_is_no_message_founds_no_clock() -> None:
    frames = [frame(HZ + n * HZ // 100) for n in range(12_000)]
    for place, hour in ((2_000, 70), (9_000, 75)):  # the later one looks like a pause of the first
        frames[place] = (bytes(14), hour * 3600 * HZ, None, None)
    _, times = FrameTimes(start=0.0, rate=1.0).take(frames, last=True)
    assert pytest.approx(119.99) == times[-1]


def test_frames_of_a_slower_line_are_put_in_the_order_they_were_sent() -> None:
    arrived = []
    for n, one in enumerate(_flying([HZ + n * HZ // 2 for n in range(200)])):
        message, clock, *_ = one
        arrived.append((n / 2, message, clock))
        arrived.append((n / 2 + 3.0, message, clock + 1_000 * HZ))
    frames: list[Frame] = [(m, clock, None, None) for _, m, clock in sorted(arrived)]
    given, times = FrameTimes(start=0.0, rate=1.0).take(frames, last=True)
    assert times == sorted(times)
    assert [n / 2 for n in range(200) for _ in (0, 1)] == pytest.approx(times, abs=0.01)
    assert all(one[0] == other[0] for one, other in zip(given[::2], given[1::2], strict=True))


def test_clocks_that_drift_apart_are_kept_together() -> None:
    arrived = []
    for n, one in enumerate(_flying([HZ + n * HZ // 2 for n in range(8_000)])):
        message, clock, *_ = one
        arrived.append((n / 2, message, clock))
        arrived.append((n / 2 + 0.1, message, 5_000 * HZ + round(n * HZ // 2 * 1.0002)))
    frames: list[Frame] = [(m, clock, None, None) for _, m, clock in sorted(arrived)]
    _, times = FrameTimes(start=0.0, rate=1.0).take(frames, last=True)
    assert pytest.approx(3_999.5, abs=0.05) == times[-1]
