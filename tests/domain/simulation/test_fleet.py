"""Who flies: aircraft of the right country, and none twice at a time."""

from random import Random

from aerotrack.domain.simulation.fleet import Fleet
from aerotrack.domain.simulation.registers import REGISTERS


def test_airline_register_and_type_fit_the_route() -> None:
    rng = Random(1)
    fleet = Fleet(rng)
    for _ in range(200):
        aircraft = fleet.aircraft(rng, ("DE", "DE"), 250.0)
        assert aircraft is not None
        assert aircraft.callsign[:3] in {"DLH", "EWG", "CFG", "EZY", "RYR"}
        assert aircraft.performance.range[0] <= 250 <= aircraft.performance.range[1]
        if aircraft.callsign.startswith("DLH"):
            assert (aircraft.registration[:3], aircraft.icao24[:2]) == ("D-A", "3c")


def test_nobody_flies_between_countries_without_an_airline_or_beyond_every_range() -> None:
    rng = Random(1)
    assert Fleet(rng).aircraft(rng, ("AQ", "AQ"), 500.0) is None
    assert Fleet(rng).aircraft(rng, ("US", "US"), 9_999.0) is None


def test_a_register_gives_out_every_address_once_and_none_twice_at_a_time() -> None:
    rng = Random(1)
    fleet, size = Fleet(rng), REGISTERS["QA"].size
    flying = [fleet.aircraft(rng, ("QA", "QA"), 2_000.0) for _ in range(size)]
    assert len({aircraft.icao24 for aircraft in flying if aircraft}) == size == len(fleet)
    assert fleet.aircraft(rng, ("QA", "QA"), 2_000.0) is None
    assert flying[7] is not None
    fleet.retire(flying[7].icao24, flying[7].callsign)
    again = fleet.aircraft(rng, ("QA", "QA"), 2_000.0)
    assert again is not None
    assert again.icao24 == flying[7].icao24
