"""What folding an observation into a flight's state gives. Pure types."""

import msgspec

from aerotrack.domain.position import Refusal
from aerotrack.domain.records import FlightEvent, TrackPoint
from aerotrack.domain.types import Value


class RefusedFix(msgspec.Struct, frozen=True, gc=False):
    """A position that was not believed, and why; a raw one may have no ``lat`` and ``lon``."""

    ts: float
    lat: float | None
    lon: float | None
    reason: Refusal
    feed: str
    receiver: str | None = None


class Folded(msgspec.Struct, gc=False):
    """What one observation did to a flight.

    ``refused`` is the reason where nothing of it was taken. ``refused_fixes`` are the positions not
    believed, also where other fields of the observation were, and earlier ones that waited in vain
    for another to agree. ``points`` go to the history, oldest first; a late observation makes one
    without touching the state. ``changed`` are the fields of the live picture that have a new
    value at public precision, ``None`` where cleared. ``identity`` says the flight's row changed.
    ``departs``: nothing was taken, the observation belongs to the aircraft's next flight.

    Every observation is in the end refused, or makes one point, or is in ``unchanged``, by the name
    of its feed. One whose position waits for another to agree is neither until that is settled.
    Under ``storage=compact`` points may be held back, and come with a later observation or the end;
    ``compacted`` counts those that were left out before ``points``.
    """

    refused: str | None = None
    changed: tuple[tuple[str, Value], ...] = ()
    points: tuple[TrackPoint, ...] = ()
    events: tuple[FlightEvent, ...] = ()
    identity: bool = False
    departs: bool = False
    refused_fixes: tuple[RefusedFix, ...] = ()
    unchanged: tuple[str, ...] = ()
    compacted: int = 0
