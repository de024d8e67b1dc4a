"""Points while room runs out: thinned a flight, then dropped, and all that is counted."""

from aerotrack.domain.records import HistoryGap, TrackPoint
from aerotrack.domain.thinning import GAP_OVER_S, GAP_TOLD_S, THINNED_S, Thinning

T0 = 1_764_000_000.0


def point(second: float, flight: int = 1) -> TrackPoint:
    nothing = (None,) * 9
    return TrackPoint(flight, T0 + second, 1.0, 2.0, *nothing, "sim", "sim")  # type: ignore[arg-type]


def test_with_room_every_point_is_taken() -> None:
    thinning = Thinning()
    assert [True] * 3 == [thinning.takes(point(0.1 * n), T0) for n in range(3)]
    assert None is thinning.gap(T0 + 1000)


def test_thinned_a_flight_keeps_a_point_each_ten_seconds_and_others_do_not_count() -> None:
    thinning = Thinning()
    thinning.press("thin")
    taken = [n for n in range(25) if thinning.takes(point(n), T0 + n)]
    assert [0, THINNED_S, 2 * THINNED_S] == taken
    assert thinning.takes(point(24, flight=2), T0 + 24)
    assert (22, 0) == (thinning.thinned_total, thinning.dropped_total)


def test_a_point_from_before_the_last_kept_one_is_taken() -> None:
    thinning = Thinning()
    thinning.press("thin")
    assert [True, True] == [thinning.takes(point(100), T0), thinning.takes(point(50), T0)]


def test_what_was_left_out_is_told_each_minute_and_at_the_end() -> None:
    thinning = Thinning()
    thinning.press("thin")
    thinning.takes(point(0), T0)
    thinning.takes(point(1), T0 + 1)
    thinning.press("drop")
    thinning.takes(point(2), T0 + 2)
    assert None is thinning.gap(T0 + 3)
    thinning.takes(point(GAP_TOLD_S), T0 + GAP_TOLD_S)
    told = T0 + 1 + GAP_TOLD_S
    assert HistoryGap(T0 + 1, T0 + GAP_TOLD_S, 1, 2) == thinning.gap(told)
    assert None is thinning.gap(told)
    thinning.takes(point(70), T0 + 70)
    thinning.press("none")
    assert thinning.takes(point(70.1), T0 + 70.1)
    assert None is thinning.gap(T0 + 70 + GAP_OVER_S / 2)
    assert HistoryGap(T0 + 70, T0 + 70, 0, 1) == thinning.gap(T0 + 70 + GAP_OVER_S)


def test_at_the_stop_it_is_told_at_once() -> None:
    thinning = Thinning()
    thinning.dropped(T0)
    assert HistoryGap(T0, T0, 0, 1) == thinning.gap(T0 + 1, last=True)
