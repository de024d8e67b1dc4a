"""Few points kept of a track, and what they still say of those left out."""

import math
from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aerotrack.domain.compaction import KEPT_EVERY_S, MISS_FT, MISS_M, Compaction
from aerotrack.domain.geo import wrap_lon
from aerotrack.domain.records import TrackPoint

T0 = 1_764_000_000.0
KNOT = 1852.0 / 3600.0
DEGREE_M = 111_195.0


def point(
    after: float, lat: float | None = None, lon: float | None = None, **said: Any
) -> TrackPoint:
    values: dict[str, Any] = {
        "alt_baro": None, "alt_geom": None, "on_ground": None, "gs": None, "track": None,
        "baro_rate": None, "callsign": None, "squawk": None, "emergency": None,
    }  # fmt: skip
    return TrackPoint(
        1, T0 + after, lat, lon, **(values | said), source="adsb_icao", feed="home"
    )  # fmt: skip


def kept_of(points: Sequence[TrackPoint], compaction: Compaction | None = None) -> list[TrackPoint]:
    compaction = compaction or Compaction()
    kept = [one for given in points for one in compaction.take(given)]
    kept += compaction.release()
    assert len(points) == len(kept) + compaction.left_out
    return kept


def straight(count: int, *, every: float = 1.0, gs: float = 400.0, **said: Any) -> list[TrackPoint]:
    """Northwards at an even speed."""
    values = {"alt_baro": 35_000, "gs": gs, "track": 0.0} | said
    return [
        point(n * every, 50.0 + n * every * gs * KNOT / DEGREE_M, 4.0, **values)
        for n in range(count)
    ]


def times(points: Sequence[TrackPoint]) -> list[float]:
    return [round(one.ts - T0, 3) for one in points]


# -- any track -------------------------------------------------------------------------------------


@st.composite
def tracks(draw: st.DrawFn) -> list[TrackPoint]:
    """Flown in pieces, straight and turning, level and not, with holes and noise, and reports that
    carry no position."""
    lat, lon = draw(st.floats(-80, 80)), draw(st.floats(-180, 180))
    altitude, track, t = draw(st.floats(0, 40_000)), draw(st.floats(0, 360)), 0.0
    noise = draw(st.sampled_from([0.0, 5.0, 40.0]))
    squawk = "1000"
    made: list[TrackPoint] = []
    for _ in range(draw(st.integers(1, 6))):
        gs, turn = draw(st.floats(0, 600)), draw(st.sampled_from([0.0, 0.0, -3.0, 1.5, 6.0]))
        climb = draw(st.sampled_from([0.0, 0.0, 2_000.0, -4_000.0])) / 60.0
        for _ in range(draw(st.integers(1, 30))):
            step = draw(st.sampled_from([0.1, 0.5, 1.0, 1.0, 1.3, 5.0, 12.0]))
            t += step
            track = (track + turn * step) % 360.0
            altitude += climb * step
            way = gs * KNOT * step / DEGREE_M
            lat = max(-84.0, min(84.0, lat + way * math.cos(math.radians(track))))
            lon = wrap_lon(lon + way * math.sin(math.radians(track)) / math.cos(math.radians(lat)))
            if draw(st.integers(0, 40)) == 0:
                squawk = draw(st.sampled_from(["1000", "2000", "7700"]))
            off = draw(st.floats(-1, 1)) * noise / DEGREE_M
            with_position = draw(st.sampled_from([True, True, False]))
            made.append(
                point(
                    t, lat + off if with_position else None, lon if with_position else None,
                    alt_baro=draw(st.sampled_from([round(altitude / 25) * 25, None]))
                    if draw(st.integers(0, 9)) == 0 else round(altitude / 25) * 25,
                    gs=gs, track=track, squawk=squawk, on_ground=False,
                )
            )  # fmt: skip
    return made


def off_line_m(point: TrackPoint, begin: TrackPoint, end: TrackPoint) -> float:
    """Metres from ``point`` to the straight line on the ground, on a plane of its own."""
    (x, y), (to_x, to_y) = (
        (
            wrap_lon((there.lon or 0.0) - (begin.lon or 0.0))
            * math.cos(math.radians(begin.lat or 0.0))
            * DEGREE_M,
            ((there.lat or 0.0) - (begin.lat or 0.0)) * DEGREE_M,
        )
        for there in (point, end)
    )
    square = to_x**2 + to_y**2
    part = max(0.0, min(1.0, (x * to_x + y * to_y) / square)) if square else 0.0
    return math.hypot(x - part * to_x, y - part * to_y)


def between(ts: float, knots: list[tuple[float, ...]]) -> list[float]:
    """The values at ``ts`` on straight lines through ``knots``, each a time and values."""
    after = bisect_left(knots, (ts,))
    (t1, *before), (t2, *then) = knots[after - 1], knots[after]
    part = (ts - t1) / (t2 - t1)
    return [one + part * (two - one) for one, two in zip(before, then, strict=True)]


@settings(max_examples=100, deadline=None)
@given(tracks())
def test_what_is_left_out_lies_within_the_miss_of_the_line_through_what_is_kept(
    points: list[TrackPoint],
) -> None:
    kept = kept_of(points)
    assert sorted(kept, key=lambda one: one.ts) == kept
    left_out = [one for one in points if one not in kept]
    placed = [one for one in kept if one.lat is not None and one.lon is not None]
    levels = [(one.ts, float(one.alt_baro)) for one in kept if one.alt_baro is not None]
    for one in left_out:
        if one.lat is not None:
            after = bisect_left([knot.ts for knot in placed], one.ts)
            assert off_line_m(one, placed[after - 1], placed[after]) <= MISS_M * 1.01
        if one.alt_baro is not None and one.ts < levels[-1][0]:
            assert abs(between(one.ts, levels)[0] - one.alt_baro) <= MISS_FT + 1e-3


@settings(max_examples=60, deadline=None)
@given(tracks())
def test_the_first_the_last_and_every_change_are_kept(points: list[TrackPoint]) -> None:
    kept = kept_of(points)
    assert points[0] == kept[0]
    assert points[-1] == kept[-1]
    changed = [
        after for before, after in pairwise(points)
        if after.squawk != before.squawk
    ]  # fmt: skip
    assert [] == [one for one in changed if one not in kept]
    placed = [one for one in points if one.lat is not None]
    if placed:
        assert placed[0] in kept


@settings(max_examples=50, deadline=None)
@given(tracks(), st.integers(0, 200))
def test_none_is_lost_twice_or_told_twice_wherever_it_pauses(
    points: list[TrackPoint], pause: int
) -> None:
    compaction = Compaction()
    kept: list[TrackPoint] = []
    for number, one in enumerate(points):
        kept += compaction.take(one)
        if number == pause:
            kept += compaction.release()
            assert one == kept[-1]
    kept += compaction.release()
    assert len(set(times(kept))) == len(kept)
    assert len(points) == len(kept) + compaction.told()
    assert 0 == compaction.told()


# -- one thing at a time ---------------------------------------------------------------------------


def test_straight_and_level_one_point_in_ten_seconds_is_kept() -> None:
    assert [0, 10, 20, 30, 40] == times(kept_of(straight(41)))


def test_however_close_the_reports_they_are_kept_as_seldom() -> None:
    assert [0, 10, 20] == times(kept_of(straight(201, every=0.1)))


def test_reports_further_apart_are_all_kept_and_the_last_before_a_hole() -> None:
    assert times(straight(5, every=12.0)) == times(kept_of(straight(5, every=12.0)))
    whole = straight(60)
    assert [0, 5, 45, 55, 59] == times(kept_of(whole[:6] + whole[45:]))


def test_a_turn_is_kept_as_it_was_flown() -> None:
    before = straight(10)
    lat = before[-1].lat or 0.0
    turning = []
    for n in range(1, 31):  # three degrees a second
        radius = 400.0 * KNOT / math.radians(3.0)
        turned = math.radians(3.0 * n)
        turning.append(
            point(
                9.0 + n,
                lat + radius * math.sin(turned) / DEGREE_M,
                4.0 + radius * (1 - math.cos(turned)) / DEGREE_M / math.cos(math.radians(lat)),
                alt_baro=35_000, gs=400.0, track=3.0 * n,
            )
        )  # fmt: skip
    kept = kept_of(before + turning)
    gaps = [b - a for a, b in pairwise(times(kept)) if a >= 9.0]
    assert max(gaps) <= 5.0


@pytest.mark.parametrize("gs", [20.0, 200.0])
def test_a_track_that_turns_counts_only_where_it_moves(gs: float) -> None:
    slow = [point(n, 50.0, 4.0, alt_baro=500, gs=gs, track=20.0 * n % 360.0) for n in range(10)]
    assert (2 if gs < 30.0 else 10) == len(kept_of(slow))


def test_levelling_off_is_kept() -> None:
    points = [
        point(n, 50.0 + n * 1e-3, 4.0, alt_baro=min(10_000, 9_000 + 50 * n), track=0.0)
        for n in range(41)
    ]
    kept = kept_of(points)
    for one in points:
        line = between(one.ts, [(k.ts, float(k.alt_baro or 0)) for k in kept]) if (
            one not in kept
        ) else [float(one.alt_baro or 0)]  # fmt: skip
        assert abs(line[0] - (one.alt_baro or 0)) <= MISS_FT
    assert 4 <= len(kept) <= 9


@pytest.mark.parametrize(
    "change",
    [{"callsign": "KLM1"}, {"squawk": "7700"}, {"emergency": "general"}, {"on_ground": True}],
)
def test_a_change_is_kept_when_it_was_said_with_a_position_or_without(
    change: dict[str, Any],
) -> None:
    before, after = straight(4), straight(8, **change)[5:]
    plain = point(4.0, alt_baro=35_000, gs=400.0, track=0.0, **change)
    assert 5 in times(kept_of(before + after))
    assert [0, 3, 4, 7] == times(kept_of([*before, plain, *after]))


def test_an_aircraft_without_a_position_is_kept_every_ten_seconds_and_as_it_climbs() -> None:
    level = [point(n, alt_baro=8_000, gs=250.0, track=90.0) for n in range(21)]
    assert [0, 10, 20] == times(kept_of(level))
    climbing = [point(n, alt_baro=8_000 + max(0, n - 5) * 100, track=90.0) for n in range(10)]
    assert {0, 9} < set(times(kept_of(climbing)))


def test_what_must_be_is_kept_and_nothing_held_for_it() -> None:
    compaction, points = Compaction(), straight(3)
    compaction.take(points[0])
    assert () == compaction.take(points[1])
    assert (points[2],) == compaction.take(points[2], must=True)
    assert (1, ()) == (compaction.told(), compaction.release())


def test_a_late_point_is_kept_only_where_the_line_does_not_tell_it() -> None:
    compaction, points = Compaction(), straight(9)
    for one in (points[0], points[8]):
        compaction.take(one)
    assert () == compaction.take(points[4])
    aside = point(5.0, 50.01, 4.1, alt_baro=35_000)
    early = point(-5.0, 49.9, 4.0, alt_baro=35_000)
    assert (aside,) == compaction.take(aside)
    assert (early,) == compaction.take(early)
    assert (points[8],) == compaction.release()


def test_the_antimeridian_is_no_reason_to_keep_a_point() -> None:
    points = [
        point(n, 10.0, wrap_lon(179.99 + n * 0.002), alt_baro=30_000, gs=430.0, track=90.0)
        for n in range(21)
    ]
    assert [0, 10, 20] == times(kept_of(points))


def test_what_is_held_back_does_not_grow() -> None:
    compaction = Compaction()
    for one in straight(2_000, every=0.005):
        compaction.take(one)
    assert 1_998 == compaction.told()
    assert 10.0 == KEPT_EVERY_S
