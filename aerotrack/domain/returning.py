"""An aircraft heard again after a pause: whether it is still on the same flight.

The same callsign at a place it can have reached meanwhile is the same flight (DESIGN section 4),
unless it landed in between. Pure: all times are those of the observations.
"""

from collections.abc import Iterable
from typing import Final, Literal

from aerotrack.domain.flight import FlightState
from aerotrack.domain.geo import distance_nmi
from aerotrack.domain.observation import Observation
from aerotrack.domain.phases import DEPARTED_FT, DEPARTED_NMI, TAXI_KT
from aerotrack.domain.remembered import RememberedFlight
from aerotrack.domain.rules import SLOW_SOURCES, FlightRules

# It goes on with its flight, or that one ended: by a landing nobody need have seen, or unnoticed.
Verdict = Literal["same", "landed", "other"]

# A shorter silence says nothing: a valley, a hangar's shadow, a receiver that restarts. A landing,
# a stop and a departure that all stay unseen take longer.
PAUSE_S: Final = 300.0
# An aircraft sends its callsign every five seconds, its position twice a second: who has not done
# both for this long will not do it soon. So long nothing of it is shown.
DECIDED_WITHIN_S: Final = 30.0
# More than a dozen receivers make of one aircraft in that time.
HELD_AT_MOST: Final = 2_000
# No airliner averages more over the ground, with the fastest jet stream behind it.
FASTEST_MEAN_KT: Final = 700.0
# Both positions may be out by this, multilaterated ones in particular.
PLACE_SLACK_NMI: Final = 2.0
# Who crosses a hole in coverage flies through it. Slower than this on the whole (half the speed it
# had, else that of a light aircraft), it circled in it or was on the ground.
CROSSING_SHARE: Final = 0.5
CROSSING_KT: Final = 90.0
# From short final to the first contact after departure, over the field.
DEPARTURE_NMI: Final = DEPARTED_NMI + 6.0
# Surveys, patrols and training come back to where they were lost within this; later it is next
# time.
CIRCLING_S: Final = 2 * 3_600.0


def pause_after(rules: FlightRules) -> float:
    """From how long a silence on to ask whether it is still the same flight, seconds."""
    return min(PAUSE_S, rules.end_after)


class Returning:
    """Holds what is heard of an aircraft after a pause until it is known which flight it is on.

    ``before`` is the flight it was on. Nothing that is ``held`` is lost: it belongs to that flight
    or to the next one, in the order it came.
    """

    __slots__ = ("_before", "_gap", "_long", "_rules", "_slow", "_trial", "held")

    def __init__(self, before: RememberedFlight, first: Observation, rules: FlightRules) -> None:
        self.held: list[Observation] = []
        self._before = before
        self._rules = rules
        self._gap = first.ts - before.record.last_contact
        self._slow = before.record.source in SLOW_SOURCES
        self._long = self._gap >= rules.silence_ends(slow=self._slow)
        # What they make of callsign and position, told by nothing from before.
        self._trial = FlightState(first.icao24, first.ts)

    @property
    def since(self) -> float:
        """Time of the first observation held; there is one from the first :meth:`take` on."""
        return self._trial.started

    @property
    def until(self) -> float:
        """Time of the last."""
        return self._trial.last_contact

    def take(self, observations: Iterable[Observation]) -> Verdict | None:
        """Hold these too; what they show, ``None`` while that is not enough."""
        verdict: Verdict | None = None
        for obs in observations:
            self.held.append(obs)
            if verdict is not None:
                continue
            self._trial.fold(obs)
            verdict = self._known()
            if verdict is None and (
                obs.ts - self.since >= DECIDED_WITHIN_S or len(self.held) >= HELD_AT_MOST
            ):
                verdict = self.otherwise
        return verdict

    @property
    def otherwise(self) -> Verdict:
        """What it is taken for if no more is heard that would tell."""
        return self._over if self._long else "same"

    @property
    def _over(self) -> Verdict:
        """How the flight before ended, if it did."""
        before = self._before
        return "other" if before.landing is None and before.landed_at is None else "landed"

    def _known(self) -> Verdict | None:
        """The rules, those first that need least."""
        before, gap = self._before, self._gap
        if self.since < before.record.started:
            return "other"
        if gap < pause_after(self._rules) or (self._slow and not self._long):
            return "same"  # also what comes late, from before its last contact
        return self._known_long() if self._long else self._known_short()

    def _known_short(self) -> Verdict | None:
        """After a silence that does not end a flight by itself: only a stop in it would."""
        before, values = self._before, self._trial.values
        was, called = before.record.callsign, values.get("callsign")
        if before.landed_at is not None and self._flies():
            return "landed"
        if before.on_ground and before.landed_at is None:
            return "same"  # not yet departed, whatever it is called
        if before.landing is not None and (left := self._has_left(before.landing)) is not False:
            return "landed" if left else None
        if was is None or was == called:
            return "same"  # a place out of reach is the gate's business
        return None if called is None else self._over

    def _known_long(self) -> Verdict | None:
        """After a silence that ends a flight unless it shows that it went on."""
        record = self._before.record
        called = self._trial.values.get("callsign")
        late = self._gap > self._rules.resume_within
        if late or self._over == "landed" or record.callsign is None:
            return self._over
        reachable = self._is_in_reach()
        if reachable is False or called not in (None, record.callsign):
            return "other"
        return None if reachable is None or called is None else "same"

    # -- what the observations held show -----------------------------------------------------------

    def _flies(self) -> bool:
        """Whether it is in the air, or about to be."""
        values = self._trial.values
        gs = values.get("gs")
        return values.get("on_ground") is False or (gs is not None and gs > TAXI_KT)

    def _has_left(self, elevation: int) -> bool | None:
        """Whether it is where a departure takes it from the airport where it was about to land, at
        ``elevation`` ft; ``None`` while its position is not known."""
        values, before = self._trial.values, self._before.record
        lat, lon, altitude = values.get("lat"), values.get("lon"), values.get("alt_baro")
        if lat is None or lon is None or before.last_lat is None or before.last_lon is None:
            return None
        if values.get("on_ground") or (altitude is not None and altitude > elevation + DEPARTED_FT):
            return False
        return distance_nmi(before.last_lat, before.last_lon, lat, lon) < DEPARTURE_NMI

    def _is_in_reach(self) -> bool | None:
        """Whether it can have come there in the time, and flown all of it; ``None`` while its
        position is not known."""
        before, values = self._before, self._trial.values
        was_lat, was_lon, then = (
            before.record.last_lat,
            before.record.last_lon,
            before.time_position,
        )
        if was_lat is None or was_lon is None or then is None:
            return False
        lat, lon, at = values.get("lat"), values.get("lon"), self._trial.time_position
        if lat is None or lon is None or at is None:
            return None
        hours = (at - then) / 3_600.0
        away = distance_nmi(was_lat, was_lon, lat, lon)
        if away > FASTEST_MEAN_KT * hours + PLACE_SLACK_NMI:
            return False
        crossing = max(CROSSING_SHARE * (before.gs or 0.0), CROSSING_KT)
        return self._gap <= CIRCLING_S or away >= crossing * hours
