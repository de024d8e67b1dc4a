"""Past moments, searches, aircraft and events, from PostgreSQL."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any, Final, get_args

import msgspec

from aerotrack.domain.past import EventSearch, FlightSearch, PastState
from aerotrack.domain.records import EventKind
from aerotrack.web.asked import FromHistory, icao24_of
from aerotrack.web.documents import (
    EventsDocument,
    PastFlightsDocument,
    aircraft_document,
    past_event,
    past_flight,
)
from aerotrack.web.problems import Problem

# Flights encoded between two turns of the event loop: about two milliseconds.
SLICE: Final = 200
# Who was in a box is looked up in the positions, of which a day is a great many.
BOX_PERIOD_S: Final = 86_400.0
MICROSECOND: Final = 1e-6
SearchText = Annotated[str, msgspec.Meta(pattern=r"^[ -~]{1,24}(?!\n)$")]
PERIOD: Final = frozenset({"from", "to", "cursor", "limit"})
SEARCH: Final = PERIOD | {"callsign", "registration", "icao24", "typecode", "airport"}


async def past_entries(states: Sequence[PastState], feed: str | None) -> tuple[bytes, ...]:
    """The whole entries of a moment, of all feeds or of one, with turns of the event loop."""
    entries: list[bytes] = []
    for start in range(0, len(states), SLICE):
        entries += [
            msgspec.json.encode(state.entry())
            for state in states[start : start + SLICE]
            if feed is None or state.point.feed == feed
        ]
        await asyncio.sleep(0)
    return tuple(entries)


class SearchesFlights(FromHistory):
    """The search, shared by ``flights`` and ``aircraft/{icao24}/flights``."""

    async def search(self, icao24: str | None = None) -> None:
        """Answer with a page of flights."""
        begin, end = self.period_arguments()
        now = self.ports.clock.wall()
        box = self.box_argument()
        end = now if end is None else end
        if box is not None and (begin is None or end - begin > BOX_PERIOD_S):
            raise Problem("too_much", "With bbox, from and to are at most a day apart.")
        search = FlightSearch(
            begin=0.0 if begin is None else begin,
            end=end,
            callsign=self._upper("callsign"),
            registration=self._upper("registration"),
            icao24=icao24 or self.icao24_argument(),
            typecode=self._upper("typecode"),
            airport=self._upper("airport"),
            box=box,
            before=self.cursor_argument(tuple[int, int]),
            limit=self.limit_argument(),
        )
        found = await self.from_history(self.ports.history.flights(search))
        following = None
        if len(found) == search.limit:
            last = found[-1]
            following = self.cursor_after((round(last.started / MICROSECOND), last.flight))
        aircraft = {record.icao24 for record in found}
        register = await self.from_history(self.ports.history.register(aircraft))
        flights = tuple(past_flight(record, register) for record in found)
        self.send(PastFlightsDocument(round(now, 3), len(flights), flights, following))

    def _upper(self, name: str) -> Any:
        text = self.typed_argument(name, SearchText, "1 to 24 printable characters")
        return None if text is None else text.upper()


class AircraftHistoryHandler(FromHistory):
    """One aircraft."""

    async def get(self, icao24: str) -> None:
        icao24 = icao24_of(icao24)
        record = await self.from_history(self.ports.history.aircraft(icao24))
        if record is None:
            raise Problem("aircraft_not_found", f"Nobody ever heard of {icao24}.")
        self.send(aircraft_document(record))


class AircraftFlightsHandler(SearchesFlights):
    """The flights of one aircraft, the latest first."""

    parameters = PERIOD | {"bbox", "airport", "callsign"}

    async def get(self, icao24: str) -> None:
        await self.search(icao24_of(icao24))


class EventsHandler(FromHistory):
    """What happened, the latest first."""

    parameters = PERIOD | {"event", "icao24", "airport"}

    async def get(self) -> None:
        begin, end = self.period_arguments()
        now = self.ports.clock.wall()
        airport = self.typed_argument("airport", SearchText, "an ICAO or IATA code")
        search = EventSearch(
            begin=0.0 if begin is None else begin,
            end=now if end is None else end,
            event=self.typed_argument(
                "event", EventKind, f"one of {', '.join(get_args(EventKind))}"
            ),
            icao24=self.icao24_argument(),
            airport=None if airport is None else airport.upper(),
            before=self.cursor_argument(tuple[int, int, str]),
            limit=self.limit_argument(),
        )
        found = await self.from_history(self.ports.history.events(search))
        following = None
        if len(found) == search.limit:
            last = found[-1]
            place = (round(last.ts / MICROSECOND), last.flight, last.kind)
            following = self.cursor_after(place)
        events = tuple(past_event(event) for event in found)
        self.send(EventsDocument(round(now, 3), len(events), events, following))
