"""A simulated day of an airport and its neighbours: what was flown, and what a station heard of it.

Paris, because it is hard: Le Bourget lies five miles from Charles de Gaulle, under its finals, and
small fields all around. Every flight has its truth.
"""

from bisect import bisect_right
from collections.abc import Callable
from random import Random
from typing import Final, NamedTuple

from aerotrack.domain.geo import bearing_deg
from aerotrack.domain.observation import Observation

from .pilot import Pilot, Runway, State, beyond
from .radio import Heard, Transponder, everywhere, heard

MORNING: Final = 1_764_028_800  # 2025-11-25 00:00 UTC
HOURS: Final = 18
BOUNCES: Final = 0.1  # share of landings

Place = tuple[float, float]


class Field(NamedTuple):
    """An airport: parallel runways by the direction they are used in, and where one parks."""

    icao: str
    runways: tuple[tuple[Runway, ...], ...]
    parking: Place


CDG: Final = Field(
    "LFPG",
    (
        (Runway(49.0220, 2.5200, 86.0, 392.0), Runway(48.9960, 2.5530, 86.0, 392.0)),
        (Runway(49.0250, 2.5700, 266.0, 392.0), Runway(48.9990, 2.6100, 266.0, 392.0)),
    ),
    (49.0090, 2.5600),
)
LE_BOURGET: Final = Field(
    "LFPB",
    ((Runway(48.9690, 2.4230, 67.0, 218.0),), (Runway(48.9760, 2.4560, 247.0, 218.0),)),
    (48.9660, 2.4450),
)
PONTOISE: Final = Field(
    "LFPT",
    ((Runway(49.0920, 2.0320, 50.0, 325.0),), (Runway(49.1000, 2.0480, 230.0, 325.0),)),
    (49.0950, 2.0420),
)
MEAUX: Final = Field(
    "LFPE",
    ((Runway(48.9250, 2.8280, 67.0, 217.0),), (Runway(48.9310, 2.8440, 247.0, 217.0),)),
    (48.9270, 2.8380),
)


class Truth(NamedTuple):
    """A flight that was flown. Times are epoch seconds.

    ``takeoffs`` and ``landings`` are those the station can have seen. ``began`` and ``over`` are
    the first and the last moment it was heard, or could have been. ``vague``: the aircraft
    never said that it was on the ground, or came by a polled document.
    """

    kind: str
    icao24: str
    callsign: str
    departure: str | None
    arrival: str | None
    takeoffs: tuple[int, ...]
    landings: tuple[int, ...]
    began: int
    over: int
    movements: int
    vague: bool


class Day:
    """The flights of a day, made one after the other by the functions of :mod:`.traffic`."""

    def __init__(self, seed: int, pressure: float) -> None:
        self._pressure: Final = pressure
        self.rng: Final = Random(seed)
        self.truths: Final[list[Truth]] = []
        self.observations: Final[list[Observation]] = []
        self._aircraft = 0x390000

    # -- who flies ---------------------------------------------------------------------------------

    def airliner(self) -> Transponder:
        """One like any other; a few report in steps of 100 ft, a few come by a polled document."""
        self._aircraft += 1
        step, polled = self.rng.choice((25, 25, 25, 100)), self.rng.random() < 0.15
        return Transponder(f"{self._aircraft:06x}", step, polled=polled)

    def light(self, *, says_ground: bool | None = True) -> Transponder:
        """A light aircraft."""
        self._aircraft += 1
        return Transponder(f"{self._aircraft:06x}", 25, says_ground, "A1")

    def helicopter(self) -> Transponder:
        """A rotorcraft."""
        self._aircraft += 1
        return Transponder(f"{self._aircraft:06x}", 25, True, "A7")

    def callsign(self) -> str:
        """An airline's."""
        airline = self.rng.choice(("AFR", "EZY", "DLH", "BAW", "RYR"))
        return f"{airline}{self.rng.randrange(10, 9_999)}"

    def runway(self, field: Field, ts: int) -> Runway:
        """One of the parallel ones; the wind turns at noon."""
        direction = 0 if ts < MORNING + 12 * 3_600 else 1
        return self.rng.choice(field.runways[direction])

    # -- how they come and go ----------------------------------------------------------------------

    def inbound(self, ts: int, runway: Runway, *, nmi: float = 45.0, altitude: float = 16_000.0,
                gs: float = 330.0) -> Pilot:  # fmt: skip
        """On its way to ``runway``, from somewhere behind it."""
        place = beyond(
            runway.lat, runway.lon, runway.heading + 180.0 + self.rng.uniform(-60, 60), nmi
        )
        track = bearing_deg(*place, runway.lat, runway.lon)
        return Pilot(ts, place, altitude=altitude, gs=gs, track=track, on_ground=False)

    def land(self, pilot: Pilot, runway: Runway, gs: float = 138.0) -> None:
        """The approach, the landing, and off the runway."""
        if pilot.away(runway.lat, runway.lon) > 22.0:
            side = self.rng.choice((-35.0, 0.0, 35.0))
            place = beyond(runway.lat, runway.lon, runway.heading + 180.0 + side, 18.0)
            pilot.fly(*place, runway.elevation + 6_000.0, 230.0, 1_700.0)
        pilot.approach(runway, gs, 40.0)
        pilot.touch(runway)
        if self.rng.random() < BOUNCES:
            pilot.roll(3)
            pilot.bounce()
        pilot.roll_out()

    def park(self, pilot: Pilot, field: Field, seconds: int) -> None:
        """To the stand, and stay there."""
        spot = self.rng.uniform(-0.004, 0.004)
        pilot.taxi(field.parking[0] + spot / 2, field.parking[1] + spot)
        pilot.stand(seconds)

    def parked(self, ts: int, field: Field, seconds: int, elevation: float) -> Pilot:
        """On the stand."""
        pilot = Pilot(
            ts, field.parking, altitude=elevation, gs=0.0, track=90.0, on_ground=True
        )  # fmt: skip
        pilot.stand(seconds)
        return pilot

    def leave(self, pilot: Pilot, runway: Runway, *, rotate: float = 145.0, climb: float = 2_200.0,
              nmi: float = 45.0, altitude: float = 18_000.0) -> None:  # fmt: skip
        """Take off and fly away, out of range."""
        pilot.line_up(runway)
        pilot.take_off(rotate, climb)
        place = beyond(runway.lat, runway.lon, runway.heading + self.rng.uniform(-70, 70), nmi)
        pilot.fly(*place, altitude, min(330.0, rotate * 2.2), climb)

    # -- what is heard -----------------------------------------------------------------------------

    def listen(self, pilot: Pilot, by: Transponder, callsign: Callable[[State], str] | str,
               covered: Heard = everywhere) -> None:  # fmt: skip
        """Hear the whole path of ``pilot`` that is covered."""
        named = (lambda _, name=callsign: name) if isinstance(callsign, str) else callsign  # type: ignore[misc]
        self.observations.extend(
            heard(pilot.path, by, named, covered, self.rng, pressure=self._pressure)
        )

    def flown(self, kind: str, by: Transponder, callsign: str, ends: tuple[str | None, str | None],
              pilot: Pilot, *, began: int | None = None,
              over: int | None = None, covered: Heard = everywhere) -> None:  # fmt: skip
        """Note the truth of the path from ``began`` to ``over``: a flight between two ``ends``."""
        path = pilot.path
        first = path[0].ts if began is None else began
        last = path[-1].ts if over is None else over
        seen = [s.ts for s in path if first <= s.ts <= last and covered(s)]
        seconds = set(seen)

        def visible(times: list[int]) -> tuple[int, ...]:
            # Seen are those with contact close on both sides.
            return tuple(
                at for at in times
                if first <= at <= last and any(at - n in seconds for n in range(1, 10))
                and any(at + n in seconds for n in range(10))
            )  # fmt: skip

        moves = [at for at in (*pilot.takeoffs, *pilot.landings) if first <= at <= last]
        self.truths.append(
            Truth(kind, by.icao24, callsign, *ends, visible(pilot.takeoffs),
                  visible(pilot.landings), seen[0], seen[-1], len(moves),
                  by.polled or not by.says_ground)
        )  # fmt: skip

    def finished(self) -> tuple[list[Observation], list[Truth]]:
        """All of it in the order it was heard."""
        self.observations.sort(key=lambda obs: obs.ts)
        return self.observations, self.truths


def renamed(*changes: tuple[int, str]) -> Callable[[State], str]:
    """A callsign that changes at times."""
    times = [at for at, _ in changes]
    return lambda state: changes[max(0, bisect_right(times, state.ts) - 1)][1]
