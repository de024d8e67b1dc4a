"""Aircraft registers: which marks and 24-bit addresses a country gives out.

The blocks are those of ICAO Annex 10, volume III. Where a register derives one from the other (the
United States, Germany and others) the derivation is the real one; elsewhere marks simply follow the
address, so that country, prefix and address always agree.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
N_LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ"  # neither I nor O
# How many marks share a first digit, first two digits, and so on, in the American scheme.
N_SUFFIXES: Final = 1 + len(N_LETTERS) * (1 + len(N_LETTERS))  # none, one or two letters: 601
N_LAST: Final = 1 + len(N_LETTERS) + 10  # a fourth digit, then nothing, a letter or a digit: 35
N_BUCKETS: Final = (101_711, 10_111, 951, N_LAST)


class Register(NamedTuple):
    """One country's register: ``size`` aircraft, the first at address ``first``.

    ``mark`` makes the registration of the n-th, ``spread`` the offset of its address.
    """

    country: str
    first: int
    size: int
    mark: Callable[[int], str]
    spread: Callable[[int], int] = lambda number: number

    def icao24(self, number: int) -> str:
        """The address of aircraft ``number`` (0 <= number < size)."""
        return f"{self.first + self.spread(number):06x}"


def n_number(offset: int) -> str:
    """The American registration at ``offset`` from address a00001 (N1), up to 915,398 (N99999)."""
    digit, rest = divmod(offset, N_BUCKETS[0])
    mark = f"N{digit + 1}"
    for size in N_BUCKETS[1:]:
        if rest < N_SUFFIXES:
            return mark + _n_suffix(rest)
        digit, rest = divmod(rest - N_SUFFIXES, size)
        mark += str(digit)
    if rest == 0:
        return mark
    return mark + (N_LETTERS + "0123456789")[rest - 1]


def _n_suffix(number: int) -> str:
    if number == 0:
        return ""
    first, second = divmod(number - 1, len(N_LETTERS) + 1)
    return N_LETTERS[first] + (N_LETTERS[second - 1] if second else "")


def _letters(prefix: str, start: str) -> Callable[[int], str]:
    """Marks ``prefix`` + letters counting up from ``start``."""
    origin = 0
    for letter in start:
        origin = origin * 26 + ALPHABET.index(letter)

    def mark(number: int) -> str:
        number += origin
        text = ""
        for _ in start:
            number, letter = divmod(number, 26)
            text = ALPHABET[letter] + text
        return prefix + text

    return mark


def _digits(prefix: str, start: int) -> Callable[[int], str]:
    return lambda number: f"{prefix}{start + number}"


def _strides(high: int, middle: int) -> Callable[[int], int]:
    """Address offsets of registers that keep three letters in fields of their own."""

    def spread(number: int) -> int:
        number, c = divmod(number, 26)
        a, b = divmod(number, 26)
        return a * high + b * middle + c

    return spread


_FIVE_BITS: Final = _strides(1024, 32)

REGISTERS: Final = {
    register.country: register
    for register in (
        Register("US", 0xA00001, 915_399, n_number),
        Register("CA", 0xC00001, 17_576, _letters("C-F", "AAA")),
        Register("MX", 0x0D0000, 17_576, _letters("XA-", "AAA")),
        Register("PA", 0x0C2000, 4_096, _digits("HP-", 1_400)),
        Register("CO", 0x0AC000, 4_096, _digits("HK-", 4_000)),
        Register("BR", 0xE40000, 17_576, _letters("PR-", "AAA")),
        Register("AR", 0xE00000, 17_576, _letters("LV-", "AAA")),
        Register("CL", 0xE80000, 4_096, _letters("CC-", "BAA")),
        Register("PE", 0xE8C000, 4_096, _digits("OB-", 1_500)),
        Register("GB", 0x400000, 262_144, _letters("G-", "EAAA")),
        Register("IE", 0x4CA000, 4_096, _letters("EI-", "DAA")),
        Register("FR", 0x390000, 17_576, _letters("F-G", "AAA"), _FIVE_BITS),
        Register("NL", 0x484000, 16_384, _letters("PH-", "AAA")),
        Register("BE", 0x448421, 17_576, _letters("OO-", "AAA"), _FIVE_BITS),
        Register("DE", 0x3C4421, 15 * 676, _letters("D-A", "AAA"), _FIVE_BITS),
        Register("CH", 0x4B0000, 17_576, _letters("HB-", "AAA")),
        Register("AT", 0x440000, 17_576, _letters("OE-", "AAA")),
        Register("ES", 0x340000, 17_576, _letters("EC-", "AAA")),
        Register("PT", 0x490421, 17_576, _letters("CS-", "AAA"), _FIVE_BITS),
        Register("IT", 0x300000, 262_144, _letters("I-", "BAAA")),
        Register("DK", 0x458421, 17_576, _letters("OY-", "AAA"), _FIVE_BITS),
        Register("NO", 0x478000, 17_576, _letters("LN-", "AAA")),
        Register("SE", 0x4A8000, 17_576, _letters("SE-", "AAA")),
        Register("FI", 0x460000, 17_576, _letters("OH-", "AAA")),
        Register("IS", 0x4CC000, 4_096, _letters("TF-", "AAA")),
        Register("PL", 0x488000, 17_576, _letters("SP-", "AAA")),
        Register("HU", 0x470000, 17_576, _letters("HA-", "AAA")),
        Register("GR", 0x468421, 17_576, _letters("SX-", "AAA"), _FIVE_BITS),
        Register("TR", 0x4B8421, 17_576, _letters("TC-", "AAA"), _FIVE_BITS),
        Register("RU", 0x140000 + 10_000, 90_000, _digits("RA-", 10_000)),
        Register("IL", 0x738000, 17_576, _letters("4X-", "AAA")),
        Register("AE", 0x896000, 4_096, _letters("A6-", "EAA")),
        Register("QA", 0x06A000, 1_024, _letters("A7-", "BAA")),
        Register("SA", 0x710000, 17_576, _letters("HZ-", "AAA")),
        Register("EG", 0x010000, 17_576, _letters("SU-", "AAA")),
        Register("MA", 0x020000, 17_576, _letters("CN-", "AAA")),
        Register("ET", 0x040000, 4_096, _letters("ET-", "AAA")),
        Register("KE", 0x04C000, 4_096, _letters("5Y-", "AAA")),
        Register("ZA", 0x008011, 17_576, _letters("ZS-", "AAA"), _strides(676, 26)),
        Register("IN", 0x800000, 17_576, _letters("VT-", "AAA")),
        Register("PK", 0x760000, 17_576, _letters("AP-", "AAA")),
        Register("CN", 0x780000, 9_000, _digits("B-", 1_000)),
        Register("HK", 0x789000, 676, _letters("B-H", "AA")),
        Register("TW", 0x899000, 1_024, _digits("B-", 16_000)),
        Register("JP", 0x840000, 9_000, _digits("JA", 1_000)),
        Register("KR", 0x718000, 9_000, _digits("HL", 1_000)),
        Register("TH", 0x880000, 17_576, _letters("HS-", "AAA")),
        Register("SG", 0x768000, 17_576, _letters("9V-", "AAA")),
        Register("MY", 0x750000, 17_576, _letters("9M-", "AAA")),
        Register("ID", 0x8A0000, 17_576, _letters("PK-", "AAA")),
        Register("PH", 0x758000, 9_000, _digits("RP-C", 1_000)),
        Register("VN", 0x888000, 900, _digits("VN-A", 100)),
        Register("AU", 0x7C0000, 17_576, _letters("VH-", "AAA"), _strides(1296, 36)),
        Register("NZ", 0xC80000, 17_576, _letters("ZK-", "AAA")),
    )
}
