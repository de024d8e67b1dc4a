"""Cells: every position has its own in every size, and a view covers its box and little more."""

import math

from hypothesis import example, given
from hypothesis import strategies as st

from aerotrack.domain.geo import Box, box
from aerotrack.domain.stream.pyramid import (
    CELLS_MOST,
    COLUMNS,
    NOWHERE,
    REACH,
    ROWS,
    SIZES,
    WORLD_AREA,
    WORLD_CELL,
    area_of,
    cells_of,
    place_of,
    places_of,
)

LAT = st.floats(-90, 90).map(lambda degrees: round(degrees, 5))
LON = st.floats(-180, 180).map(lambda degrees: round(degrees, 5))
BOXES = st.builds(
    lambda west, width, south, height: box(west, south, west + width, min(90.0, south + height)),
    st.floats(-180, 180), st.floats(0, 360), LAT, st.floats(0, 180),
)  # fmt: skip


def sides(look: Box) -> tuple[float, float]:
    """Width and height, degrees."""
    width = look.east - look.west
    return (width + COLUMNS if width < 0 else width), look.north - look.south


@given(BOXES, LAT, LON)
@example(box(170, -10, 180, 10), 0.0, 180.0)
@example(box(-180, -10, -170, 10), 0.0, -180.0)
@example(box(10, -90, 9.5, 90), 90.0, 9.7)
@example(box(-180, -90, 180, 90), -90.0, -180.0)
def test_what_lies_in_a_box_is_shown(look: Box, lat: float, lon: float) -> None:
    if look.contains(lat, lon):
        assert area_of(look).contains(place_of(lat, lon))
        assert places_of(look).contains(place_of(lat, lon))


@given(BOXES)
def test_a_view_reaches_little_beyond_its_box(look: Box) -> None:
    """By less than a cell, which is at most a degree or a quarter of the shorter side; of the
    longer one only where the view is so narrow that its cells would be too many."""
    area = area_of(look)
    size, (width, height) = SIZES[area.level], sides(look)
    assert len(area.cells) <= CELLS_MOST
    assert size <= max(1.0, REACH * max(width, height))
    if size > max(1.0, REACH * min(width, height)):
        finer = SIZES[area.level - 1]
        assert (width / finer + 2) * (height / finer + 2) > CELLS_MOST
    (south, north), (west, east) = area.rows, area.columns
    assert look.south - size <= south - 90 <= look.south
    assert look.north <= north - 90 <= look.north + size
    assert math.isclose(east - west, COLUMNS) or east - west <= width + 2 * size
    assert area.places == (north - south) * (east - west)
    assert len(area.cells) == area.places / size**2


def test_a_view_of_five_degrees_has_at_most_36_cells_of_one() -> None:
    for west in (-0.3, 0.0, 178.5):
        area = area_of(box(west, 47.7, west + 5, 52.7))
        assert (0, True) == (area.level, len(area.cells) <= 36)


@given(LAT, LON)
def test_who_stays_in_a_smallest_cell_stays_in_all(lat: float, lon: float) -> None:
    place = place_of(lat, lon)
    assert 0 <= place < ROWS * COLUMNS
    cells = cells_of(place)
    assert len(SIZES) + 1 == len(set(cells)) == len(cells)
    row, column = divmod(place, COLUMNS)
    inner = place_of(row - 90 + 0.5, column - 180 + 0.5)
    assert cells == cells_of(inner)


def test_cells_of_different_places_or_sizes_are_different() -> None:
    numbers = {cell for place in range(ROWS * COLUMNS) for cell in cells_of(place)}
    assert sum(ROWS * COLUMNS // size**2 for size in SIZES) + 1 == len(numbers)


def test_an_unknown_position_is_in_the_worlds_cell_only() -> None:
    assert {NOWHERE, WORLD_CELL} == set(cells_of(NOWHERE))
    assert WORLD_AREA.contains(NOWHERE)
    assert not area_of(box(-180, -90, 180, 90)).contains(NOWHERE)
