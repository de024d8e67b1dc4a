"""How the aircraft of the simulated day are flown: second by second, with turns and taxiways.

Coarser than `aerotrack.domain.simulation` (that flies airliners from runway to runway along great
circles) but free: circuits, go-arounds, rejected take-offs, hovering.
"""

import math
from typing import Final, NamedTuple

from aerotrack.domain.geo import bearing_deg, distance_nmi

TURN_DEG_PER_S: Final = 3.0
GLIDE_FT_PER_NMI: Final = 318.0  # three degrees
ACCELERATE_KT_PER_S: Final = 3.5
BRAKE_KT_PER_S: Final = 3.5
CHANGE_KT_PER_S: Final = 1.0  # of speed in the air
FINAL_NMI: Final = 8.0


class State(NamedTuple):
    """Where it is at a second, epoch; feet, knots, degrees, ft/min."""

    ts: int
    lat: float
    lon: float
    altitude: float
    gs: float
    track: float
    rate: float
    on_ground: bool


class Runway(NamedTuple):
    """From its threshold, in the direction it is used."""

    lat: float
    lon: float
    heading: float
    elevation: float


def beyond(lat: float, lon: float, bearing: float, nmi: float) -> tuple[float, float]:
    """The place that far away, on the plane."""
    north = nmi * math.cos(math.radians(bearing)) / 60.0
    east = nmi * math.sin(math.radians(bearing)) / 60.0 / math.cos(math.radians(lat))
    return lat + north, lon + east


class Pilot:
    """One aircraft and the ``path`` it has gone, a state a second."""

    def __init__(
        self, ts: int, place: tuple[float, float], *, altitude: float, gs: float, track: float,
        on_ground: bool,
    ) -> None:  # fmt: skip
        self.ts, (self.lat, self.lon) = ts, place
        self.altitude, self.gs, self.track, self.on_ground = altitude, gs, track, on_ground
        self.path: list[State] = []
        self.takeoffs: list[int] = []
        self.landings: list[int] = []

    def _step(self, *, rate: float = 0.0, to_gs: float | None = None, change: float = 1.0) -> None:
        """One second on; ``rate`` in ft/s."""
        if to_gs is not None:
            self.gs += max(-change, min(change, to_gs - self.gs))
        self.lat, self.lon = beyond(self.lat, self.lon, self.track, self.gs / 3600.0)
        self.altitude += rate
        self.ts += 1
        self.path.append(
            State(self.ts, self.lat, self.lon, self.altitude, self.gs, self.track, rate * 60.0,
                  self.on_ground)
        )  # fmt: skip

    def _steer(self, lat: float, lon: float) -> None:
        off = (bearing_deg(self.lat, self.lon, lat, lon) - self.track + 180.0) % 360.0 - 180.0
        limit = 30.0 if self.on_ground else TURN_DEG_PER_S
        self.track = (self.track + max(-limit, min(limit, off))) % 360.0

    def away(self, lat: float, lon: float) -> float:
        """Nautical miles to there."""
        return distance_nmi(self.lat, self.lon, lat, lon)

    # -- on the ground -----------------------------------------------------------------------------

    def stand(self, seconds: int) -> None:
        """Parked, or waiting on a taxiway."""
        for _ in range(seconds):
            self._step(to_gs=0.0, change=3.0)

    def taxi(self, lat: float, lon: float, gs: float = 16.0) -> None:
        """Straight there, and stop."""
        while self.away(lat, lon) > max(0.01, self.gs / 3600.0):
            self._steer(lat, lon)
            self._step(to_gs=gs, change=2.0)
        self.stand(3)

    def line_up(self, runway: Runway) -> None:
        """Onto the runway, and wait there."""
        self.taxi(*beyond(runway.lat, runway.lon, runway.heading, 0.05))
        self.track = runway.heading
        self.stand(20)

    def take_off(self, rotate: float, climb: float) -> None:
        """Roll until ``rotate`` knots, then climb (ft/min) to 1,500 ft above the field."""
        field = self.altitude
        while self.gs < rotate:
            self._step(to_gs=rotate, change=ACCELERATE_KT_PER_S)
        self.on_ground = False
        self.takeoffs.append(self.ts + 1)
        while self.altitude < field + 1_500.0:
            self._step(rate=climb / 60.0, to_gs=rotate * 1.15)

    def reject(self, gs: float) -> None:
        """A take-off that is none: roll until ``gs``, brake, stand."""
        while self.gs < gs:
            self._step(to_gs=gs, change=ACCELERATE_KT_PER_S)
        while self.gs > 15.0:
            self._step(to_gs=15.0, change=BRAKE_KT_PER_S)

    def lift_off(self, height: float) -> None:
        """Vertically."""
        self.on_ground = False
        self.takeoffs.append(self.ts + 1)
        for _ in range(round(height / 8.0)):
            self._step(rate=8.0)

    # -- in the air --------------------------------------------------------------------------------

    def fly(
        self, lat: float, lon: float, altitude: float, gs: float, rate: float = 1_800.0
    ) -> None:
        """There, climbing or descending (ft/min) to ``altitude`` on the way."""
        near = max(0.3, self.gs / 3600.0 / math.radians(TURN_DEG_PER_S) * 1.3)
        while self.away(lat, lon) > near:
            self._steer(lat, lon)
            limit = rate / 60.0
            self._step(rate=max(-limit, min(limit, altitude - self.altitude)), to_gs=gs)

    def approach(self, runway: Runway, gs: float, down_to: float, final: float = FINAL_NMI) -> None:
        """Join the final of ``runway`` and fly it down to ``down_to`` ft above the threshold."""
        opposite = runway.heading + 180.0
        lat, lon = beyond(runway.lat, runway.lon, opposite, final)
        height = runway.elevation + final * GLIDE_FT_PER_NMI
        self.fly(lat, lon, height, max(gs * 1.25, min(self.gs, 180.0)))
        while (height := self.altitude - runway.elevation) > down_to:
            # Towards a point ahead on the centre line, so that it settles on it.
            left = self.away(runway.lat, runway.lon)
            self._steer(*beyond(runway.lat, runway.lon, opposite, max(-0.5, left - 1.0)))
            sink = height / max(left, 0.1) * self.gs / 3600.0
            self._step(rate=-max(1.0, min(sink, 25.0)), to_gs=gs)

    def touch(self, runway: Runway) -> None:
        """From the end of an approach onto the runway."""
        while self.altitude > runway.elevation:
            self._steer(*beyond(runway.lat, runway.lon, runway.heading, 2.0))
            self._step(rate=-min(12.0, self.altitude - runway.elevation), to_gs=self.gs)
        self.on_ground, self.track = True, runway.heading
        self.landings.append(self.ts + 1)

    def bounce(self) -> None:
        """Back into the air for four seconds, as the switches in the gear have it."""
        self.on_ground = False
        for rate in (4.0, 2.0, -2.0, -4.0):
            self._step(rate=rate)
        self.on_ground = True

    def roll(self, seconds: int) -> None:
        """On along the runway, hardly braking."""
        for _ in range(seconds):
            self._step(to_gs=50.0, change=0.5)

    def roll_out(self, gs: float = 18.0) -> None:
        """Brake to taxi speed."""
        while self.gs > gs:
            self._step(to_gs=gs, change=BRAKE_KT_PER_S)

    def go_around(self, climb: float) -> None:
        """Up again, without having touched."""
        for _ in range(round(2_000.0 / climb * 60.0)):
            self._step(rate=climb / 60.0, to_gs=max(self.gs, 150.0))

    def set_down(self, elevation: float) -> None:
        """Vertically, from where it hovers."""
        while self.altitude > elevation:
            self._step(rate=-min(6.0, self.altitude - elevation), to_gs=0.0, change=2.0)
        self.on_ground = True
        self.landings.append(self.ts + 1)

    def hover(self, seconds: int, gs: float = 5.0) -> None:
        """In the air, hardly moving."""
        for _ in range(seconds):
            self._step(to_gs=gs, change=2.0)
