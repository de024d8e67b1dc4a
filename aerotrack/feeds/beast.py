"""Beast binary: the frames of port 30005, as receivers, readsb and dump1090 send them.

A frame is ``1A``, a type, a six-byte clock, a signal level and the message; every ``1A`` behind the
type is doubled. Read are the Mode S types (``2`` of 7 bytes, ``3`` of 14) and readsb's receiver ids
(``E3`` and eight bytes, ``E4`` and a UUID), which hold for what follows them. Nothing in eight
bytes says that they are an id, so they are one only where a frame follows at once. Everything else
(Mode A/C, status, GPS positions, heartbeats, pings, commands) is passed over.

Nothing here needs to know where frames begin: every place where one could is tried, and whether it
is one is decided by its parity, later. So noise costs the frame it hits and no other, and where the
stream was cut makes no difference. Source of the format: readsb net_io.c, wire notes 4b.
"""

import re
from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

import msgspec

from aerotrack.domain.observation import Observation
from aerotrack.feeds.lines import ArrivalStamps
from aerotrack.feeds.modes.decoder import MAGIC_CLOCKS, Frame, ModesDecoder

ESCAPE: Final = 0x1A
# A long frame, every byte of clock, level and message doubled.
LONGEST_BYTES: Final = 2 + 2 * 21

_UUID: Final = rb"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"


def _bytes(count: int) -> bytes:
    """``count`` bytes as they are escaped; the first alternative is the usual case, and quicker."""
    return b"(?:[^\x1a]{%d}|(?:[^\x1a]|\x1a\x1a){%d})" % (count, count)


_token = re.compile(
    b"\x1a(?:3(%b)|2(%b)|\xe3(%b)|\xe4(%b))" % (_bytes(21), _bytes(14), _bytes(8), _UUID), re.DOTALL
)
# Groups of it that are ids of receivers: eight bytes, and a UUID.
_NUMBER: Final = 3
_IDS: Final = frozenset({_NUMBER, 4})
# Where a frame could begin within another: the second half of a doubled byte and a type.
_hidden = re.compile(b"\x1a(?=\x1a[32\xe3\xe4])")


class BeastFramer:
    """Finds the Mode S frames of one connection; the same ones however its bytes were cut.

    It holds less than ``LONGEST_BYTES`` of the stream.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._run = 0  # how many 1A stand directly before the rest
        self._receiver: str | None = None
        self._read = 0  # bytes before the rest
        self._named: tuple[int, str] | None = None  # where eight bytes ended, and the id they are

    def feed(self, chunk: bytes) -> list[Frame]:
        """The frames that ``chunk`` completed, in order."""
        known = len(self._rest)
        stream = self._rest + chunk
        found = [token for token in _token.finditer(stream) if token.end() > known]
        for token in _hidden_frames(stream, known):
            at = bisect_left(found, (token.end(), token.start()), key=_end_and_start)
            if at == len(found) or found[at].start() != token.start():
                found.insert(at, token)
        frames = []
        receiver = self._receiver
        for token in found:
            kind = token.lastindex
            body = token[kind]  # type: ignore[index]  # one of the groups took part
            if b"\x1a" in body:
                body = body.replace(b"\x1a\x1a", b"\x1a")
            if kind in _IDS:
                # No parity tells an id from the bytes of a message, but doubled bytes come in twos.
                if self._run_before(stream, token.start()) % 2 == 0:
                    if kind == _NUMBER:
                        self._named = self._read + token.end(), body.hex()
                    else:
                        receiver, self._named = body.decode("ascii").lower(), None
                continue
            if self._named is not None and self._named[0] == self._read + token.start():
                receiver, self._named = self._named[1], None
            frames.append((body[7:], int.from_bytes(body[:6], "big"), body[6], receiver))
        self._receiver = receiver
        rest = max(0, len(stream) - LONGEST_BYTES + 1)
        self._run = self._run_before(stream, rest)
        self._rest = stream[rest:]
        self._read += rest
        return frames

    def _run_before(self, stream: bytes, at: int) -> int:
        """How many 1A stand directly before this place."""
        first = at
        while first and stream[first - 1] == ESCAPE:
            first -= 1
        return at - first + (0 if first else self._run)


def _end_and_start(token: re.Match[bytes]) -> tuple[int, int]:
    return token.end(), token.start()


def _hidden_frames(stream: bytes, known: int) -> list[re.Match[bytes]]:
    """The frames that begin within what looks like another one, ending behind ``known``."""
    return [
        token
        for at in _hidden.finditer(stream)
        if (token := _token.match(stream, at.end())) and token.end() > known
    ]


class BeastDecoder(msgspec.Struct):
    """Bytes of one Beast connection to observations; a :class:`aerotrack.feeds.tcp.Decoder`."""

    stamps: ArrivalStamps
    modes: ModesDecoder
    framer: BeastFramer = msgspec.field(default_factory=BeastFramer)

    def decode(self, chunk: bytes, *, now: float) -> Sequence[Observation]:
        """The observations that ``chunk``, read at ``now`` (epoch seconds), completed."""
        frames = self.framer.feed(chunk)
        if frames and frames[-1][1] not in MAGIC_CLOCKS:
            self.modes.compare_clock(frames[-1], now)
        return self.modes.decode(frames, self.stamps.spread(now, len(frames)))

    def close(self, *, now: float) -> Sequence[Observation]:  # noqa: ARG002  # of the protocol
        """A frame that the end of the connection cut is nothing."""
        return ()
