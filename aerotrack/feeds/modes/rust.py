"""Asking rs1090, in batches, and outliving what it does not like.

rs1090 panics on some input, which reaches Python as a ``PanicException``: no ``Exception``, and its
class cannot be imported.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import rs1090

Decoded = Mapping[str, Any]
NOTHING: Final[Decoded] = {}


def _decode(messages: list[str]) -> list[Decoded]:
    decoded: Any = rs1090.decode(messages)
    return [NOTHING if one is None else one for one in decoded]


def ask(messages: Sequence[str]) -> list[Decoded]:
    """What rs1090 makes of each message (hex), empty where that is nothing. Never raises."""
    if not messages:
        return []
    try:
        return _decode(list(messages))
    except BaseException as panic:
        if not _is_panic(panic):
            raise
    return [_ask_one(message) for message in messages]


def _ask_one(message: str) -> Decoded:
    try:
        return _decode([message])[0]
    except BaseException as panic:
        if not _is_panic(panic):
            raise
        return NOTHING


def _is_panic(error: BaseException) -> bool:
    return type(error).__name__ == "PanicException"
