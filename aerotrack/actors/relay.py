"""The picture in several processes: one broadcaster relays what it is told, others follow it.

The relaying one lives beside the flights. It keeps the picture as any broadcaster does, so that
queries and the numbers of positions are its own, and passes on everything it hears in batches,
encoded once for all who follow. The following ones hold the clients. Both apply the same reports in
the same order, so a position means the same everywhere.
"""

from collections.abc import Iterable
from typing import Any, Final

import msgspec
from thespian.actors import ActorAddress

from aerotrack.actors.base import handles
from aerotrack.actors.broadcaster import Broadcaster
from aerotrack.actors.messages import (
    ConfigureRelay,
    EventRecorded,
    FlightChanged,
    FlightGone,
    PictureBatch,
    SendBatch,
    ShowMore,
    ShowPicture,
    Tick,
)

# What flights say to broadcasters: relayed as it is.
RELAYED: Final = (FlightChanged, FlightGone, EventRecorded)
# A batch leaves at every tick, or earlier with this many reports, so that followers work while more
# is gathered; at 25,000 reports a second that is every 20 ms.
BATCH_REPORTS: Final = 500
# Flights of one part of a picture that is shown: 0.1 ms of work. The system looks at its clock once
# in 32 deliveries, so that these make the 4 ms that sockets may have to wait.
PART_FLIGHTS: Final = 100


class RelayingBroadcaster(Broadcaster):
    """A broadcaster that others in other processes follow.

    Takes ``ConfigureRelay`` first, ``ShowPicture`` for each follower that begins, and what every
    broadcaster takes. Emits ``SendBatch`` beside what every broadcaster emits.
    """

    def __init__(self) -> None:
        super().__init__()
        self._encode = msgspec.msgpack.Encoder().encode
        self._followers: ActorAddress | None = None
        self._gathered: list[FlightChanged | FlightGone | EventRecorded] = []
        # Flights that a follower has not been shown yet, last first.
        self._unshown: dict[int, list[str]] = {}

    def receiveMessage(self, message: Any, sender: ActorAddress) -> None:
        # Not by handlers of its own: whatever the broadcaster does with a report, it is relayed.
        super().receiveMessage(message, sender)
        kind = type(message)
        if kind is FlightChanged or kind is FlightGone or kind is EventRecorded:
            self._gathered.append(message)
            if len(self._gathered) >= BATCH_REPORTS:
                self._flush(None)
        elif kind is Tick:
            self._flush(message.now)

    @handles(ConfigureRelay)
    def configure_relay(self, message: ConfigureRelay, sender: ActorAddress) -> None:
        self._followers = message.followers

    def _flush(self, now: float | None) -> None:
        """Send everybody what was gathered."""
        reports, self._gathered = tuple(self._gathered), []
        if reports or now is not None:
            self._send_batch(None, PictureBatch(reports, self._stream.pos, now))

    def _send_batch(self, follower: int | None, batch: PictureBatch) -> None:
        if self._followers is not None:
            self.send(self._followers, SendBatch(follower, self._encode(batch)))

    @handles(ShowPicture)
    def show_picture(self, message: ShowPicture, sender: ActorAddress) -> None:
        self._unshown[message.follower] = [entry.icao24 for entry in self._stream.picture]
        self._show_part(message.follower)

    @handles(ShowMore)
    def show_more(self, message: ShowMore, sender: ActorAddress) -> None:
        self._show_part(message.follower)

    def _show_part(self, follower: int) -> None:
        """Send some of the flights as they are now, behind all that was gathered before."""
        self._flush(None)
        unshown = self._unshown[follower]
        part, unshown[-PART_FLIGHTS:] = unshown[-PART_FLIGHTS:], []
        if not unshown:
            del self._unshown[follower]
        batch = PictureBatch(self._whole(part), self._stream.pos, None, complete=not unshown)
        self._send_batch(follower, batch)
        if unshown:
            self.send(self.myAddress, ShowMore(follower))

    def _whole(self, flights: Iterable[str]) -> tuple[FlightChanged, ...]:
        """These flights, those that are still live, as they stand in the picture."""
        entries = (self._stream.picture.get(icao24) for icao24 in flights)
        return tuple(
            FlightChanged(
                icao24=entry.icao24,
                flight_id=entry.flight_id,
                changed=tuple(entry.values.items()),
                whole=True,
                time_position=entry.time_position,
                last_contact=entry.last_contact,
                received=0.0,  # long ago: nobody waits for it, a follower has no clients yet
            )
            for entry in entries
            if entry is not None
        )


class FollowingBroadcaster(Broadcaster):
    """A broadcaster whose picture is that of a relaying one in another process.

    Takes ``PictureBatch`` instead of reports and ticks, and what every broadcaster takes of
    clients. If it dies its process does, and the next one is shown the picture anew.
    """

    @handles(PictureBatch)
    def picture_batch(self, message: PictureBatch, sender: ActorAddress) -> None:
        take = self.receiveMessage  # each report's failure is its own
        for report in message.reports:
            take(report, sender)
        self._stream.advance(message.pos, begins=message.complete)
        if message.now is not None:
            take(Tick(message.now), sender)
