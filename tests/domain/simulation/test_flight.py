"""Simulated flights from runway to runway, as a pilot would look at them."""

import math
from collections.abc import Iterator
from itertools import pairwise

import pytest

from aerotrack.domain.airports import load_airports
from aerotrack.domain.geo import bearing_deg, distance_nmi
from aerotrack.domain.observation import Observation
from aerotrack.domain.simulation import Flight, Plan, World
from aerotrack.domain.simulation.atmosphere import wind
from aerotrack.domain.simulation.flight import CRUISE
from aerotrack.domain.simulation.world import departing

LEVEL_FLIGHT_STRIDE_S = 20  # every second of the rest is looked at
HIGH_FIELD_FT = 4_900  # over such fields more than 250 kt begin higher

Seen = list[tuple[float, Observation]]


def _flown(plan: Plan) -> Iterator[tuple[float, Observation]]:
    flight, at = departing(plan, 0.0), 0.0
    while (seen := flight.observe(at, 1e9 + at, "sim")) is not None:
        yield at, seen
        assert flight.segment is not None
        level = flight.stage == CRUISE and flight.segment[1] - at > LEVEL_FLIGHT_STRIDE_S + 5
        at += LEVEL_FLIGHT_STRIDE_S if level else 1.0


@pytest.fixture(scope="module")
def plans() -> list[Plan]:
    """Ordinary flights, and the odd ones: shortest, longest, highest fields, turboprops."""
    world = World(load_airports(), seed=11)
    for _ in range(1_500):
        world.add(0.0)
    every = [flight.plan for flight in world.flights]
    chosen = every[:12]
    chosen += sorted(every, key=lambda plan: plan.distance)[:3]
    chosen += sorted(every, key=lambda plan: plan.distance)[-2:]
    chosen += sorted(every, key=lambda plan: -plan.destination.elevation)[:3]
    chosen += sorted(every, key=lambda plan: -plan.origin.elevation)[:3]
    return chosen + [plan for plan in every if plan.performance.climb_ias < 250][:3]


@pytest.fixture(scope="module")
def flown(plans: list[Plan]) -> list[tuple[Plan, Seen]]:
    return [(plan, list(_flown(plan))) for plan in plans]


Flown = list[tuple[Plan, Seen]]


def test_it_begins_and_ends_on_the_runways_of_its_airports(flown: Flown) -> None:
    for plan, seen in flown:
        first, last = seen[0][1], seen[-1][1]
        assert (first.on_ground, first.gs, last.on_ground, last.gs) == (True, 0.0, True, 0.0)
        for at, airport in ((first, plan.origin), (last, plan.destination)):
            assert abs(at.alt_baro - airport.elevation) <= 13
            assert distance_nmi(at.lat, at.lon, airport.lat, airport.lon) < 2.0


def test_it_is_airborne_once_and_rolls_before_and_after(flown: Flown) -> None:
    for _, seen in flown:
        changes = [(a.on_ground, b.on_ground) for (_, a), (_, b) in pairwise(seen)]
        assert 1 == changes.count((True, False)) == changes.count((False, True))
        assert any(o.on_ground and o.gs > 80 for _, o in seen)


def test_vertical_rates_are_an_airliners(flown: Flown) -> None:
    for _, seen in flown:
        assert max(o.baro_rate for _, o in seen) <= 3_600
        assert min(o.baro_rate for _, o in seen) >= -3_300


def test_the_rate_shown_is_how_the_altitude_changes(flown: Flown) -> None:
    for _, seen in flown:
        for (t0, a), (t1, b) in pairwise(seen):
            by_rate = (a.baro_rate + b.baro_rate) / 2 * (t1 - t0) / 60
            # 25 ft of each altitude's rounding, and a second of a 64 ft/min step.
            assert abs(b.alt_baro - a.alt_baro - by_rate) < 45


def test_rates_and_speeds_change_gradually(flown: Flown) -> None:
    for _, seen in flown:
        for (t0, a), (t1, b) in pairwise(seen):
            if t1 - t0 <= 1.0:
                assert abs(b.baro_rate - a.baro_rate) <= 640
                assert abs(b.gs - a.gs) < 5.0
                assert abs(b.ias - a.ias) < 8


def test_nobody_is_faster_than_250_knots_below_10_000_feet(flown: Flown) -> None:
    for plan, seen in flown:
        if max(plan.origin.elevation, plan.destination.elevation) < HIGH_FIELD_FT:
            assert max(o.ias for _, o in seen if o.alt_baro <= 10_000) <= 250


def test_speeds_stay_within_the_type(flown: Flown) -> None:
    for plan, seen in flown:
        of = plan.performance
        airborne = [o for _, o in seen if not o.on_ground]
        assert max(o.mach for o in airborne) <= of.mach + 0.012
        assert max(o.ias for o in airborne) <= max(of.climb_ias, of.descent_ias) + 1
        assert min(o.ias for o in airborne) >= min(of.approach, of.rotate) - 5


def test_airspeed_and_heading_with_the_wind_make_ground_speed_and_track(flown: Flown) -> None:
    for plan, seen in flown:
        for at, o in seen:
            if not o.on_ground and at % 20 == 0:
                heading, track = math.radians(o.true_heading), math.radians(o.track)
                north = o.gs * math.cos(track) - o.tas * math.cos(heading)
                east = o.gs * math.sin(track) - o.tas * math.sin(heading)
                air = wind(o.lat, o.lon, o.alt_baro, plan.wind_phase)
                # Between the ends of a segment the wind is taken as linear, and TAS is whole knots.
                assert math.hypot(north - air.north, east - air.east) < 4.0


def test_ground_speed_and_track_are_how_the_position_changes(flown: Flown) -> None:
    for _, seen in flown:
        for (t0, a), (t1, b) in pairwise(seen):
            moved = distance_nmi(a.lat, a.lon, b.lat, b.lon)
            assert abs(moved - (a.gs + b.gs) / 2 * (t1 - t0) / 3600) < 0.003
            if moved > 0.03:
                off = (bearing_deg(a.lat, a.lon, b.lat, b.lon) - a.track + 180) % 360 - 180
                assert abs(off) < 0.5


def test_it_keeps_to_the_great_circle(flown: Flown) -> None:
    for plan, seen in flown:
        ends = plan.origin, plan.destination
        for _, o in seen[:: max(1, len(seen) // 200)]:
            detour = sum(distance_nmi(o.lat, o.lon, end.lat, end.lon) for end in ends)
            past = 2.0 * 2.0  # it rolls out beyond the far end
            assert detour - plan.distance < past


def test_cruise_levels_fit_the_direction_and_only_rise(flown: Flown) -> None:
    for plan, _ in flown:
        track = bearing_deg(
            plan.origin.lat, plan.origin.lon, plan.destination.lat, plan.destination.lon
        )
        odd = {level // 10 % 2 for level in plan.levels}
        assert {int(track < 180.0)} == odd
        assert sorted(plan.levels) == list(plan.levels)
        assert max(plan.levels) <= plan.performance.levels[1]


def test_descent_begins_about_three_times_the_height_before_the_runway(flown: Flown) -> None:
    for plan, _ in flown:
        height = plan.levels[-1] * 100 - plan.destination.elevation
        assert height / 1000 * 2.8 < plan.distance - plan.top_of_descent < height / 1000 * 3.9 + 12


def test_every_update_in_the_air_is_a_new_position(flown: Flown) -> None:
    for _, seen in flown:
        for (_, a), (_, b) in pairwise(seen):
            if not (a.on_ground and b.on_ground):
                assert (a.lat, a.lon) != (b.lat, b.lon)


def test_where_it_is_does_not_depend_on_how_often_one_looks(plans: list[Plan]) -> None:
    for plan in plans[:4]:
        once, often = departing(plan, 0.0), departing(plan, 0.0)
        for at in range(0, 2_400, 7):
            seen = often.observe(at, 0.0, "sim")
        assert seen == once.observe(at, 0.0, "sim")


def test_the_altitude_selected_is_ahead_of_climb_and_descent(flown: Flown) -> None:
    for plan, seen in flown:
        airborne = [o for _, o in seen if not o.on_ground]
        assert plan.levels[-1] * 100 in {o.nav_altitude_mcp for o in airborne}
        for o in airborne:
            if o.baro_rate >= 128:
                assert o.nav_altitude_mcp >= o.alt_baro
        assert airborne[-1].nav_altitude_mcp <= plan.destination.elevation + 3_100


def test_an_emergency_squawks_7700_from_its_moment_on(plans: list[Plan]) -> None:
    calm = plans[0]
    plan = Plan(
        **{name: getattr(calm, name) for name in Plan.__struct_fields__ if name != "emergency_at"},
        emergency_at=100.0,
    )
    flight: Flight = departing(plan, 0.0)
    before, after = flight.observe(99.0, 99.0, "sim"), flight.observe(100.0, 100.0, "sim")
    assert before is not None
    assert after is not None
    assert (calm.squawk, None) == (before.squawk, before.emergency)
    assert (after.squawk, after.emergency) == ("7700", "general")
