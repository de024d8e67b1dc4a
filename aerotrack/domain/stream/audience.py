"""The clients of the live stream: their views, the beats that serve them, snapshots under way."""

from collections.abc import Iterator
from typing import Final

import msgspec

from aerotrack.domain.stream.beats import Beat, Round, interval_for
from aerotrack.domain.stream.catchup import Look, catch_up
from aerotrack.domain.stream.changes import Change
from aerotrack.domain.stream.filters import FlightFilter
from aerotrack.domain.stream.happenings import Happening, Happenings
from aerotrack.domain.stream.layers import Layers
from aerotrack.domain.stream.picture import Entry, LivePicture
from aerotrack.domain.stream.pyramid import Area
from aerotrack.domain.stream.snapshots import PART_BYTES, Snapshot
from aerotrack.domain.stream.view import View

# The runtime's tick, and the shortest of the intervals.
TICK_S: Final = 0.1


class Limits(msgspec.Struct, frozen=True):
    """How much is done at once."""

    # Clients served in one slice: two to five milliseconds.
    clients_a_slice: int = 200
    # Whole flights in one delta; where more would go into one, a snapshot in parts comes instead.
    # As many fit into two parts.
    whole_most: int = 2_000
    part_bytes: int = PART_BYTES


LIMITS: Final = Limits()

Frame = tuple[int, bytes, float | None]
"""For which client, the frame, and the oldest feed read behind it where there is one."""


class Wanted(msgspec.Struct, frozen=True):
    """A view as a client asks for it; ``resume_pos`` is where it had come to before."""

    area: Area
    interval: float
    which: FlightFilter | None = None
    follow: frozenset[str] = frozenset()
    resume_pos: int | None = None


class _Client:
    """A client: its view, the beat that serves it, or the snapshot that comes before that."""

    __slots__ = ("beat", "interval", "snapshot", "view")

    def __init__(self, view: View, interval: float) -> None:
        self.view = view
        self.interval = interval
        self.beat: Beat | None = None
        self.snapshot: Snapshot | None = None


class Audience:
    """All clients. What they are told is made of the picture, its layers and what happened."""

    def __init__(
        self, picture: LivePicture, layers: Layers, happenings: Happenings, limits: Limits
    ) -> None:
        self._picture: Final = picture
        self._layers: Final = layers
        self._happenings: Final = happenings
        self._limits: Final = limits
        self._clients: dict[int, _Client] = {}
        self._beats: dict[float, Beat] = {}
        self._rounds: dict[Beat, Round] = {}
        self._snapshots: dict[int, Snapshot] = {}  # those under way, by client
        self._now = 0.0

    # -- what happens ------------------------------------------------------------------------------

    def note(self, change: Change) -> None:
        """Something of a flight changed."""
        icao24 = change.entry.icao24
        for beat in self._beats.values():
            beat.note(icao24, change)

    def forget(self, icao24: str) -> None:
        """A flight left the picture: what changed of it before is of no use."""
        for beat in self._beats.values():
            beat.pending.pop(icao24, None)

    def note_happening(self, one: Happening) -> None:
        """Something happened to a flight."""
        for beat in self._beats.values():
            beat.note_happening(one)

    # -- figures -----------------------------------------------------------------------------------

    @property
    def subscribed(self) -> int:
        """Clients that are sent frames."""
        return sum(client.beat is not None for client in self._clients.values()) + len(
            self._snapshots
        )

    @property
    def unwritable(self) -> int:
        """Those that do not keep up just now."""
        return sum(not client.view.writable for client in self._clients.values())

    # -- clients -----------------------------------------------------------------------------------

    def subscribe(self, client_id: int, wanted: Wanted, now: float) -> Iterator[Frame]:
        """Serve a client this view from now on, in place of any before; its first frames.

        Raises:
            TooManyFilters: its filter is one too many; everything stays as it was.
        """
        self._now = now
        layer = self._layers.take(wanted.which)
        look = Look(wanted.area, layer, wanted.follow)
        interval = interval_for(wanted.interval)
        client = self._clients.get(client_id)
        if client is None:
            view = View(client_id, look.area, look.layer, look.follow, self._layers.pos)
            client = self._clients[client_id] = _Client(view, interval)
            if wanted.resume_pos is not None:
                view.pos = view.held = wanted.resume_pos
                if wanted.resume_pos <= self._layers.pos:
                    return self._resume(client)
            return self._show(client, look)
        client.interval = interval
        if client.snapshot is not None:
            return self._show_instead(client, client.snapshot, look)
        if client.beat is None:
            client.view.writable = True  # while it was away nobody said so
            return self._show(client, look)
        return self._move(client, client.beat, look)

    def unsubscribe(self, client_id: int, *, closed: bool) -> None:
        """Serve a client no more. Unless it ``closed``, its ``seq`` goes on should it come back."""
        client = self._clients.pop(client_id, None)
        if client is None:
            return
        if client.beat is not None or client_id in self._snapshots:
            self._layers.release(client.view.layer, self._now)
        # One under way stays with the client: should it come back, its last part is owed first.
        self._snapshots.pop(client_id, None)
        if client.beat is not None:
            self._leave_beat(client)
        if not closed:
            self._clients[client_id] = client

    def set_writable(self, client_id: int, *, writable: bool) -> None:
        """Say whether a client takes frames."""
        client = self._clients.get(client_id)
        if client is not None:
            client.view.writable = writable

    def _show_instead(self, client: _Client, cut: Snapshot, look: Look) -> Iterator[Frame]:
        """Begin a snapshot in place of one that is under way, or was when the client went."""
        view = client.view
        yield view.client_id, cut.cut_off(self._now), None
        if view.client_id in self._snapshots:
            yield from self._missed_events(view)
            self._layers.release(view.layer, self._now)
        yield from self._show(client, look)

    def _show(self, client: _Client, look: Look) -> Iterator[Frame]:
        """Begin a snapshot; small ones are complete at once."""
        view = client.view
        client.snapshot = Snapshot(view, look, self._picture, self._layers.pos)
        self._snapshots[view.client_id] = client.snapshot
        yield self._part(client, client.snapshot)

    def _part(self, client: _Client, snapshot: Snapshot) -> Frame:
        """The next part of a snapshot; after the last the client joins its beat."""
        view = client.view
        part = snapshot.part(self._now, self._limits.part_bytes)
        if snapshot.complete:
            del self._snapshots[view.client_id]
            client.snapshot = None
            self._join_beat(client)
        return view.client_id, part, None

    def _resume(self, client: _Client) -> Iterator[Frame]:
        """Tell a client that comes back what changed since; at least that nothing did."""
        view = client.view
        look = Look(view.area, view.layer, view.follow)
        self._join_beat(client)
        assert client.beat is not None
        yield from self._catch_up(client, client.beat, look, always=True)

    def _move(self, client: _Client, beat: Beat, look: Look) -> Iterator[Frame]:
        """Look elsewhere: what enters and leaves is told at once, what changed at the next beat."""
        view = client.view
        yield from self._serve_first(client, beat)
        if client.beat is None:  # it was so far behind that a snapshot began
            assert client.snapshot is not None
            yield from self._show_instead(client, client.snapshot, look)
            return
        beat.settle(view)
        yield from self._missed_events(view)
        leaving, entering = (
            catch_up(view, look, self._picture, self._layers.base, None)
            if self._remembered(view)
            else (None, None)
        )
        self._layers.release(view.layer, self._now)
        if leaving is None or entering is None or len(entering) > self._limits.whole_most:
            self._leave_beat(client)
            yield from self._show(client, look)
            return
        if self._beats.get(client.interval) is beat and (look.layer, look.follow) == (
            view.layer,
            view.follow,
        ):
            beat.turn(view, look.area)
        else:
            self._leave_beat(client)
            view.area, view.layer, view.follow = look.area, look.layer, look.follow
            self._join_beat(client)
        view.held = self._layers.pos
        if leaving or entering:
            yield view.client_id, self._delta(view, leaving, entering), None

    # -- beats -------------------------------------------------------------------------------------

    def _join_beat(self, client: _Client) -> None:
        beat = self._beats.get(client.interval)
        if beat is None:
            beat = Beat(client.interval, self._layers.base, self._layers.pos, self._now)
            self._beats[client.interval] = beat
        client.beat = beat
        beat.join(client.view)

    def _leave_beat(self, client: _Client) -> None:
        beat, client.beat = client.beat, None
        assert beat is not None
        under_way = self._rounds.get(beat)
        if under_way is not None:
            under_way.queue.pop(client.view, None)
        beat.leave(client.view)
        if not beat.views:
            del self._beats[beat.interval]
            self._rounds.pop(beat, None)

    def tick(self, now: float) -> Iterator[Frame]:
        """Time passed: begin the beats that are due, and hand out the first of their frames."""
        self._now = now
        for beat in tuple(self._beats.values()):
            if now < beat.due:
                if beat.due - now <= beat.interval + TICK_S:
                    beat.prepare()
                    continue
                beat.due = now  # the clock was set back: do not wait until it is there again
            # A late beat does not make up for those it missed.
            beat.due = max(beat.due + beat.interval, now + TICK_S / 2)
            before = self._rounds.pop(beat, None)
            while before is not None and before.queue:
                yield from self._serve(before, beat, next(iter(before.queue)))
            if self._beats.get(beat.interval) is not beat:
                continue  # the last of its clients went elsewhere
            self._rounds[beat] = beat.begin(self._picture, self._layers.pos, now)
        yield from self.work()

    @property
    def busy(self) -> bool:
        """Whether there is more for :meth:`work` to do."""
        return bool(self._rounds) or any(
            snapshot.view.writable for snapshot in self._snapshots.values()
        )

    def work(self) -> Iterator[Frame]:
        """The next frames of beats and snapshots under way: a slice's worth."""
        left = self._limits.clients_a_slice
        for beat, under_way in tuple(self._rounds.items()):
            while left and under_way.queue:
                left -= 1
                yield from self._serve(under_way, beat, next(iter(under_way.queue)))
            if not under_way.queue:
                self._rounds.pop(beat, None)
        for client_id, snapshot in tuple(self._snapshots.items()):
            if left and snapshot.view.writable:
                # One part of one snapshot; those that wait longest come first.
                self._snapshots[client_id] = self._snapshots.pop(client_id)
                yield self._part(self._clients[client_id], snapshot)
                return

    def _serve_first(self, client: _Client, beat: Beat) -> Iterator[Frame]:
        """What the beat under way has for a client, before anything else is done with it."""
        under_way = self._rounds.get(beat)
        if under_way is not None and client.view in under_way.queue:
            yield from self._serve(under_way, beat, client.view)

    def _serve(self, under_way: Round, beat: Beat, view: View) -> Iterator[Frame]:
        """What a beat has for one client."""
        del under_way.queue[view]
        if not view.writable:
            if view not in beat.behind:
                view.pos = max(view.pos, under_way.since)
                view.held = max(view.held, under_way.since)
                beat.behind.add(view)
        elif view in beat.behind:
            look = Look(view.area, view.layer, view.follow)
            yield from self._catch_up(self._clients[view.client_id], beat, look, always=False)
        else:
            for frame, received in under_way.frames(view):
                yield view.client_id, frame, received

    # -- those who were away -----------------------------------------------------------------------

    def _remembered(self, view: View) -> bool:
        """Whether all is known that happened since the view's position."""
        floor = max(view.layer.floor, self._happenings.floor)
        if view.follow:
            floor = max(floor, self._layers.base.floor)
        return view.pos >= floor

    def _catch_up(
        self, client: _Client, beat: Beat, look: Look, *, always: bool
    ) -> Iterator[Frame]:
        """Tell a client what changed since its position; where that is not known, all there is."""
        view = client.view
        yield from self._missed_events(view)
        if not self._remembered(view):
            self._leave_beat(client)
            yield from self._show(client, look)
            return
        leaving, changed = catch_up(view, look, self._picture, self._layers.base, view.pos)
        if len(changed) > self._limits.whole_most:
            if leaving:
                yield view.client_id, self._delta(view, leaving, []), None
            self._leave_beat(client)
            yield from self._show(client, look)
            return
        view.pos = view.held = self._layers.pos
        beat.behind.discard(view)
        if leaving or changed or always:
            yield view.client_id, self._delta(view, leaving, changed), None

    def _missed_events(self, view: View) -> Iterator[Frame]:
        """The events since the view's position, as far as they are remembered."""
        for one in self._happenings.since(view.held):
            if one.seen_by(view):
                yield view.client_id, view.event(one.body, view.pos, self._now), None

    def _delta(self, view: View, leaving: list[bytes], entries: list[Entry]) -> bytes:
        rows = b",".join([entry.encoded_full() for entry in entries])
        return view.delta(b",".join(leaving), rows, view.pos, self._now)
