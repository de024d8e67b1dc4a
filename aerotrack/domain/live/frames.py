"""What a server of the live stream says. Within protocol 1 messages and fields are only added.

Entries stay JSON objects (dictionaries of the vocabulary's fields) because it matters which keys
are there: an absent field is unknown in a whole entry and unchanged in a change, where ``None``
clears it. Clients that want attributes make :class:`aerotrack.domain.vocabulary.Live` of them.
"""

from typing import Annotated, Any, Final, Literal, get_args

from msgspec import UNSET, Meta, Struct, UnsetType

from aerotrack.domain import types as t
from aerotrack.domain.live.requests import RequestId
from aerotrack.domain.records import EndCause, EventKind

PROTOCOL: Final = 1

# code: what it means
CODES: Final[dict[str, str]] = {
    "bad_json": "The message is not JSON",
    "bad_message": "The message is no object with a type, or has a wrong or unknown field",
    "unknown_type": "There is no message of this type",
    "bad_bbox": "`bbox` is not `[west,south,east,north]` in degrees with south below north",
    "bad_interval": "`interval` is not a number from 0.1 to 60 seconds",
    "bad_follow": "`follow` is not a list of at most 100 icao24s or flight_ids",
    "bad_filter": "`filter` has an unknown field, or a condition that cannot be one",
    "bad_resume": "`resume` is not `{epoch,pos}`",
    "bad_time": "`at` is neither epoch seconds nor ISO 8601",
    "bad_speed": "`speed` is not a number from 0.1 to 60",
    "already_live": "This connection is live; open another for history",
    "not_playing": "This connection does not play history",
    "too_many_players": "100 others play history; try again later",
    "database_away": "The history cannot be read now; playback goes on when it can",
    "too_many_filters": "64 other filters are in use; the view stays what it was",
    "not_supported": "The message or one of its fields is known, but this server cannot do it yet",
    "too_large": "The message is longer than 64 kB",
    "too_fast": "More messages came than are taken; this one was not acted on",
}

# The names stand for definitions that the schema makes of the vocabulary.
WholeEntry = Annotated[dict[str, Any], Meta(extra_json_schema={"$ref": "#/$defs/Flight"})]
ChangedEntry = Annotated[dict[str, Any], Meta(extra_json_schema={"$ref": "#/$defs/Change"})]
GoneReason = Literal["left_view", "filtered", "stale", "ended"]

Seq = Annotated[int, Meta(ge=1, description="One more than the frame before, from 1")]
Pos = Annotated[int, Meta(ge=0, description="The server's position; never falls in an epoch")]
Now = Annotated[float, Meta(description="The server's clock, epoch seconds")]


class Welcome(Struct, frozen=True, tag="welcome"):
    """The first message of a connection. ``epoch`` names this run of the server."""

    protocol: int
    server: str
    epoch: str
    now: Now


class Snapshot(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="snapshot"):
    """Everything in the view. All parts but the last have ``more``; the first replaces all."""

    seq: Seq
    pos: Pos
    now: Now
    more: bool = False
    flights: tuple[WholeEntry, ...]


class Gone(Struct, frozen=True, kw_only=True):
    """A flight that is no longer shown; ``cause`` says why one ``ended``."""

    icao24: t.Icao24
    flight_id: t.FlightId
    reason: GoneReason
    cause: EndCause | UnsetType = UNSET


class Delta(Struct, frozen=True, kw_only=True, tag="delta"):
    """What changed: first ``gone``, then ``flights`` in order."""

    seq: Seq
    pos: Pos
    now: Now
    gone: tuple[Gone, ...]
    flights: tuple[ChangedEntry, ...]


class Event(Struct, frozen=True, kw_only=True, tag="event"):
    """Something happened to a flight in the view, at ``ts``."""

    seq: Seq
    pos: Pos
    now: Now
    event: EventKind
    icao24: t.Icao24
    flight_id: t.FlightId
    ts: t.Timestamp | UnsetType = UNSET
    callsign: t.Callsign | UnsetType = UNSET
    lat: t.Latitude | UnsetType = UNSET
    lon: t.Longitude | UnsetType = UNSET
    detail: str | UnsetType = UNSET


class Playing(Struct, frozen=True, kw_only=True, tag="playing"):
    """How history is played from now on, after whatever changed that; ``id`` is of what asked."""

    at: Annotated[float, Meta(description="The time played, epoch seconds")]
    speed: float
    paused: bool
    present: Annotated[bool, Meta(description="It has come to the present, where speed is 1")]
    id: RequestId | UnsetType = UNSET


class Pong(Struct, frozen=True, tag="pong"):
    """The answer to a ping."""

    id: RequestId | UnsetType = UNSET


class ErrorMessage(Struct, frozen=True, tag="error"):
    """The answer to a message not acted on. ``code`` is stable, ``message`` is for people."""

    code: str
    message: str
    id: RequestId | UnsetType = UNSET


ServerMessage = Welcome | Snapshot | Delta | Event | ErrorMessage | Pong | Playing
SERVER_TYPES: Final = tuple(kind.__struct_config__.tag for kind in get_args(ServerMessage))
