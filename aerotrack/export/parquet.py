"""Parquet, by pyarrow, which the extra ``parquet`` brings."""

from collections.abc import Iterable, Sequence
from typing import Any, BinaryIO, Final

from aerotrack.export.problems import ExportError

# Rows of a row group: what pyarrow's own readers like, and bounded memory while writing.
GROUP_ROWS: Final = 100_000


def write_parquet(
    file: BinaryIO,
    columns: Sequence[str],
    types: Sequence[str],
    chunks: Iterable[Sequence[tuple[Any, ...]]],
) -> None:
    """Row groups of 100,000 rows, zstd; times as UTC timestamps in microseconds.

    ``types`` are PostgreSQL's. Raises :class:`ExportError` (``no_parquet``) without pyarrow.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise ExportError(
            "no_parquet", "Parquet needs pyarrow: pip install 'aerotrack[parquet]'"
        ) from None
    arrow = {
        "text": pyarrow.string(),
        "boolean": pyarrow.bool_(),
        "smallint": pyarrow.int16(),
        "integer": pyarrow.int32(),
        "bigint": pyarrow.int64(),
        "real": pyarrow.float32(),
        "double precision": pyarrow.float64(),
        "timestamp with time zone": pyarrow.timestamp("us", tz="UTC"),
        "interval": pyarrow.duration("us"),
    }
    schema = pyarrow.schema(
        [(name, arrow[kind]) for name, kind in zip(columns, types, strict=True)]
    )
    with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        waiting: list[tuple[Any, ...]] = []

        def flush() -> None:
            by_column = list(zip(*waiting, strict=True)) or [()] * len(columns)
            arrays = [
                pyarrow.array(values, type=field.type)
                for values, field in zip(by_column, schema, strict=True)
            ]
            writer.write_table(pyarrow.table(arrays, schema=schema))
            waiting.clear()

        for rows in chunks:
            waiting.extend(rows)
            if len(waiting) >= GROUP_ROWS:
                flush()
        flush()
