"""What the register says fills in what nobody else has said."""

from aerotrack.domain.airframe import KnownAirframe, know
from aerotrack.domain.flight import FlightState
from aerotrack.domain.observation import Observation

T0 = 1_764_000_000.0
KNOWN = KnownAirframe("4ca2d6", "EI-DLF", "B738", "BOEING 737-800", "Ryanair", 1)


def flight() -> FlightState:
    return FlightState("4ca2d6", T0)


def seen(after: float, **fields: object) -> Observation:
    return Observation(icao24="4ca2d6", ts=T0 + after, source="mode_ac", feed="home", **fields)  # type: ignore[arg-type]


def test_it_fills_in_every_field_once_and_says_where_they_come_from() -> None:
    state = flight()
    expected = {
        "registration": "EI-DLF",
        "typecode": "B738",
        "desc": "BOEING 737-800",
        "operator": "Ryanair",
        "db_flags": 1,
    }
    assert expected == dict(know(state, KNOWN))
    assert expected == dict(state.picture())
    assert {"register"} == {origin.feed for origin in state.origins.values()}
    assert () == know(state, KNOWN)


def test_what_a_feed_says_stands_before_and_after() -> None:
    state = flight()
    state.fold(seen(0, registration="EI-OLD"))
    assert "registration" not in dict(know(state, KNOWN))
    folded = state.fold(seen(0, typecode="B38M"))
    assert (("typecode", "B38M"),) == folded.changed
    assert ("EI-OLD", "B38M") == (state.values["registration"], state.values["typecode"])
    assert () == know(state, KNOWN)


def test_a_later_answer_replaces_an_earlier_one() -> None:
    state = flight()
    know(state, KNOWN)
    again = KnownAirframe("4ca2d6", "EI-NEW", "B738", "BOEING 737-800", None, 0)
    assert {"registration": "EI-NEW", "operator": None, "db_flags": None} == dict(
        know(state, again)
    )
    assert {"registration", "typecode", "desc"} == state.values.keys() == state.origins.keys()


def test_no_flags_are_not_shown() -> None:
    assert () == know(flight(), KnownAirframe("4ca2d6", None, None, None, None, 0))
