"""A batch as bytes: pieces of msgpack, packed together by zlib.

Fields go by their names, so that a file of an older release can be read; packing makes up for the
room they take (a point has 30 to 45 bytes then). Packing lets go of the interpreter, and between
pieces :func:`encode` and :func:`decode` let other threads have it too.
"""

import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import msgspec

from aerotrack.domain.records import Batch, FlightEvent, FlightRecord, HistoryGap, TrackPoint

# Rows encoded in one go: about 0.3 ms with the interpreter held.
ROWS_PER_PIECE: Final = 500
# The fastest: the higher levels win a fifth of the room and cost four times the time.
ZLIB_LEVEL: Final = 1
_LENGTH: Final = struct.Struct("<I")


class UnreadableBatch(Exception):
    """These bytes are no batch: cut short, overwritten, or of another program."""


class Piece(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A part of a batch."""

    points: tuple[TrackPoint, ...] = ()
    flights: tuple[FlightRecord, ...] = ()
    events: tuple[FlightEvent, ...] = ()
    gaps: tuple[HistoryGap, ...] = ()


_KINDS: Final = Piece.__struct_fields__
_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(Piece)
# What msgpack cannot hold: half a surrogate pair, a number of more than 64 bits.
_UNENCODABLE: Final = (ValueError, OverflowError, TypeError)


class Encoded(msgspec.Struct, frozen=True):
    """The bytes of a batch; ``left_out`` counts rows that no encoding can hold."""

    body: bytes
    left_out: int


def encode(batch: Batch, yield_turn: Callable[[], None]) -> Encoded:
    """``batch`` without its number; ``yield_turn`` is called between pieces."""
    packer = zlib.compressobj(ZLIB_LEVEL)
    packed: list[bytes] = []
    left_out = 0
    for kind in _KINDS:
        for rows in _slices(getattr(batch, kind)):
            try:
                piece = _ENCODER.encode(Piece(**{kind: tuple(rows)}))
            except _UNENCODABLE:
                sound = tuple(row for row in map(_mended, rows) if row is not None)
                left_out += len(rows) - len(sound)
                piece = _ENCODER.encode(Piece(**{kind: sound}))
            packed.append(packer.compress(_LENGTH.pack(len(piece)) + piece))
            yield_turn()
    packed.append(packer.flush())
    return Encoded(b"".join(packed), left_out)


def decode(number: int, body: bytes, yield_turn: Callable[[], None]) -> Batch:
    """The batch that :func:`encode` made ``body`` of. Raises :class:`UnreadableBatch`."""
    rows: dict[str, list[Any]] = {kind: [] for kind in _KINDS}
    try:
        plain = memoryview(zlib.decompress(body))
        at = 0
        while at < len(plain):
            (length,) = _LENGTH.unpack_from(plain, at)
            at += _LENGTH.size
            piece = _DECODER.decode(plain[at : at + length])
            at += length
            for kind in _KINDS:
                rows[kind].extend(getattr(piece, kind))
            yield_turn()
    except (zlib.error, struct.error, msgspec.MsgspecError) as error:
        raise UnreadableBatch(str(error)) from error
    return Batch(number, *(tuple(rows[kind]) for kind in _KINDS))


def _slices(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(rows), ROWS_PER_PIECE):
        yield rows[start : start + ROWS_PER_PIECE]


def _mended(row: Any) -> Any:
    """``row`` with broken text written out in escapes; ``None`` where that does not help."""
    texts = {
        name: value.encode("utf-8", "backslashreplace").decode()
        for name in row.__struct_fields__
        if isinstance(value := getattr(row, name), str)
    }
    mended = msgspec.structs.replace(row, **texts)
    try:
        _ENCODER.encode(mended)
    except _UNENCODABLE:
        return None
    return mended
