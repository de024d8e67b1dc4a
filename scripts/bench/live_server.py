"""The server of a run as a process: started, asked for its metrics, stopped, its account taken."""

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import msgspec
from live_checks import Account
from processes import postmaster_of
from prometheus_client.parser import text_string_to_metric_families

# A first start creates a PostgreSQL cluster; on a slow disk that takes a while.
START_TIMEOUT_S = 120.0
# Draining writes a row for every flight, then PostgreSQL writes a checkpoint.
STOP_TIMEOUT_S = 120.0
ANSWER_TIMEOUT_S = 30.0
LINES_SHOWN = 20

Labels = frozenset[tuple[str, str]]


def simulator(flights: int, seed: int) -> str:
    """The address of a simulated feed."""
    return f"simulator://?flights={flights}&seed={seed}"


class ServerFailed(Exception):
    """The server did not do as it must; the text has its last lines."""


class Metrics:
    """One answer of ``/metrics``."""

    def __init__(self, text: str) -> None:
        self._values: dict[str, dict[Labels, float]] = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                of_name = self._values.setdefault(sample.name, {})
                of_name[frozenset(sample.labels.items())] = sample.value

    def sum(self, name: str, **labels: str) -> float:
        """The sum of a metric over all series that have these labels; 0 where there is none."""
        wanted = labels.items()
        series = self._values.get(f"aerotrack_{name}", {})
        return sum(value for found, value in series.items() if wanted <= dict(found).items())

    def by_label(self, name: str, label: str) -> dict[str, float]:
        """A metric by one of its labels."""
        series = self._values.get(f"aerotrack_{name}", {})
        return {dict(found)[label]: value for found, value in series.items()}

    def buckets_since(
        self, before: "Metrics", name: str, **labels: str
    ) -> list[tuple[float, float]]:
        """What a histogram counted since: (upper bound, cumulated count), by bound."""

        def counted(metrics: Metrics) -> Mapping[float, float]:
            wanted = labels.items()
            series = metrics._values.get(f"aerotrack_{name}_bucket", {})
            return {
                float(dict(found)["le"]): value
                for found, value in series.items()
                if wanted <= dict(found).items()
            }

        then = counted(before)
        return sorted((le, count - then.get(le, 0.0)) for le, count in counted(self).items())


class Server:
    """``aerotrack serve`` on a free port with these feeds. As a context: killed if it still runs.

    ``more`` are further options of it.
    """

    def __init__(self, data_dir: Path, feeds: Sequence[str], *more: str) -> None:
        environ = {k: v for k, v in os.environ.items() if not k.startswith("AEROTRACK_")}
        options = ["--port", "0", "--log-format", "json", "--data-dir", str(data_dir)]
        options += more
        self.arguments = ["serve"]
        for feed in feeds:
            self.arguments += ["--feed", feed]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "aerotrack", *self.arguments, *options],
            stderr=subprocess.PIPE,
            text=True,
            env=environ,
        )
        self._said = threading.Condition()
        self._ended = False
        self._lines: list[str] = []
        self._events: dict[str, dict[str, Any]] = {}  # the last log line of each name
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.host, self.port = "", 0

    def __enter__(self) -> Self:
        try:
            ready = self._wait_for("ready", START_TIMEOUT_S)
        except BaseException:
            self._kill()
            raise
        parts = urlsplit(ready["url"])
        self.host, self.port = parts.hostname or "", parts.port or 0
        return self

    def __exit__(self, *_: object) -> None:
        self._kill()

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    @property
    def postmaster(self) -> int:
        """The PostgreSQL it runs."""
        found = postmaster_of(self.pid)
        if found is None:
            raise ServerFailed("it runs no PostgreSQL of its own")
        return found

    @property
    def live_url(self) -> str:
        """Where the live stream is."""
        return f"ws://{self.host}:{self.port}/api/v1/live"

    def metrics(self) -> Metrics:
        """What it counts now."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=ANSWER_TIMEOUT_S)
        with contextlib.closing(connection):
            connection.request("GET", "/metrics")
            with connection.getresponse() as answer:
                return Metrics(answer.read().decode())

    def check_alive(self) -> None:
        """Raise ``ServerFailed`` where it has ended."""
        if self._process.poll() is not None:
            raise self._failed(f"ended with exit code {self._process.returncode}")

    def stop(self) -> Account:
        """SIGTERM; the account it gives of itself at the end."""
        self._process.send_signal(signal.SIGTERM)
        try:
            code = self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            raise self._failed(f"still running {STOP_TIMEOUT_S:.0f} s after SIGTERM") from None
        if code != 0:
            raise self._failed(f"exit code {code} after SIGTERM")
        try:
            return msgspec.convert(self._wait_for("stopped", 5.0), Account)
        except msgspec.ValidationError as error:
            raise self._failed(f"no account in its last line: {error}") from None

    @property
    def complaints(self) -> list[str]:
        """Its log lines above INFO."""
        with self._said:
            return [
                line.strip() for line in self._lines
                if '"level":"warning"' in line or '"level":"error"' in line
            ]  # fmt: skip

    def _read(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            with self._said:
                self._lines.append(line)
                with contextlib.suppress(ValueError):
                    entry = json.loads(line)
                    if isinstance(entry, dict):
                        self._events[str(entry.get("event"))] = entry
                self._said.notify_all()
        with self._said:
            self._ended = True
            self._said.notify_all()

    def _wait_for(self, event: str, timeout: float) -> dict[str, Any]:
        with self._said:
            self._said.wait_for(lambda: event in self._events or self._ended, timeout)
            found = self._events.get(event)
        if found is None:
            raise self._failed(f"never said {event}")
        return found

    def _failed(self, text: str) -> ServerFailed:
        with self._said:
            last = "".join(self._lines[-LINES_SHOWN:])
        return ServerFailed(f"the server: {text}\nIts last lines:\n{last}")

    def _kill(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._reader.join(5)
        if self._process.stderr is not None:
            self._process.stderr.close()
