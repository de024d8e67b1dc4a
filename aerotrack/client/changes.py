"""What changes in a view, as its watcher hears it: conflated, so that a slow one loses no state.

A watcher that takes its time never finds a queue of the past: what happened meanwhile to a flight
is one change by then, with the flight as it is now. So at most one record an aircraft waits for it,
and at most :data:`MOST_EVENTS` events.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Final, Literal

from msgspec import Struct

from aerotrack.domain.live import Event
from aerotrack.domain.records import EndCause
from aerotrack.domain.vocabulary import Live as LiveFlight

# Take-offs and landings of the whole world for several minutes.
MOST_EVENTS: Final = 10_000

# The server's reasons, and one of ours: it left while there was no connection.
LeftReason = Literal["left_view", "filtered", "stale", "ended", "missed"]


class Appeared(Struct, frozen=True):
    """A flight is in the view that was not."""

    flight: LiveFlight


class Updated(Struct, frozen=True):
    """Something of a flight is new: ``fields``, a name each. ``flight`` is whole, as it is now."""

    flight: LiveFlight
    fields: frozenset[str]


class Left(Struct, frozen=True):
    """A flight is no longer in the view; ``flight`` is the last that was known of it.

    ``missed`` means that it left while there was no connection. ``cause`` says why one ``ended``.
    """

    flight: LiveFlight
    reason: LeftReason
    cause: EndCause | None = None


class Happened(Struct, frozen=True):
    """An event of a flight; ``flight`` where it is in the view."""

    event: Event
    flight: LiveFlight | None


Change = Appeared | Updated | Left | Happened


class _Waiting(Struct):
    """What a watcher has not heard of one aircraft: first that ``left``, then the rest."""

    left: Left | None = None
    appeared: bool = False
    fields: set[str] | None = None


class Changes(AsyncIterator[Change]):
    """An iterator over changes. Its end is the stream's; a stream's failure is raised from it."""

    def __init__(self, flight_of: Callable[[str], LiveFlight | None]) -> None:
        self._flight_of = flight_of
        self._waiting: dict[str, _Waiting] = {}
        self._events: deque[Event] = deque(maxlen=MOST_EVENTS)
        self._wake = asyncio.Event()
        self._over = False
        self._error: BaseException | None = None
        self.events_dropped = 0

    def __len__(self) -> int:
        """How many aircraft and events there is something to say of."""
        return len(self._waiting) + len(self._events)

    def __aiter__(self) -> "Changes":
        return self

    async def __anext__(self) -> Change:
        while True:
            change = self._next()
            if change is not None:
                return change
            if self._over:
                if self._error is not None:
                    raise self._error
                raise StopAsyncIteration
            self._wake.clear()
            await self._wake.wait()

    def _next(self) -> Change | None:
        if self._events:
            event = self._events.popleft()
            return Happened(event, self._flight_of(event.icao24))
        while self._waiting:
            icao24 = next(iter(self._waiting))
            waiting = self._waiting[icao24]
            if waiting.left is not None:
                left, waiting.left = waiting.left, None
                if not waiting.appeared:
                    del self._waiting[icao24]
                return left
            del self._waiting[icao24]
            flight = self._flight_of(icao24)
            if flight is not None:
                if waiting.appeared:
                    return Appeared(flight)
                return Updated(flight, frozenset(waiting.fields or ()))
        return None

    # -- from the stream ---------------------------------------------------------------------------

    def appeared(self, icao24: str) -> None:
        """A flight came into the view."""
        self._of(icao24).appeared = True

    def updated(self, icao24: str, fields: set[str]) -> None:
        """Fields of a flight in the view are new."""
        waiting = self._of(icao24)
        if waiting.fields is None:
            waiting.fields = set(fields)
        else:
            waiting.fields |= fields

    def left(self, left: Left) -> None:
        """A flight is gone from the view."""
        waiting = self._of(left.flight.icao24)
        if not waiting.appeared:
            waiting.left = left
        elif waiting.left is None:
            # It came and went unheard.
            del self._waiting[left.flight.icao24]
        waiting.appeared, waiting.fields = False, None

    def happened(self, event: Event) -> None:
        """An event came."""
        self.events_dropped += len(self._events) == MOST_EVENTS
        self._events.append(event)
        self._wake.set()

    def end(self, error: BaseException | None = None) -> None:
        """Nothing comes any more; ``error`` is raised after what waits was heard."""
        self._over, self._error = True, error
        self._wake.set()

    def _of(self, icao24: str) -> _Waiting:
        waiting = self._waiting.get(icao24)
        if waiting is None:
            waiting = self._waiting[icao24] = _Waiting()
        self._wake.set()
        return waiting
