"""Marks and addresses, against aircraft that exist."""

from itertools import pairwise

import pytest

from aerotrack.domain.simulation.airlines import AIRLINES
from aerotrack.domain.simulation.registers import REGISTERS


@pytest.mark.parametrize(
    ("country", "number", "icao24", "registration"),
    [
        ("US", 0, "a00001", "N1"),
        ("US", 915_398, "adf7c7", "N99999"),
        ("DE", 8 * 676 + 12 * 26, "3c65a1", "D-AIMA"),  # Lufthansa's first A380
        ("FR", 0, "390000", "F-GAAA"),
        ("BE", 0, "448421", "OO-AAA"),
        ("AU", 14 * 676 + 16 * 26, "7c4920", "VH-OQA"),
    ],
)
def test_address_and_mark_belong_together(
    country: str, number: int, icao24: str, registration: str
) -> None:
    register = REGISTERS[country]
    assert (icao24, registration) == (register.icao24(number), register.mark(number))


@pytest.mark.parametrize("country", sorted(REGISTERS))
def test_a_register_gives_each_aircraft_an_address_and_a_mark_of_its_own(country: str) -> None:
    register = REGISTERS[country]
    numbers = range(0, register.size, max(1, register.size // 20_000))
    assert len(numbers) == len({register.icao24(number) for number in numbers})
    assert len(numbers) == len({register.mark(number) for number in numbers})


def test_registers_do_not_overlap() -> None:
    spans = sorted(
        (int(register.icao24(0), 16), int(register.icao24(register.size - 1), 16))
        for register in REGISTERS.values()
        if register.country not in ("CN", "HK")
    )
    assert all(before[1] < after[0] for before, after in pairwise(spans))


def test_hong_kong_lies_in_the_part_of_the_chinese_block_that_china_leaves() -> None:
    chinese, hong_kong = REGISTERS["CN"], REGISTERS["HK"]
    assert int(chinese.icao24(chinese.size - 1), 16) < int(hong_kong.icao24(0), 16)


def test_every_airline_is_at_home_where_there_is_a_register() -> None:
    assert set() == {airline.homes[0] for airline in AIRLINES} - set(REGISTERS)
    assert len(AIRLINES) == len({airline.designator for airline in AIRLINES})
