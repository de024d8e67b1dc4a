"""How far the sources of a field are to be believed against one another."""

from typing import Final

# Rank by source, higher is better; readsb's order (track.h): what an aircraft says of itself over
# what is relayed, relayed over multilaterated, that over what another program made of it.
RANKS: Final[dict[str, int]] = {
    "unknown": 0,
    "mode_ac": 1,
    "other": 2,
    "mlat": 3,
    "mode_s": 4,
    "hfdl": 5,
    "adsc": 5,
    "tisb_other": 6,
    "tisb_trackfile": 6,
    "tisb_icao": 6,
    "adsr_other": 7,
    "adsr_icao": 7,
    "adsb_other": 8,
    "adsb_icao_nt": 8,
    "adsb_icao": 8,
    "sim": 8,
}

# A worse source may overwrite a field only when it has not been refreshed for this long (readsb's
# TRACK_STALE, 15 s): one miss of the better source must not make a value flicker.
TRUSTED_FOR_S: Final = 15.0
