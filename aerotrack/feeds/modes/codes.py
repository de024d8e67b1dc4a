"""Altitude and identity codes of 13 bits, by table: every reply has one.

The bits of an altitude code are C1 A1 C2 A2 C4 A4 M B1 Q B2 D2 B4 D4, those of an identity code the
same with X for M and D1 for Q (ICAO Annex 10 volume IV, 3.1.2.6.5.4 and 3.1.2.6.7.1).
"""

from typing import Final

_METRIC: Final = 0x40
_STEPS_OF_25: Final = 0x10


def _from_gray(gray: int) -> int:
    number = 0
    while gray:
        number ^= gray
        gray >>= 1
    return number


def _bit(code: int, place: int) -> int:
    """Bit ``place`` of the 13, counted from the left from 1."""
    return code >> (13 - place) & 1


def _gillham(code: int) -> int | None:
    """The altitude of a code in steps of 100 ft: two Gray codes, of 500 ft and within that."""
    five_hundreds = 0
    for place in (11, 13, 2, 4, 6, 8, 10, 12):  # D2 D4 A1 A2 A4 B1 B2 B4
        five_hundreds = five_hundreds << 1 | _bit(code, place)
    hundreds = _from_gray(_bit(code, 1) << 2 | _bit(code, 3) << 1 | _bit(code, 5))
    five_hundreds = _from_gray(five_hundreds)
    if hundreds in (0, 5, 6):
        return None
    if hundreds == 7:
        hundreds = 5
    if five_hundreds % 2:
        hundreds = 6 - hundreds
    return five_hundreds * 500 + hundreds * 100 - 1300


def _altitude(code: int) -> int | None:
    # Metric codes are defined but nobody transmits them; the reference leaves them out, too.
    if code == 0 or code & _METRIC:
        return None
    if code & _STEPS_OF_25:
        return ((code & 0x1F80) >> 2 | (code & 0x20) >> 1 | code & 0xF) * 25 - 1000
    return _gillham(code)


def _squawk(code: int) -> str:
    a = _bit(code, 6) << 2 | _bit(code, 4) << 1 | _bit(code, 2)
    b = _bit(code, 12) << 2 | _bit(code, 10) << 1 | _bit(code, 8)
    c = _bit(code, 5) << 2 | _bit(code, 3) << 1 | _bit(code, 1)
    d = _bit(code, 13) << 2 | _bit(code, 11) << 1 | _bit(code, 9)
    return f"{a}{b}{c}{d}"


# Altitude in feet by 13-bit code, ``None`` where there is none; identity as four octal digits.
ALTITUDE: Final = tuple(_altitude(code) for code in range(1 << 13))
SQUAWK: Final = tuple(_squawk(code) for code in range(1 << 13))
# The same for the 12 bits in a position message, which leave the metric bit out.
ALTITUDE_12: Final = tuple(ALTITUDE[(code & 0xFC0) << 1 | code & 0x3F] for code in range(1 << 12))
