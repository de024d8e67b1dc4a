"""One load from beginning to end: prepare, spawn, keep moving, compare, report."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

import msgspec
from rich.console import Console

from aerotrack.domain.airports import load_airports
from aerotrack.domain.observation import Posted
from loading.agreement import Agreement, compare
from loading.batches import Batch, batched
from loading.client import Client, LoadError, Unreachable
from loading.files import BadRow, ObservationFile
from loading.posting import Posting
from loading.progress import Show, progress
from loading.traffic import FEED, FileTraffic, SimulatedTraffic, Traffic

# Updates are sent at least so often, so that few flights at a low rate do not come in bursts.
LONGEST_SLICE_S: Final = 0.1
# What was posted reaches the picture within a tick of the server; on a busy one it takes longer.
AGREE_WITHIN_S: Final = 10.0
# The whole picture each time: half a second of work where there are 100,000 flights.
LOOK_AGAIN_S: Final = 0.2
# Records of our own making between two turns of the event loop, and of the progress bar.
PREPARE_SLICE: Final = 100
NAMED: Final = 5  # examples of bad rows, rejections and missing flights that are printed


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line says; docs/operations.md explains it.

    ``rate`` in updates of each flight a second, ``duration`` and ``timeout`` in seconds; ``batch``
    is records in a POST and ``in_flight`` how many POSTs are under way at once.
    """

    server: str
    token: str | None
    count: int
    file: Path | None
    rate: float | None
    duration: float | None
    date_now: bool
    seed: int
    batch: int
    in_flight: int
    timeout: float


class Interrupted(Exception):
    """Asked to stop before all flights were spawned."""


class Tally:
    """What was sent, and what became of it."""

    def __init__(self) -> None:
        self.sent = 0
        self.accepted = 0
        self.rejected: Counter[str] = Counter()
        self.rejected_total = 0
        self.examples: list[str] = []
        # The time of the last record of every aircraft that was accepted, by the server's clock.
        self.loaded: dict[str, float] = {}


class Load:
    """A load into one server. :meth:`run` does it all and returns whether the server agrees."""

    def __init__(self, options: Options, console: Console, stopping: asyncio.Event) -> None:
        self._options: Final = options
        self._console: Final = console  # progress; the report goes to standard output
        self._stopping: Final = stopping
        self._client: Final = Client(
            options.server, token=options.token, timeout=options.timeout, stopping=stopping
        )
        self._offset = 0.0
        self._tally = Tally()
        self._bad_rows: Counter[str] = Counter()
        self._ignored: Counter[str] = Counter()
        self._bad_examples: list[str] = []

    async def run(self) -> bool:
        """Load, and compare with the server.

        Raises:
            LoadError: the server is not there or refuses.
            FileError: the file cannot be read.
            Interrupted: ``stopping`` was set before the end of the spawning; all is reported.
        """
        try:
            self._offset = await self._client.clock_offset()
            options = self._options
            if options.file is not None and options.rate is None and not options.date_now:
                with ObservationFile(options.file) as file:
                    await self._spawn(self._rows(file), lambda: file.share_read, None)
                    self._ignored = file.ignored
            else:
                await self._spawn_and_move(await self._traffic())
            return await self._agree()
        finally:
            self._client.close()

    def now(self) -> float:
        """Epoch seconds by the server's clock."""
        return time.time() + self._offset

    # -- what is loaded ----------------------------------------------------------------------------

    async def _traffic(self) -> Traffic:
        file = self._options.file
        return await (self._simulated() if file is None else self._from_file(file))

    async def _simulated(self) -> Traffic:
        picture = await self._client.picture()
        taken = {flight.icao24 for flight in picture.flights}
        traffic = SimulatedTraffic(load_airports(), self._options.seed, taken)
        count = self._options.count
        with progress(self._console, "preparing") as show:
            while len(traffic) < count:
                for _ in range(min(PREPARE_SLICE, count - len(traffic))):
                    traffic.add()
                show(len(traffic) / count, f"{len(traffic)} of {count} flights")
                await self._breathe()
        return traffic

    async def _from_file(self, path: Path) -> Traffic:
        traffic = FileTraffic(moving=self._options.rate is not None)
        with ObservationFile(path) as file, progress(self._console, "reading") as show:
            for number, posted in enumerate(self._rows(file)):
                traffic.add(posted)
                if number % PREPARE_SLICE == 0:
                    show(file.share_read, f"{len(traffic)} flights")
                    await self._breathe()
            self._ignored = file.ignored
        return traffic

    async def _breathe(self) -> None:
        await asyncio.sleep(0)
        if self._stopping.is_set():
            raise Interrupted

    def _rows(self, file: ObservationFile) -> Iterator[Posted]:
        for row in file:
            if isinstance(row, BadRow):
                self._bad_rows[row.code] += 1
                if len(self._bad_examples) < NAMED:
                    self._bad_examples.append(f"line {row.line}: {row.code}: {row.message}")
            else:
                yield row

    # -- spawning and moving -----------------------------------------------------------------------

    async def _spawn_and_move(self, traffic: Traffic) -> None:
        started = time.monotonic()
        options = self._options

        def first() -> Iterator[Posted]:
            for index in range(len(traffic)):
                yield traffic.observe(index, time.monotonic() - started, self.now())

        await self._spawn(first(), None, len(traffic))
        if options.rate is not None and len(traffic):
            await self._move(traffic, options.rate, options.duration, started)

    async def _spawn(
        self, records: Iterable[Posted], share: Callable[[], float] | None, count: int | None
    ) -> None:
        """Post ``records``; how far that is says ``share``, else how many of ``count`` are in."""
        started = time.monotonic()
        tally = self._tally
        cut_short = False
        with progress(self._console, "spawning") as show:

            def shown() -> None:
                done = share() if share is not None else len(tally.loaded) / (count or 1)
                of = "" if count is None else f" of {count}"
                each = len(tally.loaded) / max(1e-9, time.monotonic() - started)
                show(done, f"{len(tally.loaded)}{of} flights, {each:.0f}/s")

            async with Posting(self._client, self._options.in_flight, self._took) as posting:
                for batch in batched(records, self._options.batch):
                    if self._stopping.is_set():
                        cut_short = True
                        break
                    await posting.post(batch)
                    shown()
            shown()
        posted = time.monotonic() - started
        # An accepted record is not a flight yet: the spawning is over when the picture has it.
        await self._look()
        self._report_spawn(posted, time.monotonic() - started)
        if cut_short:
            await self._agree()
            raise Interrupted

    async def _move(
        self, traffic: Traffic, rate: float, duration: float | None, started: float
    ) -> None:
        """Update every flight ``rate`` times a second until told to stop, or for ``duration``.

        Updates the server is too slow for are left out, never made up for, and reported.
        """
        count, size, tally = len(traffic), self._options.batch, self._tally
        per_second = count * rate
        pause = min(LONGEST_SLICE_S, size / per_second)
        begun, before = time.monotonic(), tally.sent
        done = due = 0
        with progress(self._console, "moving") as show:
            async with Posting(self._client, self._options.in_flight, self._took) as posting:
                while not self._stopping.is_set():
                    at = time.monotonic() - begun
                    if duration is not None and at >= duration:
                        break
                    due = int(at * per_second)
                    start = max(done, due - count)
                    end = min(due, start + size)
                    if start < end:
                        since, ts = time.monotonic() - started, self.now()
                        seen = (traffic.observe(n % count, since, ts) for n in range(start, end))
                        await posting.post(Batch(tuple(seen)))
                        done = end
                        show_moving(show, at, duration, tally.sent - before)
                    if end >= due:
                        await self._sleep(pause)
        seconds = time.monotonic() - begun
        sent = tally.sent - before
        self._say(
            f"moved: {sent} updates in {seconds:.1f} s, {sent / seconds:.0f}/s "
            f"of {per_second:.0f}/s asked for"
            + (
                ""
                if sent >= due - size
                else f"; {due - sent} left out, the server or this machine was too slow"
            )
        )

    async def _sleep(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return

    def _took(self, batch: Batch, accepted: int, rejected: dict[int, str], total: int) -> None:
        """Note an answer: ``rejected`` says why, by the record's place; ``total`` counts them."""
        tally = self._tally
        now = self.now()
        tally.sent += len(batch.records)
        tally.accepted += accepted
        tally.rejected_total += total
        for index, record in enumerate(batch.records):
            if index in rejected:
                tally.rejected[rejected[index].partition(":")[0]] += 1
                if len(tally.examples) < NAMED:
                    tally.examples.append(f"{record.icao24}: {rejected[index]}")
                continue
            ts = now if record.ts is None else record.ts
            tally.loaded[record.icao24] = max(ts, tally.loaded.get(record.icao24, 0.0))

    # -- the end -----------------------------------------------------------------------------------

    async def _agree(self) -> bool:
        self._report_bad()
        tally = self._tally
        if not tally.loaded:
            hint = "; --now dates the records now" if tally.rejected["too_old"] else ""
            raise LoadError(f"nothing was loaded{hint}")
        agreement = await self._look()
        await self._report_agreement(agreement)
        return agreement.complete

    async def _look(self) -> Agreement:
        """Compare with the server, again and again for a while as long as flights are missing."""
        give_up = time.monotonic() + AGREE_WITHIN_S
        while True:
            picture = await self._client.picture(FEED)
            shown = [flight.icao24 for flight in picture.flights]
            agreement = compare(self._tally.loaded, shown, picture.now)
            if agreement.complete or time.monotonic() > give_up:
                return agreement
            await asyncio.sleep(LOOK_AGAIN_S)

    def _report_spawn(self, posted: float, shown: float) -> None:
        """Say how fast it went: ``posted`` s until the last answer, ``shown`` s until all was."""
        tally = self._tally
        flights, accepted = len(tally.loaded), tally.accepted
        self._say(
            f"spawned: {flights} flights by {accepted} observations; posted in {posted:.2f} s, "
            f"seen in the server's picture after {shown:.2f} s: "
            f"{flights / shown:.0f} flights/s, {accepted / shown:.0f} observations/s"
        )

    def _report_bad(self) -> None:
        tally = self._tally
        if self._bad_rows:
            codes = ", ".join(f"{code} {n}" for code, n in self._bad_rows.most_common())
            self._say(f"bad rows left out: {self._bad_rows.total()} ({codes}), such as")
            self._say(*(f"  {example}" for example in self._bad_examples))
        if self._ignored:
            names = ", ".join(f"{name!r} {n}" for name, n in self._ignored.most_common())
            self._say(f"keys no observation has, ignored: {names}")
        if tally.rejected_total:
            codes = ", ".join(f"{code} {n}" for code, n in tally.rejected.most_common())
            self._say(f"rejected by the server: {tally.rejected_total} ({codes}), such as")
            self._say(*(f"  {example}" for example in tally.examples))
        if self._client.pauses:
            self._say(f"the server was busy or away: {self._client.pauses} requests repeated")

    async def _report_agreement(self, agreement: Agreement) -> None:
        loaded = len(self._tally.loaded)
        text = f"server: shows {agreement.shown} flights of feed {FEED}"
        if agreement.complete and agreement.past:
            text += (
                f"; of this load's {loaded} it shows {agreement.ours}, and {agreement.past} were "
                "last seen too long ago to be shown"
            )
        elif agreement.complete:
            text += f"; all {loaded} of this load are among them"
        else:
            text += f"; {len(agreement.missing)} of this load's {loaded} are missing"
        if agreement.others:
            text += f"; {agreement.others} are of other loads"
        self._say(text)
        for icao24 in agreement.missing[:NAMED]:
            self._say(f"  {icao24}: {explained(await self._known(icao24))}")

    async def _known(self, icao24: str) -> object:
        try:
            return await self._client.flight(icao24)
        except Unreachable as error:
            return str(error)

    def _say(self, *lines: str) -> None:
        for line in lines:
            print(line, flush=True)


def show_moving(show: Show, at: float, duration: float | None, sent: int) -> None:
    """Show how the moving goes on: to the end of ``duration``, or until Ctrl-C."""
    share = None if duration is None else at / duration
    show(share, f"{sent} updates, {sent / max(1e-9, at):.0f}/s" + ("" if duration else "; Ctrl-C"))


def explained(known: object) -> str:
    """Why a flight may be missing, from what the server says of it."""
    match known:
        case None:
            return "the server does not know it"
        case {"feed": feed, "refused": [*_, {"reason": reason}]}:
            return f"shown by feed {feed}; its last position was refused: {reason}"
        case {"feed": feed} if feed != FEED:
            return f"shown by feed {feed}, which the server believes more"
        case {"feed": _}:
            return "the server knows it, but does not show it"
        case _:
            return str(known)[:200]
