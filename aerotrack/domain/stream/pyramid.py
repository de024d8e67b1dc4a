"""The world in cells of several sizes, and which of them a view covers.

The smallest cells are squares of one degree, numbered row by row from the south-west; a flight's
place in the stream is the number of its own. Every larger cell is made of whole small ones, so who
stays in a small cell stays in all. Longitudes wrap; cells at the poles are like others.
"""

from functools import cache
from typing import Final

import msgspec

from aerotrack.domain.geo import Box

COLUMNS: Final = 360
ROWS: Final = 180
# Degrees; each divides the world's width and height. A step of about two keeps both what a view
# covers beyond its box and the number of its cells small.
SIZES: Final = (1, 2, 4, 9, 18, 36)
# A view reaches beyond its box by less than a degree or this part of its shorter side, unless
# it is so narrow that it would take more than CELLS_MOST cells; never by more than this part of the
# longer side.
REACH: Final = 0.25
# A view of 5° has up to 36 cells, one of 8° up to 81. What one costs a client is a tenth of a
# microsecond a frame.
CELLS_MOST: Final = 128
# The place of a flight whose position is unknown: in no cell but the world's.
NOWHERE: Final = -1
WORLD_LEVEL: Final = len(SIZES)

_LEVEL_COLUMNS: Final = tuple(COLUMNS // size for size in SIZES)
_LEVEL_ROWS: Final = tuple(ROWS // size for size in SIZES)
_COUNTS: Final = tuple(c * r for c, r in zip(_LEVEL_COLUMNS, _LEVEL_ROWS, strict=True))
# The number of a level's first cell; the world's comes last.
_FIRST: Final = tuple(sum(_COUNTS[:level]) for level in range(len(SIZES) + 1))
WORLD_CELL: Final = _FIRST[-1]


def place_of(lat: float, lon: float) -> int:
    """The smallest cell a position lies in; degrees, lat -90..90, lon -180..180."""
    row, column = int(lat + 90.0), int(lon + 180.0)
    # The north pole belongs to the last row, and 180 itself to the last column.
    row = row if row < ROWS else ROWS - 1
    column = column if column < COLUMNS else COLUMNS - 1
    return row * COLUMNS + column


@cache
def cells_of(place: int) -> tuple[int, ...]:
    """The cell of each level that a place lies in, the world's last; ``NOWHERE`` for none."""
    if place == NOWHERE:
        return (*(NOWHERE for _ in SIZES), WORLD_CELL)
    row, column = divmod(place, COLUMNS)
    return (
        *(
            first + row // size * columns + column // size
            for size, columns, first in zip(SIZES, _LEVEL_COLUMNS, _FIRST[:-1], strict=True)
        ),
        WORLD_CELL,
    )


class Area(msgspec.Struct, frozen=True):
    """What a view covers: all the cells of one level in a rectangle, which may go round the world.

    ``rows`` and ``columns`` are ranges of the smallest cells, end excluded; ``columns`` may reach
    beyond ``COLUMNS``, where it goes on from the first.
    """

    level: int
    rows: tuple[int, int]
    columns: tuple[int, int]
    cells: frozenset[int]

    @property
    def places(self) -> int:
        """How many of the smallest cells it covers."""
        (south, north), (west, east) = self.rows, self.columns
        return (north - south) * (east - west)

    def contains(self, place: int) -> bool:
        """Whether a flight at ``place`` is shown."""
        return cells_of(place)[self.level] in self.cells


WORLD_AREA: Final = Area(WORLD_LEVEL, (0, ROWS), (0, COLUMNS), frozenset((WORLD_CELL,)))


def area_of(box: Box | None) -> Area:
    """The area a view of ``box`` is served by; without one the world, unknown positions too."""
    if box is None:
        return WORLD_AREA
    width = box.east - box.west
    if width < 0.0:
        width += float(COLUMNS)
    height = box.north - box.south
    most = max(1.0, REACH * min(width, height))
    level = max(level for level, size in enumerate(SIZES) if size <= most)
    while True:
        rows, columns = _covered(box, level)
        if (rows[1] - rows[0]) * (columns[1] - columns[0]) <= CELLS_MOST:
            return _area(level, rows, columns)
        level += 1


def places_of(box: Box) -> Area:
    """All the smallest cells a box touches, however many."""
    return _area(0, *_covered(box, 0))


def _covered(box: Box, level: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """The rows and columns of a level that ``box`` touches, ends excluded."""
    size, last_row, all_columns = SIZES[level], _LEVEL_ROWS[level] - 1, _LEVEL_COLUMNS[level]
    south = min(int((box.south + 90.0) // size), last_row)
    north = min(int((box.north + 90.0) // size), last_row)
    west = min(int((box.west + 180.0) // size), all_columns - 1)
    east = min(int((box.east + 180.0) // size), all_columns - 1)
    if box.west > box.east:
        # Round the back; begun and ended in the same column it is all of them.
        east = west + all_columns - 1 if east >= west else east + all_columns
    return (south, north + 1), (west, east + 1)


def _area(level: int, rows: tuple[int, int], columns: tuple[int, int]) -> Area:
    size, all_columns, first = SIZES[level], _LEVEL_COLUMNS[level], _FIRST[level]
    cells = frozenset(
        first + row * all_columns + column % all_columns
        for row in range(*rows)
        for column in range(*columns)
    )
    return Area(
        level,
        (rows[0] * size, rows[1] * size),
        (columns[0] * size, columns[1] * size),
        cells,
    )
