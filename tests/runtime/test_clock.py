"""Which wall clocks are believed, and after how long."""

import pytest

from aerotrack.runtime.clock import (
    AHEAD_BY_S,
    BEHIND_BY_S,
    RELEASED,
    RETENTION_SETTLES_S,
    SETTLES_S,
    ClockWatch,
)

SEEN = RELEASED + 400 * 86_400.0
MONTH_S = 30 * 86_400.0


@pytest.mark.parametrize(
    ("wall", "doubt"),
    [
        (0.0, "clock_behind"), (RELEASED - 1, "clock_behind"),
        (SEEN - 6 * MONTH_S, "clock_behind"), (SEEN - BEHIND_BY_S - 1, "clock_behind"),
        (SEEN - BEHIND_BY_S, None), (SEEN, None), (SEEN + 86_400, None), (SEEN + AHEAD_BY_S, None),
        (SEEN + AHEAD_BY_S + 1, "clock_ahead"), (SEEN + 6 * MONTH_S, "clock_ahead"),
    ],
)  # fmt: skip
def test_a_clock_that_is_months_off_is_doubted_at_the_start(wall: float, doubt: str | None) -> None:
    assert doubt == ClockWatch(seen=SEEN, started=100.0).doubt(wall, 100.0)


def test_a_clock_that_stays_as_it_is_is_believed_in_the_end_and_later_by_what_drops_data() -> None:
    watch, wall = ClockWatch(seen=SEEN, started=100.0), SEEN + 6 * MONTH_S
    after = 100.0 + SETTLES_S
    assert "clock_ahead" == watch.doubt(wall, after - 0.1)
    assert None is watch.doubt(wall, after)
    assert "clock_ahead" == watch.doubt(wall, after, RETENTION_SETTLES_S)
    assert None is watch.doubt(wall, 100.0 + RETENTION_SETTLES_S, RETENTION_SETTLES_S)


def test_a_clock_from_before_our_release_is_never_believed() -> None:
    assert "clock_behind" == ClockWatch(seen=None, started=0.0).doubt(1e6, 1e9)


def test_a_new_data_directory_believes_any_other() -> None:
    assert None is ClockWatch(seen=None, started=0.0).doubt(SEEN, 0.0)
