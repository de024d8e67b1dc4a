"""Mode S frames to observations: what they say, and who heard them.

Frames heard just now, by whomever, are recognised first and cost nothing more; what is believed of
the rest stands in :mod:`aerotrack.feeds.modes.belief`. Replies of 7 bytes, positions and velocities
are bit fields; the rest is asked of rs1090, one call a batch.
"""

from collections.abc import Sequence
from math import log10
from typing import Any, Final

import msgspec

from aerotrack.domain.cpr import resolve_airborne
from aerotrack.domain.geo import distance_nmi
from aerotrack.domain.observation import CprFrame, Observation, Site
from aerotrack.feeds.feed import FeedFigures
from aerotrack.feeds.modes.airspace import Airspace
from aerotrack.feeds.modes.altitude import REPLY, take_altitude
from aerotrack.feeds.modes.belief import ALL_CALL, SQUITTERS, Belief, believe
from aerotrack.feeds.modes.codes import ALTITUDE, SQUAWK
from aerotrack.feeds.modes.comm_b import comm_b
from aerotrack.feeds.modes.heard import LEVELS, TOLD_EVERY_S, Heard
from aerotrack.feeds.modes.rust import NOTHING, Decoded, ask
from aerotrack.feeds.modes.squitter import POSITIONS, READERS, Fields, cpr_of
from aerotrack.feeds.receivers import Receiver, Receivers

# Message of 7 or 14 bytes, the receiver's clock as it sent it, signal level (0 to 255, ``None``
# where the format has none), and the receiver's id where the stream tells it.
Frame = tuple[bytes, int, int | None, str | None]

# Clock values that are none (readsb.h): nothing, made by multilateration, from 978 MHz, not to be
# passed on.
NO_CLOCK: Final = 0
MLAT_CLOCK: Final = 0xFF004D4C4154
UAT_CLOCK: Final = 0xFF004D4C4155
NO_FORWARD_CLOCK: Final = 0xFF004D4C4160
MAGIC_CLOCKS: Final = frozenset({NO_CLOCK, MLAT_CLOCK, UAT_CLOCK, NO_FORWARD_CLOCK})
_ALTITUDE_REPLIES: Final = frozenset({0, 4, 16, 20})
_AIR_TO_AIR: Final = frozenset({0, 16})
# How far a receiver hears is looked at this often for each aircraft, by pairs this close together.
PLACED_EVERY_S: Final = 10.0
PAIRED_WITHIN_S: Final = 3.0
# Two such places agree within this, and this a second: twice the speed of the fastest airliners.
APART_NMI: Final = 0.5
# The level changes with every frame; told oftener it would make a change of every one of them.
RSSI_EVERY_S: Final = 5.0
# So that no signal reads -49.5 dBFS, the step of the receivers' converters (readsb).
RSSI_FLOOR: Final = 1.125e-5
_POWER: Final = tuple((level / 255) ** 2 for level in range(256))


class _Believed(msgspec.Struct, gc=False):
    """A frame on its way; ``decoded`` is ``None`` while rs1090 has to be asked."""

    message: bytes
    ts: float
    heard: Heard
    level: int | None
    receiver: Receiver
    source: Any
    decoded: Decoded | None


class ModesDecoder:
    """Frames of one connection to observations, counted in ``figures`` and for their receiver.

    ``peer`` is the receiver where the connection tells it, ``site`` where the feed's station
    stands. With ``mlat`` everything that comes is a result of multilateration.
    """

    def __init__(
        self,
        *,
        figures: FeedFigures,
        airspace: Airspace,
        receivers: Receivers,
        peer: str | None = None,
        site: Site | None = None,
        mlat: bool = False,
    ) -> None:
        self._figures = figures
        self._airspace = airspace
        self._receivers = receivers
        self._peer = peer
        self._site = site
        self._mlat = mlat
        self._own = receivers.of(figures.name, peer, site)

    def decode(self, frames: Sequence[Frame], times: Sequence[float]) -> list[Observation]:
        """What ``frames`` say, each at its time (epoch seconds). Never raises."""
        if not frames:
            return []
        figures = self._figures
        self._airspace.advance(times[-1])
        believed = self._believe(frames, times)
        self._ask([frame for frame in believed if frame.decoded is None])
        observations = [made for frame in believed if (made := self._observe(frame)) is not None]
        figures.received += len(frames)
        figures.accepted += len(observations)
        figures.ignored += len(believed) - len(observations)
        return observations

    def _believe(self, frames: Sequence[Frame], times: Sequence[float]) -> list[_Believed]:
        """Those frames that are whole, new and of an aircraft."""
        airspace, figures, own = self._airspace, self._figures, self._own
        believed = []
        for (message, ticks, level, station), ts in zip(frames, times, strict=True):
            receiver = own if station is None else self._station(station)
            receiver.messages += 1
            first = airspace.heard_already(message, ts)
            if first is not None:
                figures.ignored += 1
                if first is not receiver:
                    receiver.duplicates += 1
                continue
            belief = believe(message, ts, airspace)
            if type(belief) is not Belief:
                if belief is None:
                    figures.ignored += 1
                else:
                    figures.refuse(str(belief), message, ts)
                continue
            airspace.remember(message, ts, receiver)
            heard, source, asks = belief
            if self._mlat or ticks == MLAT_CLOCK:
                source = "mlat"
            decoded = airspace.decoded(message) if asks else NOTHING
            believed.append(_Believed(message, ts, heard, level, receiver, source, decoded))
        return believed

    def _ask(self, frames: Sequence[_Believed]) -> None:
        """Have rs1090 decode these."""
        for frame, answer in zip(frames, ask([f.message.hex() for f in frames]), strict=True):
            frame.decoded = answer
            self._airspace.keep_decoded(frame.message, answer)

    def _observe(self, frame: _Believed) -> Observation | None:
        """The observation a believed frame makes; ``None`` where it says nothing (again)."""
        message, ts, heard, receiver = frame.message, frame.ts, frame.heard, frame.receiver
        df = message[0] >> 3
        cpr: CprFrame | None = None
        contact_only = False
        if df in SQUITTERS:
            me = int.from_bytes(message[4:11], "big")
            tc = me >> 51
            reader = READERS.get(tc)
            fields = {} if reader is None else reader(me, frame.decoded or NOTHING, heard, ts)
            if tc in POSITIONS:
                cpr = cpr_of(me)
                receiver.positions += 1
                if abs(ts - heard.placed_at) >= PLACED_EVERY_S:
                    self._place(cpr, heard, receiver, ts)
            elif df == 17:
                _by_capability(message, fields)
        elif df == ALL_CALL:
            fields = {}
            contact_only = True
            _by_capability(message, fields)
        else:
            fields = _reply(message, df, frame.decoded or NOTHING, heard, ts)
        if heard.alt_refused:
            self._figures.dropped["bad_alt_baro"] += heard.alt_refused
            heard.alt_refused = 0
        receiver.heard(heard.icao24, ts)
        if (contact_only or not (fields or cpr)) and 0.0 <= ts - heard.observed < TOLD_EVERY_S:
            return None
        if frame.level is not None:
            _take_level(frame.level, heard, ts, fields)
        heard.observed = ts
        return Observation(
            icao24=heard.icao24,
            ts=ts,
            source=frame.source,
            feed=self._figures.name,
            receiver=receiver.receiver,
            cpr=cpr,
            site=receiver.site,
            near=receiver.around if cpr is not None and cpr.surface else None,
            **fields,  # type: ignore[arg-type]  # of the vocabulary, by their readers
        )

    def compare_clock(self, frame: Frame, now: float) -> None:
        """Compare the clock of a live frame that was read at ``now`` (epoch seconds) with ours."""
        receiver = self._own if frame[3] is None else self._station(frame[3])
        receiver.compare_clock(frame[1], now)

    def _place(self, cpr: CprFrame, heard: Heard, receiver: Receiver, ts: float) -> None:
        """See where the aircraft is, if this frame and the one before say so.

        The flight judges positions; this is to know how far the receiver hears, what part of the
        world it hears, and by how much a compass is off there.
        """
        before, at = heard.cpr, heard.cpr_at
        heard.cpr, heard.cpr_at = cpr, ts
        if before is None or before.odd is cpr.odd or before.surface or cpr.surface:
            return
        if not 0.0 <= ts - at <= PAIRED_WITHIN_S:
            return
        even, odd = (before, cpr) if cpr.odd else (cpr, before)
        place = resolve_airborne(even, odd, odd_newer=cpr.odd)
        if not isinstance(place, tuple):
            return
        receiver.placed(place[0], place[1], alt_ft=heard.alt_baro)
        was, then, heard.place, heard.place_at = heard.place, heard.place_at, place, ts
        if was is not None and distance_nmi(*was, *place) <= APART_NMI + APART_NMI * (ts - then):
            heard.placed_at = ts
            heard.declination = self._airspace.declination.at(*place, ts)

    def _station(self, station: str) -> Receiver:
        # One receiver behind the feed stands where the feed says; of several nobody knows.
        return self._receivers.of(self._figures.name, station, None)


def _take_level(level: int, heard: Heard, ts: float, fields: Fields) -> None:
    """Take in a signal level, and tell the mean of the last ones now and then."""
    heard.powers = count = min(heard.powers + 1, LEVELS)
    heard.power += (_POWER[level] - heard.power) / count
    if abs(ts - heard.rssi_at) >= RSSI_EVERY_S:
        heard.rssi_at = ts
        fields["rssi"] = 10.0 * log10(heard.power + RSSI_FLOOR)


def _by_capability(message: bytes, fields: Fields) -> None:
    """Capability 4 and 5 say whether it is on the ground; the others leave it open."""
    capability = message[0] & 7
    if capability == 5:
        fields["on_ground"] = False
    elif capability == 4:
        fields["on_ground"] = True


def _reply(message: bytes, df: int, decoded: Decoded, heard: Heard, ts: float) -> Fields:
    """What the fixed fields and the register of a reply say."""
    fields: Fields = {}
    code = (message[2] & 0x1F) << 8 | message[3]
    if df in _ALTITUDE_REPLIES:
        altitude = ALTITUDE[code]
        if altitude is not None and take_altitude(heard, altitude, ts, REPLY):
            fields["alt_baro"] = altitude
    else:
        fields["squawk"] = SQUAWK[code]
    if df in _AIR_TO_AIR:
        if message[0] >> 2 & 1:
            fields["on_ground"] = True
        return fields
    status = message[0] & 7
    again = status == heard.status and 0.0 <= ts - heard.status_at < TOLD_EVERY_S
    if status <= 5 and not again:
        heard.status, heard.status_at = status, ts
        fields["alert"] = status in (2, 3, 4)
        fields["spi"] = status in (4, 5)
        if status in (1, 3):
            fields["on_ground"] = True
    if df >= 20 and decoded:
        fields.update(comm_b(decoded, heard, ts))
    return fields
