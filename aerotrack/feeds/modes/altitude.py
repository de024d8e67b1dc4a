"""Which altitudes are believed: a jump must be one that an aircraft can climb (readsb's rules)."""

from typing import Final

from aerotrack.feeds.modes.heard import Heard

# Differences up to this are not looked at: another source of the altitude, a step of its coding.
SMALL_FT: Final = 300
# So fast anything climbs or falls, feet a minute, where nothing is known of it; with a rate said
# just now it is that give or take 1,500, which loosens by 500 a second.
FASTEST_FPM: Final = 12_500.0
SPARE_FPM: Final = 1_500.0
LOOSENS_FPM_S: Final = 500.0
# Altitudes and rates older than this are no measure any more.
KNOWN_FOR_S: Final = 60.0
# Times are good to this.
SLACK_S: Final = 1.0
# Each that fits makes it surer, a squitter (whose parity is its own) by two, a reply by one; each
# that does not less sure by as much. At zero the new one is right and what was known is not.
SUREST: Final = 20
SQUITTER: Final = 2
REPLY: Final = 1


def take_altitude(heard: Heard, altitude: int, ts: float, weight: int) -> bool:
    """Note a barometric altitude, feet; whether it is believed."""
    age = max(0.0, ts - heard.alt_at)
    if age > KNOWN_FOR_S:
        heard.alt_sure = 0
    else:
        difference = altitude - heard.alt_baro
        if abs(difference) > SMALL_FT and not _climbs(heard, difference, age, ts):
            heard.alt_sure -= weight
            if heard.alt_sure > 0:
                heard.alt_refused += 1
                return False
            heard.alt_sure = 0
    heard.alt_sure = min(heard.alt_sure + weight, SUREST)
    heard.alt_baro, heard.alt_at = altitude, max(ts, heard.alt_at)
    return True


def _climbs(heard: Heard, difference: int, age: float, ts: float) -> bool:
    rate = difference * 60.0 / (age + SLACK_S)
    since = ts - heard.climb_at
    if since > KNOWN_FOR_S:
        return abs(rate) <= FASTEST_FPM
    off = min(SPARE_FPM + LOOSENS_FPM_S * max(0.0, since), FASTEST_FPM)
    return abs(rate - heard.climb) <= off
