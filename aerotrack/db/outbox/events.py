"""What reaches the spool's thread: batches, the writer and its answers, the end."""

import threading
from collections.abc import Mapping
from typing import Protocol

import msgspec

from aerotrack.actors.messages import (
    BatchDrained,
    BatchFailed,
    BatchKept,
    BatchStored,
    PressureChanged,
)
from aerotrack.domain.records import Batch

SpoolAnswer = BatchStored | BatchFailed | BatchKept | BatchDrained | PressureChanged


class Writer(Protocol):
    """What stores batches; :class:`aerotrack.db.writer.BatchWriter` is one."""

    def submit(self, batch: Batch) -> None:
        """Take it; exactly one answer follows, by :meth:`Spool.writer_answered`."""


class Answered(msgspec.Struct, frozen=True):
    """The writer's answer to a batch."""

    answer: BatchStored | BatchFailed


class Attach(msgspec.Struct, frozen=True):
    """PostgreSQL is there."""

    writer: Writer


class Detach(msgspec.Struct, frozen=True):
    """The writer takes no more."""


class Flights(msgspec.Struct, frozen=True):
    """States of flights, to be kept."""

    states: Mapping[int, bytes]


class Finish(msgspec.Struct, frozen=True):
    """The server stops: until ``by`` (monotonic seconds) the writer is waited for."""

    by: float


class Settle(msgspec.Struct, frozen=True):
    """Set ``done`` when nothing is waited for any more."""

    done: threading.Event


class Stop(msgspec.Struct, frozen=True):
    """The thread is to end."""


Event = Batch | Answered | Attach | Detach | Flights | Finish | Settle | Stop | None
