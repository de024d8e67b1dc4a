"""The live protocol as types, for both of its ends; docs/live.md tells it in words.

``requests`` is what a client says, ``frames`` what a server says. From them come
``docs/live.schema.json`` and ``docs/live.d.ts`` (``scripts/docs_live.py``).
"""

from aerotrack.domain.live.frames import (
    CODES,
    PROTOCOL,
    SERVER_TYPES,
    ChangedEntry,
    Delta,
    ErrorMessage,
    Event,
    Gone,
    GoneReason,
    Pong,
    ServerMessage,
    Snapshot,
    Welcome,
    WholeEntry,
)
from aerotrack.domain.live.requests import (
    CLIENT_TYPES,
    FASTEST_INTERVAL,
    MESSAGE_LIMIT,
    SLOWEST_INTERVAL,
    ClientMessage,
    ClientPause,
    ClientPing,
    ClientSeek,
    ClientSpeed,
    ClientSubscribe,
    ClientUnsubscribe,
    Filter,
    RequestId,
    Resume,
)

__all__ = [
    "CLIENT_TYPES",
    "CODES",
    "FASTEST_INTERVAL",
    "MESSAGE_LIMIT",
    "PROTOCOL",
    "SERVER_TYPES",
    "SLOWEST_INTERVAL",
    "ChangedEntry",
    "ClientMessage",
    "ClientPause",
    "ClientPing",
    "ClientSeek",
    "ClientSpeed",
    "ClientSubscribe",
    "ClientUnsubscribe",
    "Delta",
    "ErrorMessage",
    "Event",
    "Filter",
    "Gone",
    "GoneReason",
    "Pong",
    "RequestId",
    "Resume",
    "ServerMessage",
    "Snapshot",
    "Welcome",
    "WholeEntry",
]
