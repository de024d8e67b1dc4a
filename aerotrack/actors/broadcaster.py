"""The broadcaster actor: keeps the live picture and sends every client the bytes it needs."""

from collections.abc import Iterable
from typing import Final

from thespian.actors import ActorAddress

from aerotrack.actors.base import AeroActor, handles
from aerotrack.actors.messages import (
    ContinueServing,
    EventRecorded,
    Figure,
    Figures,
    FlightChanged,
    FlightGone,
    GetFigures,
    GetPicture,
    Picture,
    RefuseView,
    SendFrame,
    SetWritable,
    Subscribe,
    Tick,
    Unsubscribe,
)
from aerotrack.domain.stream.audience import TICK_S, Frame, Wanted
from aerotrack.domain.stream.layers import TooManyFilters
from aerotrack.domain.stream.pyramid import area_of
from aerotrack.domain.stream.stream import LiveStream

__all__ = ["TICK_S", "Broadcaster"]

_CONTINUE: Final = ContinueServing()


class Broadcaster(AeroActor):
    """Projects what flights report into one picture and serves its subscribers.

    Created by the runtime. Takes ``FlightChanged``, ``FlightGone`` and ``EventRecorded`` from
    flights, ``Subscribe``, ``Unsubscribe`` and ``SetWritable`` from clients' sockets, ``Tick``,
    ``GetPicture`` and ``GetFigures``. Emits ``SendFrame`` and ``RefuseView`` to clients. What would
    take long is done in slices, between which ``ContinueServing`` goes round. If it dies the
    picture is lost; flights that are heard again do not send themselves whole, so the runtime
    treats its death as fatal.
    """

    def __init__(self) -> None:
        super().__init__()
        self._stream = LiveStream()
        self._addresses: dict[int, ActorAddress] = {}
        self._continues = False  # a ContinueServing is on its way
        self._frames = 0
        self._bytes = 0

    # -- the picture -------------------------------------------------------------------------------

    @handles(FlightChanged)
    def flight_changed(self, message: FlightChanged, sender: ActorAddress) -> None:
        self._stream.change(
            message.icao24,
            message.flight_id,
            message.changed,
            whole=message.whole,
            time_position=message.time_position,
            last_contact=message.last_contact,
            received=message.received,
        )

    @handles(FlightGone)
    def flight_gone(self, message: FlightGone, sender: ActorAddress) -> None:
        self._stream.gone(message.icao24, message.flight_id, message.reason, message.cause)

    @handles(EventRecorded)
    def event_recorded(self, message: EventRecorded, sender: ActorAddress) -> None:
        self._stream.happened(message.event)

    # -- clients -----------------------------------------------------------------------------------

    @handles(Subscribe)
    def subscribe(self, message: Subscribe, sender: ActorAddress) -> None:
        wanted = Wanted(
            area_of(message.box),
            message.interval,
            message.which,
            frozenset(message.follow),
            message.resume_pos,
        )
        try:
            frames = self._stream.audience.subscribe(message.client_id, wanted, message.now)
        except TooManyFilters as error:
            refusal = RefuseView("too_many_filters", f"{error}.", message.request_id)
            self.send(message.client, refusal)
            return
        self._addresses[message.client_id] = message.client
        self._send_frames(frames)

    @handles(Unsubscribe)
    def unsubscribe(self, message: Unsubscribe, sender: ActorAddress) -> None:
        self._stream.audience.unsubscribe(message.client_id, closed=message.closed)
        if message.closed:
            self._addresses.pop(message.client_id, None)

    @handles(SetWritable)
    def set_writable(self, message: SetWritable, sender: ActorAddress) -> None:
        self._stream.audience.set_writable(message.client_id, writable=message.writable)
        self._continue()

    @handles(Tick)
    def tick(self, message: Tick, sender: ActorAddress) -> None:
        self._send_frames(self._stream.tick(message.now))

    @handles(ContinueServing)
    def continue_serving(self, message: ContinueServing, sender: ActorAddress) -> None:
        self._continues = False
        self._send_frames(self._stream.audience.work())

    def _send_frames(self, frames: Iterable[Frame]) -> None:
        for client_id, payload, received in frames:
            self._frames += 1
            self._bytes += len(payload)
            self.send(self._addresses[client_id], SendFrame(payload, received))
        self._continue()

    def _continue(self) -> None:
        """Come back for the rest, behind what waits already."""
        if self._stream.audience.busy and not self._continues:
            self._continues = True
            self.send(self.myAddress, _CONTINUE)

    # -- queries -----------------------------------------------------------------------------------

    @handles(GetPicture)
    def get_picture(self, message: GetPicture, sender: ActorAddress) -> None:
        entries = self._stream.inside(message.box, message.feed)
        self.send(sender, Picture(message.now, entries))

    @handles(GetFigures)
    def get_figures(self, message: GetFigures, sender: ActorAddress) -> None:
        stream = self._stream
        values = (
            Figure("live_flights", len(stream.picture)),
            Figure("changes_total", stream.changes),
            Figure("subscribers", stream.audience.subscribed),
            Figure("unwritable_subscribers", stream.audience.unwritable),
            Figure("filters", stream.filters),
            Figure("frames_total", self._frames),
            Figure("frame_bytes_total", self._bytes),
        )
        self.send(sender, Figures(values))
