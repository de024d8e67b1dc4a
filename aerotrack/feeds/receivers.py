"""The stations behind the feeds, and what each of them contributes.

A receiver is known by the id it sends, else by its address, else by its feed's name. Raw feeds
count their frames here; observations of the others are counted by :class:`CountingSink` on their
way to the registry.
"""

from collections import deque
from collections.abc import Sequence
from math import sqrt
from typing import Final

import msgspec

from aerotrack.domain.geo import distance_nmi
from aerotrack.domain.observation import Observation, Site
from aerotrack.feeds.feed import Sink

# An aircraft counts as heard by a receiver for this long, as one is listed by readsb.
AIRCRAFT_FOR_S: Final = 60.0
# Senders can name themselves, so their number is bounded; those beyond share one entry.
MOST_RECEIVERS: Final = 1_000
OTHERS: Final = "others"
# How far a radio horizon reaches: nautical miles by the root of the height in feet, air bending it.
HORIZON_NMI: Final = 1.23
# A station on a mountain, and an aircraft at 60,000 ft where nobody says how high it is.
STATION_FT: Final = 10_000.0
HIGHEST_FT: Final = 60_000.0
# A clock is compared over at least this long, and anew when it jumped by more than this share.
CLOCK_SPAN_S: Final = 60.0
CLOCK_JUMP: Final = 0.01
COUNTER_HZ: Final = 12_000_000.0
# Where a station stands that does not say it: near what it hears. So many places are remembered,
# and one is believed that most of them are near to, as near as what one antenna hears.
PLACES_KEPT: Final = 8
LEAST_PLACES: Final = 3
MOST: Final = 0.7
HEARD_ACROSS_NMI: Final = 800.0


def horizon_nmi(alt_ft: float | None) -> float:
    """How far away an aircraft at that height is heard at most."""
    height = HIGHEST_FT if alt_ft is None else max(0.0, alt_ft)
    return HORIZON_NMI * (sqrt(height) + sqrt(STATION_FT))


class Receiver:
    """One station and its figures.

    ``messages`` counts what it sent (frames, lines, records), ``duplicates`` those that another one
    had sent before, ``positions`` those with one. ``farthest`` (nmi) needs a ``site``.
    ``clock_skew`` is how fast its clock runs against ours, in parts per million. ``around`` is a
    place it hears aircraft at, where nobody said its own, and where it hears one region only.
    """

    __slots__ = (
        "_aircraft",
        "_aircraft_before",
        "_clock",
        "_places",
        "_turned",
        "around",
        "clock_skew",
        "duplicates",
        "farthest",
        "feed",
        "last_contact",
        "messages",
        "name",
        "positions",
        "receiver",
        "site",
    )

    def __init__(self, feed: str, receiver: str | None, site: Site | None) -> None:
        self.feed = feed
        self.receiver = receiver
        self.name = receiver or feed
        self.site = site
        self.messages = 0
        self.positions = 0
        self.duplicates = 0
        self.farthest: float | None = None
        self.clock_skew: float | None = None
        self.last_contact: float | None = None
        self._aircraft: set[str] = set()
        self._aircraft_before: set[str] = set()
        self._turned = float("-inf")
        self._clock: tuple[int, float] | None = None
        self.around: tuple[float, float] | None = None
        self._places: deque[tuple[float, float]] = deque(maxlen=PLACES_KEPT)

    def heard(self, icao24: str, ts: float) -> None:
        """It heard this aircraft at ``ts``."""
        if abs(ts - self._turned) > AIRCRAFT_FOR_S:
            self._turned = ts
            self._aircraft_before, self._aircraft = self._aircraft, set()
        self._aircraft.add(icao24)
        self.last_contact = ts

    def aircraft(self, now: float) -> int:
        """How many it heard within the last minute or two."""
        if self.last_contact is None or now - self.last_contact > 2 * AIRCRAFT_FOR_S:
            return 0
        return len(self._aircraft | self._aircraft_before)

    def placed(self, lat: float, lon: float, *, alt_ft: float | None = None) -> None:
        """An aircraft it hears is at this place (degrees), as high as ``alt_ft`` where known."""
        if self.site is None:
            self._look_around(lat, lon)
        else:
            distance = distance_nmi(*self.site.shown, lat, lon)
            if (self.farthest or 0.0) < distance <= horizon_nmi(alt_ft):
                self.farthest = distance

    def _look_around(self, lat: float, lon: float) -> None:
        places = self._places
        places.append((lat, lon))
        near = sum(distance_nmi(lat, lon, *other) <= HEARD_ACROSS_NMI for other in places)
        if near >= LEAST_PLACES and near >= MOST * len(places):
            self.around = (lat, lon)
        elif near < len(places) / 2 and self.around is not None:
            near = sum(distance_nmi(*self.around, *other) <= HEARD_ACROSS_NMI for other in places)
            if near < MOST * len(places):
                self.around = None

    def compare_clock(self, ticks: int, now: float) -> None:
        """Its 12 MHz counter read ``ticks`` when our clock read ``now`` (monotonic seconds)."""
        if self._clock is None or ticks < self._clock[0]:
            self._clock = (ticks, now)
            return
        ours = now - self._clock[1]
        if ours < CLOCK_SPAN_S:
            return
        rate = (ticks - self._clock[0]) / COUNTER_HZ / ours - 1.0
        if abs(rate) > CLOCK_JUMP:  # it was started again, or is no such counter
            self._clock, self.clock_skew = (ticks, now), None
        else:
            self.clock_skew = rate * 1e6


class Receivers:
    """Every receiver of a server, by feed and id."""

    def __init__(self) -> None:
        self._all: dict[tuple[str, str | None], Receiver] = {}

    def of(self, feed: str, receiver: str | None, site: Site | None) -> Receiver:
        """The one with this id by this feed; ``site`` is its place, where the feed knows it."""
        found = self._all.get((feed, receiver))
        if found is None:
            if len(self._all) >= MOST_RECEIVERS:
                receiver = OTHERS
                if (found := self._all.get((feed, receiver))) is not None:
                    return found
            found = self._all[feed, receiver] = Receiver(feed, receiver, site)
        return found

    def all(self) -> Sequence[Receiver]:
        """All of them, as they came."""
        return tuple(self._all.values())


class CountingSink:
    """Counts observations for their receivers, adds where these stand, and hands them on.

    For feeds that are not raw. Their positions are resolved already, so where a receiver without a
    site stands is not looked for: for a feed of the whole world that would cost as much as parsing.
    """

    def __init__(self, sink: Sink, receivers: Receivers, site: Site | None) -> None:
        self._sink = sink
        self._receivers = receivers
        self._site = site

    def __call__(self, observations: Sequence[Observation], *, now: float, received: float) -> None:
        for obs in observations:
            receiver = self._receivers.of(obs.feed, obs.receiver, self._site)
            receiver.messages += 1
            receiver.heard(obs.icao24, now)
            if obs.lat is not None and obs.lon is not None:
                receiver.positions += 1
                if self._site is not None:
                    receiver.placed(obs.lat, obs.lon)
        if self._site is not None:
            observations = [msgspec.structs.replace(obs, site=self._site) for obs in observations]
        self._sink(observations, now=now, received=received)
