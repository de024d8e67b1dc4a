"""The course of one flight: its phases and airports, kept among the values of its state."""

from typing import Any, Final

from aerotrack.domain.airports import Airport, load_airports
from aerotrack.domain.observation import Observation
from aerotrack.domain.phases import Happened, Moment, PhaseTracker
from aerotrack.domain.records import FlightRecord
from aerotrack.domain.types import Value

# Emitter categories of what cannot hover; many do not say theirs.
AEROPLANES: Final = frozenset({"A1", "A2", "A3", "A4", "A5", "A6"})


class Course:
    """Follows the ``values`` of a flight, and writes what it reads off them there too:
    ``phase``, ``est_departure``, ``est_arrival``."""

    __slots__ = ("_phases", "_values")

    def __init__(self, values: dict[str, Any]) -> None:
        self._phases = PhaseTracker()
        self._values = values

    @property
    def landed_at(self) -> float | None:
        """When it was seen to land, if it has not taken off since."""
        phases = self._phases
        return phases.landed_at if phases.phase in ("ground", "landing") else None

    def resume(self, record: FlightRecord, landed_at: float | None) -> None:
        """Go on where ``record`` stands."""
        phases = self._phases
        phases.resume(record.phase, record.last_contact, landed_at)  # type: ignore[arg-type]  # was one when it was written
        phases.departure, phases.arrival = record.est_departure, record.est_arrival
        for name, value in (
            ("phase", record.phase),
            ("est_departure", record.est_departure),
            ("est_arrival", record.est_arrival),
        ):
            if value is not None:
                self._values[name] = value

    def begin_on_ground(self) -> None:
        """Its aircraft stood on the ground until the flight began."""
        self._phases.begin_on_ground()

    def departs_again(self, obs: Observation) -> bool:
        """Whether, after a landing, ``obs`` is where the next flight begins."""
        if self._phases.landed_at is None:
            return False
        values = self._values
        callsign = values.get("callsign")
        renamed = None not in (obs.callsign, callsign) and obs.callsign != callsign
        on_ground = values.get("on_ground") if obs.on_ground is None else obs.on_ground
        gs = values.get("gs") if obs.gs is None else obs.gs
        moment = Moment(obs.ts, None, None, None, gs, on_ground, _fixed_wing(values))
        return self._phases.departs_again(moment, renamed=renamed)

    def follow(self, ts: float, changed: list[tuple[str, Value]]) -> Happened | None:
        """Look at the values as they are at ``ts``; the take-off or landing they show, if any.

        What changed in phase and airports is added to ``changed``, ``None`` where cleared.
        """
        values, phases = self._values, self._phases
        get = values.get
        altitude, gs, on_ground = get("alt_baro"), get("gs"), get("on_ground")
        if altitude is None:
            altitude = get("alt_geom")
        if phases.nothing_new(ts, altitude, gs, on_ground):
            return None
        moment = Moment(
            ts, get("lat"), get("lon"), altitude, gs, on_ground, _fixed_wing(values), get("track")
        )
        happened = phases.update(moment, _likely)
        for name, value in (
            ("phase", phases.phase),
            ("est_departure", phases.departure),
            ("est_arrival", phases.arrival),
        ):
            if value != get(name):
                changed.append((name, value))
                if value is None:
                    del values[name]
                else:
                    values[name] = value
        return happened


def _fixed_wing(values: dict[str, Any]) -> bool:
    """Whether it is known to be an aeroplane."""
    return values.get("category") in AEROPLANES


def _likely(lat: float, lon: float, within_nmi: float) -> tuple[Airport, float] | None:
    """The airport a flight there uses; the table is read once, by the runtime at its start."""
    return load_airports().likely(lat, lon, within_nmi)
