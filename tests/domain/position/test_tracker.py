"""Which positions a flight believes: one rule a test, through the flight's state."""

from typing import Any

import pytest

from aerotrack.domain.cpr import encode
from aerotrack.domain.flight import FlightState
from aerotrack.domain.folded import Folded
from aerotrack.domain.observation import CprFrame, Observation, site

T0 = 1_764_000_000.0
ICAO24 = "4ca2d6"
STATION = site(53.0, -6.0)
# North along a meridian: degrees a second at 450 kt.
STEP = 450 / 3600 / 60


def seen(
    after: float, *, source: str = "adsb_icao", feed: str = "home", **fields: Any
) -> Observation:
    return Observation(icao24=ICAO24, ts=T0 + after, source=source, feed=feed, **fields)  # type: ignore[arg-type]


def raw(after: float, *, odd: bool, lat: float | None = None, lon: float = -6.2,
        surface: bool = False, **fields: Any) -> Observation:  # fmt: skip
    """A frame sent at ``lat``, by default where a flight going north at 450 kt is by then."""
    place = 53.4 + STEP * after if lat is None else lat
    return seen(after, cpr=encode(place, lon, odd=odd, surface=surface), **fields)


def flight(*observations: Observation) -> FlightState:
    state = FlightState(ICAO24, T0)
    for obs in observations:
        state.fold(obs)
    return state


def settled(after: float = 2.0, **velocity: Any) -> FlightState:
    """A flight whose first raw fixes are believed."""
    velocity = velocity or {"gs": 450.0, "track": 0.0}
    frames = [raw(n / 2, odd=n % 2 == 1) for n in range(int(after * 2) + 1)]
    return flight(seen(0, **velocity), *frames)


def places(folded: Folded) -> list[tuple[float, float | None]]:
    """When and where its points are: seconds from the start, latitude to a thousandth."""
    return [
        (round(point.ts - T0, 2), round(point.lat, 3))
        for point in folded.points
        if point.lat is not None
    ]


def reasons(folded: Folded) -> list[str]:
    return [fix.reason for fix in folded.refused_fixes]


# -- the first fix ---------------------------------------------------------------------------------


def test_a_raw_first_fix_is_neither_shown_nor_stored_before_a_second_agrees() -> None:
    state = flight(raw(0, odd=False, alt_baro=9000))
    first = state.fold(raw(0.5, odd=True, alt_baro=9000))
    assert ([], None, None) == (places(first), state.time_position, state.values.get("lat"))
    second = state.fold(raw(1.0, odd=False, alt_baro=9000))
    assert [(0.5, 53.401), (1.0, 53.402)] == places(second)
    assert 53.4 + STEP == pytest.approx(state.values["lat"], abs=1e-4)
    assert (53.4 + STEP / 2, -6.2) == pytest.approx(state.first_position, abs=1e-4)


def test_a_second_that_stands_on_the_older_frame_of_the_first_is_no_confirmation() -> None:
    state = flight(raw(0, odd=False), raw(0.5, odd=True))
    assert [] == places(state.fold(raw(1.0, odd=True)))
    assert [0.5, 1.0, 1.5] == [at for at, _ in places(state.fold(raw(1.5, odd=False)))]


def test_a_first_fix_that_the_next_contradicts_is_discarded() -> None:
    state = flight(raw(0, odd=False, lat=60.0), raw(0.5, odd=True, lat=60.0))
    assert [] == places(state.fold(raw(1.0, odd=False)))
    state.fold(raw(1.5, odd=True))
    folded = state.fold(raw(2.0, odd=False))
    assert [1.5, 2.0] == [at for at, _ in places(folded)]
    assert state.refused is not None
    assert {"bad_cpr", "provisional_discarded"} == {fix.reason for fix in state.refused}


def test_a_first_fix_nothing_followed_in_time_is_believed_when_two_later_ones_agree_with_it() -> (
    None
):
    state = flight(seen(0, gs=450.0), raw(0, odd=False), raw(0.5, odd=True))
    assert [] == places(state.fold(raw(15.0, odd=False)))
    assert [0.5, 15.0, 15.5] == [at for at, _ in places(state.fold(raw(15.5, odd=True)))]


def test_a_first_fix_alone_is_discarded_after_half_a_minute() -> None:
    state = flight(raw(0, odd=False), raw(0.5, odd=True))
    folded = state.fold(seen(31, squawk="1000"))
    assert (["provisional_discarded"], None) == (reasons(folded), folded.refused)


def test_frames_far_apart_confirm_one_another_where_it_moved_between_them_as_it_said() -> None:
    state = flight(raw(0, odd=False), seen(8, gs=450.0, track=0.0))
    folded = state.fold(raw(15, odd=True))
    assert [(15.0, 53.431)] == places(folded)


@pytest.mark.parametrize(
    "velocity", [{"gs": 300.0, "track": 0.0}, {"gs": 450.0, "track": 8.0}, {"gs": 450.0}]
)
def test_frames_far_apart_wait_where_it_says_that_it_moved_otherwise(velocity: Any) -> None:
    state = flight(raw(0, odd=False), seen(8, **velocity))
    folded = state.fold(raw(15, odd=True))
    assert [] == places(folded)


def test_an_observation_that_waits_is_settled_at_the_end_with_what_else_it_said() -> None:
    state = flight(raw(0, odd=False, alt_baro=9000))
    waiting = state.fold(raw(0.5, odd=True, alt_baro=9025))
    assert ((), ()) == (waiting.points, waiting.unchanged)
    over = state.finish()
    assert (["provisional_discarded"], [(None, 9025)]) == (
        reasons(over), [(point.lat, point.alt_baro) for point in over.points],
    )  # fmt: skip


def test_a_judged_first_fix_is_taken_at_once_and_confirms_a_raw_one() -> None:
    assert [(0.0, 53.4)] == places(FlightState(ICAO24, T0).fold(seen(0, lat=53.4, lon=-6.2)))
    state = flight(raw(0, odd=False), raw(0.5, odd=True))
    folded = state.fold(seen(1, feed="sbs", lat=53.4 + STEP, lon=-6.2))
    assert [0.5, 1.0] == [at for at, _ in places(folded)]


def test_a_raw_first_fix_beyond_the_reach_of_its_station_is_refused() -> None:
    state = flight(raw(0, odd=False, lat=63.0, site=STATION))
    folded = state.fold(raw(0.5, odd=True, lat=63.0, site=STATION))
    assert ["out_of_range"] == reasons(folded)


# -- raw frames ------------------------------------------------------------------------------------


def test_frames_that_do_not_belong_together_give_no_first_fix() -> None:
    state = flight(raw(0, odd=False, lat=54.0))
    folded = state.fold(raw(0.5, odd=True))
    assert ("bad_cpr", ["bad_cpr"]) == (folded.refused, reasons(folded))


def test_once_it_is_known_where_it_is_a_frame_alone_is_enough() -> None:
    state = settled()
    assert [62.0] == [at for at, _ in places(state.fold(raw(62, odd=True)))]


def test_a_wrong_frame_costs_none_of_the_good_ones_after_it() -> None:
    state = settled()
    wrong = state.fold(raw(2.5, odd=True, lat=57.0, alt_baro=1000))
    assert ("impossible_jump", ["impossible_jump"]) == (wrong.refused, reasons(wrong))
    assert "alt_baro" not in state.values
    assert [3.0] == [at for at, _ in places(state.fold(raw(3.0, odd=False)))]
    assert [3.5] == [at for at, _ in places(state.fold(raw(3.5, odd=True)))]


def test_the_same_frame_heard_twice_is_a_duplicate_and_heard_late_a_replay() -> None:
    state = settled()
    frame = raw(2.5, odd=True)
    state.fold(frame)
    again = state.fold(seen(2.6, feed="other", cpr=frame.cpr))
    assert ("duplicate", ["duplicate"]) == (again.refused, reasons(again))
    assert state.refused is None
    assert "replayed" == state.fold(seen(9.0, cpr=frame.cpr)).refused


def test_a_parked_aircraft_may_send_the_same_frame_for_ever() -> None:
    parked = [
        raw(5.0 * n, odd=n % 2 == 1, lat=53.4, surface=True, site=STATION, gs=0.0) for n in range(6)
    ]
    state = flight(*parked)
    assert T0 + 25 == state.time_position
    assert state.refused is None


def test_a_surface_position_needs_the_station_or_an_earlier_position() -> None:
    ground = [raw(n / 2, odd=n % 2 == 1, lat=53.4, surface=True) for n in range(8)]
    assert flight(*ground).time_position is None
    assert flight(seen(0, lat=53.4, lon=-6.2), *ground[1:]).time_position == T0 + 3.5


def test_an_aircraft_is_followed_from_the_air_onto_the_ground() -> None:
    state = settled(gs=140.0, track=0.0)
    folded = state.fold(raw(3.0, odd=True, surface=True, gs=120.0, on_ground=True))
    assert [3.0] == [at for at, _ in places(folded)]


def test_frames_of_a_stream_without_a_clock_are_not_paired_across_others() -> None:
    state = FlightState(ICAO24, T0)
    state.fold(seen(0, cpr=encode(53.4, -6.2, odd=False, surface=False)))
    for n in range(1, 4):
        state.fold(seen(0, cpr=CprFrame(10_000 * n, 5, odd=True, surface=False)))
    assert [] == reasons(state.fold(seen(0, cpr=CprFrame(50_000, 5, odd=True, surface=False))))
    assert state.time_position is None


def test_a_raw_frame_that_comes_a_little_late_goes_into_the_history() -> None:
    state = settled(after=6.0)
    folded = state.fold(raw(4.25, odd=True))
    assert ([(4.25, 53.409)], T0 + 6) == (places(folded), state.time_position)
    assert "late" == flight_at(60.0).fold(raw(30, odd=True)).refused


def flight_at(after: float) -> FlightState:
    state = settled()
    state.fold(raw(after, odd=True))
    return state


# -- the gate --------------------------------------------------------------------------------------


def judged(after: float, lat: float, lon: float = -6.2, **fields: Any) -> Observation:
    return seen(after, lat=lat, lon=lon, **fields)


def test_an_impossible_jump_is_refused_with_its_place_and_the_rest_is_taken() -> None:
    state = flight(judged(0, 53.4, gs=450.0, track=0.0))
    folded = state.fold(judged(1, 55.0, alt_baro=9000, receiver="roof"))
    assert (None, 9000, 53.4) == (folded.refused, state.values["alt_baro"], state.values["lat"])
    assert [(T0 + 1, 55.0, -6.2, "impossible_jump", "home", "roof")] == [
        (fix.ts, fix.lat, fix.lon, fix.reason, fix.feed, fix.receiver)
        for fix in folded.refused_fixes
    ]


def test_it_does_not_fly_backward() -> None:
    state = flight(judged(0, 53.4, gs=450.0, track=0.0))
    assert ["impossible_jump"] == reasons(state.fold(judged(3, 53.4 - 3 * STEP)))
    assert [] == reasons(state.fold(judged(3, 53.4 + 3 * STEP)))


def test_a_wrong_first_fix_is_corrected_by_the_second_good_one() -> None:
    state = flight(judged(0, 20.0), judged(1, 53.4))
    assert 20.0 == state.values["lat"]
    state.fold(judged(2, 53.402))
    assert 53.402 == state.values["lat"]


def test_an_aircraft_that_was_sure_of_its_place_jumps_after_four_that_agree() -> None:
    state = flight(*(judged(n, 53.4 + STEP * n) for n in range(10)))
    elsewhere = [judged(10 + n, 20.0 + STEP * n) for n in range(5)]
    moved = [places(state.fold(obs)) for obs in elsewhere]
    assert [[], [], [], [], [(14.0, 20.008)]] == moved


def test_rubbish_that_does_not_agree_with_itself_never_wins() -> None:
    state = flight(*(judged(n, 53.4 + STEP * n) for n in range(10)))
    for n in range(40):
        assert [] == places(state.fold(judged(10 + n, -40.0 + 2 * n)))


@pytest.mark.parametrize(("source", "jumps"), [("adsb_icao", True), ("mlat", False)])
def test_a_better_source_moves_it_at_once(source: str, jumps: bool) -> None:
    state = flight(judged(0, 53.4, source="mode_s"))
    folded = state.fold(judged(20, 20.0, source=source))
    assert jumps == bool(places(folded))


@pytest.mark.parametrize(
    ("source", "after", "jumps"),
    [("adsb_icao", 3599, False), ("adsb_icao", 3601, True), ("mlat", 44, False), ("mlat", 46, True),
     ("other", 46, True)],
)  # fmt: skip
def test_after_a_silence_it_may_be_anywhere(source: str, after: float, jumps: bool) -> None:
    state = flight(*(judged(n, 53.4 + STEP * n, source=source) for n in range(3)))
    assert jumps == bool(places(state.fold(judged(2 + after, -50.0, 170.0, source=source))))


def test_a_better_raw_source_moves_it_only_when_two_of_its_fixes_agree() -> None:
    state = flight(judged(0, 20.0, source="mlat"))
    for n in range(2):
        assert [] == places(state.fold(raw(1 + n / 2, odd=n % 2 == 1)))
    assert [1.5, 2.0] == [at for at, _ in places(state.fold(raw(2.0, odd=False)))]


def test_a_late_position_must_fit_between_its_neighbours() -> None:
    state = flight(*(judged(10.0 * n, 53.4 + 10 * STEP * n, gs=450.0) for n in range(8)))
    good, bad = judged(35, 53.4 + 35 * STEP), judged(25, 53.4 + 69 * STEP)
    assert [(35.0, 53.473)] == places(state.fold(good))
    assert ["impossible_past"] == reasons(state.fold(bad))


# -- what the picture shows ------------------------------------------------------------------------


def test_distance_and_bearing_are_those_from_the_station_that_heard_it() -> None:
    state = FlightState(ICAO24, T0)
    folded = state.fold(judged(0, 54.0, -6.0, site=STATION))
    assert {"r_dst": 60.0, "r_dir": 0.0} == {
        name: value for name, value in folded.changed if name.startswith("r_")
    }
    folded = state.fold(judged(5, 54.0, -6.01, feed="other"))
    assert {"r_dst": None, "r_dir": None} == {
        name: value for name, value in folded.changed if name.startswith("r_")
    }
    assert "r_dst" not in dict(state.picture())


def test_every_observation_is_refused_or_makes_a_point_or_is_unchanged() -> None:
    state = FlightState(ICAO24, T0)
    stream = [raw(n / 2, odd=n % 3 == 1, alt_baro=9000 + 25 * (n % 5)) for n in range(40)]
    stream += [raw(20 + n / 2, odd=n % 2 == 1, lat=10.0 + n) for n in range(20)]
    stream += [judged(31 + n, 53.4 + STEP * (31 + n), squawk="1000") for n in range(9)]
    folded = [state.fold(obs) for obs in stream] + [state.finish()]
    assert len(stream) == sum(
        (one.refused is not None) + len(one.points) + len(one.unchanged) for one in folded
    )
    assert state.points == sum(len(one.points) for one in folded)
