"""What clients of the live stream say, decoded strictly: a typed message or a refusal.

Pure: text in, a message of :mod:`aerotrack.domain.live` or a :class:`Refused` with a stable code
out. docs/live.md is the reference.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import UNSET, Struct, UnsetType

from aerotrack.domain.geo import BadBox, Box, box
from aerotrack.domain.live import (
    CLIENT_TYPES,
    MESSAGE_LIMIT,
    ClientMessage,
    ClientSubscribe,
    ErrorMessage,
    RequestId,
    Resume,
)
from aerotrack.domain.moments import BadTime, moment
from aerotrack.domain.stream.filters import BadFilter, FlightFilter, filter_of


class View(Struct, frozen=True):
    """What a subscribe asks for: a box (``None`` is everything), and seconds between frames.

    ``follow`` are icao24s. ``resume`` is where a connection before had come to. ``at`` is the time
    (epoch seconds) to play from and ``speed`` how fast.
    """

    box: Box | None
    interval: float
    which: FlightFilter | None = None
    follow: tuple[str, ...] = ()
    resume: Resume | None = None
    request_id: int | str | None = None
    at: float | None = None
    speed: float | None = None


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
_PATH: Final = re.compile(r"at `\$\.(bbox|interval|follow|filter|resume|speed)\b")


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
    return message


def time_of(at: float | str, request_id: int | str | UnsetType = UNSET) -> float:
    """Epoch seconds of a moment. Raises :class:`Refused` with ``bad_time``."""
    try:
        return moment(at)
    except BadTime as error:
        raise Refused("bad_time", f"{error}.", request_id) from None


def view_of(message: ClientSubscribe) -> View:
    """The view asked for. Raises :class:`Refused`: ``bad_bbox``, ``bad_filter``, ``bad_time``."""
    follow = () if isinstance(message.follow, UnsetType) else message.follow
    try:
        return View(
            None if isinstance(message.bbox, UnsetType) else box(*message.bbox),
            message.interval,
            None if isinstance(message.filter, UnsetType) else filter_of(message.filter),
            tuple(sorted({name.partition("-")[0] for name in follow})),
            None if isinstance(message.resume, UnsetType) else message.resume,
            None if isinstance(message.id, UnsetType) else message.id,
            None if isinstance(message.at, UnsetType) else time_of(message.at, message.id),
            None if isinstance(message.speed, UnsetType) else message.speed,
        )
    except BadBox as error:
        raise Refused("bad_bbox", f"{error}.", message.id) from None
    except BadFilter as error:
        raise Refused("bad_filter", f"{error}.", message.id) from None


def view_of_query(arguments: Mapping[str, str]) -> View:
    """The view that an address asks for: ``bbox``, ``interval``, ``follow`` with commas between,
    ``filter`` as JSON, ``at``, ``speed``. Raises :class:`Refused`."""
    wanted: dict[str, Any] = {}
    for name in ("bbox", "follow"):
        if name in arguments:
            wanted[name] = arguments[name].split(",")
    try:
        if "bbox" in wanted:
            wanted["bbox"] = [float(bound) for bound in wanted["bbox"]]
    except ValueError:
        raise Refused("bad_bbox", "bbox is west,south,east,north in degrees.") from None
    try:
        if "interval" in arguments:
            wanted["interval"] = float(arguments["interval"])
    except ValueError:
        raise Refused("bad_interval", "interval is a number of seconds.") from None
    try:
        if "speed" in arguments:
            wanted["speed"] = float(arguments["speed"])
    except ValueError:
        raise Refused("bad_speed", "speed is a number.") from None
    if "at" in arguments:
        wanted["at"] = arguments["at"]
    try:
        if "filter" in arguments:
            wanted["filter"] = msgspec.json.decode(arguments["filter"])
    except (msgspec.DecodeError, RecursionError) as error:
        raise Refused("bad_filter", f"filter is JSON: {error}.") from None
    try:
        return view_of(msgspec.convert(wanted, ClientSubscribe))
    except msgspec.ValidationError as error:
        raise Refused(_code_of(error), f"{error}.") from None


def _code_of(error: Exception) -> str:
    """The code of the field that is at fault."""
    at = _PATH.search(str(error))
    return f"bad_{at[1]}" if at else "bad_message"


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
    return Refused(_code_of(error), f"{error}.", request_id)


def _id_of(loose: dict[str, Any]) -> int | str | UnsetType:
    try:
        request_id: int | str = msgspec.convert(loose["id"], RequestId)
    except (KeyError, msgspec.ValidationError):
        return UNSET
    return request_id
