"""What clients of the live stream say, decoded strictly: a typed message or a refusal.

Pure: text in, a message of :mod:`aerotrack.domain.live` or a :class:`Refused` with a stable code
out. docs/live.md is the reference.
"""

import re
from typing import Any, Final, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

from aerotrack.domain.geo import BadBox, Box, box
from aerotrack.domain.live import (
    CLIENT_TYPES,
    MESSAGE_LIMIT,
    ClientMessage,
    ClientPause,
    ClientSeek,
    ClientSpeed,
    ClientSubscribe,
    ErrorMessage,
    RequestId,
)

_LATER_FIELDS: Final = ("follow", "filter", "resume", "at", "speed")


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
