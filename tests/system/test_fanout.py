"""The live stream served by processes of the fan-out: the same stream, and nobody left behind."""

from pathlib import Path

import pytest

from .harness import LiveClient, Server, processes_naming, until

PLANE = {"icao24": "abcdef", "lat": 51.5, "lon": -0.5, "callsign": "TEST1"}


def fanout_pids(server: Server) -> list[int]:
    """The processes of the fan-out that are there: they carry the data directory's name."""
    return processes_naming(f"aerotrack {server.data_dir}")


def ready(server: Server, times: int) -> None:
    """Wait until so many processes have become ready, those that were replaced included."""
    until(f"{times} ready", lambda: server.log.count("fanout_ready") >= times)


@pytest.mark.parametrize("fanout", [0, 1, 2])
def test_a_client_sees_the_same_however_it_is_served(
    data_dir: Path, database_url: str, fanout: int
) -> None:
    with Server(data_dir, "--fanout", str(fanout), database_url=database_url) as server:
        assert fanout == len(fanout_pids(server))
        server.post(PLANE)
        with LiveClient(server) as first, LiveClient(server) as second:
            for client in (first, second):
                client.subscribe(bbox=[-1, 51, 0, 52])
                held = client.until(lambda held: "abcdef" in held.flights)
                assert "TEST1" == held.flights["abcdef"]["callsign"]
            server.post(PLANE | {"squawk": "7000"})
            for client in (first, second):
                held = client.until(lambda held: "squawk" in held.flights["abcdef"])
                assert "7000" == held.flights["abcdef"]["squawk"]
            stats = server.json("/api/v1/stats")
            assert 2 == stats["clients"]
        until("no clients", lambda: server.json("/api/v1/stats")["clients"] == 0)
