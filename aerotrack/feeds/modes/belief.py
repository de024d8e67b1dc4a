"""Which frames are believed, and whose they are.

An extended squitter whose parity leaves nothing; an all-call reply whose parity leaves an
interrogator's code; any other reply whose parity leaves an address that was seen in one of those
within :data:`aerotrack.feeds.modes.heard.BELIEVED_FOR_S`.
"""

from typing import Any, Final, NamedTuple

from aerotrack.feeds.modes.airspace import NON_ICAO, Airspace
from aerotrack.feeds.modes.heard import BELIEVED_FOR_S, Heard
from aerotrack.feeds.modes.parity import remainder_long, remainder_short
from aerotrack.feeds.modes.squitter import ASKED

SHORT_BYTES: Final = 7
LONG_BYTES: Final = 14
SQUITTERS: Final = frozenset({17, 18})
ALL_CALL: Final = 11
# Formats whose parity carries the address: 0 and 16 (air to air), 4, 5, 20 and 21 (to a radar).
_SHORT_REPLIES: Final = frozenset({0, 4, 5})
_LONG_REPLIES: Final = frozenset({16, 20, 21})
# An all-call reply's parity leaves the interrogator's code, seven bits.
INTERROGATOR_CODES: Final = 0x80
# Register 1,0 (data link capability) is asked for often and says nothing of use to us.
_DATA_LINK: Final = 0x10
_NEVER: Final = float("-inf")

# Sources by the control field of DF18, as an ICAO address and as another (DO-260B, 2.2.3.2.1.4).
_DF18_SOURCES: Final = {
    0: ("adsb_icao_nt", "adsb_icao_nt"),
    1: ("adsb_other", "adsb_other"),
    2: ("tisb_icao", "tisb_trackfile"),
    5: ("tisb_other", "tisb_other"),
    6: ("adsr_icao", "adsr_other"),
}
_OTHER_ADDRESS: Final = frozenset({1, 5})
# Where in the message field a relayed message says that its address is none of ICAO's (IMF), by
# type code: counted from the right.
_IMF: Final = {
    **dict.fromkeys(range(5, 9), 35),
    **dict.fromkeys((*range(9, 19), 20, 21, 22), 48),
    19: 47,
    28: 0,
    29: 5,
    31: 0,
}


class Belief(NamedTuple):
    """Whose frame it is, what kind of source that is, and whether rs1090 is to be asked."""

    heard: Heard
    source: Any  # one of the vocabulary's
    asks: bool


def believe(message: bytes, ts: float, airspace: Airspace) -> Belief | str | None:
    """Whose ``message`` is; the reason it is refused for; or ``None`` where it is of no use to us.

    Refused are ``bad_parity``, ``bad_length`` and ``unknown_address``. Of no use are the formats
    without aircraft data, and the first all-call reply to an interrogator: with a code of seven
    free bits noise passes 128 times as often, so it makes an address known, but is nobody's first
    sign of life.
    """
    df = message[0] >> 3
    if df in SQUITTERS:
        if len(message) != LONG_BYTES or remainder_long(message):
            return "bad_parity"
        return _squitter(message, df, ts, airspace)
    if df == ALL_CALL:
        left = remainder_short(message) if len(message) == SHORT_BYTES else INTERROGATOR_CODES
        if left >= INTERROGATOR_CODES:
            return "bad_parity"
        heard = airspace.aircraft(message[1] << 16 | message[2] << 8 | message[3])
        heard.certain = heard.last = ts
        return None if left and heard.observed == _NEVER else Belief(heard, "mode_s", False)
    if df in _SHORT_REPLIES:
        if len(message) != SHORT_BYTES:
            return "bad_length"
        known = airspace.heard.get(remainder_short(message))
        asks = False
    elif df in _LONG_REPLIES:
        if len(message) != LONG_BYTES:
            return "bad_length"
        known = airspace.heard.get(remainder_long(message))
        asks = df >= 20 and message[4] != _DATA_LINK and any(message[4:11])
    else:
        return None
    if known is None or abs(ts - known.certain) > BELIEVED_FOR_S:
        return "unknown_address"
    known.last = ts
    return Belief(known, "mode_s", asks)


def _squitter(message: bytes, df: int, ts: float, airspace: Airspace) -> Belief | None:
    tc = message[4] >> 3
    address = message[1] << 16 | message[2] << 8 | message[3]
    source = "adsb_icao"
    if df != 17:
        control = message[0] & 7
        sources = _DF18_SOURCES.get(control)
        if sources is None:  # coarse TIS-B, its management, reserved
            return None
        foreign = control in _OTHER_ADDRESS
        if control and not foreign and (place := _IMF.get(tc)) is not None:
            foreign = bool(int.from_bytes(message[4:11], "big") >> place & 1)
        source = sources[foreign]
        if foreign:
            address |= NON_ICAO
    heard = airspace.aircraft(address)
    heard.certain = heard.last = ts
    return Belief(heard, source, tc in ASKED)
