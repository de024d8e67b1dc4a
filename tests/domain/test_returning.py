"""An aircraft heard again after a pause: the same flight, a landing nobody saw, or another."""

from typing import Any

import pytest

from aerotrack.domain.flight import FlightState
from aerotrack.domain.observation import Observation
from aerotrack.domain.remembered import remember, resumed
from aerotrack.domain.returning import DECIDED_WITHIN_S, PAUSE_S, Returning, Verdict
from aerotrack.domain.rules import FlightRules

T0 = 1_764_000_000.0
RULES = FlightRules()
MINUTE = 60.0
EDDF = 50.033, 8.57  # elevation 364 ft


def seen(ts: float, *, source: str = "adsb_icao", **fields: Any) -> Observation:
    """An observation of the aircraft ``ts`` seconds after its first contact."""
    return Observation(icao24="4ca2d6", ts=T0 + ts, source=source, feed="home", **fields)  # type: ignore[arg-type]


def before(*observations: Observation) -> FlightState:
    """The flight that was lost after these."""
    state = FlightState("4ca2d6", observations[0].ts)
    for obs in observations:
        state.fold(obs)
    return state


def cruising(**fields: Any) -> FlightState:
    """Lost in the cruise over the sea, at second 10."""
    said: dict[str, Any] = {"callsign": "RYR4TK", "gs": 450.0, "alt_baro": 35_000} | fields
    return before(seen(0, lat=50.0, lon=-15.0, **said), seen(10, lat=50.0, lon=-15.03))


def on_final() -> FlightState:
    """Lost on short final at Frankfurt, at second 600."""
    path = [
        seen(at, lat=EDDF[0], lon=EDDF[1] - 0.0008 * (600 - at), alt_baro=664 + (600 - at) * 12,
             gs=140.0, callsign="DLH1", on_ground=False)
        for at in range(0, 601, 5)
    ]  # fmt: skip
    state = before(*path)
    assert "approach" == state.values["phase"]
    return state


def verdict(was: FlightState, *again: Observation, rules: FlightRules = RULES) -> Verdict | None:
    """What these show after that flight was lost."""
    return Returning(remember(was), again[0], rules).take(again)


@pytest.mark.parametrize(
    ("minutes", "lon", "expected"),
    [(40, -22.0, "same"), (40, -28.0, "other"), (240, -50.0, "same"), (240, -20.0, "other"),
     (40, -15.1, "same"), (11.5 * 60, 100.0, "same"), (12.1 * 60, 100.0, "other")],
)  # fmt: skip
def test_the_same_callsign_is_the_same_flight_where_it_can_have_flown_meanwhile(
    minutes: float, lon: float, expected: Verdict
) -> None:
    again = seen(10 + minutes * MINUTE, lat=50.0, lon=lon, callsign="RYR4TK")
    assert expected == verdict(cruising(), again)


@pytest.mark.parametrize("minutes", [6, 29, 40, 240])
def test_another_callsign_is_another_flight_and_decides_at_once(minutes: float) -> None:
    again = seen(10 + minutes * MINUTE, callsign="RYR5XX")
    assert "other" == verdict(cruising(), again)


def test_what_is_needed_is_waited_for_and_nothing_held_is_lost() -> None:
    at = 10 + 40 * MINUTE
    again = [seen(at, alt_baro=35_000), seen(at + 1, lat=50.0, lon=-20.0),
             seen(at + 2, callsign="RYR4TK"), seen(at + 3, gs=450.0)]  # fmt: skip
    returning = Returning(remember(cruising()), again[0], RULES)
    assert [None, None, "same"] == [returning.take([obs]) for obs in again[:3]]
    assert again[:3] == returning.held
    whole = Returning(remember(cruising()), again[0], RULES)
    assert "same" == whole.take(again)
    assert again == whole.held


@pytest.mark.parametrize(("minutes", "expected"), [(6, "same"), (40, "other")])
def test_who_never_says_its_callsign_is_taken_for_what_the_silence_suggests(
    minutes: float, expected: Verdict
) -> None:
    at = 10 + minutes * MINUTE
    again = [seen(at + second, alt_baro=35_000 + second) for second in range(31)]
    returning = Returning(remember(cruising()), again[0], RULES)
    assert [None] * 30 + [expected] == [returning.take([obs]) for obs in again]
    assert DECIDED_WITHIN_S == again[-1].ts - returning.since
    assert expected == returning.otherwise


@pytest.mark.parametrize(("minutes", "expected"), [(6, "same"), (40, "other")])
def test_a_flight_without_a_callsign_cannot_be_told_and_waits_for_nothing(
    minutes: float, expected: Verdict
) -> None:
    was = before(seen(0, lat=50.0, lon=-15.0, alt_baro=35_000))
    assert expected == verdict(was, seen(minutes * MINUTE, callsign="RYR4TK"))


def test_what_comes_late_from_before_the_last_contact_belongs_to_the_flight() -> None:
    assert "same" == verdict(cruising(), seen(5, lat=50.0, lon=-15.01))
    assert "other" == verdict(cruising(), seen(-5, lat=50.0, lon=-15.01, callsign="RYR4TK"))


def test_oceanic_reports_half_an_hour_apart_are_one_flight_without_waiting() -> None:
    was = before(seen(0, source="adsc", lat=50.0, lon=-15.0, callsign="RYR4TK"))
    assert "same" == verdict(was, seen(33 * MINUTE, source="adsc", lat=50.0, lon=-20.0))


@pytest.mark.parametrize("minutes", [PAUSE_S / 60, 25, 40, 240])
def test_lost_on_short_final_and_heard_again_over_the_field_it_has_landed(minutes: float) -> None:
    again = seen(600 + minutes * MINUTE, lat=EDDF[0], lon=EDDF[1] + 0.05, alt_baro=1_200,
                 callsign="DLH1", on_ground=False)  # fmt: skip
    assert "landed" == verdict(on_final(), again)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [({"lon": 9.6, "alt_baro": 9_000}, "same"), ({"lon": 8.58, "alt_baro": 375, "on_ground": True},
     "same")],
)  # fmt: skip
def test_lost_on_short_final_and_soon_heard_elsewhere_it_went_around_or_taxies(
    fields: dict[str, Any], expected: Verdict
) -> None:
    again = seen(600 + 7 * MINUTE, lat=EDDF[0], callsign="DLH1", **fields)
    assert expected == verdict(on_final(), again)


def test_parked_and_then_heard_in_the_air_it_is_the_next_flight() -> None:
    was = on_final()
    for at in range(601, 700, 5):
        was.fold(seen(at, lat=EDDF[0], lon=EDDF[1], alt_baro=364, gs=30.0, on_ground=True))
    later = 700 + 10 * MINUTE
    assert "landed" == verdict(was, seen(later, on_ground=False, gs=160.0))
    assert "landed" == verdict(was, seen(later, on_ground=True, gs=0.0, callsign="DLH2"))
    assert "same" == verdict(was, seen(later, on_ground=True, gs=0.0, callsign="DLH1"))
    assert "landed" == verdict(was, seen(later + 40 * MINUTE, on_ground=True, callsign="DLH1"))


def test_renamed_at_the_gate_before_its_departure_it_is_the_same_flight() -> None:
    gate = seen(0, lat=EDDF[0], lon=EDDF[1], alt_baro=364, gs=0.0, on_ground=True, callsign="DLH1")
    assert "same" == verdict(before(gate), seen(10 * MINUTE, on_ground=False, callsign="DLH2"))


def test_a_flight_taken_up_again_keeps_its_name_its_row_and_its_course() -> None:
    was = on_final()
    state = resumed(remember(was))
    assert (was.flight_id, was.points, was.first_position) == (
        state.flight_id, state.points, state.first_position,
    )  # fmt: skip
    kept = ("callsign", "phase", "est_arrival")
    assert {name: was.values[name] for name in kept} == {
        name: value for name, value in state.values.items() if value is not None
    }
    folded = state.fold(seen(700, lat=EDDF[0], lon=EDDF[1], alt_baro=375, gs=20.0, on_ground=True))
    assert [("landing", "EDDF")] == [(event.kind, event.detail) for event in folded.events]
    assert was.points + 1 == state.points
