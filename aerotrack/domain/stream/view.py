"""One client's view, and the frames of the protocol."""

from collections.abc import Sequence

from aerotrack.domain.stream.layers import Layer
from aerotrack.domain.stream.pyramid import Area

Made = tuple[bytes, float | None]
"""A frame, and the oldest feed read behind it where there is one."""


class View:
    """What a client looks at, and what of it was sent.

    Which flights the client holds is not kept: it is those that were in ``area`` of ``layer``, or
    in ``follow`` (icao24s), at position ``held``; events up to there were sent. All that changed of
    them up to ``pos`` was sent; ``held >= pos``. While it is in time with its beat, both count as
    no less than the position of the last beat.
    """

    __slots__ = ("area", "client_id", "follow", "held", "layer", "pos", "seq", "writable")

    def __init__(
        self, client_id: int, area: Area, layer: Layer, follow: frozenset[str], pos: int
    ) -> None:
        self.client_id = client_id
        self.area = area
        self.layer = layer
        self.follow = follow
        self.pos = self.held = pos
        self.seq = 0
        self.writable = True

    def snapshot_part(self, entries: Sequence[bytes], pos: int, now: float, *, more: bool) -> bytes:
        """A part of a snapshot."""
        self.seq += 1
        head = b'{"type":"snapshot","seq":%d,"pos":%d,"now":%.3f,' % (self.seq, pos, now)
        return b"".join((head, b'"more":true,' * more, b'"flights":[', b",".join(entries), b"]}"))

    def delta(self, gone: bytes, entries: bytes, pos: int, now: float) -> bytes:
        """A delta of what is already joined by commas."""
        self.seq += 1
        head = b'{"type":"delta","seq":%d,"pos":%d,"now":%.3f,"gone":[' % (self.seq, pos, now)
        return b"".join((head, gone, b'],"flights":[', entries, b"]}"))

    def event(self, body: bytes, pos: int, now: float) -> bytes:
        """An event; ``body`` is its fields without the opening brace."""
        self.seq += 1
        head = b'{"type":"event","seq":%d,"pos":%d,"now":%.3f,' % (self.seq, pos, now)
        return head + body
