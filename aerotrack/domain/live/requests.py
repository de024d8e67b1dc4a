"""What a client of the live stream says. A field that is not described here is refused."""

from typing import Annotated, Final, get_args

from msgspec import UNSET, Meta, Struct, UnsetType

# Seconds between frames. Faster than ten a second nobody sees; a minute is what proxies bear.
FASTEST_INTERVAL: Final = 0.1
SLOWEST_INTERVAL: Final = 60.0
# Times the speed of the clock. Faster than a minute in a second nobody follows.
SLOWEST_SPEED: Final = 0.1
FASTEST_SPEED: Final = 60.0
# A subscribe with every filter is under 4 kB.
MESSAGE_LIMIT: Final = 64 * 1024
# Beyond 2**53 a browser's numbers are no longer exact.
ID_LIMIT: Final = 2**53
ID_LENGTH: Final = 64

RequestId = (
    Annotated[int, Meta(ge=-ID_LIMIT, le=ID_LIMIT)] | Annotated[str, Meta(max_length=ID_LENGTH)]
)
Moment = Annotated[
    float | str, Meta(description="Epoch seconds, or ISO 8601: 2026-03-01T12:00:00Z")
]
Speed = Annotated[float, Meta(ge=SLOWEST_SPEED, le=FASTEST_SPEED)]
Prefixes = Annotated[
    str | tuple[str, ...], Meta(description="What it begins with; of several, any one")
]
# A fleet is followed by a filter; this is for the flights somebody waits for.
FOLLOW_MOST: Final = 100
Followed = Annotated[
    str,
    Meta(
        pattern="^~?[0-9a-f]{6}(-[0-9a-f]{8})?$",
        description="An icao24, or a flight_id: the aircraft's flights, wherever they are",
    ),
]
Range = Annotated[tuple[float, float], Meta(description="[lowest, highest], both included")]
_Id = RequestId | UnsetType


class Filter(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which flights of a view are wanted: those that meet every field given here."""

    alt_baro: Range | UnsetType = UNSET
    callsign: Prefixes | UnsetType = UNSET
    registration: Prefixes | UnsetType = UNSET
    typecode: Prefixes | UnsetType = UNSET
    category: Prefixes | UnsetType = UNSET
    source: Prefixes | UnsetType = UNSET
    squawk: Prefixes | UnsetType = UNSET
    on_ground: bool | UnsetType = UNSET
    emergency: bool | UnsetType = UNSET


class Resume(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a connection before ended: the ``epoch`` of its welcome, the ``pos`` it came to."""

    epoch: str
    pos: Annotated[int, Meta(ge=0)]


class ClientSubscribe(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="subscribe"
):
    """Send me this view from now on, in place of any before.

    ``bbox`` is ``[west, south, east, north]`` in degrees, ``interval`` seconds between frames,
    ``follow`` names flights wanted wherever they are. With ``at`` it plays history from there, at
    ``speed``.
    """

    bbox: tuple[float, float, float, float] | UnsetType = UNSET
    interval: Annotated[float, Meta(ge=FASTEST_INTERVAL, le=SLOWEST_INTERVAL)] = 1.0
    follow: Annotated[tuple[Followed, ...], Meta(max_length=FOLLOW_MOST)] | UnsetType = UNSET
    filter: Filter | UnsetType = UNSET
    resume: Resume | UnsetType = UNSET
    at: Moment | UnsetType = UNSET
    speed: Speed | UnsetType = UNSET
    id: _Id = UNSET


class ClientUnsubscribe(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="unsubscribe"
):
    """Send me nothing any more."""

    id: _Id = UNSET


class ClientPing(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="ping"):
    """Answer me with a pong."""

    id: _Id = UNSET


class ClientPause(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="pause"):
    """Playback: stop the clock."""

    id: _Id = UNSET


class ClientSeek(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="seek"):
    """Playback: go to a time."""

    at: Moment
    id: _Id = UNSET


class ClientSpeed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="speed"):
    """Playback: run the clock at so many times its speed, also after a pause."""

    speed: Speed
    id: _Id = UNSET


ClientMessage = (
    ClientSubscribe | ClientUnsubscribe | ClientPing | ClientPause | ClientSeek | ClientSpeed
)
CLIENT_TYPES: Final = tuple(kind.__struct_config__.tag for kind in get_args(ClientMessage))
