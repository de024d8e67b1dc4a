"""What the main process and a fan-out process say to each other, as MessagePack.

To a fan-out process: ``Configure`` first, then ``PictureBatch`` (of the broadcaster's messages) for
as long as it runs, and ``Leave`` at the end. From it: ``Started``, ``Complete`` when it has the
whole picture and takes clients, ``Released`` when clients have gone, a ``Report`` every second.
Both run the same code, so there are no versions.
"""

from typing import Final

import msgspec

from aerotrack.actors.messages import Figures, PictureBatch
from aerotrack.settings import LogFormat, LogLevel
from aerotrack.web.ports import MetricSample
from aerotrack.web.settings import LiveSettings


class Configure(msgspec.Struct, frozen=True, array_like=True, tag="configure"):
    """How to serve and to log."""

    live: LiveSettings
    log_level: LogLevel
    log_format: LogFormat


class Leave(msgspec.Struct, frozen=True, array_like=True, tag="leave"):
    """Close every client with this code and reason, then end."""

    code: int
    reason: str


class Started(msgspec.Struct, frozen=True, array_like=True, tag="started"):
    """The process runs; it can be configured."""


class Complete(msgspec.Struct, frozen=True, array_like=True, tag="complete"):
    """The whole picture is there: clients can come."""


class Released(msgspec.Struct, frozen=True, array_like=True, tag="released"):
    """So many connections that were handed over have been closed, since the start."""

    total: int


class Report(msgspec.Struct, frozen=True, array_like=True, tag="report"):
    """How it does: the web's counters since the start, and gauges by the part they come from."""

    samples: tuple[MetricSample, ...]
    slow: int
    figures: dict[str, Figures]


ToWorker = Configure | PictureBatch | Leave
FromWorker = Started | Complete | Released | Report

encode: Final = msgspec.msgpack.Encoder().encode
decode_to_worker: Final = msgspec.msgpack.Decoder[ToWorker](ToWorker).decode
decode_from_worker: Final = msgspec.msgpack.Decoder[FromWorker](FromWorker).decode
