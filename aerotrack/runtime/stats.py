"""What the server says of itself: rates over the last seconds, readiness, the database's state."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from aerotrack.actors.messages import Figure, Figures
from aerotrack.db.outbox import Spool
from aerotrack.domain.rules import Storage
from aerotrack.feeds.feed import FeedFigures
from aerotrack.runtime.database import Database
from aerotrack.web.ports import Check, DatabaseState, Outbox, ServerStats

# The rate of updates is an average over this many samples, taken whenever somebody asks but at
# most one a second.
RATE_SAMPLES: Final = 11
SAMPLE_EVERY_S: Final = 1.0
# Rows waiting for longer than this many flush intervals mean a slow database.
SLOW_FLUSHES: Final = 5.0
# The actors are asked every second; this many without an answer are no hiccup.
SILENT_AFTER_S: Final = 10.0


def value(figures: Mapping[str, Figures], part: str, name: str) -> float:
    """One figure of one part, summed over its labels; 0 where it is not there."""
    found = figures.get(part)
    return sum(f.value for f in found.values if f.name == name) if found else 0.0


def totals(feeds: Sequence[FeedFigures], figures: Mapping[str, Figures]) -> dict[str, int]:
    """What became of everything that was fed since the start, for the log line of the end.

    ``observed`` is ``fed`` and what was posted, less what was refused as ``overloaded``; each of
    those made a point (a late one that also brings something new may make two), was ``compacted``
    (a point of which ``storage=compact`` needs no row), ``unchanged``, or ``refused``. ``points``
    are ``stored`` but for those ``kept`` on disk, found there already (``duplicate``: played again,
    or stored by a commit whose answer was lost), ``dropped`` for want of room, ``rejected`` by the
    database or ``left`` waiting; ``rejected`` and ``left`` also count rows of other tables.
    ``recovered`` are points of earlier runs, stored in this one; ``outbox`` is all rows on disk, of
    whichever run and table.
    """

    def count(part: str, name: str) -> int:
        return int(value(figures, part, name))

    return {
        "fed": sum(feed.accepted for feed in feeds),
        "observed": count("registry", "routed_total"),
        "points": count("persistence", "points_recorded_total"),
        "compacted": count("persistence", "points_compacted_total"),
        "unchanged": count("registry", "unchanged_total"),
        "refused": count("registry", "refused_total"),
        "overloaded": count("actors", "overloaded_total"),
        "stored": count("persistence", "points_stored_total")
        - count("persistence", "points_recovered_total"),
        "kept": count("persistence", "points_kept"),
        "duplicate": count("persistence", "points_duplicate_total"),
        "dropped": count("persistence", "points_dropped_total")
        + count("persistence", "points_thinned_total"),
        "rejected": count("persistence", "rows_rejected_total"),
        "recovered": count("persistence", "points_recovered_total"),
        "outbox": count("outbox", "rows"),
        "left": count("persistence", "rows_waiting"),
    }


class Stats:
    """Keeps the last figures and reads rates off them."""

    def __init__(
        self,
        database: Database,
        spool: Spool,
        *,
        flush_interval: float,
        now: Callable[[], float],
        storage: Storage = "full",
    ) -> None:
        self._database = database
        self._spool = spool
        self._now = now
        self._storage = storage
        self._slow_after = SLOW_FLUSHES * flush_interval + 1.0
        self._samples: deque[tuple[float, float]] = deque(maxlen=RATE_SAMPLES)
        self._lag = 0.0
        self._away = ""
        self._sampled_at: float | None = None
        self._full = False
        self._dropped = 0
        self._thinned = 0

    def sample(self, figures: Mapping[str, Figures], monotonic: float) -> None:
        """Take in the actors' figures."""
        self._sampled_at = monotonic
        if not self._samples or monotonic - self._samples[-1][0] >= SAMPLE_EVERY_S:
            changes = value(figures, "broadcaster", "changes_total")
            self._samples.append((monotonic, changes))
        self._lag = max(value(figures, "persistence", "lag_seconds"), self._outbox_lag)
        self._full = bool(value(figures, "persistence", "history_full"))
        self._dropped = int(value(figures, "persistence", "points_dropped_total"))
        self._thinned = int(value(figures, "persistence", "points_thinned_total"))
        persistence = figures.get("persistence")
        self._away = next(
            (
                dict(figure.labels).get("code", "away")
                for figure in (persistence.values if persistence else ())
                if figure.name == "database_away" and figure.value
            ),
            "",
        )

    @property
    def _outbox_lag(self) -> float:
        oldest = self._spool.state.oldest
        return 0.0 if oldest is None else max(0.0, self._now() - oldest)

    @property
    def updates_per_s(self) -> float:
        """Changes of the live picture a second, over the last samples."""
        if len(self._samples) < 2:
            return 0.0
        (then, before), (now, after) = self._samples[0], self._samples[-1]
        return round((after - before) / (now - then), 1)

    @property
    def database(self) -> DatabaseState:
        """How the database does."""
        if self._database.error == "starting":
            return DatabaseState("starting", self._lag)
        if self._database.error or self._away:
            return DatabaseState("away", self._lag)
        return DatabaseState("slow" if self._lag > self._slow_after else "ok", self._lag)

    def stats(self, figures: Mapping[str, Figures]) -> ServerStats:
        """The document of ``/api/v1/stats``, but for what the web knows itself."""
        outbox = self._spool.state
        return ServerStats(
            flights=int(value(figures, "registry", "flights")),
            updates_per_s=self.updates_per_s,
            points_stored=int(value(figures, "persistence", "points_stored_total")),
            storage=self._storage,
            outbox=Outbox(batches=outbox.batches, bytes=outbox.bytes),
            db=self.database,
        )

    def checks(self, monotonic: float) -> tuple[Check, ...]:
        """Reasons to be ready or not, at this monotonic time."""
        silent = 0.0 if self._sampled_at is None else monotonic - self._sampled_at
        answering = silent < SILENT_AFTER_S
        actors = Check("actors", answering, *(() if answering else (
            "actors_silent", f"the actors have not answered for {silent:.0f} s",
        )))  # fmt: skip
        state = self.database
        code = "" if state.state in ("ok", "slow") else (self._database.error or self._away)
        detail = f"{state.state}, oldest row not stored yet {state.lag_s:.1f} s old"
        database = Check("database", not code, code, detail)
        return (actors, database, self._outbox_check(), self._history_check())

    def _outbox_check(self) -> Check:
        outbox = self._spool.state
        detail = f"{outbox.batches} batches, {outbox.bytes} bytes, {outbox.used:.0%} of its limit"
        return Check("outbox", not outbox.error, outbox.error, detail if outbox.batches else "")

    def _history_check(self) -> Check:
        pressure = self._spool.state.pressure
        if pressure != "none":
            left_out = (
                f"the outbox fills up; {self._thinned} points thinned, {self._dropped} dropped"
            )
            code = "history_thinned" if pressure == "thin" else "history_dropped"
            return Check("history", ok=False, code=code, detail=left_out)
        if not self._full:
            return Check("history", ok=True)
        full = f"memory is full of rows that wait; {self._dropped} points were dropped so far"
        return Check("history", ok=False, code="history_full", detail=full)

    def outbox_figures(self) -> Figures:
        """What the outbox counts, for ``/metrics``."""
        outbox = self._spool.state
        return Figures(
            (
                Figure("batches", outbox.batches),
                Figure("rows", outbox.rows),
                Figure("bytes", outbox.bytes),
                Figure("used_ratio", outbox.used),
                Figure("unreadable_total", outbox.unreadable_total),
                Figure("unwritable", bool(outbox.error)),
            )
        )
