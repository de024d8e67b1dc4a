from typing import Any

class GeoMagResult:
    d: float

class GeoMag:
    def __init__(self, *, coefficients_data: Any) -> None: ...
    def calculate(self, *, glat: float, glon: float, alt: float, time: float) -> GeoMagResult: ...
