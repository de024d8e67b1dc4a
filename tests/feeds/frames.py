"""Mode S frames for tests: made from their parts, or known ones, and put into Beast and AVR."""

from aerotrack.domain.observation import CprFrame
from aerotrack.feeds.modes.parity import with_parity

KLM = bytes.fromhex("8D4840D6202CC371C32CE0576098")  # callsign KLM1023
EVEN = bytes.fromhex("8D40621D58C382D690C8AC2863A7")
ODD = bytes.fromhex("8D40621D58C386435CC412692AD6")
VELOCITY = bytes.fromhex("8D485020994409940838175B284F")  # 159 kt, 182.88 deg, -832 ft/min
PLACE = (52.25720, 3.91937)  # of EVEN after ODD, at 38,000 ft


def squitter(address: int, me: int, *, df: int = 17, low: int = 5) -> bytes:
    """An extended squitter; ``low`` is its capability, or the control field of format 18."""
    return with_parity(bytes([df << 3 | low]) + address.to_bytes(3, "big") + me.to_bytes(7, "big"))


def position(address: int, frame: CprFrame, *, tc: int = 11, altitude: int = 0xC38) -> bytes:
    """An airborne position message, at 38,000 ft unless told otherwise."""
    me = tc << 51 | altitude << 36 | frame.odd << 34 | frame.lat << 17 | frame.lon
    return squitter(address, me)


def all_call(address: int, interrogator: int = 0, capability: int = 5) -> bytes:
    """An all-call reply, or the squitter of that form (interrogator 0)."""
    return with_parity(bytes([11 << 3 | capability]) + address.to_bytes(3, "big"), interrogator)


def reply(df: int, address: int, code: int, *, status: int = 0, register: bytes = b"") -> bytes:
    """A reply with 13 bits of altitude or identity, and a register where the format has one."""
    return with_parity(bytes([df << 3 | status, 0]) + code.to_bytes(2, "big") + register, address)


def altitude_code(feet: int) -> int:
    """The 13-bit code of an altitude, in steps of 25 ft."""
    steps = (feet + 1000) // 25
    return (steps & 0x7E0) << 2 | (steps & 0x10) << 1 | 0x10 | steps & 0xF


def beast(message: bytes, *, clock: int = 0, level: int = 100) -> bytes:
    """A Beast frame."""
    body = clock.to_bytes(6, "big") + bytes([level]) + message
    return b"\x1a" + (b"3" if len(message) == 14 else b"2") + body.replace(b"\x1a", b"\x1a\x1a")
