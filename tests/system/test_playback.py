"""What was seen live is seen again by time travel: the same flights, positions and order."""

import time
from pathlib import Path
from typing import Any

import pytest

from .harness import LiveClient, Rows, Server, until

AIRCRAFT = 6
STEPS = 40
STEP_S = 0.5  # of history; they are posted as fast as a viewer sees them


class Seen:
    """What a viewer saw of each flight, in order, and what happened."""

    def __init__(self) -> None:
        self.places: dict[str, list[tuple[float, float]]] = {}
        self.events: list[tuple[str, str]] = []

    def look(self, message: dict[str, Any], client: LiveClient) -> None:
        """Take in what a message has changed."""
        if message["type"] == "event":
            self.events.append((message["event"], message["flight_id"]))
        for flight in client.held.flights.values():
            if "lat" not in flight:
                continue
            seen = self.places.setdefault(flight["flight_id"], [])
            place = (flight["lat"], flight["lon"])
            if not seen or seen[-1] != place:
                seen.append(place)


def observations(step: int, begun: float) -> list[dict[str, Any]]:
    """All aircraft a step on; one declares an emergency on the way."""
    ts = begun + step * STEP_S
    return [
        {
            "icao24": f"abc{n:03x}",
            "ts": ts + n / 100,
            "lat": round(50 + n + step * 0.001, 5),
            "lon": round(8 - step * 0.0015, 5),
            "alt_baro": 30_000 + 25 * step,
            "gs": 450,
            "track": 314,
            "callsign": f"TEST{n}",
            "squawk": "7700" if n == 3 and step >= 20 else "1000",
        }
        for n in range(AIRCRAFT)
    ]


def is_at(client: LiveClient, icao24: str, place: tuple[float, float]) -> bool:
    flight = client.held.flights.get(icao24, {})
    return (flight.get("lat"), flight.get("lon")) == place


def is_subsequence(some: list[Any], of: list[Any]) -> bool:
    left = iter(of)
    return all(one in left for one in some)


@pytest.mark.parametrize("fanout", [0, 1])
def test_a_period_played_again_is_what_was_live(
    data_dir: Path, database_url: str, fanout: int
) -> None:
    with Server(data_dir, "--fanout", str(fanout), database_url=database_url) as server:
        # Old enough to be played at once, young enough to be live.
        begun = time.time() - 50
        live = Seen()
        with LiveClient(server) as client:
            client.subscribe()
            for step in range(STEPS):
                sent = observations(step, begun)
                server.post(*sent)
                last = (sent[-1]["lat"], sent[-1]["lon"])
                name = sent[-1]["icao24"]

                while not is_at(client, name, last):
                    live.look(client.message(), client)
        assert len(live.events) == AIRCRAFT + 1  # each started, one declared an emergency
        assert len(live.places) == AIRCRAFT
        with_rows = Rows(database_url)
        until(
            "all is stored",
            lambda: with_rows.one("SELECT count(*) FROM aerotrack.position") == AIRCRAFT * STEPS,
        )
        ends = begun + STEPS * STEP_S
        for speed in (10, 60):
            played = Seen()
            query = f"?at={begun - 1}&speed={speed}&interval=0.1"
            with LiveClient(server, query=query) as client:
                while (message := client.message()).get("now", 0) < ends:
                    played.look(message, client)
                played.look(message, client)
            assert played.events == live.events, speed
            assert played.places.keys() == live.places.keys(), speed
            for flight, places in played.places.items():
                assert len(places) >= STEPS * STEP_S / (speed * 0.1) / 4, (speed, flight)
                assert is_subsequence(places, live.places[flight]), (speed, flight)
                assert places[-1] == live.places[flight][-1], (speed, flight)
