"""Magnetic declination: what turns the headings aircraft send into true ones.

From the World Magnetic Model, which pygeomag computes in 0.1 to 0.4 ms; so each cell of a degree is
asked for once. Declination differs by less than half a degree within one, but near the poles.
"""

import math
from typing import Final

from pygeomag import GeoMag
from pygeomag.wmm.wmm_2025 import WMM_2025

# Beyond, the needle dips so far and turns so fast that a heading by it says little.
HIGHEST_LAT: Final = 75.0
# Aircraft fly at some 10 km; the height changes declination by hundredths of a degree.
HEIGHT_KM: Final = 10.0
# The years the model is made for. Recordings may be of another time, or have none: it drifts by a
# tenth or two of a degree a year.
YEARS: Final = (2025.0, 2029.9)
_SECONDS_A_YEAR: Final = 365.2425 * 86_400
_EPOCH: Final = 1970.0


class Declination:
    """Degrees east by place; keeps what it was asked for."""

    def __init__(self) -> None:
        self._model = GeoMag(coefficients_data=WMM_2025)
        self._cells: dict[tuple[int, int, int], float] = {}

    def at(self, lat: float, lon: float, ts: float) -> float | None:
        """In the middle of the cell of ``lat``, ``lon`` (degrees), in the year of ``ts``."""
        if abs(lat) > HIGHEST_LAT:
            return None
        year = min(max(_EPOCH + ts / _SECONDS_A_YEAR, YEARS[0]), YEARS[1])
        cell = math.floor(lat), math.floor(lon), int(year)
        found = self._cells.get(cell)
        if found is None:
            result = self._model.calculate(
                glat=cell[0] + 0.5, glon=cell[1] + 0.5, alt=HEIGHT_KM, time=year
            )
            found = self._cells[cell] = float(result.d)
        return found
