"""What is left of a flight when its state is gone: enough to know it again and to go on with it.

Kept of flights that fell silent, and wherever a flight must outlive its actor.
"""

import msgspec

from aerotrack.domain.airports import load_airports
from aerotrack.domain.fields import IDENTITY
from aerotrack.domain.flight import FlightState
from aerotrack.domain.origins import Origin
from aerotrack.domain.phases import APPROACH_NMI, FINAL_FT
from aerotrack.domain.records import FlightRecord


class RememberedFlight(msgspec.Struct, frozen=True, gc=False):
    """A flight as it was at its last contact. Times epoch seconds, ``gs`` knots.

    ``record`` is its row, not ended. ``time_position`` is the time of its last position.
    ``landed_at`` is set from a landing seen until the next take-off. ``landing`` is the elevation
    (ft) of the airport where it was on short final, so that a landing nobody saw came next.
    """

    record: FlightRecord
    time_position: float | None
    gs: float | None
    on_ground: bool | None
    landed_at: float | None
    landing: int | None


def remember(state: FlightState) -> RememberedFlight:
    """What to keep of a flight."""
    return RememberedFlight(
        state.record(),
        state.time_position,
        state.values.get("gs"),
        state.values.get("on_ground"),
        state.course.landed_at,
        _landing(state),
    )


def resumed(remembered: RememberedFlight) -> FlightState:
    """The flight's state to go on with: its name, its row, its course; not what it said last of
    height and speed, and no position, which the next one would have to be measured by."""
    record = remembered.record
    state = FlightState(record.icao24, record.started)
    state.last_contact = record.last_contact
    state.points = record.points
    if record.first_lat is not None and record.first_lon is not None:
        state.first_position = (record.first_lat, record.first_lon)
    if record.source is not None:
        origin = Origin(record.last_contact, record.source, record.feed or "")
        for name in IDENTITY:
            value = getattr(record, name)
            if value is not None:
                state.values[name] = value
                state.origins[name] = origin
    state.course.resume(record, remembered.landed_at)
    return state


def _landing(state: FlightState) -> int | None:
    """The elevation of the airport where it is on short final, if it is."""
    values = state.values
    altitude, lat, lon = values.get("alt_baro"), values.get("lat"), values.get("lon")
    if altitude is None:
        altitude = values.get("alt_geom")
    if values.get("phase") != "approach" or altitude is None or lat is None or lon is None:
        return None
    found = load_airports().likely(lat, lon, APPROACH_NMI)
    if found is None or altitude - found[0].elevation >= FINAL_FT:
        return None
    return found[0].elevation
