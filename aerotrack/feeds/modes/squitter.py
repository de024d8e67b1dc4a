"""Extended squitters: what each type of ADS-B message says, in our vocabulary.

Position and velocity are plain bit fields, and most of what is heard, so they are read here (a
tenth of what the library takes); identification, surface movement, emergency, target state and
operational status come from rs1090's decoding. Bits are numbered as in DO-260B, appendix A, where
``me`` is the 56-bit message field.
"""

from collections.abc import Callable, Mapping
from math import atan2, degrees, sqrt
from typing import Any, Final

from aerotrack.domain.observation import CprFrame
from aerotrack.domain.types import Value
from aerotrack.domain.vocabulary import CHECKS
from aerotrack.feeds.modes.altitude import SQUITTER, take_altitude
from aerotrack.feeds.modes.codes import ALTITUDE_12
from aerotrack.feeds.modes.heard import TOLD_EVERY_S, Heard

Fields = dict[str, Value]
# What rs1090 made of a message, empty where it was not asked.
Decoded = Mapping[str, Any]

SURFACE: Final = range(5, 9)
AIRBORNE: Final = range(9, 19)
GNSS: Final = range(20, 23)
VELOCITY: Final = 19
POSITIONS: Final = frozenset({*SURFACE, *AIRBORNE, *GNSS})
# The types rs1090 is asked about.
ASKED: Final = frozenset({1, 2, 3, 4, *SURFACE, 28, 29, 31})

# A geometric altitude is the barometric one and the difference a velocity message tells; one older
# than this may be another altitude by now (a jet climbs 100 ft in two seconds).
DIFFERENCE_FOR_S: Final = 2.0
_EMERGENCIES: Final = {
    "none": "none",
    "general": "general",
    "medical": "lifeguard",
    "minimum_fuel": "minfuel",
    "no_communication": "nordo",
    "unlawful_interference": "unlawful",
    "downed_aircraft": "downed",
    "reserved": "reserved",
}
_MODES: Final = (
    ("autopilot", "autopilot"),
    ("vnav_mode", "vnav"),
    ("alt_hold", "althold"),
    ("approach_mode", "approach"),
    ("lnav_mode", "lnav"),
    ("tcas_operational", "tcas"),
)
_check_callsign = CHECKS["callsign"]
_check_qnh = CHECKS["nav_qnh"]

# Integrity by type code: category and radius of containment (m) where nothing else decides.
_INTEGRITY: Final[dict[int, tuple[int, int | None]]] = {
    5: (11, 8), 6: (10, 25), 7: (8, 186), 8: (0, None),
    9: (11, 8), 10: (10, 25), 11: (8, 186), 12: (7, 371), 13: (6, 926), 14: (5, 1852),
    15: (4, 3704), 16: (2, 14816), 17: (1, 37040), 18: (0, None),
    20: (11, 8), 21: (10, 25), 22: (0, None),
}  # fmt: skip
# Where supplements decide: (type code, version, A, other) with B in the air and C on the ground.
_BY_SUPPLEMENT: Final[dict[tuple[int, int, int, int], tuple[int, int | None]]] = {
    (7, 2, 1, 0): (9, 75), (7, 1, 1, 0): (9, 75),
    (8, 2, 1, 1): (7, 371), (8, 2, 1, 0): (6, 556), (8, 2, 0, 1): (6, 1112),
    (11, 2, 1, 1): (9, 75), (11, 1, 1, 0): (9, 75),
    (13, 2, 0, 1): (6, 556), (13, 2, 1, 1): (6, 1112), (13, 1, 1, 0): (6, 1112),
    (16, 2, 1, 1): (3, 7408), (16, 1, 1, 0): (3, 7408), (16, 0, 0, 0): (2, 18520),
}  # fmt: skip


def _integrity(tc: int, heard: Heard, other: int, fields: Fields) -> None:
    version = heard.version
    if version < 2:
        other = 0
    found = _BY_SUPPLEMENT.get((tc, version, heard.nic_a if version else 0, other))
    nic, rc = found or _INTEGRITY[tc]
    fields["nic"] = nic
    if rc is not None:
        fields["rc"] = rc


def airborne_position(me: int, decoded: Decoded, heard: Heard, ts: float) -> Fields:  # noqa: ARG001
    """Types 9 to 18 and 20 to 22, and 0, which has an altitude only."""
    tc = me >> 51
    fields: Fields = {}
    altitude = ALTITUDE_12[me >> 36 & 0xFFF]
    if altitude is not None:
        if tc < 20:
            if take_altitude(heard, altitude, ts, SQUITTER):
                fields["alt_baro"] = altitude
        else:
            fields["alt_geom"] = altitude
    status, nic_b = me >> 49 & 3, me >> 48 & 1
    quality = (tc, status, nic_b)
    again = quality == heard.quality and 0.0 <= ts - heard.quality_at < TOLD_EVERY_S
    if tc and not again:
        heard.quality, heard.quality_at = quality, ts
        fields["alert"] = status in (1, 2)
        fields["spi"] = status == 3
        fields["on_ground"] = False
        _integrity(tc, heard, nic_b, fields)
    return fields


def surface_position(me: int, decoded: Decoded, heard: Heard, ts: float) -> Fields:  # noqa: ARG001
    """Types 5 to 8."""
    fields: Fields = {"on_ground": True}
    if (speed := decoded.get("groundspeed")) is not None:
        fields["gs"] = speed
    if (track := decoded.get("track")) is not None:
        fields["track"] = track
    _integrity(me >> 51, heard, heard.nic_c, fields)
    return fields


def cpr_of(me: int) -> CprFrame:
    """The encoded position of types 5 to 18 and 20 to 22."""
    return CprFrame(me >> 17 & 0x1FFFF, me & 0x1FFFF, bool(me >> 34 & 1), me >> 51 < 9)


def velocity(me: int, decoded: Decoded, heard: Heard, ts: float) -> Fields:  # noqa: ARG001
    """Type 19: speed over ground (subtypes 1 and 2) or through the air (3 and 4), and rates.

    rs1090 0.7 forgets the factor four of subtype 2, and calls geometric rates barometric.
    """
    fields: Fields = {}
    subtype = me >> 48 & 7
    if not 1 <= subtype <= 4:
        return fields
    unit = 4 if subtype in (2, 4) else 1
    fields["nac_v"] = me >> 43 & 7
    if subtype <= 2:
        east, north = me >> 32 & 0x3FF, me >> 21 & 0x3FF
        if east and north:
            x = (1 - east if me >> 42 & 1 else east - 1) * unit
            y = (1 - north if me >> 31 & 1 else north - 1) * unit
            fields["gs"] = heard.gs = sqrt(x * x + y * y)
            heard.velocity_at = ts
            if x or y:
                fields["track"] = heard.track = degrees(atan2(x, y)) % 360.0
    else:
        if me >> 42 & 1:
            heading = (me >> 32 & 0x3FF) * 360 / 1024
            fields["true_heading" if heard.true_north else "mag_heading"] = heading
        if speed := me >> 21 & 0x3FF:
            fields["tas" if me >> 31 & 1 else "ias"] = (speed - 1) * unit
    if rate := me >> 10 & 0x1FF:
        climb = (rate - 1) * 64
        heard.climb, heard.climb_at = -climb if me >> 19 & 1 else climb, ts
        fields["baro_rate" if me >> 20 & 1 else "geom_rate"] = heard.climb
    if (difference := me & 0x7F) and ts - heard.alt_at <= DIFFERENCE_FOR_S:
        above = (difference - 1) * 25
        fields["alt_geom"] = heard.alt_baro + (-above if me >> 7 & 1 else above)
    return fields


def identification(me: int, decoded: Decoded, heard: Heard, ts: float) -> Fields:
    """Types 1 to 4: callsign and category (type 4 is set A, type 1 set D)."""
    fields: Fields = {"category": "DCBA"[(me >> 51) - 1] + str(me >> 48 & 7)}
    if callsign := _check_callsign(str(decoded.get("callsign", "")).strip()):
        fields["callsign"] = callsign
        heard.callsign, heard.callsign_at = str(callsign), ts
    return fields


def emergency(me: int, decoded: Decoded, heard: Heard, ts: float) -> Fields:  # noqa: ARG001
    """Type 28, subtype 1; subtype 2 is a resolution advisory, which we do not show."""
    if me >> 48 & 7 != 1:
        return {}
    fields: Fields = {"emergency": _EMERGENCIES.get(decoded.get("emergency_state", ""))}
    if me >> 32 & 0x1FFF:  # all zero is not 0000 but none told
        fields["squawk"] = decoded.get("squawk")
    return fields


def target_state(me: int, decoded: Decoded, heard: Heard, ts: float) -> Fields:  # noqa: ARG001
    """Type 29, subtype 1 (version 2). The one of version 1 is another message, and rare."""
    if me >> 49 & 3 != 1:
        return {}
    fields: Fields = {"nac_p": decoded.get("NACp"), "nic_baro": int(bool(decoded.get("nic_baro")))}
    fields["sil"] = me >> 10 & 3
    fields["sil_type"] = "persample" if me >> 48 & 1 else "perhour"
    if me >> 36 & 0x7FF:
        fms = me >> 47 & 1
        name = "nav_altitude_fms" if fms else "nav_altitude_mcp"
        fields[name] = decoded.get("selected_altitude")
    if me >> 27 & 0x1FF and (qnh := _check_qnh(decoded.get("barometric_setting"))):
        fields["nav_qnh"] = qnh
    if (heading := decoded.get("selected_heading")) is not None:
        fields["nav_heading"] = heading
    if me >> 9 & 1:
        fields["nav_modes"] = tuple(mode for key, mode in _MODES if decoded.get(key))
    return fields


def operational_status(me: int, decoded: Decoded, heard: Heard, ts: float) -> Fields:  # noqa: ARG001
    """Type 31: version, and how good the aircraft says its data is."""
    surface = me >> 48 & 7
    version = decoded.get("version")
    if surface > 1 or not isinstance(version, int) or version > 2:
        return {}
    heard.version = version
    fields: Fields = {"version": version}
    if version == 0:
        return fields
    heard.nic_a = me >> 12 & 1
    heard.true_north = not me >> 2 & 1
    fields["nac_p"] = decoded.get("NACp")
    fields["sil"] = decoded.get("SIL")
    fields["sil_type"] = "unknown"
    if surface:
        heard.nic_c = me >> 36 & 1
    else:
        fields["nic_baro"] = decoded.get("BAI")
    if version == 2:
        fields["sil_type"] = "persample" if me >> 1 & 1 else "perhour"
        fields["sda"] = me >> 24 & 3
        if not surface:
            fields["gva"] = decoded.get("GVA")
    return fields


Reader = Callable[[int, Decoded, Heard, float], Fields]
# The reader of each type code.
READERS: Final[dict[int, Reader]] = {
    **dict.fromkeys(range(1, 5), identification),
    **dict.fromkeys(SURFACE, surface_position),
    **dict.fromkeys((0, *AIRBORNE, *GNSS), airborne_position),
    VELOCITY: velocity,
    28: emergency,
    29: target_state,
    31: operational_status,
}
