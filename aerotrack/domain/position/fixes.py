"""What positions are called on their way to being believed, and why they are not."""

from typing import Final, Literal, get_args

import msgspec

from aerotrack.domain.records import TrackPoint

Refusal = Literal[
    "bad_cpr",  # raw frames that contradict one another or give no latitude
    "bad_position",  # no place an aircraft can be at, or half a position
    "duplicate",  # heard already
    "impossible_jump",  # the gate: it cannot have come there from its last position
    "impossible_past",  # late, and it cannot have been there between its neighbours
    "late",  # a raw frame that comes too late to be placed
    "out_of_range",  # a raw first fix farther from its station than radio reaches
    "provisional_discarded",  # a raw first fix that nothing agreed with in time
    "replayed",  # the same raw frame again although the aircraft moves
    "worse_source",  # a better source gave the position less than 15 s ago
]
REFUSALS: Final[tuple[str, ...]] = get_args(Refusal)


class Fix(msgspec.Struct, frozen=True, gc=False):
    """An accepted position: degrees, epoch seconds, the rank of its source, who heard it."""

    lat: float
    lon: float
    at: float
    rank: int
    surface: bool
    feed: str
    receiver: str | None


class Provisional(msgspec.Struct, gc=False):
    """A raw first fix that waits for another to agree.

    ``older`` is the serial of the older frame of its pair: a fix made with that frame again would
    repeat its fault. ``point`` is what goes into the history once it is believed; without its
    position also otherwise, if it was ``tracked``: something else in it had changed.
    """

    lat: float
    lon: float
    at: float
    older: int
    feed: str
    receiver: str | None
    point: TrackPoint | None = None
    tracked: bool = False


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """What became of an observation's position.

    ``accepted``: the flight moves to :attr:`PositionTracker.fix`. ``late``: ``lat``/``lon`` belong
    into the history only.
    ``provisional``: it waits in :attr:`PositionTracker.pending`. ``unresolved``: a raw frame that
    does not say where yet. ``refused``: for ``reason``, with ``lat``/``lon`` where known.
    """

    kind: Literal["accepted", "late", "provisional", "unresolved", "refused"]
    lat: float | None = None
    lon: float | None = None
    reason: Refusal | None = None


ACCEPTED: Final = Verdict("accepted")
PROVISIONAL: Final = Verdict("provisional")
UNRESOLVED: Final = Verdict("unresolved")
