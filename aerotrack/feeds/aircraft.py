"""One aircraft object, as readsb and the dump1090 family write them into ``aircraft.json``.

Read are the names of readsb and dump1090-fa and the old ones of dump1090-mutability (``altitude``,
``speed``, ``vert_rate``); which is ours for each stands in the vocabulary. Not read: ``nucp``
(another scale than ``nic``), ``calc_track`` (computed, not reported), ``lastPosition`` and
``rr_lat``/``rr_lon`` (old or rough), ``r_dst``/``r_dir`` (theirs to their antenna).
"""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from aerotrack.domain.observation import REPORTED_FIELDS, Observation
from aerotrack.domain.position import implausible
from aerotrack.domain.vocabulary import CHECKS, TERMS

# How long ago (seconds) something was heard at most; beyond a day the age is nonsense.
AGE_LIMIT_S: Final = 86_400.0

# Their names of the fields whose values are taken as they are.
_SPECIAL: Final = frozenset({"lat", "lon", "on_ground", "callsign", "alt_baro", "spi", "alert"})
_PLAIN: Final = {
    TERMS[name].readsb: (name, CHECKS[name])
    for name in REPORTED_FIELDS
    if name not in _SPECIAL and TERMS[name].readsb
}
_OLD_NAMES: Final = {"altitude": "alt_baro", "speed": "gs", "vert_rate": "baro_rate"}
_FLAGS: Final = {0: False, 1: True}
_icao24 = re.compile(r"~?[0-9A-Fa-f]{6}").fullmatch


def number(value: object) -> float | None:
    """``value`` where it is a number and no NaN."""
    if type(value) is not float and type(value) is not int:
        return None
    return value if value == value else None  # noqa: PLR0124  # NaN alone differs from itself


def age(value: object) -> float:
    """Seconds since something was heard; 0 where ``value`` does not say."""
    seconds = number(value)
    return 0.0 if seconds is None or not 0.0 <= seconds <= AGE_LIMIT_S else float(seconds)


def _lists(entry: Mapping[str, Any], key: str, name: str) -> bool:
    """Whether the list of fields that came by ``key`` (mlat, tisb) has ``name``."""
    names = entry.get(key)
    return isinstance(names, list) and name in names


def source_of(entry: Mapping[str, Any], icao24: str, dropped: Counter[str]) -> str:
    """Where the position comes from.

    ``type`` says it. The dump1090 family, known by its ``mlat`` and ``tisb`` lists, leaves it out:
    a position in neither list is then decoded from ADS-B, and without one it is Mode S. Others say
    nothing about it and are ``other``.
    """
    kind = entry.get("type")
    if kind is not None:
        if CHECKS["source"](kind) is not None:
            return str(kind)
        dropped["bad_source"] += 1
        return "unknown"
    if _lists(entry, "mlat", "lat"):
        return "mlat"
    tilde = icao24[0] == "~"
    if _lists(entry, "tisb", "lat"):
        return "tisb_other" if tilde else "tisb_icao"
    if tilde or "mlat" not in entry:
        return "other"
    return "mode_s" if entry.get("lat") is None else "adsb_icao"


def _altitude(value: object, values: dict[str, object], dropped: Counter[str]) -> None:
    """``alt_baro`` is a number in the air and the word ground on it."""
    if value == "ground":
        values["on_ground"] = True
        return
    altitude = CHECKS["alt_baro"](value)
    if altitude is None:
        dropped["bad_alt_baro"] += 1
    else:
        values["alt_baro"] = altitude
        values["on_ground"] = False


def _position(entry: Mapping[str, Any], values: dict[str, object], dropped: Counter[str]) -> None:
    lat, lon = entry.get("lat"), entry.get("lon")
    if lat is None and lon is None:
        return
    y, x = number(lat), number(lon)
    if y is None or x is None or implausible(y, x):
        dropped["bad_position"] += 1
    else:
        values["lat"], values["lon"] = float(y), float(x)


def parse_aircraft(
    entry: object,
    *,
    now: float,
    feed: str,
    receiver: str | None = None,
    dropped: Counter[str],
) -> Observation | str:
    """What ``entry`` says, or the reason it is refused for. Never raises.

    ``now`` is the time (epoch seconds) its ages count back from. ``not_an_object`` and
    ``bad_icao24`` refuse it; any other value that cannot be one is left out and counted in
    ``dropped`` as ``bad_`` and its name. ``null`` says nothing.
    """
    if not isinstance(entry, dict):
        return "not_an_object"
    address = entry.get("hex")
    if not isinstance(address, str) or not _icao24(address := address.strip()):
        return "bad_icao24"
    values: dict[str, object] = {}
    for key, value in entry.items():
        if value is None:
            continue
        if (plain := _PLAIN.get(key)) is not None:
            name, check = plain
            checked = check(value)
            if checked is None:
                dropped[f"bad_{name}"] += 1
            else:
                values[name] = checked
        elif key == "alt_baro":
            _altitude(value, values, dropped)
        elif key == "flight":
            callsign = CHECKS["callsign"](value.strip()) if isinstance(value, str) else None
            if callsign is not None:
                values["callsign"] = callsign
            elif not isinstance(value, str) or value.strip():
                dropped["bad_callsign"] += 1
        elif key in ("alert", "spi"):
            flag = _FLAGS.get(value) if isinstance(value, int) else None
            if flag is None:
                dropped[f"bad_{key}"] += 1
            else:
                values[key] = flag
    for old, name in _OLD_NAMES.items():
        value = entry.get(old)
        if value is None or entry.get(name) is not None:
            continue
        if old == "altitude":
            _altitude(value, values, dropped)
        elif (checked := CHECKS[name](value)) is None:
            dropped[f"bad_{name}"] += 1
        else:
            values[name] = checked
    _position(entry, values, dropped)
    seen, seen_pos = age(entry.get("seen")), age(entry.get("seen_pos"))
    if "lat" in values and entry.get("seen_pos") is not None:
        # A position is a contact too; `seen` has one decimal, `seen_pos` three.
        seen = min(seen, seen_pos)
        if seen_pos > seen:
            values["time_position"] = max(0.0, now - seen_pos)
    icao24 = address.lower()
    return Observation(
        icao24=icao24,
        ts=max(0.0, now - seen),
        source=source_of(entry, icao24, dropped),  # type: ignore[arg-type]  # checked there
        feed=feed,
        receiver=receiver,
        **values,  # type: ignore[arg-type]  # checked by the vocabulary above
    )
