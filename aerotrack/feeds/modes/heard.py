"""What the frames of one aircraft said so far, as far as later frames need it to be understood."""

from typing import Any, Final

import msgspec

from aerotrack.domain.observation import CprFrame

# An address that stands only in a parity field is believed this long after it was last seen in an
# all-call or a squitter. An aircraft sends its all-call squitter every second, so five minutes is
# many missed in a row; noise hits one of a few hundred addresses once in 50,000 tries.
BELIEVED_FOR_S: Final = 300.0
# Nothing heard for this long: what was known no longer helps to understand anything.
FORGOTTEN_AFTER_S: Final = 600.0
# What a frame says beside its news (status, integrity, nothing but that it is there) is told this
# often while it stays the same; it comes with every one of ten frames a second.
TOLD_EVERY_S: Final = 1.0
# Signal levels of an aircraft are averaged over so many frames (readsb: 8).
LEVELS: Final = 8


class Heard(msgspec.Struct, gc=False):
    """One address. Times are those of the frames, seconds; -inf where it never was.

    ``certain`` is when an all-call or squitter named it; ``alt_baro``, ``gs``, ``track``,
    ``callsign`` and ``climb`` (ft/min) are the last of its squitters (``alt_baro`` of any reply);
    ``cpr`` is the last encoded position; ``placed_at`` when it was looked at how far away it is;
    ``status`` and ``quality`` are what replies and position messages last said beside their news;
    ``registers`` are the Comm-B registers its data link report says it has; ``heading`` is
    magnetic, ``declination`` that where it was last placed; ``alt_sure`` is how sure its altitude
    is, ``alt_refused`` how many were not believed since somebody looked; ``wind_east`` and
    ``wind_north`` (kt) are the mean of the last ``winds`` found.
    """

    icao24: str
    certain: float = float("-inf")
    last: float = float("-inf")
    observed: float = float("-inf")
    alt_baro: int = 0
    alt_at: float = float("-inf")
    alt_sure: int = 0
    alt_refused: int = 0
    climb: int = 0
    climb_at: float = float("-inf")
    gs: float = 0.0
    track: float = 0.0
    velocity_at: float = float("-inf")
    callsign: str | None = None
    callsign_at: float = float("-inf")
    version: int = 0
    nic_a: int = 0
    nic_c: int = 0
    true_north: bool = False
    mach: float = 0.0
    mach_at: float = float("-inf")
    tas: int = 0
    tas_at: float = float("-inf")
    heading: float = 0.0
    heading_at: float = float("-inf")
    roll: float = 0.0
    roll_at: float = float("-inf")
    declination: float | None = None
    wind_east: float = 0.0
    wind_north: float = 0.0
    winds: int = 0
    wind_at: float = float("-inf")
    registers: frozenset[str] = frozenset()
    candidate: tuple[str, float, dict[str, Any]] | None = None
    status: int = -1
    status_at: float = float("-inf")
    quality: tuple[int, int, int] | None = None
    quality_at: float = float("-inf")
    cpr: CprFrame | None = None
    cpr_at: float = float("-inf")
    place: tuple[float, float] | None = None
    place_at: float = float("-inf")
    placed_at: float = float("-inf")
    power: float = 0.0
    powers: int = 0
    rssi_at: float = float("-inf")
