"""The registry actor: knows which flight is which aircraft's, and routes what feeds say to it."""

import logging
from collections import Counter
from operator import attrgetter
from typing import Final

from thespian.actors import ActorAddress, ActorExitRequest, ChildActorExited

from aerotrack.actors.base import AeroActor, handles
from aerotrack.actors.flight import Flight
from aerotrack.actors.messages import (
    CheckSilence,
    ConfigureFlight,
    ConfigureRegistry,
    Drain,
    Drained,
    EndFlight,
    Figure,
    Figures,
    FixesRefused,
    FlightFound,
    FlightOver,
    GetFigures,
    GetFlight,
    Identify,
    IdentitiesFound,
    Ingest,
    ObservationsRefused,
    ObservationsUnchanged,
    Observe,
    RegisterChanged,
    RequestCounted,
    RestoreFlight,
    RestoreFlights,
    SaveFlight,
    SaveState,
    Tick,
)
from aerotrack.domain.observation import Observation
from aerotrack.domain.remembered import RememberedFlight
from aerotrack.domain.returning import pause_after
from aerotrack.domain.silence import Heard, SilenceQueue
from aerotrack.logs import log_event

# Flights that ended by silence and may be heard again; half a kilobyte each. The world's traffic
# loses as many in half a day.
REMEMBERED_AT_MOST: Final = 20_000
# Each flight saves its state about once in so many ticks, of a second each: a restart after a kill
# finds it at most a minute old, and with 10,000 flights a tick's share takes four milliseconds.
SAVED_WITHIN_TICKS: Final = 60


_feed_of = attrgetter("feed")


class _Alive(Heard):
    """A flight that is alive: its actor, and when it was last heard."""

    __slots__ = ("address",)

    def __init__(self, address: ActorAddress, at: float, ts: float, source: str) -> None:
        super().__init__(at, ts, source)
        self.address = address


class Registry(AeroActor):
    """Maps icao24 to flight actors: spawns, routes, retires, and respawns what died.

    Created by the runtime, which sends ``ConfigureRegistry`` first. Takes ``Ingest`` from feeds,
    ``Tick``, ``Drain``; from flights ``FlightOver``, ``ObservationsRefused``, ``FixesRefused`` and
    ``ObservationsUnchanged``; from the register ``IdentitiesFound`` and ``RegisterChanged``;
    ``RestoreFlights`` from the runtime; ``GetFlight`` and ``GetFigures``. It is the parent of all
    flights, so they go when it goes; the next observations start new ones.
    """

    _links: ConfigureRegistry

    def __init__(self) -> None:
        super().__init__()
        self._alive: dict[str, _Alive] = {}
        self._names: dict[str, str] = {}  # actor address as text -> icao24, for the way back
        # Flights that fell silent, the longest first, and until when they are remembered.
        self._remembered: dict[str, tuple[RememberedFlight, float]] = {}
        self._routed: Counter[str] = Counter()
        self._refused: Counter[tuple[str, str]] = Counter()
        self._fixes_refused: Counter[tuple[str, str]] = Counter()
        self._unchanged: Counter[str] = Counter()
        self._to_save: list[str] = []  # aircraft whose turn to save their state is still to come
        self._share = 0
        self._now = 0.0  # of the last tick
        self._started = 0
        self._ended = 0
        self._died = 0

    @handles(ConfigureRegistry)
    def configure(self, message: ConfigureRegistry, sender: ActorAddress) -> None:
        self._links = message
        self._silent = SilenceQueue(message.rules)
        self._pause = pause_after(message.rules)

    # -- routing -----------------------------------------------------------------------------------

    @handles(Ingest)
    def ingest(self, message: Ingest, sender: ActorAddress) -> None:
        now, rules = message.now, self._links.rules
        latest, earliest = now + rules.future_tolerance, now - rules.history_kept
        observations = message.observations
        self._routed.update(map(_feed_of, observations))
        together: dict[str, list[Observation]] = {}
        for obs in observations:
            if not earliest <= obs.ts <= latest:
                self._refuse(obs, "too_old" if obs.ts < earliest else "future")
                continue
            batch = together.get(obs.icao24)
            if batch is None:
                together[obs.icao24] = [obs]
            else:
                batch.append(obs)
        for icao24, batch in together.items():
            self._route(icao24, batch, now, message.received)

    def _route(self, icao24: str, batch: list[Observation], now: float, received: float) -> None:
        """Give a flight its observations; a pause divides them, so that it sees it begin anew."""
        alive = self._alive.get(icao24) or self._start(icao24, batch[0], now)
        begin = 0
        for number, obs in enumerate(batch):
            if number > begin and obs.ts - alive.ts >= self._pause:
                self.send(alive.address, Observe(tuple(batch[begin:number]), now, received))
                begin = number
            alive.again(now, obs.ts, obs.source)
        self.send(alive.address, Observe(tuple(batch[begin:]), now, received))

    def _refuse(self, obs: Observation, reason: str) -> None:
        self._refused[obs.feed, reason] += 1
        if obs.request is not None:
            self.send(self._links.persistence, RequestCounted(obs.request, 0, 1))

    @handles(FlightOver)
    def flight_over(self, message: FlightOver, sender: ActorAddress) -> None:
        icao24 = message.icao24
        if self._names.get(str(sender)) == icao24:
            self._forget(icao24)
            self._ended += 1
            self.send(sender, ActorExitRequest())
            if message.remembered is not None:
                self._remember(message.remembered, message.now)
        first = message.observations
        if not first:
            return
        if message.departing and icao24 not in self._alive:
            self._start(icao24, first[0], message.now, departing=True)
        self._route(icao24, list(first), message.now, message.received)

    def _remember(self, flight: RememberedFlight, now: float) -> None:
        remembered, within = self._remembered, self._links.rules.resume_within
        if flight.record.callsign is None or not within:
            return  # it could not be told from another
        if len(remembered) >= REMEMBERED_AT_MOST:
            del remembered[next(iter(remembered))]
        remembered[flight.record.icao24] = flight, now + within

    def _start(
        self, icao24: str, first: Observation, now: float, *, departing: bool = False
    ) -> _Alive:
        before, _ = self._remembered.pop(icao24, (None, 0.0))
        self._started += 1
        times = now, first.ts, first.source
        return self._spawn(icao24, *times, before=before, departing=departing)

    def _spawn(
        self,
        icao24: str,
        at: float,
        ts: float,
        source: str,
        *,
        before: RememberedFlight | None = None,
        departing: bool = False,
    ) -> _Alive:
        """Make a flight's actor; it was last heard ``at`` by our clock, ``ts`` by its own."""
        links = self._links
        address = self.createActor(Flight)
        self._names[str(address)] = icao24
        alive = self._alive[icao24] = _Alive(address, at, ts, source)
        self._silent.add(icao24, alive)
        self.send(
            address,
            ConfigureFlight(
                icao24,
                self.myAddress,
                links.broadcaster,
                links.persistence,
                links.rules,
                links.register,
                before,
                departing,
            ),
        )
        return alive

    def _forget(self, icao24: str) -> ActorAddress:
        address = self._alive.pop(icao24).address
        del self._names[str(address)]
        return address

    def handle_child_exited(self, message: ChildActorExited, sender: ActorAddress) -> None:
        """A flight we did not end is dead: the next observation of its aircraft starts another."""
        icao24 = self._names.get(str(message.childAddress))
        if icao24 is not None:
            self._forget(icao24)
            self._died += 1
            log_event(self.log, "flight_died", level=logging.WARNING, icao24=icao24)

    @handles(ObservationsRefused)
    def observations_refused(self, message: ObservationsRefused, sender: ActorAddress) -> None:
        self._refused[message.feed, message.reason] += message.count

    @handles(FixesRefused)
    def fixes_refused(self, message: FixesRefused, sender: ActorAddress) -> None:
        self._fixes_refused[message.feed, message.reason] += message.count

    @handles(ObservationsUnchanged)
    def observations_unchanged(self, message: ObservationsUnchanged, sender: ActorAddress) -> None:
        self._unchanged[message.feed] += message.count

    @handles(IdentitiesFound)
    def identities_found(self, message: IdentitiesFound, sender: ActorAddress) -> None:
        for identity in message.found:
            alive = self._alive.get(identity.icao24)
            if alive is not None:  # its flight may have ended meanwhile
                self.send(alive.address, Identify(identity, message.now, message.received))

    @handles(RegisterChanged)
    def register_changed(self, message: RegisterChanged, sender: ActorAddress) -> None:
        for alive in self._alive.values():
            self.send(alive.address, message)

    # -- restarts ----------------------------------------------------------------------------------

    @handles(RestoreFlights)
    def restore_flights(self, message: RestoreFlights, sender: ActorAddress) -> None:
        for saved in message.flights:
            record = saved.record
            if record.icao24 in self._alive:
                continue
            at = min(saved.heard_at, message.now)  # the clock may have been set back meanwhile
            alive = self._spawn(record.icao24, at, record.last_contact, record.source or "")
            self.send(alive.address, RestoreFlight(saved, message.now, message.received))

    def _save_some(self, now: float) -> None:
        """Have the next share of the flights save their state; none that was silent since."""
        waiting = self._to_save
        if not waiting:
            waiting.extend(self._alive)
            self._share = -(-len(waiting) // SAVED_WITHIN_TICKS)
        for _ in range(min(self._share, len(waiting))):
            icao24 = waiting.pop()
            alive = self._alive.get(icao24)
            if alive is not None and now - alive.at < 2 * SAVED_WITHIN_TICKS:
                self.send(alive.address, SaveState(alive.at))

    # -- time --------------------------------------------------------------------------------------

    @handles(Tick)
    def tick(self, message: Tick, sender: ActorAddress) -> None:
        back, self._now = self._now - message.now, message.now
        if back > self._links.rules.future_tolerance:
            self._begin_again(message.now, back)
        for icao24, _, over in self._silent.due(message.now, self._alive):
            self.send(
                self._alive[icao24].address,
                EndFlight(message.now, "silence") if over else CheckSilence(message.now),
            )
        self._save_some(message.now)
        remembered = self._remembered
        while remembered and next(iter(remembered.values()))[1] < message.now:
            del remembered[next(iter(remembered))]

    def _begin_again(self, now: float, back: float) -> None:
        """The clock was set back ``back`` seconds: to the flights alive everything new would be old
        until it is where it was. They end, and what is heard next begins new ones."""
        log_event(
            self.log,
            "clock_set_back",
            level=logging.WARNING,
            seconds=round(back, 1),
            flights_ended=len(self._alive),
        )
        for icao24 in tuple(self._alive):
            address = self._forget(icao24)
            self._ended += 1
            self.send(address, EndFlight(now, "replaced"))
            self.send(address, ActorExitRequest())
        self._remembered.clear()
        self._silent = SilenceQueue(self._links.rules)

    @handles(Drain)
    def drain(self, message: Drain, sender: ActorAddress) -> None:
        for alive in self._alive.values():
            self.send(alive.address, SaveFlight(message.now))
            self.send(alive.address, SaveState(alive.at))
        self.send(sender, Drained(0))

    # -- queries -----------------------------------------------------------------------------------

    @handles(GetFlight)
    def get_flight(self, message: GetFlight, sender: ActorAddress) -> None:
        alive = self._alive.get(message.name.partition("-")[0])
        reply_to = message.reply_to or sender
        if alive is None:
            self.send(reply_to, FlightFound(None))
        else:
            self.send(alive.address, GetFlight(message.name, message.now, reply_to))

    @handles(GetFigures)
    def get_figures(self, message: GetFigures, sender: ActorAddress) -> None:
        values = [
            Figure("flights", len(self._alive)),
            Figure("flights_started_total", self._started),
            Figure("flights_ended_total", self._ended),
            Figure("flights_died_total", self._died),
        ]
        values += [
            Figure("routed_total", count, (("feed", feed),)) for feed, count in self._routed.items()
        ]
        values += [
            Figure(name, count, (("feed", feed), ("reason", reason)))
            for name, counted in (
                ("refused_total", self._refused),
                ("fixes_refused_total", self._fixes_refused),
            )
            for (feed, reason), count in counted.items()
        ]
        values += [
            Figure("unchanged_total", count, (("feed", feed),))
            for feed, count in self._unchanged.items()
        ]
        self.send(sender, Figures(tuple(values)))
