"""The live stream served by processes of the fan-out: the same stream, and nobody left behind."""

import os
import re
import signal
from pathlib import Path

import pytest

from .harness import LiveClient, Server, processes_naming, until

PLANE = {"icao24": "abcdef", "lat": 51.5, "lon": -0.5, "callsign": "TEST1"}


def fanout_pids(data_dir: Path) -> list[int]:
    """The processes of the fan-out that are there: the directory stands among their arguments."""
    return processes_naming(f"aerotrack {data_dir}")


@pytest.mark.parametrize("fanout", [0, 1, 2])
def test_a_client_sees_the_same_however_it_is_served(
    data_dir: Path, database_url: str, fanout: int
) -> None:
    with Server(data_dir, "--fanout", str(fanout), database_url=database_url) as server:
        assert fanout == len(fanout_pids(data_dir))
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
            assert 2 == server.json("/api/v1/stats")["clients"]
            assert ["abcdef"] == [*server.flights()]
        until("no clients", lambda: server.json("/api/v1/stats")["clients"] == 0)
    assert [] == fanout_pids(data_dir)


def test_when_the_server_is_killed_its_processes_end_too(data_dir: Path, database_url: str) -> None:
    with Server(data_dir, "--fanout", "2", database_url=database_url) as server:
        with LiveClient(server) as client:
            client.subscribe()
            assert 2 == len(fanout_pids(data_dir))
            server.process.kill()
            server.process.wait()
            until("nobody is left", lambda: not fanout_pids(data_dir))
            with pytest.raises(ConnectionError):
                client.until(lambda held: False)
        server.kill()


def test_a_process_that_dies_is_replaced_and_said(data_dir: Path, database_url: str) -> None:
    with Server(data_dir, "--fanout", "1", database_url=database_url) as server:
        server.post(PLANE)
        (pid,) = fanout_pids(data_dir)
        with LiveClient(server) as client:
            client.subscribe()
            os.kill(pid, signal.SIGKILL)
            with pytest.raises(ConnectionError):
                client.until(lambda held: False)
        died = server.logged(r"ERROR fanout_died process=fanout-1 pid=(\d+) reason=(\S+ \S+ \S+)")
        assert (str(pid), '"exit code -9"') == died.groups()
        until("another", lambda: server.log.count("fanout_ready") == 2)
        assert 200 == server.request("GET", "/readyz")[0]
        with LiveClient(server) as client:
            client.subscribe()
            assert "abcdef" in client.held.flights
        metrics = server.request("GET", "/metrics")[1].decode()
        assert 'aerotrack_fanout_restarts_total{process="fanout-1"} 1.0' in metrics


def test_ctrl_c_in_a_terminal_reaches_all_and_stops_as_it_should(
    data_dir: Path, database_url: str
) -> None:
    with (
        Server(data_dir, "--fanout", "2", database_url=database_url) as server,
        LiveClient(server) as client,
    ):
        client.subscribe()
        for pid in fanout_pids(data_dir):
            os.kill(pid, signal.SIGINT)
        server.stop(signal.SIGINT)
        with pytest.raises(ConnectionError, match=re.escape(r"\x03\xe9going_away")):
            client.until(lambda held: False)
    assert "fanout_died" not in server.log
    assert [] == fanout_pids(data_dir)
