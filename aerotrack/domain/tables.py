"""Rows of other people's CSV files, where one broken row must not cost more than itself.

The standard reader lets a stray quote swallow everything up to the next one. Here each line is read
on its own; only where columns are missing are a few of the following lines taken for the rest of a
quoted field. Pure: lines come in, rows go out.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

# A quoted field of several lines is an address or a note; more lines than this is a stray quote.
LINES_JOINED: Final = 8
# A longer line is no row of any table of ours; the standard reader would raise at 131,072.
LONGEST_LINE: Final = 65_536
SHOWN: Final = 80

# What people write where they know nothing, in lower case.
_NOTHING: Final = frozenset({"", "-", "?", "null", "none", "n/a", "unknow", "unknown", "-unknown-"})
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")


class BadRow(msgspec.Struct, frozen=True, gc=False):
    """A row that cannot be used: the number of its line from 1, a stable code, how it begins."""

    line: int
    code: str
    text: str


class Row(msgspec.Struct, frozen=True, gc=False):
    """One row: the number of its first line from 1, and its fields."""

    line: int
    fields: list[str]


class UnknownTable(ValueError):
    """The first line says that this is none of the tables we read."""


def split(line: str, delimiter: str, quote: str) -> list[str]:
    """The fields of ``line``; an open quote runs to its end. Never raises."""
    try:
        return next(csv.reader((line,), delimiter=delimiter, quotechar=quote), [])
    except csv.Error:  # a bare carriage return, a line beyond the reader's limit
        return []


def rows(
    lines: Iterable[str], *, delimiter: str, quote: str, columns: int, first: int
) -> Iterator[Row | BadRow]:
    """The rows of ``lines``, the first of which has the number ``first``; blank ones are left out.

    A row has at least ``columns`` fields, else it is bad (``missing_columns``, ``line_too_long``).
    """
    numbered = enumerate(lines, first)
    waiting: list[tuple[int, str]] = []  # read ahead in vain, to be read each on its own
    while True:
        taken = waiting.pop(0) if waiting else next(numbered, None)
        if taken is None:
            return
        number, line = taken[0], taken[1].rstrip("\r\n")
        if not line.strip():
            continue
        if len(line) > LONGEST_LINE:
            yield BadRow(number, "line_too_long", line[:SHOWN])
            continue
        fields = split(line, delimiter, quote)
        if len(fields) >= columns:
            yield Row(number, fields)
            continue
        joined = line
        ahead: list[tuple[int, str]] = []
        while quote in line and len(ahead) < LINES_JOINED:
            further = waiting.pop(0) if waiting else next(numbered, None)
            if further is None:
                break
            ahead.append(further)
            joined = f"{joined}\n{further[1].rstrip()}"
            # Exactly: with more of them, the quote closed on one of the next row.
            if len(fields := split_joined(joined, delimiter, quote)) == columns:
                break
        if len(fields) == columns:
            yield Row(number, fields)
        else:
            waiting = ahead + waiting
            yield BadRow(number, "missing_columns", line[:SHOWN])


def split_joined(text: str, delimiter: str, quote: str) -> list[str]:
    """The fields of one row that spans lines; ``[]`` where its lines are rows of their own."""
    try:
        found = list(csv.reader(text.splitlines(keepends=True), delimiter=delimiter,
                                quotechar=quote))  # fmt: skip
    except csv.Error:
        return []
    return found[0] if len(found) == 1 else []


def plain(text: str, longest: int) -> str | None:
    """``text`` without control characters and padding, cut to ``longest``; ``None`` for nothing."""
    shown = " ".join(_CONTROL.sub(" ", text).split()) if not text.isalnum() else text
    return None if shown.lower() in _NOTHING else shown[:longest].rstrip()
