"""One flight in full, as ``/api/v1/flights/{id}`` shows it: every field with its provenance."""

from typing import Any

from aerotrack.domain.flight import FlightState
from aerotrack.domain.stream.picture import TIME_DECIMALS


def flight_document(state: FlightState, now: float) -> dict[str, Any]:
    """The flight's entry of the live picture, with ``fields`` and ``refused``; ages in seconds."""
    document: dict[str, Any] = {"icao24": state.icao24, "flight_id": state.flight_id}
    document.update(state.picture())
    if state.time_position is not None:
        document["time_position"] = round(state.time_position, TIME_DECIMALS)
    document["last_contact"] = round(state.last_contact, TIME_DECIMALS)
    document["started"] = state.started
    document["points"] = state.points
    document["fields"] = {
        name: {
            "source": origin.source,
            "feed": origin.feed,
            "age": round(max(0.0, now - origin.ts), TIME_DECIMALS),
        }
        for name, origin in state.origins.items()
    }
    document["refused"] = [
        {
            name: value
            for name, value in (
                ("ts", fix.ts),
                ("lat", fix.lat),
                ("lon", fix.lon),
                ("reason", fix.reason),
                ("feed", fix.feed),
                ("receiver", fix.receiver),
            )
            if value is not None
        }
        for fix in state.refused or ()
    ]
    return document
