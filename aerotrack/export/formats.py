"""Each format as a function that writes chunks of rows to a binary file."""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, BinaryIO, Final

import orjson

from aerotrack.export.geojson import write_geojson
from aerotrack.export.parquet import write_parquet
from aerotrack.export.problems import ExportError

Chunks = Iterable[Sequence[tuple[Any, ...]]]
Columns = Sequence[str]


def write_csv(file: BinaryIO, columns: Columns, _types: Columns, chunks: Chunks) -> None:
    """A header line, a line a row (RFC 4180); times ISO 8601, unknown is empty."""
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    try:
        writer = csv.writer(text)
        writer.writerow(columns)
        for rows in chunks:
            writer.writerows([_csv_value(value) for value in row] for row in rows)
    finally:
        text.detach()  # the file is not ours to close


def write_ndjson(file: BinaryIO, columns: Columns, _types: Columns, chunks: Chunks) -> None:
    """A JSON object a row; times epoch seconds, unknown is absent."""
    for rows in chunks:
        file.write(
            b"".join(
                orjson.dumps(
                    {
                        name: _json_value(value)
                        for name, value in zip(columns, row, strict=True)
                        if value is not None
                    },
                    option=orjson.OPT_APPEND_NEWLINE,
                )
                for row in rows
            )
        )


def _csv_value(value: object) -> object:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        case timedelta():
            return value.total_seconds()
    return value


def _json_value(value: object) -> object:
    match value:
        case datetime():
            return value.timestamp()
        case timedelta():
            return value.total_seconds()
    return value


Writer = Callable[[BinaryIO, Columns, Columns, Chunks], None]
FORMATS: Final[dict[str, Writer]] = {
    "csv": write_csv,
    "ndjson": write_ndjson,
    "geojson": write_geojson,
    "parquet": write_parquet,
}


def write(form: str, file: BinaryIO, columns: Columns, types: Columns, chunks: Chunks) -> None:
    """Write ``chunks`` of rows to ``file`` as ``form``. Raises :class:`ExportError`."""
    if form not in FORMATS:
        raise ExportError("unknown_format", f"there is no format {form!r}")
    FORMATS[form](file, columns, types, chunks)
