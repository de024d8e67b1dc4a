"""A viewer's picture of the past: rows of the history in, frames of the live protocol out.

One small picture for each viewer, each at a time of its own. Flights enter and leave it by the
rules of the live one; between rows nothing is made up. Pure: what to read is its owner's business.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import merge
from typing import Any, Final

import msgspec
import orjson

from aerotrack.domain.geo import Box
from aerotrack.domain.past import UNKNOWN, Airframe, PastEvent, PastState
from aerotrack.domain.records import TrackPoint, flight_id_of_key
from aerotrack.domain.rules import FlightRules
from aerotrack.domain.stream.filters import FlightFilter
from aerotrack.domain.stream.picture import TIME_DECIMALS
from aerotrack.domain.vocabulary import DECIMALS

# The protocol allows 512 kB; the live stream's parts are as large.
PART_BYTES: Final = 250_000
# Within that of a frame's time a position counts as of then (DESIGN section 6).
AS_OF_NOW_S: Final = 1.0
NOW_DECIMALS: Final = 3


class Watch(msgspec.Struct, frozen=True):
    """What a viewer wants to see: a box (``None`` is the world), a filter, icao24s followed."""

    box: Box | None = None
    which: FlightFilter | None = None
    follow: tuple[str, ...] = ()


class Playback:
    """The picture of one viewer. ``seq`` goes on from snapshot to snapshot."""

    def __init__(self, rules: FlightRules) -> None:
        self._rules = rules
        self._watch = Watch()
        self._followed: frozenset[str] = frozenset()
        self._flights: dict[str, PastState] = {}
        self._shown: dict[str, dict[str, Any]] = {}  # as the viewer holds them, without ages
        self._touched: dict[str, None] = {}
        self._events: list[PastEvent] = []
        self._over: dict[int, str | None] = {}  # flights that ended, and why
        self._ended: dict[str, str | None] = {}  # the aircraft whose flight did since a frame
        self._seq = 0

    @property
    def known(self) -> tuple[int, ...]:
        """Keys of the flights whose rows are wanted wherever they are."""
        return tuple(state.point.flight for state in self._flights.values())

    def begin(self, states: Iterable[PastState], watch: Watch, now: float) -> list[bytes]:
        """Show the picture of a moment: a snapshot in parts. ``states`` are of ``now``."""
        self._watch, self._followed = watch, frozenset(watch.follow)
        self._flights = {state.icao24: state for state in states}
        self._shown.clear()
        self._touched.clear()
        self._events.clear()
        self._over.clear()
        self._ended.clear()
        parts: list[list[bytes]] = [[]]
        size = 0
        for icao24, state in self._flights.items():
            values = state.values()
            if not self._wanted(state, values, now):
                continue
            self._shown[icao24] = values
            encoded = orjson.dumps(state.entry())
            if size + len(encoded) > PART_BYTES:
                parts.append([])
                size = 0
            parts[-1].append(encoded)
            size += len(encoded) + 1
        last = len(parts) - 1
        return [self._snapshot(rows, now, more=n < last) for n, rows in enumerate(parts)]

    def fold(
        self,
        points: Iterable[TrackPoint],
        events: Iterable[PastEvent],
        airframes: Mapping[int, Airframe],
    ) -> None:
        """Take in rows that follow those before, each in time order; an event follows the point of
        its time."""
        rows: Iterator[TrackPoint | PastEvent] = merge(points, events, key=_time)
        for row in rows:
            if isinstance(row, TrackPoint):
                self._take(row, airframes)
            else:
                self._happened(row)

    def _take(self, point: TrackPoint, airframes: Mapping[int, Airframe]) -> None:
        if point.flight in self._over:
            return
        icao24 = _icao24(point.flight)
        held = self._flights.get(icao24)
        if held is not None and held.point.flight > point.flight:
            return  # a late row of the flight before
        if held is not None and held.point.flight == point.flight:
            held.take(point)
        else:
            since = None if point.lat is None or point.lon is None else point.ts
            airframe = airframes.get(point.flight, UNKNOWN)
            self._flights[icao24] = PastState(point, since, airframe)
        self._touched[icao24] = None

    def _happened(self, event: PastEvent) -> None:
        icao24 = _icao24(event.flight)
        if event.kind == "resumed":
            self._over.pop(event.flight, None)
            return
        self._events.append(event)
        held = self._flights.get(icao24)
        if event.kind == "ended":
            self._over[event.flight] = event.detail
            if held is not None and held.point.flight == event.flight:
                del self._flights[icao24]
                self._ended[icao24] = event.detail

    def frame(self, now: float) -> list[bytes]:
        """What changed since the frame before: events, then a delta, which may say nothing but
        ``now``."""
        before = self._shown.keys() | set()
        gone = self._leave(now)
        rows = [row for icao24 in self._touched if (row := self._changed(icao24, now)) is not None]
        seen = before | self._shown.keys() | self._followed
        frames = [
            self._event(event, now) for event in self._events if _icao24(event.flight) in seen
        ]
        self._touched.clear()
        self._events.clear()
        self._ended.clear()
        self._forget(now)
        head = self._head("delta", now) | {"gone": gone}
        frames.append(_joined(head, rows))
        return frames

    def _wanted(self, state: PastState, values: Mapping[str, Any], now: float) -> bool:
        if state.live_until(self._rules) <= now:
            return False
        return state.icao24 in self._followed or (
            state.within(self._watch.box) and self._passes(values)
        )

    def _passes(self, values: Mapping[str, Any]) -> bool:
        return self._watch.which is None or self._watch.which.passes(values)

    def _leave(self, now: float) -> list[dict[str, Any]]:
        """Take out what is no longer to be shown, and say why."""
        gone: list[dict[str, Any]] = []
        for icao24, held in list(self._shown.items()):
            state = self._flights.get(icao24)
            values = held if icao24 not in self._touched or state is None else state.values()
            if state is not None and self._wanted(state, values, now):
                continue
            entry = {"icao24": icao24, "flight_id": held["flight_id"]}
            if state is None:
                entry["reason"] = "ended"
                if (cause := self._ended.get(icao24)) is not None:
                    entry["cause"] = cause
            elif state.live_until(self._rules) <= now:
                entry["reason"] = "stale"
            else:
                entry["reason"] = "filtered" if state.within(self._watch.box) else "left_view"
            gone.append(entry)
            del self._shown[icao24]
        return gone

    def _changed(self, icao24: str, now: float) -> bytes | None:
        """The entry of a flight that has new rows, ``None`` where it is not shown."""
        state = self._flights.get(icao24)
        if state is None:
            return None
        values = state.values()
        if not self._wanted(state, values, now):
            return None
        held = self._shown.get(icao24)
        self._shown[icao24] = values
        if held is None or held["flight_id"] != values["flight_id"]:
            return orjson.dumps({"full": True} | state.entry())
        changed = {"icao24": icao24} | {
            name: value for name, value in values.items() if held.get(name) != value
        }
        at = state.time_position
        if at is not None and abs(now - at) > AS_OF_NOW_S:
            changed["time_position"] = round(at, TIME_DECIMALS)
        return orjson.dumps(changed)

    def _forget(self, now: float) -> None:
        """Hold no more than what is shown or may be shown again soon."""
        box, silent = self._watch.box, self._rules.end_after
        for icao24, state in list(self._flights.items()):
            if icao24 in self._shown or icao24 in self._followed:
                continue
            if now - state.last_contact > silent or not state.within(box):
                del self._flights[icao24]

    def _event(self, event: PastEvent, now: float) -> bytes:
        name = flight_id_of_key(event.flight)
        made = self._head("event", now) | {
            "event": event.kind,
            "icao24": name.partition("-")[0],
            "flight_id": name,
            "ts": round(event.ts, TIME_DECIMALS),
        }
        state = self._flights.get(made["icao24"])
        same = state is not None and state.point.flight == event.flight
        callsign = state.point.callsign if same and state is not None else event.callsign
        if callsign is not None:
            made["callsign"] = callsign
        for field, degrees in (("lat", event.lat), ("lon", event.lon)):
            if degrees is not None:
                made[field] = round(degrees, DECIMALS[field])
        if event.detail is not None:
            made["detail"] = event.detail
        return orjson.dumps(made)

    def _snapshot(self, rows: Sequence[bytes], now: float, *, more: bool) -> bytes:
        head = self._head("snapshot", now)
        return _joined(head | {"more": True} if more else head, rows)

    def _head(self, kind: str, now: float) -> dict[str, Any]:
        self._seq += 1
        # Nothing of a playback can be resumed, so the position is that of the connection.
        return {"type": kind, "seq": self._seq, "pos": self._seq, "now": round(now, NOW_DECIMALS)}


def _time(row: TrackPoint | PastEvent) -> float:
    return row.ts


def _icao24(flight: int) -> str:
    return flight_id_of_key(flight).partition("-")[0]


def _joined(head: Mapping[str, Any], rows: Sequence[bytes]) -> bytes:
    return orjson.dumps(head)[:-1] + b',"flights":[' + b",".join(rows) + b"]}"
