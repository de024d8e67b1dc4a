"""Phases, take-offs and landings: of simulated flights, and of what pilots do beside."""

import math
from collections.abc import Iterable, Iterator
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aerotrack.domain.airports import Airport, load_airports
from aerotrack.domain.geo import distance_nmi
from aerotrack.domain.phases import STOPPED_S, Happened, Moment, PhaseTracker
from aerotrack.domain.simulation import World
from aerotrack.domain.simulation.world import departing

FIELD = Airport(
    icao="XTST", iata=None, name="Test", city="", country="XX", lat=50.0, lon=8.0, elevation=364
)


def one_field(lat: float, lon: float, within_nmi: float) -> tuple[Airport, float] | None:
    """A world with one airport, everything nearer than 15 nmi is 1 nmi from it."""
    near = abs(lat - FIELD.lat) < 0.25 and abs(lon - FIELD.lon) < 0.35
    return (FIELD, 1.0) if near and within_nmi >= 1.0 else None


def track(*legs: tuple[float, float, float], start: float = 0.0, every: float = 1.0,
          on_ground: bool | None = None) -> Iterator[Moment]:  # fmt: skip
    """Moments over the field: legs of (seconds, altitude, speed) to be reached, linearly."""
    ts, altitude, gs = start, legs[0][1], legs[0][2]
    for seconds, to_altitude, to_gs in legs:
        steps = max(1, int(seconds / every))
        for step in range(1, steps + 1):
            share = step / steps
            height = altitude + (to_altitude - altitude) * share
            down = height <= FIELD.elevation + 5 if on_ground is None else on_ground
            yield Moment(
                ts + step * every, 50.0, 8.0, round(height / 25) * 25.0,
                gs + (to_gs - gs) * share, down,
            )  # fmt: skip
        ts, altitude, gs = ts + steps * every, to_altitude, to_gs


def followed(moments: Iterable[Moment]) -> tuple[PhaseTracker, list[Happened], list[str | None]]:
    """The tracker after these, what happened, and the phases in the order they were in."""
    tracker, happened, phases = PhaseTracker(), [], []
    for moment in moments:
        seen = tracker.update(moment, one_field)
        if seen is not None:
            happened.append(seen)
        phases.append(tracker.phase)
    return tracker, happened, [phase for phase, _ in groupby(phases)]


MOMENTS = st.lists(
    st.tuples(
        st.floats(0.1, 20),
        st.none() | st.integers(-200, 40_000),
        st.none() | st.floats(0, 500),
        st.none() | st.booleans(),
    ),
    max_size=60,
)


@given(MOMENTS)
def test_a_moment_said_to_be_nothing_new_changes_nothing(
    said: list[tuple[float, int | None, float | None, bool | None]],
) -> None:
    every, sparing, ts = PhaseTracker(), PhaseTracker(), 0.0
    for seconds, altitude, gs, on_ground in said:
        ts += seconds
        moment = Moment(ts, 50.0, 8.0, altitude, gs, on_ground)
        happened = every.update(moment, nowhere)
        if sparing.nothing_new(ts, altitude, gs, on_ground):
            assert happened is None
        else:
            assert happened == sparing.update(moment, nowhere)
        assert every.phase == sparing.phase


def nowhere(lat: float, lon: float, within_nmi: float) -> None:
    """No airport anywhere: when one is looked for may differ by a window."""


DEPARTURE = ((60, 364, 0), (40, 364, 140), (60, 2500, 180), (600, 30_000, 450))
ARRIVAL = ((900, 3000, 220), (180, 400, 140), (10, 364, 130), (30, 364, 20), (60, 364, 10))


@pytest.fixture(scope="module")
def simulated() -> list[tuple[str, str, list[tuple[Moment, bool]]]]:
    """Eight flights from gate to gate, each second: origin, destination, moments."""
    airports = load_airports()
    world = World(airports, 7)
    for _ in range(40):
        world.add(0.0)
    flown = []
    plans = [f.plan for f in world.flights if 150 < f.plan.distance < 900][:8]
    for plan in plans:
        flight, moments = departing(plan, 0.0), []
        for second in range(4 * 3600):
            obs = flight.observe(float(second), float(second), "sim")
            if obs is None or (moments and obs.on_ground and obs.gs == 0 and second > 1800):
                break
            moments.append(
                (
                    Moment(obs.ts, obs.lat, obs.lon, obs.alt_baro, obs.gs, obs.on_ground),
                    obs.on_ground,
                )
            )
        flown.append((plan.origin.icao, plan.destination.icao, moments))
    return flown


def test_simulated_flights_go_through_their_phases_once_and_between_their_airports(
    simulated: list[tuple[str, str, list[tuple[Moment, bool]]]],
) -> None:
    airports = load_airports()
    for origin, destination, moments in simulated:
        tracker, happened, phases = PhaseTracker(), [], []
        for moment, _ in moments:
            seen = tracker.update(moment, airports.likely)
            if seen is not None:
                happened.append(seen)
            phases.append(tracker.phase)
        kinds = [(seen.kind, seen.airport) for seen in happened]
        assert [("takeoff", origin), ("landing", destination)] == kinds
        assert (origin, destination) == (tracker.departure, tracker.arrival)
        order = [phase for phase, _ in groupby(phases)]
        assert ["ground", "takeoff", "climb"] == order[:3]
        assert ["descent", "approach", "landing", "ground"] == order[-4:]
        assert len(order) <= 12, order
        aloft = [moment.ts for moment, on_ground in moments if not on_ground]
        assert (aloft[0], aloft[-1] + 1) == (happened[0].ts, happened[1].ts)


def test_a_flight_first_heard_in_the_climb_has_departed_where_it_is_low() -> None:
    tracker, happened, phases = followed(track((60, 1500, 160), (120, 5000, 250), every=2))
    assert ([], "XTST") == (happened, tracker.departure)
    assert "climb" == phases[-1]


def test_a_flight_lost_on_approach_has_an_estimated_arrival() -> None:
    tracker, happened, _ = followed(track((10, 12_000, 300), (400, 3000, 200), (60, 1500, 140)))
    assert ([], "XTST", "approach") == (happened, tracker.arrival, tracker.phase)


def test_a_go_around_is_no_landing() -> None:
    circuit = ((10, 9000, 250), (300, 2500, 180), (90, 600, 140), (60, 3000, 200), (200, 3000, 200))
    again = ((90, 600, 140), (15, 364, 130), (40, 364, 10))
    tracker, happened, phases = followed(track(*circuit, *again))
    assert ["landing"] == [seen.kind for seen in happened]
    assert ["approach", "climb"] == phases[phases.index("approach") :][:2]
    assert "XTST" == tracker.arrival


@pytest.mark.parametrize(
    "roll", [((8, 364, 110), (8, 364, 140)), ((20, 364, 0), (25, 364, 0), (20, 364, 140))]
)
def test_touch_and_go_and_stop_and_go_are_a_landing_and_a_take_off_of_the_same_flight(
    roll: tuple[tuple[float, float, float], ...],
) -> None:
    tracker, kinds, splits = PhaseTracker(), [], 0
    for moment in track(*ARRIVAL[:3], *roll, (60, 2500, 150), (60, 2500, 150)):
        splits += tracker.departs_again(moment)
        if (seen := tracker.update(moment, one_field)) is not None:
            kinds.append(seen.kind)
    assert (["landing", "takeoff"], 0) == (kinds, splits)


def test_a_bounce_is_no_take_off_and_the_take_off_of_a_touch_and_go_has_its_own_time() -> None:
    down = [*track(*ARRIVAL[:3])]
    at = down[-1].ts
    hop = [
        Moment(at + n, 50.0, 8.0, 364.0, 130.0 - n, not 2 < n < 12) for n in range(1, 30)
    ]  # fmt: skip
    _, bounced, _ = followed([*down, *hop])
    assert ["landing"] == [seen.kind for seen in bounced]
    off = [Moment(at + n, 50.0, 8.0, 364.0 + 12 * n, 130.0, n < 3) for n in range(1, 30)]
    _, went, _ = followed([*down, *off])
    assert [("landing", bounced[0].ts), ("takeoff", at + 3)] == [(s.kind, s.ts) for s in went]


def test_on_final_past_another_airport_it_is_bound_for_the_one_ahead() -> None:
    ahead = Airport(
        icao="XAHD", iata=None, name="Ahead", city="", country="XX", lat=50.0, lon=8.1,
        elevation=364,
    )  # fmt: skip

    def nearest(lat: float, lon: float, within_nmi: float) -> tuple[Airport, float] | None:
        return min(
            ((field, distance_nmi(lat, lon, field.lat, field.lon)) for field in (FIELD, ahead)),
            key=lambda one: one[1],
        )

    tracker = PhaseTracker()
    for second in range(300):  # eastwards; lost 3 nmi before the one ahead, abeam the other
        out = 3.0 + (300 - second) * 140 / 3600
        lon = 8.1 - out / 60 / math.cos(math.radians(50.0))
        height = 364 + 318 * out
        moment = Moment(float(second), 50.0, lon, height, 140.0, False, track=90.0)
        tracker.update(moment, nearest)
    assert ("approach", "XAHD") == (tracker.phase, tracker.arrival)


def test_a_departure_after_a_stop_belongs_to_the_next_flight() -> None:
    stop = ((STOPPED_S + 30, 364, 0),)
    tracker = PhaseTracker()
    for moment in track(*ARRIVAL, *stop, *DEPARTURE[1:]):
        if tracker.departs_again(moment):
            break
        tracker.update(moment, one_field)
    assert "ground" == tracker.phase
    assert moment.gs is not None
    assert 45 < moment.gs < 60


def test_a_rejected_take_off_is_none() -> None:
    _, happened, phases = followed(track((30, 364, 0), (20, 364, 100), (20, 364, 0), (30, 364, 0)))
    assert ([], ["ground", "takeoff", "ground"]) == (happened, phases)


def test_bumps_and_steps_of_a_cruise_do_not_flicker() -> None:
    level = [
        Moment(float(ts), 50.0, 60.0, 35_000.0 + 25 * (ts % 3), 450.0, False) for ts in range(1200)
    ]
    step = [Moment(1200.0 + ts, 50.0, 60.0, 35_000 + ts * 15.0, 450.0, False) for ts in range(134)]
    after = [Moment(1334.0 + ts, 50.0, 60.0, 37_000.0, 450.0, False) for ts in range(600)]
    _, happened, phases = followed([*level, *step, *after])
    assert ([], [None, "cruise", "climb", "cruise"]) == (happened, phases)


def test_a_level_segment_of_a_descent_is_still_descent() -> None:
    _, _, phases = followed(track((300, 12_000, 300), (10, 12_000, 300), (200, 7000, 250),
                                  (100, 7000, 250), (200, 4000, 200)))  # fmt: skip
    assert ["descent", "approach"] == phases[phases.index("descent") :]


def test_a_ground_bit_in_the_air_is_not_believed() -> None:
    moments = list(track((600, 35_000, 450)))
    wrong = [moment._replace(ts=moment.ts + 601, on_ground=True) for moment in moments[:5]]
    wrong = [moment._replace(altitude=35_000.0) for moment in wrong]
    _, happened, phases = followed([*moments, *wrong])
    assert [] == happened
    assert "ground" not in phases


def test_a_ground_bit_well_above_the_field_is_not_believed_either() -> None:
    wrong = track((10, 3000, 180), start=400, on_ground=True)
    _, happened, _ = followed([*track((10, 9000, 250), (300, 3000, 180)), *wrong])
    assert [] == happened


def test_without_a_ground_bit_slow_and_low_beside_a_field_is_down() -> None:
    bare = [moment._replace(on_ground=None) for moment in track(*ARRIVAL)]
    tracker, happened, _ = followed(bare)
    assert [("landing", "XTST")] == [(seen.kind, seen.airport) for seen in happened]
    assert "ground" == tracker.phase


@pytest.mark.parametrize(("fixed_wing", "expected"), [(True, ["takeoff", "landing"]), (False, [])])
def test_an_aeroplane_that_always_says_it_flies_is_down_where_it_is_too_slow_to(
    fixed_wing: bool, expected: list[str]
) -> None:
    said = [
        moment._replace(on_ground=False, fixed_wing=fixed_wing)
        for moment in track((60, 364, 0), (30, 364, 70), (60, 1200, 85), (300, 1200, 85),
                            (60, 364, 65), (20, 364, 10), (120, 364, 0))
    ]  # fmt: skip
    tracker, kinds, departs = PhaseTracker(), [], 0
    for moment in said:
        departs += tracker.departs_again(moment)
        if (seen := tracker.update(moment, one_field)) is not None:
            kinds.append(seen.kind)
    assert (expected, 0) == (kinds, departs)


def test_a_hole_in_coverage_does_not_lose_the_landing() -> None:
    moments = [m for m in track(*ARRIVAL) if not 600 < m.ts < 1100]
    _, happened, _ = followed(moments)
    assert ["landing"] == [seen.kind for seen in happened]
