"""What an observation does to a flight: fields, positions, points, events."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aerotrack.domain.flight import REFUSED_KEPT, FlightState
from aerotrack.domain.observation import Observation
from aerotrack.domain.rules import FlightRules
from aerotrack.domain.sources import RANKS

T0 = 1_764_000_000.0
ICAO24 = "4ca2d6"


def seen(
    after: float, *, source: str = "adsb_icao", feed: str = "home", **fields: Any
) -> Observation:
    """An observation ``after`` seconds from the start of the flight."""
    return Observation(icao24=ICAO24, ts=T0 + after, source=source, feed=feed, **fields)  # type: ignore[arg-type]


def flight(*observations: Observation) -> FlightState:
    """A flight that has taken these in."""
    state = FlightState(ICAO24, T0)
    for obs in observations:
        state.fold(obs)
    return state


def test_the_first_observation_gives_the_flight_its_id_for_good() -> None:
    state = flight(seen(0, callsign="RYR4TK"), seen(90, callsign="RYR5XX"))
    assert f"{ICAO24}-{int(T0):08x}" == state.flight_id


def test_only_what_differs_at_public_precision_is_reported_as_changed() -> None:
    state = flight(seen(0, lat=53.421351, lon=-6.270091, gs=140.04, callsign="RYR4TK"))
    folded = state.fold(seen(3, lat=53.421352, lon=-6.273, gs=140.01, callsign="RYR4TK"))
    assert folded.changed == (("lon", -6.273),)


def test_an_empty_field_never_clears_a_known_value() -> None:
    state = flight(seen(0, callsign="RYR4TK", alt_baro=3000), seen(1, gs=140.0))
    assert state.values == {"country": "IE", "callsign": "RYR4TK", "alt_baro": 3000, "gs": 140.0}


def test_a_field_keeps_a_newer_value_when_an_older_one_arrives() -> None:
    state = flight(seen(10, alt_baro=3000))
    folded = state.fold(seen(5, alt_baro=2500))
    assert (folded.refused, state.values["alt_baro"]) == ("old", 3000)


@pytest.mark.parametrize(("after", "altitude"), [(14.9, 3000), (15.1, 2500)])
def test_a_worse_source_is_believed_only_when_the_better_one_fell_silent(
    after: float, altitude: int
) -> None:
    state = flight(seen(0, alt_baro=3000), seen(after, source="mlat", alt_baro=2500))
    assert altitude == state.values["alt_baro"]


def test_the_same_position_heard_again_within_two_seconds_is_a_duplicate() -> None:
    state = flight(seen(0, lat=53.4, lon=-6.2), seen(1, lat=53.402, lon=-6.2))
    assert state.fold(seen(1.5, lat=53.402, lon=-6.2)).refused == "duplicate"
    assert state.fold(seen(1.9, lat=53.4, lon=-6.2)).refused == "duplicate"
    assert state.values["lat"] == 53.402


def test_a_parked_aircraft_renews_its_position_without_making_points() -> None:
    state = flight(seen(0, lat=53.4, lon=-6.2))
    folded = state.fold(seen(5, lat=53.4, lon=-6.2))
    assert (folded.refused, folded.points, state.time_position) == (None, (), T0 + 5)


def test_a_late_position_goes_into_the_history_and_does_not_move_the_flight() -> None:
    state = flight(seen(0, lat=53.4, lon=-6.2), seen(10, lat=53.42, lon=-6.2))
    folded = state.fold(seen(5, lat=53.41, lon=-6.2))
    assert [(point.ts, point.lat) for point in folded.points] == [(T0 + 5, 53.41)]
    assert (state.values["lat"], folded.changed) == (53.42, ())


@pytest.mark.parametrize(
    ("lat", "lon"),
    [(90.0, 5.0), (0.001, -0.002), (0.0, 90.0), (0.0, 0.0), (5.0, None), (None, 5.0), (5.0, 180.0)],
)
def test_an_implausible_position_is_refused_and_kept_with_its_reason(
    lat: float | None, lon: float | None
) -> None:
    state = flight(seen(0, lat=53.4, lon=-6.2))
    assert state.fold(seen(1, lat=lat, lon=lon)).refused == "bad_position"
    assert state.refused is not None
    assert [(lat, lon, "bad_position")] == [(f.lat, f.lon, f.reason) for f in state.refused]


def test_the_good_fields_beside_a_bad_position_are_taken() -> None:
    state = flight(seen(0, lat=53.4, lon=-6.2))
    folded = state.fold(seen(1, lat=0.0, lon=0.0, alt_baro=1000))
    assert (folded.refused, state.values["alt_baro"], state.values["lat"]) == (None, 1000, 53.4)


def test_refused_positions_are_kept_a_bounded_few() -> None:
    state = flight(*(seen(i, lat=0.0, lon=0.0) for i in range(3 * REFUSED_KEPT)))
    assert state.refused is not None
    assert len(state.refused) == REFUSED_KEPT


def test_an_observation_from_before_the_flight_is_refused() -> None:
    assert flight(seen(0)).fold(seen(-1, lat=1.0, lon=1.0)).refused == "before_flight"


def test_a_point_carries_a_position_only_where_one_came() -> None:
    state = FlightState(ICAO24, T0)
    first = state.fold(seen(0, lat=53.4, lon=-6.2, alt_baro=1000)).points
    second = state.fold(seen(1, alt_baro=1100)).points
    third = state.fold(seen(2, rssi=-20.0, baro_rate=64)).points
    assert [(p.lat, p.alt_baro) for p in first] == [(53.4, 1000)]
    assert [(p.lat, p.alt_baro) for p in second] == [(None, 1100)]
    assert third == ()


def test_points_of_one_flight_have_times_of_their_own_to_the_microsecond() -> None:
    state = FlightState(ICAO24, T0)
    points = [p for i in range(50) for p in state.fold(seen(1, alt_baro=1000 + i)).points]
    assert len({round(p.ts * 1e6) for p in points}) == 50


def test_a_fix_older_than_its_message_keeps_its_own_time() -> None:
    state = flight(seen(9, lat=53.4, lon=-6.2, time_position=T0 + 4))
    assert (state.time_position, state.last_contact) == (T0 + 4, T0 + 9)


def test_an_emergency_makes_one_event_when_it_is_declared() -> None:
    state = flight(seen(0, squawk="1000", lat=53.4, lon=-6.2))
    [event] = state.fold(seen(1, squawk="7700")).events
    assert (event.kind, event.detail, event.lat) == ("emergency", "7700", 53.4)
    assert state.fold(seen(2, squawk="7700", gs=1.0)).events == ()


def test_a_flight_is_live_for_a_minute_after_its_last_position_and_longer_over_the_ocean() -> None:
    rules = FlightRules()
    assert flight(seen(0, lat=53.4, lon=-6.2), seen(30, gs=1.0)).live_until(rules) == T0 + 60
    assert flight(seen(30, callsign="A")).live_until(rules) == T0 + 90
    ocean = flight(seen(0, source="adsc", lat=53.4, lon=-30.0))
    assert ocean.live_until(rules) == T0 + 35 * 60


def test_the_whole_picture_and_the_row_hold_what_was_folded() -> None:
    state = flight(seen(0, lat=53.4213512, lon=-6.2, callsign="RYR4TK", receiver="roof"))
    assert dict(state.picture()) == {
        "lat": 53.42135, "lon": -6.2, "callsign": "RYR4TK",
        "country": "IE", "source": "adsb_icao", "feed": "home", "receiver": "roof",
    }  # fmt: skip
    row = state.record(ended=T0 + 9, cause="silence")
    assert (state.key, "RYR4TK", 53.4213512, 1, "silence") == (
        row.flight, row.callsign, row.last_lat, row.points, row.end_cause,
    )  # fmt: skip


OBSERVATIONS = st.builds(
    seen,
    st.floats(-5, 200),
    source=st.sampled_from(sorted(RANKS)),
    feed=st.sampled_from(["a", "b"]),
    lat=st.none() | st.floats(-90, 90),
    lon=st.none() | st.floats(-180, 180),
    alt_baro=st.none() | st.integers(-1000, 50_000),
    gs=st.none() | st.floats(0, 600),
    callsign=st.none() | st.sampled_from(["A1", "B2"]),
    squawk=st.none() | st.sampled_from(["1000", "7700"]),
)


@given(st.lists(OBSERVATIONS, max_size=40))
def test_merging_what_changed_always_gives_the_whole_picture(observed: list[Observation]) -> None:
    state, merged = FlightState(ICAO24, T0), dict[str, Any]()
    for obs in observed:
        merged.update(state.fold(obs).changed)
    whole = dict(state.picture())
    assert whole == {name: value for name, value in merged.items() if value is not None}
