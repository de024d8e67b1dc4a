"""Points of a track, made of a flight's state or of one late observation."""

from collections.abc import Mapping
from typing import Any

from aerotrack.domain.observation import Observation
from aerotrack.domain.records import TrackPoint

Place = tuple[float | None, float | None]


def point_of(
    key: int, ts: float, place: Place, values: Mapping[str, Any], obs: Observation
) -> TrackPoint:
    """The state ``values`` of flight ``key`` at ``ts``, as ``obs`` has left it."""
    get = values.get
    return TrackPoint(
        key,
        ts,
        place[0],
        place[1],
        get("alt_baro"),
        get("alt_geom"),
        get("on_ground"),
        get("gs"),
        get("track"),
        get("baro_rate"),
        get("callsign"),
        get("squawk"),
        get("emergency"),
        obs.source,
        obs.feed,
    )


def late_point_of(key: int, place: Place, obs: Observation) -> TrackPoint:
    """What ``obs`` says itself, of the time it says."""
    return TrackPoint(
        key,
        obs.ts if obs.time_position is None else obs.time_position,
        place[0],
        place[1],
        obs.alt_baro,
        obs.alt_geom,
        obs.on_ground,
        obs.gs,
        obs.track,
        obs.baro_rate,
        obs.callsign,
        obs.squawk,
        obs.emergency,
        obs.source,
        obs.feed,
    )
