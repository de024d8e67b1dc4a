"""The positions of one flight: each one judged by the rules, in their order.

Positions come judged (``lat``/``lon``: SBS, JSON, POST, the simulator) or raw (``cpr``). The rules
are the reference tracker's. Beyond it, a raw first fix waits until a second agrees, frames of a
pair must agree with one another, and a jump must be confirmed by what follows. Pure: all times
are those of the observations.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from aerotrack.domain.cpr import Position, resolve_near
from aerotrack.domain.geo import distance_nmi
from aerotrack.domain.observation import CprFrame, Observation
from aerotrack.domain.position import gate
from aerotrack.domain.position.fixes import (
    ACCEPTED,
    PROVISIONAL,
    UNRESOLVED,
    Fix,
    Provisional,
    Verdict,
)
from aerotrack.domain.position.motion import (
    Claim,
    direction,
    fastest_kt,
    ground_speed,
    moved_as_said,
)
from aerotrack.domain.position.pairing import (
    FramePairs,
    HeardFrame,
    resolve_alone,
    resolve_pair,
)
from aerotrack.domain.position.reliability import Reliability
from aerotrack.domain.position.trail import Place, Trail, between
from aerotrack.domain.sources import RANKS, TRUSTED_FOR_S

# The same place within this time of the last or the one before is the same transmission heard
# again, by another receiver or in another poll (readsb: 2 s).
DUPLICATE_WITHIN_S: Final = 2.0
# The same raw frame again, later than that, is a parked aircraft, unless it moves at this speed: it
# has left the cell the frame stands for (5 m), and somebody replays old frames.
MOVING_KT: Final = 50.0

# A raw first fix is believed when another agrees within this time (some 20 position messages).
CONFIRM_WITHIN_S: Final = 10.0
# Whatever spoils both frames of a pair alike (a replay, a spoofer) does so to frames that come
# together: five position messages in a row are seldom missed where one is heard well.
ONE_FAULT_S: Final = 3.0
# One that found no second in time is believed in hindsight when two later ones agree with it too,
# while it can still have come from there and from few other places: as long as frames are paired.
HINDSIGHT_S: Final = 30.0
PROVISIONAL_KEPT: Final = 4

# Without a position for so long there is nothing to compare the next one with (readsb); after
# what multilateration or worse said, already then.
RELIABLE_FOR_S: Final = 60 * 60.0
RELIABLE_FOR_MLAT_S: Final = 45.0
MLAT_RANK: Final = RANKS["mlat"]

# A raw frame that comes late is placed next to the last fix within this time of it: feeds merge
# receivers whose clocks and delays differ by seconds, not more.
LATE_FRAME_S: Final = 10.0

# Between two known places it flew straight, more or less: it may be off by this share of what it
# flies until the nearer of them (half a turn at three degrees a second bends by 0.64).
BETWEEN_SHARE: Final = 0.7


class PositionTracker:
    """What one flight knows of its positions.

    ``values`` and ``times`` are the flight's own fields and when they were said, by
    :data:`aerotrack.domain.origins.PLACES`, read here for speed and track. ``fix`` is the last
    accepted position. A raw first fix is in ``pending`` until :meth:`take` moves it to ``released``
    (believed, to be recorded) or ``discarded``, from where the flight takes them away.
    """

    __slots__ = (
        "_before",
        "_gs_at_fix",
        "_pairs",
        "_reliability",
        "_times",
        "_trail",
        "_values",
        "discarded",
        "fix",
        "pending",
        "released",
    )

    def __init__(self, values: Mapping[str, Any], times: Sequence[float]) -> None:
        self._values = values
        self._times = times
        self.fix: Fix | None = None
        self._before: Fix | None = None
        self._gs_at_fix: float | None = None
        self._reliability = Reliability()
        self._trail = Trail()
        self._pairs: FramePairs | None = None
        self.pending: list[Provisional] | None = None
        self.released: list[Provisional] | None = None
        self.discarded: list[Provisional] | None = None

    # -- judging -----------------------------------------------------------------------------------

    def expire(self, now: float) -> None:
        """Discard what nothing agreed with in time."""
        pending = self.pending
        if pending is not None and now - pending[0].at > HINDSIGHT_S:
            late = [fix for fix in pending if now - fix.at > HINDSIGHT_S]
            self.discarded = [*(self.discarded or ()), *late]
            self.pending = pending[len(late) :] or None

    def discard_pending(self) -> None:
        """Discard all that waits."""
        if self.pending is not None:
            self.discarded = [*(self.discarded or ()), *self.pending]
            self.pending = None

    def take_judged(self, obs: Observation) -> Verdict:
        """Judge the ``lat`` and ``lon`` of ``obs``."""
        lat, lon = obs.lat, obs.lon
        if lat is None or lon is None or gate.implausible(lat, lon):
            return Verdict("refused", lat, lon, "bad_position")
        at = obs.ts if obs.time_position is None else obs.time_position
        on_ground = self._values.get("on_ground") if obs.on_ground is None else obs.on_ground
        rank = RANKS.get(obs.source, 0)
        claim = Claim(obs, lat, lon, at, rank, on_ground is True, None)
        fix = self.fix
        if fix is None:
            return self._accept(claim, restart=True)
        before = self._before
        if (lat == fix.lat and _repeats(fix, claim)) or (
            before is not None and lat == before.lat and _repeats(before, claim)
        ):
            return Verdict("refused", lat, lon, "duplicate")
        if at < fix.at:
            return self._late(claim)
        if at - fix.at < TRUSTED_FOR_S and rank < fix.rank:
            return Verdict("refused", lat, lon, "worse_source")
        if self._reachable(fix.lat, fix.lon, fix.at, claim):
            return self._accept(claim, restart=False)
        if _outdated(fix, claim):
            return self._accept(claim, restart=True)
        return self._refuse_jump(claim)

    def take_frame(self, obs: Observation, cpr: CprFrame) -> Verdict:
        """Resolve the raw frame of ``obs``, if it can be by now, and judge what it says."""
        at, fix = obs.ts, self.fix
        pairs = self._pairs
        if pairs is None:
            pairs = self._pairs = FramePairs()
        gs = ground_speed(self._values, self._times, obs)
        repeated = pairs.same(cpr)
        if repeated is not None:
            if abs(at - repeated.at) <= DUPLICATE_WITHIN_S:
                return Verdict("refused", None, None, "duplicate")
            if gs is not None and gs >= MOVING_KT:
                return Verdict("refused", None, None, "replayed")
        rank = RANKS.get(obs.source, 0)
        claim = Claim(obs, 0.0, 0.0, at, rank, cpr.surface, cpr.odd)
        if fix is not None:
            if at < fix.at:
                return self._late_frame(claim, cpr, fix)
            if at - fix.at < TRUSTED_FOR_S and rank < fix.rank:
                return Verdict("refused", None, None, "worse_source")
        heard = pairs.hear(cpr, at, obs.source)
        other = pairs.partner(heard, gs)
        if other is None:
            return self._take_alone(claim, heard, None, fix)
        found = resolve_pair(heard, other, self._surface_reference(obs) if cpr.surface else None)
        if isinstance(found, tuple):
            claim.lat, claim.lon = found
            if fix is not None and self._reachable(fix.lat, fix.lon, fix.at, claim):
                return self._accept(claim, restart=False)
            if self._consistent(other, claim):
                if fix is None or _outdated(fix, claim):
                    return self._hold(claim, heard, other)
                return self._refuse_jump(claim)
        elif found != "bad_latitude":
            other = None
        return self._take_alone(claim, heard, other, fix)

    def _take_alone(
        self, claim: Claim, heard: HeardFrame, wrong: HeardFrame | None, fix: Fix | None
    ) -> Verdict:
        """Place a frame next to the last fix.

        ``wrong`` is its partner in a pair that contradicts itself: one of the two is bad. If this
        one fits alone it was the other; if not, this one goes and the other is kept.
        """
        pairs = self._pairs
        alone = None
        if fix is not None:
            alone = resolve_alone(heard.frame, fix.lat, fix.lon, claim.at - fix.at)
        if alone is None or fix is None or pairs is None:
            if wrong is None or pairs is None:
                return UNRESOLVED
            pairs.drop(wrong)
            return Verdict("refused", None, None, "bad_cpr")
        claim.lat, claim.lon = alone
        if self._reachable(fix.lat, fix.lon, fix.at, claim):
            if wrong is not None:
                pairs.drop(wrong)
            return self._accept(claim, restart=False)
        if wrong is not None:
            pairs.drop(heard)
        # Nothing is learnt of the last fix from a place that was found by means of it, so this
        # neither drains its reliability nor counts as agreement with another jump.
        return Verdict("refused", claim.lat, claim.lon, "impossible_jump")

    def _late_frame(self, claim: Claim, cpr: CprFrame, fix: Fix) -> Verdict:
        """A raw frame from before the last fix: into the history, if it can be placed at all."""
        if fix.at - claim.at > LATE_FRAME_S:
            return Verdict("refused", None, None, "late")
        alone = resolve_near(cpr, fix.lat, fix.lon)
        if alone is None:
            return Verdict("refused", None, None, "late")
        claim.lat, claim.lon = alone
        return self._late(claim)

    def _late(self, claim: Claim) -> Verdict:
        """A position from before the last one: it must lie between its neighbours in time."""
        lat, lon, at = claim.lat, claim.lon, claim.at
        mlat = claim.obs.source == "mlat"
        before, after = self._neighbours(at)
        apart = after[0] - at if before is None else min(at - before[0], after[0] - at)
        speed = fastest_kt(self._values, self._times, claim, self._gs_at_fix, apart)
        if before is None:
            metres = gate.distance_m(lat, lon, after[1], after[2])
        else:
            speed *= BETWEEN_SHARE / gate.SPEED_FACTOR
            metres = gate.distance_m(lat, lon, *between(before, after, at))
        if metres > gate.reach_m(apart, speed, None, surface=claim.surface, mlat=mlat):
            return Verdict("refused", lat, lon, "impossible_past")
        return Verdict("late", lat, lon)

    def _neighbours(self, at: float) -> tuple[Place | None, Place]:
        """The last position known from before ``at``, and the first from after it."""
        before: Place | None = None
        after: Place | None = None
        recent = [(fix.at, fix.lat, fix.lon) for fix in (self._before, self.fix) if fix is not None]
        for place in (*self._trail.around(at), *recent):
            if place[0] > at:
                after = place if after is None or place[0] < after[0] else after
            elif before is None or place[0] > before[0]:
                before = place
        return before, after or recent[-1]

    # -- the outcomes ------------------------------------------------------------------------------

    def _accept(self, claim: Claim, *, restart: bool) -> Verdict:
        """Move there. With ``restart`` what was known before is no measure any more."""
        obs, lat, lon, at = claim.obs, claim.lat, claim.lon, claim.at
        if self.pending is not None:
            self._settle_pending(claim)
        self._before = None if restart else self.fix
        self.fix = Fix(lat, lon, at, claim.rank, claim.surface, obs.feed, obs.receiver)
        self._gs_at_fix = self._values.get("gs")
        if restart:
            self._reliability.restarted()
            self._trail = Trail()
        else:
            self._reliability.accepted(claim.odd)
        self._trail.add(at, lat, lon)
        return ACCEPTED

    def _refuse_jump(self, claim: Claim) -> Verdict:
        """It cannot have come there, unless it never was where it seemed to be."""
        reliability, obs = self._reliability, claim.obs
        elsewhere = reliability.elsewhere
        if (
            elsewhere is not None
            and reliability.exhausted
            and elsewhere[2] < claim.at
            and self._reachable(*elsewhere, claim)
        ):
            return self._accept(claim, restart=True)
        place = (claim.lat, claim.lon, claim.at)
        reliability.refused(place, claim.odd, (obs.feed, obs.receiver))
        return Verdict("refused", claim.lat, claim.lon, "impossible_jump")

    def _hold(self, claim: Claim, heard: HeardFrame, other: HeardFrame) -> Verdict:
        """A raw first fix: believed when it agrees with one that stands on other frames."""
        lat, lon, obs = claim.lat, claim.lon, claim.obs
        older = min(heard.serial, other.serial)
        if gate.implausible(lat, lon):
            return Verdict("refused", lat, lon, "bad_position")
        site = obs.site
        if site and distance_nmi(site.lat, site.lon, lat, lon) > gate.HEARD_WITHIN_NMI:
            return Verdict("refused", lat, lon, "out_of_range")
        if claim.at - other.at > ONE_FAULT_S and not claim.surface:
            # The two frames of a pair so far apart are two statements: they confirm one another
            # where it moved between them as it said.
            was = resolve_near(other.frame, lat, lon)
            if was and moved_as_said(self._values, self._times, was, other.at, claim):
                return self._accept(claim, restart=True)
        pending = self.pending
        if pending is not None:
            last = pending[-1]
            if not self._reachable(last.lat, last.lon, last.at, claim):
                self.discard_pending()
                pending = None
            elif older != last.older and abs(claim.at - last.at) <= CONFIRM_WITHIN_S:
                return self._accept(claim, restart=True)
            elif len(pending) == PROVISIONAL_KEPT:
                self.discarded = [*(self.discarded or ()), pending.pop(0)]
        if pending is None:
            pending = self.pending = []
        pending.append(Provisional(lat, lon, claim.at, older, obs.feed, obs.receiver))
        return PROVISIONAL

    def _settle_pending(self, claim: Claim) -> None:
        """An accepted position confirms the provisional ones it can have come from."""
        pending, self.pending = self.pending or [], None
        released: list[Provisional] = []
        discarded: list[Provisional] = []
        for fix in pending:
            fits = claim.at - fix.at <= HINDSIGHT_S and self._reachable(
                fix.lat, fix.lon, fix.at, claim
            )
            (released if fits else discarded).append(fix)
        self.released = released or None
        if discarded:
            self.discarded = [*(self.discarded or ()), *discarded]

    # -- what the gate needs -----------------------------------------------------------------------

    def _reachable(self, lat: float, lon: float, then: float, claim: Claim) -> bool:
        """Whether the gate lets it come from ``lat``/``lon`` at ``then`` to the claimed place."""
        north, east = gate.offset_m(lat, lon, claim.lat, claim.lon)
        metres = math.hypot(north, east)
        speed = fastest_kt(self._values, self._times, claim, self._gs_at_fix)
        if metres <= gate.least_reach_m(speed):
            return True
        elapsed = abs(claim.at - then)
        obs, fix = claim.obs, self.fix
        off_track: float | None = None
        if elapsed <= gate.TRACK_WITHIN_S:
            track = direction(self._values, self._times, obs, claim.at)
            if track is not None:
                off_track = gate.angle_between(track, math.degrees(math.atan2(east, north)))
        return metres <= gate.reach_m(
            elapsed,
            speed,
            off_track,
            surface=claim.surface and (fix is None or fix.surface),
            mlat=obs.source == "mlat",
            same_packet=elapsed <= gate.SAME_PACKET_S
            and (fix is None or (fix.receiver == obs.receiver and fix.feed == obs.feed)),
        )

    def _consistent(self, other: HeardFrame, claim: Claim) -> bool:
        """Whether the frames of a pair were sent from places an aircraft can fly between.

        A pair always gives two places within 3 NM; those of frames that do not belong together are
        spread over that, those of a true pair are as far apart as it flew.
        """
        place = resolve_near(other.frame, claim.lat, claim.lon)
        return place is not None and self._reachable(*place, other.at, claim)

    def _surface_reference(self, obs: Observation) -> Position | None:
        """Which quarter of the globe it is in: of its own last position, the station, or others."""
        fix = self.fix
        if fix is not None:
            return fix.lat, fix.lon
        return obs.near if obs.site is None else (obs.site.lat, obs.site.lon)


def _outdated(fix: Fix, claim: Claim) -> bool:
    """Whether the last fix is no measure for this one: too old, or of a worse source."""
    age = claim.at - fix.at
    return (
        claim.rank > fix.rank
        or age > RELIABLE_FOR_S
        or (fix.rank <= MLAT_RANK and age > RELIABLE_FOR_MLAT_S)
    )


def _repeats(fix: Fix, claim: Claim) -> bool:
    """Whether the claim says what ``fix`` said, at nearly the same time."""
    return (
        claim.lat == fix.lat
        and claim.lon == fix.lon
        and abs(claim.at - fix.at) <= DUPLICATE_WITHIN_S
    )
