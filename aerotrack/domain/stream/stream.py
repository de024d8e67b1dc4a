"""The live stream as one object: the picture, its layers, the beats and the clients' views.

Reports of flights go in, frames come out as (client id, frame, oldest feed read behind it). Time is
passed in with each tick. What would take long is cut in slices: a beat's frames and the parts of a
large snapshot come with :meth:`LiveStream.work`, to be called again while the stream is ``busy``.
"""

from collections import deque
from collections.abc import Iterator
from typing import Final

from aerotrack.domain.geo import Box
from aerotrack.domain.records import EndCause, FlightEvent, flight_id_of_key
from aerotrack.domain.stream.audience import LIMITS, Audience, Frame, Limits
from aerotrack.domain.stream.changes import Change
from aerotrack.domain.stream.happenings import Happenings, happening
from aerotrack.domain.stream.layers import Layers
from aerotrack.domain.stream.picture import LivePicture
from aerotrack.domain.types import Value

# How long it is remembered who left and what happened, for those who come back: the protocol's 60 s
# (DESIGN section 6), and more than the longest interval by as much as a beat may be late.
WINDOW_S: Final = 75.0
# The position is marked once a second, so that what is older than the window can be told.
MARK_EVERY_S: Final = 1.0


class LiveStream:
    """Everything the live stream knows. Not thread safe; times are epoch seconds."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        self.picture = LivePicture()
        self.changes = 0
        self._layers = Layers(self.picture)
        self._happenings = Happenings()
        self._marks: deque[tuple[float, int]] = deque()
        self.audience = Audience(self.picture, self._layers, self._happenings, limits)

    # -- flights -----------------------------------------------------------------------------------

    @property
    def pos(self) -> int:
        """The position: goes up by one with every change, and never falls within a run."""
        return self._layers.pos

    @property
    def filters(self) -> int:
        """Distinct filters in use, or kept for those who come back."""
        return len(self._layers.all) - 1

    def change(
        self,
        icao24: str,
        flight_id: str,
        changed: tuple[tuple[str, Value], ...],
        *,
        whole: bool,
        time_position: float | None,
        last_contact: float,
        received: float,
    ) -> None:
        """A flight reports what changed; with ``whole``, all there is.

        Clients hear of it where a field changed, and of a position that is confirmed where it
        was, since what they hear nothing of ages.
        """
        self.changes += 1
        entry = self.picture.get(icao24)
        if whole and entry is not None and entry.flight_id != flight_id:
            self.gone(icao24, entry.flight_id, "ended", "replaced")
            entry = None
        if entry is None:
            entry, came = self.picture.add(icao24, flight_id), True
        else:
            came = False
            if whole:
                entry.values.clear()
        before = entry.place
        confirmed = time_position != entry.time_position
        entry.apply(changed, time_position, last_contact)
        if not (changed or whole or came or confirmed):
            return
        layers = self._layers
        entry.pos = layers.pos = layers.pos + 1
        moved = entry.place != before
        if moved:
            self.picture.moved(entry, before)
        if came:
            layers.came(entry)
        elif moved or layers.filtered:
            layers.changed(entry, before, None if whole else changed)
        self.audience.note(Change(entry, changed, whole or came, received))

    def gone(self, icao24: str, flight_id: str, reason: str, cause: EndCause | None) -> None:
        """A flight leaves the picture, if it is there and no other of its aircraft."""
        entry = self.picture.get(icao24)
        if entry is None or entry.flight_id != flight_id:
            return
        self._layers.pos += 1
        self.picture.remove(entry)
        self._layers.left(entry, reason, cause)
        self.audience.forget(icao24)

    def happened(self, event: FlightEvent) -> None:
        """Something happened to a flight."""
        flight_id = flight_id_of_key(event.flight)
        entry = self.picture.get(flight_id.partition("-")[0])
        if entry is not None and entry.flight_id != flight_id:
            entry = None
        self._layers.pos += 1
        one = happening(event, entry, self._layers.all, self._layers.pos)
        self._happenings.add(one)
        self.audience.note_happening(one)

    def advance(self, pos: int, *, begins: bool) -> None:
        """The picture that this one follows is at ``pos``.

        With ``begins`` all of it was shown; what was before is not known, and nobody looked on yet.
        """
        self._layers.pos = pos
        if begins:
            self._layers.forget_all()
            self._happenings.forget_all(pos)
            for entry in self.picture:
                entry.pos = pos

    # -- time --------------------------------------------------------------------------------------

    def tick(self, now: float) -> Iterator[Frame]:
        """Time passed: the first of the frames that are due now."""
        self._forget(now)
        return self.audience.tick(now)

    def _forget(self, now: float) -> None:
        """Drop what the window does not reach back to."""
        marks = self._marks
        if marks and now < marks[-1][0]:
            marks.clear()  # the clock was set back: what there is counts from now
        if not marks or now - marks[-1][0] >= MARK_EVERY_S:
            marks.append((now, self._layers.pos))
        if now - marks[0][0] < WINDOW_S:
            return
        while len(marks) > 1 and now - marks[1][0] >= WINDOW_S:
            marks.popleft()
        self._layers.forget(marks[0][1])
        self._layers.drop_unused(now - WINDOW_S)
        self._happenings.forget(marks[0][1])

    def inside(self, box: Box | None, feed: str | None) -> tuple[bytes, ...]:
        """The whole entries of the flights in ``box``, exactly, that ``feed`` gives."""
        return tuple(
            entry.encoded()
            for entry in self.picture.inside(box)
            if feed is None or entry.values.get("feed") == feed
        )
