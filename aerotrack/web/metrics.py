"""What ``/metrics`` shows: the web's own counters, and those of feeds and actors when it is asked.

One registry for each application, so that nothing is shared between two of them (tests, workers).
docs/http.md lists the names.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from aerotrack.actors.messages import Figures
from aerotrack.feeds.feed import FeedFigures
from aerotrack.web.ports import MetricSample

# Clients that asked for more than four frames a second care for latency; for the others the wait
# for their own next frame is most of it. The two must not blur each other.
FAST_BELOW: Final = 0.25
# The aim is a p99 under 0.25 s for fast clients; a normal one waits up to its interval.
LATENCY_BUCKETS: Final = (
    0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.35, 0.5, 0.75, 1.0, 1.5, 2.5, 5.0, 10.0, 60.0,
)  # fmt: skip
UP_STATES: Final = ("connected", "listening")
# Names of our metrics begin like this; those that end like that say when a counter was made.
OURS: Final = "aerotrack_"
CREATED: Final = "_created"


class WebMetrics:
    """Counters of one application; methods are called on the event loop."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.failures = Counter(
            "aerotrack_http_failures",
            "Requests that broke inside and were answered with 500",
            registry=self.registry,
        )
        self.responses = Counter(
            "aerotrack_http_responses", "HTTP answers by status", ["status"], registry=self.registry
        )
        self.live_errors = Counter(
            "aerotrack_live_errors",
            "Messages of clients that were answered with an error, by its code; no_pong are closed",
            ["code"],
            registry=self.registry,
        )
        self.history_failures = Counter(
            "aerotrack_http_history_failures",
            "Requests that could not be answered because the database was away",
            registry=self.registry,
        )
        self._frames = Counter(
            "aerotrack_live_frames", "Frames handed to live sockets", registry=self.registry
        )
        self._bytes = Counter(
            "aerotrack_live_bytes", "Bytes of those frames", registry=self.registry
        )
        latency = Histogram(
            "aerotrack_feed_to_frame_seconds",
            "From reading a feed's bytes to handing the frame to a socket; interval is fast for "
            "clients below 0.25 s between frames, else normal",
            ["interval"],
            buckets=LATENCY_BUCKETS,
            registry=self.registry,
        )
        self._fast = latency.labels("fast")
        self._normal = latency.labels("normal")

    def frame_handed(self, size: int, interval: float, seconds: float | None) -> None:
        """A frame of ``size`` bytes went to a client; ``seconds`` after its feed was read."""
        self._frames.inc()
        self._bytes.inc(size)
        if seconds is not None:
            (self._fast if interval < FAST_BELOW else self._normal).observe(seconds)

    def samples(self) -> tuple[MetricSample, ...]:
        """Our own counters and histograms as they stand."""
        return tuple(
            MetricSample(family.name, sample.name, tuple(sample.labels.items()), sample.value)
            for family in self.registry.collect()
            if family.name.startswith(OURS)
            for sample in family.samples
            if not sample.name.endswith(CREATED)
        )


class Summed(Collector):
    """A registry with what other processes counted added to its numbers."""

    def __init__(
        self, registry: CollectorRegistry, others: Callable[[], Iterable[MetricSample]]
    ) -> None:
        self._registry = registry
        self._others = others

    def collect(self) -> Iterable[Metric]:
        added: dict[str, dict[tuple[str, tuple[tuple[str, str], ...]], float]] = {}
        for other in self._others():
            of_metric = added.setdefault(other.metric, {})
            key = (other.name, tuple(sorted(other.labels)))
            of_metric[key] = of_metric.get(key, 0.0) + other.value
        for family in self._registry.collect():
            of_metric = added.get(family.name, {})
            family.samples = [
                sample._replace(
                    value=sample.value
                    + of_metric.pop((sample.name, tuple(sorted(sample.labels.items()))), 0.0)
                )
                for sample in family.samples
            ]
            for (name, labels), value in of_metric.items():
                family.add_sample(name, dict(labels), value)
            yield family


class Snapshot(Collector):
    """Turns what others count into metrics at the moment they are asked for."""

    def __init__(
        self,
        feeds: Callable[[], Sequence[FeedFigures]],
        clients: Callable[[], int],
        slow: Callable[[], int],
    ) -> None:
        self._feeds = feeds
        self._clients = clients
        self._slow = slow
        # Fetched by the handler just before: actors answer asynchronously, a collector cannot wait.
        self.figures: Mapping[str, Figures] = {}

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterable[Metric]:
        yield GaugeMetricFamily(
            "aerotrack_live_clients", "Open live sockets", value=self._clients()
        )
        yield GaugeMetricFamily(
            "aerotrack_live_slow_clients",
            "Live sockets that get no frames now because they do not keep up",
            value=self._slow(),
        )
        yield from feed_metrics(self._feeds())
        yield from part_metrics(self.figures)


def feed_metrics(feeds: Sequence[FeedFigures]) -> Iterable[Metric]:
    """The figures of every feed, labelled with its name."""
    counted: tuple[tuple[str, str, Callable[[FeedFigures], float]], ...] = (
        ("records", "Records as they came", lambda feed: feed.received),
        ("accepted", "Records that became an observation", lambda feed: feed.accepted),
        ("ignored", "Well-formed records with nothing for us", lambda feed: feed.ignored),
        ("bytes", "Bytes read", lambda feed: feed.bytes),
        ("connections", "Connections made or taken", lambda feed: feed.connections),
    )
    for name, text, value in counted:
        family = CounterMetricFamily(f"aerotrack_feed_{name}", text, labels=["feed"])
        for feed in feeds:
            family.add_metric([feed.name], value(feed))
        yield family
    by_reason: tuple[tuple[str, str, Callable[[FeedFigures], Mapping[str, int]]], ...] = (
        ("refused", "Records refused, by reason", lambda feed: feed.refused),
        ("dropped", "Fields left out of accepted records, by reason", lambda feed: feed.dropped),
    )
    for name, text, counts in by_reason:
        family = CounterMetricFamily(f"aerotrack_feed_{name}", text, labels=["feed", "reason"])
        for feed in feeds:
            for reason, count in sorted(counts(feed).items()):
                family.add_metric([feed.name, reason], count)
        yield family
    up = GaugeMetricFamily("aerotrack_feed_up", "1 while connected or listening", labels=["feed"])
    contact = GaugeMetricFamily(
        "aerotrack_feed_last_contact_seconds",
        "When bytes last came, epoch seconds",
        labels=["feed"],
    )
    for feed in feeds:
        up.add_metric([feed.name], float(feed.state in UP_STATES))
        if feed.last_contact is not None:
            contact.add_metric([feed.name], feed.last_contact)
    yield up
    yield contact


def part_metrics(parts: Mapping[str, Figures]) -> Iterable[Metric]:
    """The figures of actors and of what carries them, as ``aerotrack_<part>_<name>``."""
    for part, figures in sorted(parts.items()):
        families: dict[str, Metric] = {}
        for figure in figures.values:
            name = f"aerotrack_{part}_{figure.name}"
            family = families.get(name)
            if family is None:
                text = f"{figure.name} of {part}"
                family = families[name] = (
                    CounterMetricFamily(name.removesuffix("_total"), text)
                    if name.endswith("_total")
                    else GaugeMetricFamily(name, text)
                )
            family.add_sample(name, dict(figure.labels), figure.value)
        yield from families.values()
