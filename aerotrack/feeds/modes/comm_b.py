"""Comm-B replies: which register a reply holds is not said in it, so it is inferred, or it is not.

rs1090 says which registers the 56 bits could be. A reply is taken only where they can be one only
and its values agree with what the aircraft says elsewhere: speed and track of its squitters, or the
altitude that Mach number and indicated airspeed must fit, or else the reply before. A wrong value
is worse than none; what is refused here comes again with the next sweep of the radar.
"""

from collections.abc import Mapping
from math import exp, sqrt
from typing import Any, Final

from aerotrack.domain.vocabulary import CHECKS
from aerotrack.feeds.modes.heard import Heard
from aerotrack.feeds.modes.squitter import Fields
from aerotrack.feeds.modes.wind import wind

# Of no use to us, and possible beside nearly everything else: registration, capability of GICB.
_IGNORED: Final = frozenset({"bds18", "bds19", "bds21"})
# How long the squitters' speed and track can be compared with; the same for the reply before.
COMPARED_FOR_S: Final = 5.0
CANDIDATE_FOR_S: Final = 15.0
ALTITUDE_FOR_S: Final = 30.0
# Differences of two sources in one aircraft: instruments smooth, and a turn makes 3 degrees a
# second; a register read as another is off by far more.
SPEED_KT: Final = 30.0
TRACK_DEG: Final = 20.0
# Drift by wind (up to 30 degrees in the air) and declination (as much below 70 degrees north).
DRIFT_DEG: Final = 70.0
# Errors of the static ports and of rounding; real pairs agree within 0.02.
MACH: Final = 0.05
# A callsign in a squitter within this time says more than one inferred here.
CALLSIGN_FOR_S: Final = 60.0
# Air temperature follows from Mach number and true airspeed; below this the resolution of the
# register (2 kt, 0.004) leaves it open by more than 3 degrees (the reference: 0.395).
LEAST_MACH: Final = 0.4
TEMPERATURE_FOR_S: Final = 10.0
# Weather differs from the standard atmosphere by less than this.
ISA_DEVIATION_C: Final = 35.0

SPEED_OF_SOUND_KT: Final = 661.4788
ISA_SEA_C: Final = 15.0
ISA_LAPSE_C_FT: Final = 0.0019812
TROPOPAUSE_FT: Final = 36_089.24
ZERO_C_K: Final = 273.15

_check_callsign = CHECKS["callsign"]


def isa_temperature_c(alt_ft: float) -> float:
    """Temperature of the standard atmosphere at a pressure altitude."""
    return ISA_SEA_C - ISA_LAPSE_C_FT * min(alt_ft, TROPOPAUSE_FT)


def mach_of(ias_kt: float, alt_ft: float) -> float:
    """Mach number at indicated airspeed and pressure altitude (isentropic flow, calibrated IAS)."""
    low = min(alt_ft, TROPOPAUSE_FT)
    pressure = (1.0 - 6.875586e-6 * low) ** 5.255880
    if alt_ft > TROPOPAUSE_FT:
        pressure *= exp(-(alt_ft - TROPOPAUSE_FT) / 20_805.8)
    impact = (1.0 + 0.2 * (ias_kt / SPEED_OF_SOUND_KT) ** 2) ** 3.5 - 1.0
    return sqrt(5.0 * ((impact / pressure + 1.0) ** (2.0 / 7.0) - 1.0))


def _apart(one: float, other: float) -> float:
    """How far two directions lie apart, 0 to 180 degrees."""
    return abs((one - other + 180.0) % 360.0 - 180.0)


def _near(a: float | None, b: float | None, within: float) -> bool:
    return a is None or b is None or abs(a - b) <= within


def _repeats(name: str, register: Mapping[str, Any], heard: Heard, ts: float) -> bool:
    """Whether the reply before said about the same; remembers this one."""
    before, heard.candidate = heard.candidate, (name, ts, dict(register))
    if before is None or before[0] != name or not 0.0 <= ts - before[1] <= CANDIDATE_FOR_S:
        return False
    was = before[2]
    for key in ("groundspeed", "TAS", "IAS"):
        if not _near(register.get(key), was.get(key), SPEED_KT):
            return False
    for key in ("track", "heading"):
        now, then = register.get(key), was.get(key)
        if now is not None and then is not None and _apart(now, then) > TRACK_DEG:
            return False
    return True


def _fits_50(register: Mapping[str, Any], heard: Heard, ts: float) -> bool:
    gs, track, tas = register.get("groundspeed"), register.get("track"), register.get("TAS")
    if gs is None or track is None or not _near(gs, tas, 250.0):
        return False
    if ts - heard.velocity_at <= COMPARED_FOR_S:
        near = _near(gs, heard.gs, SPEED_KT)
        return near and _apart(track, heard.track) <= TRACK_DEG
    return _repeats("bds50", register, heard, ts)


def _fits_60(register: Mapping[str, Any], heard: Heard, ts: float) -> bool:
    ias, mach, heading = register.get("IAS"), register.get("Mach"), register.get("heading")
    if ias is None or mach is None or heading is None:
        return False
    if ts - heard.velocity_at <= COMPARED_FOR_S and _apart(heading, heard.track) > DRIFT_DEG:
        return False
    if ts - heard.alt_at <= ALTITUDE_FOR_S:
        return _near(mach, mach_of(ias, heard.alt_baro), MACH)
    return _repeats("bds60", register, heard, ts)


def _some(register: Mapping[str, Any], *names: tuple[str, str]) -> Fields:
    return {ours: value for key, ours in names if (value := register.get(key)) is not None}


def _temperature(heard: Heard, ts: float) -> Fields:
    """Outside and total air temperature, where Mach number and true airspeed are of about now."""
    if ts - min(heard.mach_at, heard.tas_at) > TEMPERATURE_FOR_S or heard.mach < LEAST_MACH:
        return {}
    kelvin = (heard.tas / (SPEED_OF_SOUND_KT * heard.mach)) ** 2 * (ISA_SEA_C + ZERO_C_K)
    oat = kelvin - ZERO_C_K
    if ts - heard.alt_at > ALTITUDE_FOR_S or (
        abs(oat - isa_temperature_c(heard.alt_baro)) > ISA_DEVIATION_C
    ):
        return {}
    return {"oat": oat, "tat": kelvin * (1.0 + 0.2 * heard.mach**2) - ZERO_C_K}


def _identification(register: Mapping[str, Any], heard: Heard, ts: float) -> Fields:
    callsign = _check_callsign(str(register.get("callsign", "")).strip())
    if callsign is None:
        return {}
    if ts - heard.callsign_at <= CALLSIGN_FOR_S and callsign != heard.callsign:
        return {}
    return {"callsign": callsign}


def comm_b(decoded: Mapping[str, Any], heard: Heard, ts: float) -> Fields:
    """What the register in a reply says; nothing where it is not sure which one it is."""
    names = {name for name in decoded if name.startswith("bds")} - _IGNORED
    if names == {"bds50", "bds60"}:
        fits = {name for name in names if _FITS[name](decoded[name], heard, ts)}
        if len(fits) != 1 or ts - heard.velocity_at > COMPARED_FOR_S:
            return {}
        (name,) = fits
    elif len(names) == 1:
        (name,) = names
        if name in _FITS and not _FITS[name](decoded[name], heard, ts):
            return {}
    else:
        return {}
    register = decoded[name]
    if name == "bds20":
        return _identification(register, heard, ts)
    if name == "bds40":
        return _some(
            register,
            ("selected_mcp", "nav_altitude_mcp"),
            ("selected_fms", "nav_altitude_fms"),
            ("barometric_setting", "nav_qnh"),
        )
    if name == "bds50":
        if (tas := register.get("TAS")) is not None:
            heard.tas, heard.tas_at = tas, ts
        if (roll := register.get("roll")) is not None:
            heard.roll, heard.roll_at = roll, ts
        return (
            _temperature(heard, ts)
            | wind(heard, ts)
            | _some(
                register,
                ("roll", "roll"),
                ("track", "track"),
                ("groundspeed", "gs"),
                ("track_rate", "track_rate"),
                ("TAS", "tas"),
            )
        )
    if name == "bds60":
        heard.mach, heard.mach_at = register["Mach"], ts
        heard.heading, heard.heading_at = register["heading"], ts
        fields = _temperature(heard, ts) | wind(heard, ts)
        if heard.declination is not None:
            fields["true_heading"] = (heard.heading + heard.declination) % 360.0
        return fields | _some(
            register,
            ("heading", "mag_heading"),
            ("IAS", "ias"),
            ("Mach", "mach"),
            ("vrate_barometric", "baro_rate"),
            ("vrate_inertial", "geom_rate"),
        )
    if name == "bds17":
        heard.registers = frozenset(key for key, has in register.items() if has is True)
    elif name == "bds44" and "bds44" in heard.registers:
        # Weather of its own instruments: only where the aircraft says that it reports it.
        temperature = register.get("temperature")
        if temperature is not None and ts - heard.alt_at <= ALTITUDE_FOR_S:
            isa = isa_temperature_c(heard.alt_baro)
            if abs(temperature - isa) <= ISA_DEVIATION_C:
                return _some(
                    register,
                    ("temperature", "oat"),
                    ("wind_direction", "wd"),
                    ("wind_speed", "ws"),
                )
    return {}


_FITS: Final = {"bds50": _fits_50, "bds60": _fits_60}
