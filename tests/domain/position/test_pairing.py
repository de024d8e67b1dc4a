"""Which raw frames may be paired."""

import pytest

from aerotrack.domain.observation import CprFrame
from aerotrack.domain.position.pairing import FramePairs, pair_window_s, resolve_pair


def frame(odd: bool, lat: int = 1, *, surface: bool = False) -> CprFrame:
    return CprFrame(lat, 2, odd, surface)


@pytest.mark.parametrize(
    ("gs", "surface", "expected"),
    [(None, False, 10.0), (500.0, False, 19.0), (950.0, False, 10.0), (250.0, False, 30.0),
     (0.0, False, 30.0), (None, True, 25.0), (25.0, True, 50.0), (26.0, True, 25.0)],
)  # fmt: skip
def test_the_faster_it_flies_the_nearer_in_time_its_frames_must_be(
    gs: float | None, surface: bool, expected: float
) -> None:
    assert expected == pair_window_s(gs, surface=surface)


@pytest.mark.parametrize(("apart", "paired"), [(10.0, True), (10.1, False), (-9.0, True)])
def test_frames_are_paired_within_the_window_in_either_order(apart: float, paired: bool) -> None:
    pairs = FramePairs()
    even = pairs.hear(frame(odd=False), 100.0, "adsb_icao")
    odd = pairs.hear(frame(odd=True), 100.0 + apart, "adsb_icao")
    assert (even if paired else None) is pairs.partner(odd, None)


def test_frames_of_one_format_of_two_sources_or_of_air_and_ground_are_no_pair() -> None:
    pairs = FramePairs()
    pairs.hear(frame(odd=False), 100.0, "adsb_icao")
    assert pairs.partner(pairs.hear(frame(odd=False, lat=5), 100.5, "adsb_icao"), None) is None
    assert pairs.partner(pairs.hear(frame(odd=True), 100.5, "tisb_icao"), None) is None
    ground = pairs.hear(frame(odd=True, surface=True), 101.0, "adsb_icao")
    assert pairs.partner(ground, None) is None


def test_where_the_clock_stands_still_only_neighbours_in_the_stream_are_paired() -> None:
    pairs = FramePairs()
    even = pairs.hear(frame(odd=False), 0.0, "adsb_icao")
    assert even is pairs.partner(pairs.hear(frame(odd=True, lat=1), 0.0, "adsb_icao"), None)
    assert even is pairs.partner(pairs.hear(frame(odd=True, lat=2), 0.0, "adsb_icao"), None)
    assert pairs.partner(pairs.hear(frame(odd=True, lat=3), 0.0, "adsb_icao"), None) is None


def test_a_late_frame_does_not_take_the_place_of_a_newer_one() -> None:
    pairs = FramePairs()
    newer = pairs.hear(frame(odd=False, lat=7), 100.0, "adsb_icao")
    pairs.hear(frame(odd=False, lat=6), 99.0, "adsb_icao")
    assert newer is pairs.even


def test_a_dropped_frame_is_paired_no_more() -> None:
    pairs = FramePairs()
    pairs.drop(pairs.hear(frame(odd=False), 100.0, "adsb_icao"))
    assert pairs.partner(pairs.hear(frame(odd=True), 100.5, "adsb_icao"), None) is None


def test_a_surface_pair_says_nothing_without_a_place_it_is_near() -> None:
    pairs = FramePairs()
    even = pairs.hear(frame(odd=False, surface=True), 1.0, "adsb_icao")
    odd = pairs.hear(frame(odd=True, surface=True), 1.5, "adsb_icao")
    assert resolve_pair(odd, even, None) is None
