"""``aerotrack decode``: a recording in, one JSON line for each accepted change out.

The same feeds and the same state of a flight as in the server, without actors and database.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import orjson

from aerotrack.domain.flight import FlightState
from aerotrack.domain.folded import Folded
from aerotrack.domain.observation import Observation
from aerotrack.domain.records import TrackPoint
from aerotrack.domain.remembered import remember
from aerotrack.domain.returning import Returning, Verdict, pause_after
from aerotrack.domain.rules import FlightRules
from aerotrack.domain.types import Value
from aerotrack.domain.vocabulary import DECIMALS
from aerotrack.feeds.feed import FeedFigures
from aerotrack.feeds.modes.airspace import Airspace
from aerotrack.feeds.receivers import Receivers
from aerotrack.feeds.recording import Replay, batches_of, read_recording

# Where the feed comes from is the same in every line.
_LEFT_OUT: Final = frozenset({"feed", "receiver"})
_POINT_FIELDS: Final = tuple(
    name
    for name in TrackPoint.__struct_fields__
    if name in DECIMALS or name in {"alt_baro", "alt_geom", "on_ground", "baro_rate", "source"}
)
# In this order, whatever the order they changed in; then the others.
FIRST_FIELDS: Final = ("lat", "lon", "alt_baro", "alt_geom", "gs", "track", "baro_rate", "callsign")
_TS_DECIMALS: Final = 6
# Of a line that is refused so much is shown: enough to find it, and to see what is wrong with it.
RECORD_SHOWN: Final = 200
_FRAME_BYTES: Final = frozenset({7, 14})

Line = dict[str, Any]


class Fold:
    """Observations of any number of aircraft to lines, each through the state of its flight.

    A line has ``ts`` (seconds), ``icao24`` and what changed, in the vocabulary's names; ``lat`` and
    ``lon`` together. A provisional first fix makes a line once another agreed with it. With
    ``rejected`` what was refused makes a line, too, with the reason under that key. What is heard
    after a pause waits, as in the server, until it shows whether that is another flight.
    """

    def __init__(self, *, rejected: bool = False, rules: FlightRules | None = None) -> None:
        self._rejected = rejected
        self._rules = rules or FlightRules()
        self._pause = pause_after(self._rules)
        self._flights: dict[str, FlightState] = {}
        self._returning: dict[str, Returning] = {}

    def lines(self, observations: Iterable[Observation]) -> list[Line]:
        """The lines these make."""
        lines: list[Line] = []
        flights, returning, pause = self._flights, self._returning, self._pause
        for obs in observations:
            icao24 = obs.icao24
            state = flights.get(icao24)
            if icao24 in returning:
                self._hold(obs, lines)
            elif state is None:
                self._begin(obs, lines)
            elif obs.ts - state.last_contact >= pause:
                returning[icao24] = Returning(remember(state), obs, self._rules)
                self._hold(obs, lines)
            else:
                self._fold(state, obs, lines)
        return lines

    def finish(self) -> list[Line]:
        """The lines of what still waits: there is nothing more."""
        lines: list[Line] = []
        for icao24, waiting in tuple(self._returning.items()):
            self._decide(icao24, waiting.otherwise, lines)
        return lines

    def _begin(self, obs: Observation, lines: list[Line], *, departing: bool = False) -> None:
        state = self._flights[obs.icao24] = FlightState(obs.icao24, obs.ts)
        if departing:
            state.course.begin_on_ground()
        self._fold(state, obs, lines)

    def _hold(self, obs: Observation, lines: list[Line]) -> None:
        waiting = self._returning[obs.icao24]
        if waiting.held and obs.ts - waiting.until >= self._pause:
            self._decide(obs.icao24, waiting.otherwise, lines)
            lines += self.lines((obs,))
        elif (verdict := waiting.take((obs,))) is not None:
            self._decide(obs.icao24, verdict, lines)

    def _decide(self, icao24: str, verdict: Verdict, lines: list[Line]) -> None:
        held = self._returning.pop(icao24).held
        if verdict != "same":
            del self._flights[icao24]
        for obs in held:
            state = self._flights.get(icao24)
            if state is None:
                self._begin(obs, lines)
            else:
                self._fold(state, obs, lines)

    def _fold(self, state: FlightState, obs: Observation, lines: list[Line]) -> None:
        folded = state.fold(obs)
        if folded.departs:
            self._begin(obs, lines, departing=True)
            return
        icao24, changed = obs.icao24, folded.changed
        if folded.points:
            lines += _earlier(icao24, folded)
        if changed and (values := _values(changed, state)):
            lines.append({"ts": round(obs.ts, _TS_DECIMALS), "icao24": icao24, **values})
        if self._rejected and (folded.refused or folded.refused_fixes):
            lines += _refused(obs, folded)


def _values(changed: Sequence[tuple[str, Value]], state: FlightState) -> dict[str, Value]:
    """What changed, but for where it came by; a position whole."""
    values = {name: value for name, value in changed if name not in _LEFT_OUT}
    if "lat" in values or "lon" in values:
        places = DECIMALS["lat"]
        values["lat"] = round(state.values["lat"], places)
        values["lon"] = round(state.values["lon"], places)
    if len(values) < 2:
        return values
    ordered = {name: values[name] for name in FIRST_FIELDS if name in values}
    return ordered | values


def _earlier(icao24: str, folded: Folded) -> Iterator[Line]:
    """Positions accepted now that are not the one the flight moved to: provisional, or late."""
    moved = any(name in ("lat", "lon") for name, _ in folded.changed)
    placed = [point for point in folded.points if point.lat is not None]
    for point in placed[:-1] if moved else placed:
        values = {
            name: round(value, DECIMALS[name]) if name in DECIMALS else value
            for name in _POINT_FIELDS
            if (value := getattr(point, name)) is not None and name != "ts"
        }
        yield {"ts": round(point.ts, _TS_DECIMALS), "icao24": icao24, **values}


def _refused(obs: Observation, folded: Folded) -> Iterator[Line]:
    for fix in folded.refused_fixes:
        line: Line = {"ts": round(fix.ts, _TS_DECIMALS), "icao24": obs.icao24}
        if fix.lat is not None and fix.lon is not None:
            places = DECIMALS["lat"]
            line["refused_lat"], line["refused_lon"] = (
                round(fix.lat, places),
                round(fix.lon, places),
            )
        yield {**line, "rejected": fix.reason}
    if folded.refused and not folded.refused_fixes:
        ts = round(obs.ts, _TS_DECIMALS)
        yield {"ts": ts, "icao24": obs.icao24, "rejected": folded.refused}


def _unread(reason: str, record: bytes, ts: float | None) -> Line:
    """A record refused before it was known whose it is: a frame as hex, a line as text."""
    line: Line = {} if ts is None else {"ts": round(ts, _TS_DECIMALS)}
    if len(record) in _FRAME_BYTES and ts is not None:
        return {**line, "rejected": reason, "record": record.hex()}
    text = record[:RECORD_SHOWN].decode("utf-8", "replace")
    return {**line, "rejected": reason, "record": text}


def decode_file(
    path: Path, replay: Replay, *, figures: FeedFigures, rejected: bool = False
) -> Iterator[bytes]:
    """The NDJSON of a recording, in pieces; ``figures`` say afterwards what was in it.

    With ``rejected`` every record that was refused makes a line as well.

    Raises:
        FeedError: ``bad_gzip``.
        OSError: the file cannot be read.
    """
    batches = batches_of(replay, figures=figures, airspace=Airspace(), receivers=Receivers())
    fold = Fold(rejected=rejected)
    unread: list[Line] = []
    if rejected:
        figures.on_refused = lambda reason, record, ts: unread.append(_unread(reason, record, ts))
    for observations in read_recording(path, batches, figures):
        lines = [*unread, *fold.lines(observations)]
        unread.clear()
        if lines:
            yield _ndjson(lines)
    if lines := fold.finish():
        yield _ndjson(lines)


def _ndjson(lines: Iterable[Line]) -> bytes:
    return b"\n".join(map(orjson.dumps, lines)) + b"\n"
