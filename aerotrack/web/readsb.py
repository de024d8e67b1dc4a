"""The live picture as readsb writes it: every display and script that reads a receiver works.

Names come from the vocabulary, where each of our terms says what readsb calls it. What we do not
know stays away: ``messages`` of a single aircraft is not counted here.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import msgspec
import orjson

from aerotrack.domain.vocabulary import TERMS
from aerotrack.web.documents import ReceiverDocument

# Ours: readsb's, where the value is the same. Terms that need more are in ``aircraft``.
NAMES: Final[dict[str, str]] = {
    name: term.readsb for name, term in TERMS.items() if term.readsb.isidentifier()
}
# readsb's ``type`` values; a source of ours that is none of them is ``other``.
TYPES: Final = frozenset(
    {
        "adsb_icao", "adsb_icao_nt", "adsr_icao", "tisb_icao", "adsc", "mlat", "other", "mode_s",
        "adsb_other", "adsr_other", "tisb_other", "tisb_trackfile", "mode_ac", "unknown",
    }
)  # fmt: skip
# Positions of this list came by multilateration or TIS-B, in readsb's own words.
_POSITION_FIELDS: Final = ["lat", "lon"]
PictureSource = Callable[[], Awaitable[tuple[float, Sequence[bytes]]]]
CALLSIGN_WIDTH: Final = 8
# readsb writes its file once a second; more often nobody looks, so all askers share one answer.
REFRESH_SECONDS: Final = 1.0
# Entries turned into readsb's words between two turns of the event loop: about two milliseconds.
SLICE: Final = 200


def aircraft(entry: dict[str, Any], now: float) -> dict[str, Any]:
    """One aircraft of ``aircraft.json`` from an entry of the live picture, at ``now`` (epoch s)."""
    out: dict[str, Any] = {
        theirs: entry[ours] for ours, theirs in NAMES.items() if entry.get(ours) is not None
    }
    source = entry.get("source", "unknown")
    out["type"] = source if source in TYPES else "other"
    if "flight" in out:
        out["flight"] = out["flight"].ljust(CALLSIGN_WIDTH)
    if entry.get("on_ground"):
        out["alt_baro"] = "ground"
    for flag in ("spi", "alert"):
        if flag in out:
            out[flag] = int(out[flag])
    if out.get("dbFlags") == 0:
        del out["dbFlags"]
    out["mlat"] = _POSITION_FIELDS if source == "mlat" else []
    out["tisb"] = _POSITION_FIELDS if source.startswith("tisb") else []
    last_contact, time_position = entry.get("last_contact"), entry.get("time_position")
    if last_contact is not None:
        out["seen"] = max(0.0, round(now - last_contact, 1))
    if time_position is not None and "lat" in out:
        out["seen_pos"] = max(0.0, round(now - time_position, 3))
    return out


def receiver_document(server: str, position: tuple[float, float] | None) -> ReceiverDocument:
    """``receiver.json``; ``position`` in degrees, as it is shown.

    No flag in it makes a display ask for more than ``aircraft.json``.
    """
    lat, lon = position or (None, None)
    return ReceiverDocument(
        version=server,
        refresh=int(REFRESH_SECONDS * 1000),
        history=0,
        readsb=True,
        lat=lat,
        lon=lon,
    )


class AircraftFile:
    """``aircraft.json``, made at most once in :data:`REFRESH_SECONDS` whoever asks.

    ``now`` in it always goes up, as displays expect.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._lock = asyncio.Lock()
        self._made_at: float | None = None
        self._text = b""
        self._now = 0.0

    async def text(self, picture: PictureSource, messages: Callable[[], int]) -> bytes:
        """The document. ``picture()`` gives time and entries, ``messages()`` the total so far."""
        async with self._lock:
            made_at = self._made_at
            if made_at is None or self._monotonic() - made_at >= REFRESH_SECONDS:
                now, entries = await picture()
                self._now = max(now, self._now + 0.001)
                self._text = await document(entries, self._now, messages())
                self._made_at = self._monotonic()
            return self._text


async def document(entries: Sequence[bytes], now: float, messages: int) -> bytes:
    """The whole file from the live picture's entries, yielding to the event loop between slices."""
    parts: list[bytes] = []
    for start in range(0, len(entries), SLICE):
        made = [aircraft(orjson.loads(entry), now) for entry in entries[start : start + SLICE]]
        parts.append(orjson.dumps(made)[1:-1])
        await asyncio.sleep(0)
    head = msgspec.json.encode({"now": round(now, 3), "messages": messages})[:-1]
    return b'%b,"aircraft":[%b]}' % (head, b",".join(parts))
