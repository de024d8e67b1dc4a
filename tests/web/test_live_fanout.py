"""Live clients that another process serves, as the main process's web sees it."""

import asyncio
import socket as sockets

import msgspec
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from aerotrack.web.metrics import Summed, WebMetrics
from aerotrack.web.ports import MetricSample, Ports

from .conftest import PATIENCE_S, Stage

UPGRADE = {
    "Upgrade": "websocket",
    "Connection": "keep-alive, Upgrade",
    "Sec-WebSocket-Key": "eA==",
    "Sec-WebSocket-Version": "13",
}


class FakeFanOut:
    """Takes connections, serves none."""

    def __init__(self) -> None:
        self.clients = 0
        self.slow = 2
        self.room = True
        self.given: list[tuple[sockets.socket, bytes]] = []
        self.samples = [
            MetricSample("aerotrack_live_frames", "aerotrack_live_frames_total", (), 5.0),
            MetricSample(
                "aerotrack_live_errors",
                "aerotrack_live_errors_total",
                (("code", "bad_json"),),
                3.0,
            ),
        ]

    def give(self, connection: sockets.socket, said: bytes) -> None:
        self.given.append((connection, said))


class Behind(Stage):
    """A server whose live clients go elsewhere."""

    fanout: FakeFanOut

    @property
    def ports(self) -> Ports:
        self.fanout = FakeFanOut()
        return msgspec.structs.replace(super().ports, fanout=self.fanout)


def test_a_client_is_given_away_unanswered_with_what_it_said(staged):
    async def scene():
        async with staged(Behind) as stage:
            reader, writer = await asyncio.open_connection("127.0.0.1", stage.port)
            head = "GET /api/v1/live?interval=2 HTTP/1.1\r\nHost: here\r\n" + "".join(
                f"{name}: {value}\r\n" for name, value in UPGRADE.items()
            )
            writer.write(f"{head}\r\n".encode())
            await stage.until(lambda: stage.fanout.given)
            ((connection, said),) = stage.fanout.given
            assert said.lower() == f"{head}\r\n".lower().encode()
            connection.sendall(b"hello")
            assert await asyncio.wait_for(reader.readexactly(5), PATIENCE_S) == b"hello"
            assert len(stage.app.live) == 0
            connection.close()
            writer.close()

    asyncio.run(scene())


def test_without_room_a_client_is_told_to_come_again(staged):
    async def scene():
        async with staged(Behind) as stage:
            stage.fanout.room = False
            response = await stage.fetch("/api/v1/live", headers=UPGRADE)
            assert (response.code, response.headers["Retry-After"]) == (503, "2")
            assert await stage.problem("/api/v1/live", headers=UPGRADE) == (503, "fanout_down")

    asyncio.run(scene())


def test_what_cannot_become_a_websocket_is_refused_here(staged):
    async def scene():
        async with staged(Behind, max_clients=3) as stage:
            old = UPGRADE | {"Sec-WebSocket-Version": "8"}
            assert (await stage.fetch("/api/v1/live", headers=old)).code == 426
            assert await stage.problem("/api/v1/live") == (426, "upgrade_required")
            theirs = UPGRADE | {"Origin": "https://elsewhere"}
            assert await stage.problem("/api/v1/live", headers=theirs) == (403, "bad_origin")
            stage.fanout.clients = 3
            assert await stage.problem("/api/v1/live", headers=UPGRADE) == (
                503, "too_many_clients",
            )  # fmt: skip
            assert stage.fanout.given == []

    asyncio.run(scene())


def test_clients_and_counters_of_other_processes_are_in_stats_and_metrics(staged):
    async def scene():
        async with staged(Behind) as stage:
            stage.fanout.clients = 7
            assert (await stage.json("/api/v1/stats"))["clients"] == 7
            text = (await stage.fetch("/metrics")).body.decode()
            assert "aerotrack_live_clients 7.0\n" in text
            assert "aerotrack_live_slow_clients 2.0\n" in text
            assert "aerotrack_live_frames_total 5.0\n" in text
            assert 'aerotrack_live_errors_total{code="bad_json"} 3.0\n' in text

    asyncio.run(scene())


def test_sums_are_by_name_and_labels_and_what_nobody_has_here_is_added():
    registry = CollectorRegistry()
    counter = Counter("aerotrack_seen", "seen", ["kind"], registry=registry)
    histogram = Histogram("aerotrack_took", "took", buckets=(0.1, 1.0), registry=registry)
    counter.labels("a").inc(2)
    histogram.observe(0.5)
    others = [
        MetricSample("aerotrack_seen", "aerotrack_seen_total", (("kind", "a"),), 3.0),
        MetricSample("aerotrack_seen", "aerotrack_seen_total", (("kind", "b"),), 4.0),
        MetricSample("aerotrack_seen", "aerotrack_seen_total", (("kind", "b"),), 5.0),
        MetricSample("aerotrack_took", "aerotrack_took_bucket", (("le", "1.0"),), 10.0),
        MetricSample("aerotrack_took", "aerotrack_took_count", (), 10.0),
    ]
    text = generate_latest(Summed(registry, lambda: others)).decode()
    found = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if not sample.name.endswith("_created")
    }
    assert found == {
        ("aerotrack_seen_total", "a"): 5.0,
        ("aerotrack_seen_total", "b"): 9.0,
        ("aerotrack_took_bucket", "0.1"): 0.0,
        ("aerotrack_took_bucket", "1.0"): 11.0,
        ("aerotrack_took_bucket", "+Inf"): 1.0,
        ("aerotrack_took_count",): 11.0,
        ("aerotrack_took_sum",): 0.5,
    }


def test_a_process_tells_what_it_counted_and_not_what_it_is():
    metrics = WebMetrics()
    metrics.frame_handed(100, 0.1, 0.03)
    samples = {(s.name, s.labels): s.value for s in metrics.samples()}
    assert samples["aerotrack_live_frames_total", ()] == 1.0
    assert samples["aerotrack_live_bytes_total", ()] == 100.0
    labels = (("interval", "fast"), ("le", "0.05"))
    assert samples["aerotrack_feed_to_frame_seconds_bucket", labels] == 1.0
    assert [] == [name for name, _ in samples if not name.startswith("aerotrack_")]
    assert [] == [name for name, _ in samples if name.endswith("_created")]
