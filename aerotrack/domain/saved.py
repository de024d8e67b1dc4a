"""A flight as bytes: what a restart needs to go on with it as if nothing had been.

Left out is what seconds make up for: raw frames that wait for their other half, first fixes that
wait for a second, the airport looked up last. Fields go by their names, so a later release reads
what it knows; where the state means something else meanwhile (:data:`VERSION`), the flight goes on
from its row alone.
"""

from array import array
from collections import deque
from typing import Any, Final

import msgspec

from aerotrack.domain.compaction import Compaction
from aerotrack.domain.flight import REFUSED_KEPT, FlightState
from aerotrack.domain.folded import RefusedFix
from aerotrack.domain.origins import PLACES, Origin
from aerotrack.domain.position.fixes import Fix
from aerotrack.domain.records import FlightRecord
from aerotrack.domain.remembered import RememberedFlight, resumed

# Counted up when a field of the snapshot comes to mean something else.
VERSION: Final = 1
_PHASES: Final = (
    "_anchor", "_approach_low", "_level_since", "_slow_since", "_takeoff_at",
    "arrival", "departure", "landed_at", "phase",
)  # fmt: skip
_COUNTERS: Final = ("_judged", "_even", "_odd")
_OWN: Final = ("source", "feed", "receiver", "first_position", "_shown_lat", "_shown_lon")


class Snapshot(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The state of a flight, without its row. ``origins`` are time and index of the giver."""

    version: int
    values: dict[str, Any]
    origins: dict[str, tuple[float, int]]
    givers: tuple[tuple[str, str], ...]
    own: dict[str, Any]
    phases: dict[str, Any]
    counters: tuple[int, int, int]
    trail: tuple[float, ...] = ()
    refused: tuple[RefusedFix, ...] = ()
    fix: Fix | None = None
    before: Fix | None = None
    gs_at_fix: float | None = None
    last_point_us: int = 0
    compaction: Compaction | None = None


class SavedFlight(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A flight that was alive. ``record`` is its row; ``heard_at`` when it was last heard by our
    clock. Without a ``state`` (it had just begun) it goes on from its row."""

    record: FlightRecord
    heard_at: float
    state: Snapshot | None = None


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(SavedFlight)


def save(state: FlightState, heard_at: float) -> bytes:
    """``state`` as bytes; ``heard_at`` is when it was last heard, by our clock (epoch seconds)."""
    return _ENCODER.encode(SavedFlight(state.record(), heard_at, _snapshot(state)))


def save_row(record: FlightRecord) -> bytes:
    """A flight that has just begun, of which there is a row only."""
    return _ENCODER.encode(SavedFlight(record, record.last_contact))


def load(body: bytes) -> SavedFlight:
    """What :func:`save` made. Raises ``msgspec.MsgspecError`` where it is not that."""
    return _DECODER.decode(body)


def restored(saved: SavedFlight) -> FlightState:
    """The state to go on with."""
    snapshot, record = saved.state, saved.record
    if snapshot is None or snapshot.version != VERSION:
        return resumed(RememberedFlight(record, None, None, None, None, None))
    state = FlightState(record.icao24, record.started)
    state.last_contact, state.points = record.last_contact, record.points
    for name, value in snapshot.values.items():
        state.values[name] = tuple(value) if isinstance(value, list) else value
    for name, (ts, giver) in snapshot.origins.items():
        if name in PLACES and giver < len(snapshot.givers):
            state.origins[name] = Origin(ts, *snapshot.givers[giver])
    for name in _OWN:
        value = snapshot.own.get(name)
        setattr(state, name, tuple(value) if isinstance(value, list) else value)
    _set(state.course._phases, _PHASES, snapshot.phases)
    position = state._position
    _set(position._reliability, _COUNTERS, dict(zip(_COUNTERS, snapshot.counters, strict=True)))
    position._trail._flat = array("d", snapshot.trail)
    position.fix, position._before = snapshot.fix, snapshot.before
    position._gs_at_fix = snapshot.gs_at_fix
    if snapshot.refused:
        state.refused = deque(snapshot.refused, maxlen=REFUSED_KEPT)
    state._last_point_us = snapshot.last_point_us
    state.compaction = snapshot.compaction
    return state


def _snapshot(state: FlightState) -> Snapshot:
    position, origins = state._position, state.origins
    times, givers = origins.times, origins.givers
    reliability = position._reliability
    return Snapshot(
        version=VERSION,
        values=state.values,
        origins={
            name: (times[place], givers[place])
            for name, place in PLACES.items()
            if times[place] > 0.0
        },
        givers=tuple((giver.source, giver.feed) for giver in origins.known),
        own={name: getattr(state, name) for name in _OWN},
        phases={name: getattr(state.course._phases, name) for name in _PHASES},
        counters=(reliability._judged, reliability._even, reliability._odd),
        trail=tuple(position._trail._flat),
        refused=tuple(state.refused or ()),
        fix=position.fix,
        before=position._before,
        gs_at_fix=position._gs_at_fix,
        last_point_us=state._last_point_us,
        compaction=state.compaction,
    )


def _set(thing: object, names: tuple[str, ...], values: dict[str, Any]) -> None:
    for name in names:
        if name in values:
            value = values[name]
            setattr(thing, name, tuple(value) if isinstance(value, list) else value)
