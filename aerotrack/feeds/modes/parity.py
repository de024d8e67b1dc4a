"""The parity of Mode S messages: a CRC of 24 bits in their last three bytes.

Generator 0xFFF409 (ICAO Annex 10 volume IV, 3.1.2.3.3; the top bit is implied). What is left after
the division is 0 in an extended squitter that arrived whole, the interrogator's code in an all-call
reply, and the aircraft's address in every other reply.
"""

from typing import Final

GENERATOR: Final = 0xFFF409


def _tables(count: int) -> tuple[tuple[int, ...], ...]:
    """For each of ``count`` data bytes, what it adds to the remainder, by its value.

    The division is linear, so a message's remainder is the exclusive or of what its bytes add.
    """
    table = []
    for byte in range(256):
        crc = byte << 16
        for _ in range(8):
            crc = crc << 1 ^ (GENERATOR if crc & 0x800000 else 0)
            crc &= 0xFFFFFF
        table.append(crc)
    tables = [tuple(table)]
    for _ in range(count - 1):
        tables.append(tuple((crc << 8 & 0xFFFFFF) ^ table[crc >> 16] for crc in tables[-1]))
    return tuple(reversed(tables))


_L0, _L1, _L2, _L3, _L4, _L5, _L6, _L7, _L8, _L9, _L10 = _LONG = _tables(11)
_S0, _S1, _S2, _S3 = _LONG[7:]


def remainder_long(message: bytes) -> int:
    """What the parity leaves of a message of 14 bytes."""
    a, b, c, d, e, f, g, h, i, j, k, x, y, z = message
    return (
        _L0[a] ^ _L1[b] ^ _L2[c] ^ _L3[d] ^ _L4[e] ^ _L5[f] ^ _L6[g] ^ _L7[h] ^ _L8[i] ^ _L9[j]
        ^ _L10[k] ^ (x << 16 | y << 8 | z)
    )  # fmt: skip


def remainder_short(message: bytes) -> int:
    """What the parity leaves of a message of 7 bytes."""
    a, b, c, d, x, y, z = message
    return _S0[a] ^ _S1[b] ^ _S2[c] ^ _S3[d] ^ (x << 16 | y << 8 | z)


def with_parity(message: bytes, address: int = 0) -> bytes:
    """``message`` (4 or 11 bytes) and its parity, ``address`` laid over it; for tests."""
    short = len(message) == 4
    remainder = (remainder_short if short else remainder_long)(message + b"\0\0\0")
    return message + (remainder ^ address).to_bytes(3, "big")
