"""The broadcaster actor: keeps the live picture and sends every client the bytes it needs."""

from typing import Final

from thespian.actors import ActorAddress

from aerotrack.actors.base import AeroActor, handles
from aerotrack.actors.messages import (
    Figure,
    Figures,
    FlightChanged,
    FlightGone,
    GetFigures,
    GetPicture,
    Picture,
    SendFrame,
    SetWritable,
    Subscribe,
    Tick,
    Unsubscribe,
)
from aerotrack.domain.changes import NOTHING, Change
from aerotrack.domain.picture import LivePicture
from aerotrack.domain.view import Beat, View, interval_for

# The runtime's tick, and the shortest of the intervals.
TICK_S: Final = 0.1


class Broadcaster(AeroActor):
    """Projects what flights report into one picture and serves its subscribers.

    Created by the runtime. Takes ``FlightChanged`` and ``FlightGone`` from flights, ``Subscribe``,
    ``Unsubscribe`` and ``SetWritable`` from clients' sockets, ``Tick``, ``GetPicture`` and
    ``GetFigures``. Emits ``SendFrame`` to clients. If it dies the picture is lost; flights that
    are heard again do not send themselves whole, so the runtime treats its death as fatal.
    """

    def __init__(self) -> None:
        super().__init__()
        self._picture = LivePicture()
        self._beats: dict[float, Beat] = {}
        # The interval is None while a client that was subscribed is not.
        self._clients: dict[int, tuple[ActorAddress, View, float | None]] = {}
        self._changes = 0
        self._frames = 0
        self._bytes = 0

    # -- the picture -------------------------------------------------------------------------------

    @handles(FlightChanged)
    def flight_changed(self, message: FlightChanged, sender: ActorAddress) -> None:
        entry, visible = self._picture.apply(
            message.icao24,
            message.flight_id,
            message.changed,
            whole=message.whole,
            time_position=message.time_position,
            last_contact=message.last_contact,
        )
        self._changes += 1
        if visible:
            change = Change(entry, message.changed)
            for beat in self._beats.values():
                beat.note(change, whole=message.whole, received=message.received)

    @handles(FlightGone)
    def flight_gone(self, message: FlightGone, sender: ActorAddress) -> None:
        if self._picture.remove(message.icao24, message.flight_id):
            for beat in self._beats.values():
                beat.note_gone(message.icao24, message.flight_id, message.reason, message.cause)

    # -- clients -----------------------------------------------------------------------------------

    @handles(Subscribe)
    def subscribe(self, message: Subscribe, sender: ActorAddress) -> None:
        interval = interval_for(message.interval)
        known = self._clients.get(message.client_id)
        view = View(message.box) if known is None else known[1]
        before = None if known is None else known[2]
        if before is None:
            view.box = message.box
            view.writable = True  # only who takes frames subscribes; while away nobody said so
            for part in view.snapshot(self._picture, message.now):
                self._send_frame(message.client, part, None)
        else:
            beat = self._beats[before]
            view.miss(beat.pending, beat.gone)
            self._leave_beat(message.client_id, before)
            view.move(message.box, self._picture)
            if view.writable:
                frame = view.frame(self._picture, message.now, NOTHING, {})
                if frame is not None:
                    self._send_frame(message.client, frame[0], None)
        joined = self._beats.get(interval)
        if joined is None:
            joined = self._beats[interval] = Beat(interval, message.now)
        joined.views[message.client_id] = view
        self._clients[message.client_id] = (message.client, view, interval)

    @handles(Unsubscribe)
    def unsubscribe(self, message: Unsubscribe, sender: ActorAddress) -> None:
        known = self._clients.pop(message.client_id, None)
        if known is None:
            return
        client, view, interval = known
        if interval is not None:
            self._leave_beat(message.client_id, interval)
        if not message.closed:
            self._clients[message.client_id] = (client, view, None)

    def _leave_beat(self, client_id: int, interval: float) -> None:
        beat = self._beats[interval]
        del beat.views[client_id]
        if not beat.views:
            del self._beats[interval]

    @handles(SetWritable)
    def set_writable(self, message: SetWritable, sender: ActorAddress) -> None:
        known = self._clients.get(message.client_id)
        if known is not None:
            known[1].writable = message.writable

    @handles(Tick)
    def tick(self, message: Tick, sender: ActorAddress) -> None:
        now = message.now
        for beat in self._beats.values():
            if now < beat.due:
                if beat.due - now <= beat.interval + TICK_S:
                    beat.prepare()
                    continue
                beat.due = now  # the clock was set back: do not wait until it is there again
            # A late beat does not make up for those it missed.
            beat.due = max(beat.due + beat.interval, now + TICK_S / 2)
            for client_id, payload, received in beat.frames(self._picture, now):
                self._send_frame(self._clients[client_id][0], payload, received)

    def _send_frame(self, client: ActorAddress, payload: bytes, received: float | None) -> None:
        self._frames += 1
        self._bytes += len(payload)
        self.send(client, SendFrame(payload, received))

    # -- queries -----------------------------------------------------------------------------------

    @handles(GetPicture)
    def get_picture(self, message: GetPicture, sender: ActorAddress) -> None:
        entries = tuple(
            entry.encoded()
            for entry in self._picture.shown(message.box)
            if message.feed is None or entry.values.get("feed") == message.feed
        )
        self.send(sender, Picture(message.now, entries))

    @handles(GetFigures)
    def get_figures(self, message: GetFigures, sender: ActorAddress) -> None:
        unwritable = sum(not view.writable for _, view, _ in self._clients.values())
        values = (
            Figure("live_flights", len(self._picture)),
            Figure("changes_total", self._changes),
            Figure("subscribers", sum(len(beat.views) for beat in self._beats.values())),
            Figure("unwritable_subscribers", unwritable),
            Figure("frames_total", self._frames),
            Figure("frame_bytes_total", self._bytes),
        )
        self.send(sender, Figures(values))
