"""The live stream's own messages: what clients say, decoded strictly, and what the socket answers.

Pure: text in, a typed message or a :class:`Refused` with a stable code out. Snapshots, deltas and
events are the broadcaster's and pass through the socket as they are. docs/live.md is the reference.
"""

import re
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from aerotrack.domain.geo import BadBox, Box, box

PROTOCOL: Final = 1
# Seconds between frames. Faster than ten a second nobody sees; a minute is what proxies bear.
FASTEST_INTERVAL: Final = 0.1
SLOWEST_INTERVAL: Final = 60.0
# A subscribe with every filter is under 4 kB.
MESSAGE_LIMIT: Final = 64 * 1024
# Beyond 2**53 a browser's numbers are no longer exact.
ID_LIMIT: Final = 2**53
ID_LENGTH: Final = 64

# code: what it means
CODES: Final[dict[str, str]] = {
    "bad_json": "The message is not JSON",
    "bad_message": "The message is no object with a type, or has a wrong or unknown field",
    "unknown_type": "There is no message of this type",
    "bad_bbox": "`bbox` is not `[west,south,east,north]` in degrees with south below north",
    "bad_interval": "`interval` is not a number from 0.1 to 60 seconds",
    "not_supported": "The message or one of its fields is known, but this server cannot do it yet",
    "too_large": "The message is longer than 64 kB",
    "too_fast": "More messages came than are taken; this one was not acted on",
}

RequestId = (
    Annotated[int, Meta(ge=-ID_LIMIT, le=ID_LIMIT)] | Annotated[str, Meta(max_length=ID_LENGTH)]
)
_Id = RequestId | UnsetType
_Later = msgspec.Raw | UnsetType


class ClientSubscribe(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="subscribe"
):
    """Send me this view from now on, in place of any before."""

    bbox: tuple[float, float, float, float] | UnsetType = UNSET
    interval: Annotated[float, Meta(ge=FASTEST_INTERVAL, le=SLOWEST_INTERVAL)] = 1.0
    follow: _Later = UNSET
    filter: _Later = UNSET
    resume: _Later = UNSET
    at: _Later = UNSET
    speed: _Later = UNSET
    id: _Id = UNSET


class ClientUnsubscribe(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="unsubscribe"
):
    """Send me nothing any more."""

    id: _Id = UNSET


class ClientPing(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="ping"):
    """Answer me with a pong."""

    id: _Id = UNSET


class ClientPause(Struct, frozen=True, kw_only=True, tag="pause"):
    """Playback: stop the clock. Not supported yet."""

    id: _Id = UNSET


class ClientSeek(Struct, frozen=True, kw_only=True, tag="seek"):
    """Playback: go to a time. Not supported yet."""

    id: _Id = UNSET


class ClientSpeed(Struct, frozen=True, kw_only=True, tag="speed"):
    """Playback: run the clock at another speed. Not supported yet."""

    id: _Id = UNSET


ClientMessage = (
    ClientSubscribe | ClientUnsubscribe | ClientPing | ClientPause | ClientSeek | ClientSpeed
)
CLIENT_TYPES: Final = ("subscribe", "unsubscribe", "ping", "pause", "seek", "speed")
SERVER_TYPES: Final = ("welcome", "snapshot", "delta", "event", "error", "pong")
_LATER_FIELDS: Final = ("follow", "filter", "resume", "at", "speed")


class Welcome(Struct, frozen=True, tag="welcome"):
    """The first message of a connection."""

    protocol: int
    server: str
    epoch: str
    now: float


class Pong(Struct, frozen=True, tag="pong"):
    """The answer to a ping."""

    id: _Id = UNSET


class ErrorMessage(Struct, frozen=True, tag="error"):
    """The answer to a message that was not acted on."""

    code: str
    message: str
    id: _Id = UNSET


class View(Struct, frozen=True):
    """What a subscribe asks for: a box (``None`` is everything), and seconds between frames."""

    box: Box | None
    interval: float


class Refused(Exception):
    """A client's message that is not acted on: a code of :data:`CODES`, a sentence, its id."""

    def __init__(self, code: str, message: str, request_id: int | str | UnsetType = UNSET) -> None:
        super().__init__(message)
        self.code = code
        self.request_id = request_id

    def encoded(self) -> bytes:
        """The ``error`` message."""
        return encode(ErrorMessage(self.code, str(self), self.request_id))


_decoder: Final = msgspec.json.Decoder(ClientMessage)
encode: Final = msgspec.json.Encoder().encode
_PATH: Final = re.compile(r"at `\$\.(bbox|interval)\b")


def decode(text: str | bytes) -> ClientMessage:
    """The message a client sent. Raises :class:`Refused` for everything else, and nothing else."""
    if isinstance(text, bytes):
        raise Refused("bad_message", "Messages are text frames.")
    # A character is at least one byte, so a long text is too large before it is encoded.
    if len(text) > MESSAGE_LIMIT or len(utf8 := text.encode()) > MESSAGE_LIMIT:
        raise Refused("too_large", f"A message holds at most {MESSAGE_LIMIT} bytes.")
    try:
        message: ClientMessage = _decoder.decode(utf8)
    except (msgspec.DecodeError, RecursionError) as error:
        raise _refusal(utf8, error) from None
    if isinstance(message, ClientPause | ClientSeek | ClientSpeed):
        raise Refused("not_supported", "Playback is not supported yet.", message.id)
    if isinstance(message, ClientSubscribe):
        for name in _LATER_FIELDS:
            if getattr(message, name) is not UNSET:
                raise Refused("not_supported", f"{name} is not supported yet.", message.id)
    return message


def view_of(message: ClientSubscribe) -> View:
    """The view asked for. Raises :class:`Refused` with ``bad_bbox``."""
    if isinstance(message.bbox, UnsetType):
        return View(None, message.interval)
    try:
        return View(box(*message.bbox), message.interval)
    except BadBox as error:
        raise Refused("bad_bbox", f"{error}.", message.id) from None


def _refusal(utf8: bytes, error: Exception) -> Refused:
    """Why ``utf8`` is no message: by its JSON first, its type next, then the field at fault."""
    try:
        loose: Any = msgspec.json.decode(utf8)
    except (msgspec.DecodeError, RecursionError) as malformed:
        return Refused("bad_json", f"{malformed}.")
    if not isinstance(loose, dict):
        return Refused("bad_message", "A message is a JSON object.")
    request_id = _id_of(loose)
    kind = loose.get("type")
    if not isinstance(kind, str):
        return Refused("bad_message", "A message has a type, a string.", request_id)
    if kind not in CLIENT_TYPES:
        return Refused("unknown_type", f"There is no message of type {kind[:64]!r}.", request_id)
    at = _PATH.search(str(error))
    code: Literal["bad_bbox", "bad_interval", "bad_message"] = "bad_message"
    if at:
        code = "bad_bbox" if at[1] == "bbox" else "bad_interval"
    return Refused(code, f"{error}.", request_id)


def _id_of(loose: dict[str, Any]) -> int | str | UnsetType:
    try:
        request_id: int | str = msgspec.convert(loose["id"], RequestId)
    except (KeyError, msgspec.ValidationError):
        return UNSET
    return request_id
