"""What clients look at: a view per client, in groups that are served at one beat.

A change is encoded once for a group and joined into the frames of all its clients. A client that
does not read is passed over; what it missed is kept as names only, and it gets whole entries of
those when it reads again.

At a beat every change is looked at once, and again for each view that is a box; a picture in cells
comes with the scale that needs it.
"""

from collections.abc import Iterator
from typing import Final

import orjson

from aerotrack.domain.changes import Change, Changes, Pending
from aerotrack.domain.geo import Box
from aerotrack.domain.picture import LivePicture

# A part of a snapshot stays under this many bytes (DESIGN section 6: under 512 kB).
PART_BYTES: Final = 500_000
# Seconds between frames. Every change is noted once for each interval in use, so there are few;
# what lies between two gets the longer.
INTERVALS: Final = (
    0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0, 15.0, 20.0, 30.0, 60.0,
)  # fmt: skip


def interval_for(wanted: float) -> float:
    """The interval that is served to who wants a frame every ``wanted`` seconds at most."""
    return next((interval for interval in INTERVALS if interval >= wanted), INTERVALS[-1])


class View:
    """One client's view: what it looks at, what it holds, and what it has missed."""

    __slots__ = ("box", "gone", "held", "missed", "seq", "writable")

    def __init__(self, box: Box | None) -> None:
        self.box = box
        self.held: set[str] = set()
        self.missed: set[str] = set()
        self.gone: dict[str, bytes] = {}
        self.writable = True
        self.seq = 0

    def snapshot(self, picture: LivePicture, now: float) -> Iterator[bytes]:
        """Frames that replace everything the client holds by what its view shows."""
        self.held.clear()
        self.missed.clear()
        self.gone.clear()
        part: list[bytes] = []
        size = 0
        for entry in picture.shown(self.box):
            encoded = entry.encoded()
            if part and size + len(encoded) > PART_BYTES:
                yield self._snapshot_part(part, picture.pos, now, more=True)
                part, size = [], 0
            part.append(encoded)
            size += len(encoded) + 1
            self.held.add(entry.icao24)
        yield self._snapshot_part(part, picture.pos, now, more=False)

    def _snapshot_part(self, part: list[bytes], pos: int, now: float, *, more: bool) -> bytes:
        self.seq += 1
        head = b'{"type":"snapshot","seq":%d,"pos":%d,"now":%.3f,' % (self.seq, pos, now)
        return b"".join((head, b'"more":true,' * more, b'"flights":[', b",".join(part), b"]}"))

    def move(self, box: Box | None, picture: LivePicture) -> None:
        """Look at ``box`` from now on; what enters and leaves goes out with the next frame.

        What the view's beat has pending must be given to :meth:`miss` before.
        """
        self.box = box
        shown = {entry.icao24 for entry in picture.shown(box)}
        self.missed |= self.held ^ shown

    def miss(self, pending: dict[str, Pending], gone: dict[str, bytes]) -> None:
        """Changes that will not be sent as such: remember what the client will need instead."""
        self.missed.update(pending)
        for icao24, encoded in gone.items():
            if icao24 in self.held:
                self.held.discard(icao24)
                self.gone[icao24] = encoded

    def frame(
        self, picture: LivePicture, now: float, changes: Changes, gone: dict[str, bytes]
    ) -> tuple[bytes, float | None] | None:
        """The delta since the client's last frame and the oldest feed read behind it, if any."""
        held, pending = self.held, changes.pending
        leaving, self.gone = list(self.gone.values()), {}
        for icao24, encoded in gone.items():
            if icao24 in held:
                held.discard(icao24)
                leaving.append(encoded)
        entries: list[bytes] = []
        oldest: float | None
        for icao24 in self.missed:
            if icao24 not in pending:
                self._renew(icao24, picture, entries, leaving)
        if self._sees_all_as_it_is(changes):
            oldest = changes.oldest
            if changes.rows:
                entries.append(changes.joined())
        else:
            oldest = self._select(changes, now, entries, leaving)
        self.missed.clear()
        if not entries and not leaving:
            return None
        self.seq += 1
        head = b'{"type":"delta","seq":%d,"pos":%d,"now":%.3f,"gone":[' % (
            self.seq,
            picture.pos,
            now,
        )
        body = (head, b",".join(leaving), b'],"flights":[', b",".join(entries), b"]}")
        return b"".join(body), oldest

    def _sees_all_as_it_is(self, changes: Changes) -> bool:
        """Whether every change goes to this client, and as a delta: its frame is everybody's."""
        return (
            self.box is None
            and changes.pending.keys() <= self.held
            and self.missed.isdisjoint(changes.pending)
            and not changes.any_whole
        )

    def _select(
        self, changes: Changes, now: float, entries: list[bytes], leaving: list[bytes]
    ) -> float | None:
        """Add what this view shows of ``changes``; the oldest feed read behind that."""
        held, missed = self.held, self.missed
        inside = changes.inside(self.box)
        if self.box is not None:
            left = held & changes.pending.keys()
            left.difference_update([row.entry.icao24 for row in inside])
            for icao24 in left:
                held.discard(icao24)
                flight_id = changes.pending[icao24].entry.flight_id
                leaving.append(_gone(icao24, flight_id, "left_view", None))
        oldest: float | None = None
        for row in inside:
            icao24 = row.entry.icao24
            if row.whole or icao24 not in held or icao24 in missed:
                held.add(icao24)
                entries.append(row.entry.encoded_full())
            else:
                entries.append(row.delta(now))
            if oldest is None or row.received < oldest:
                oldest = row.received
        return oldest

    def _renew(
        self, icao24: str, picture: LivePicture, entries: list[bytes], leaving: list[bytes]
    ) -> None:
        """Bring one flight the client may hold wrongly to what its view shows."""
        entry = picture.get(icao24)
        if entry is None:
            return  # its end is among what is gone
        if entry.within(self.box):
            self.held.add(icao24)
            entries.append(entry.encoded_full())
        elif icao24 in self.held:
            self.held.discard(icao24)
            leaving.append(_gone(icao24, entry.flight_id, "left_view", None))


class Beat:
    """The changes that clients of one interval have not been sent yet."""

    __slots__ = ("_fresh", "due", "gone", "interval", "pending", "views")

    def __init__(self, interval: float, now: float) -> None:
        self.interval = interval
        self.due = now + interval
        self.views: dict[int, View] = {}
        self.pending: dict[str, Pending] = {}
        self.gone: dict[str, bytes] = {}
        self._fresh: list[Change] = []  # not looked at by prepare() yet

    def note(self, change: Change, *, whole: bool, received: float) -> None:
        """Something of a flight changed."""
        entry = change.entry
        pending = self.pending.get(entry.icao24)
        if pending is None:
            self.pending[entry.icao24] = Pending(entry, change, whole, received)
            self._fresh.append(change)
        else:
            pending.add(change, whole=whole)

    def note_gone(self, icao24: str, flight_id: str, reason: str, cause: str | None) -> None:
        """A flight left the picture."""
        self.pending.pop(icao24, None)
        self.gone[icao24] = _gone(icao24, flight_id, reason, cause)

    def prepare(self) -> None:
        """Encode what came lately, so that not all of it is to be done at the beat."""
        for change in self._fresh:
            change.encoded()
        self._fresh.clear()

    def frames(self, picture: LivePicture, now: float) -> Iterator[tuple[int, bytes, float | None]]:
        """The frames due now, as (client id, frame, oldest feed read); then nothing is pending."""
        pending, gone = self.pending, self.gone
        self.pending, self.gone, self._fresh = {}, {}, []
        changes = Changes(pending, now)
        for client_id, view in self.views.items():
            if not view.writable:
                view.miss(pending, gone)
            elif pending or gone or view.missed or view.gone:
                made = view.frame(picture, now, changes, gone)
                if made is not None:
                    yield client_id, *made


def _gone(icao24: str, flight_id: str, reason: str, cause: str | None) -> bytes:
    """An entry of ``gone``."""
    entry = {"icao24": icao24, "flight_id": flight_id, "reason": reason}
    if cause is not None:
        entry["cause"] = cause
    return orjson.dumps(entry)
