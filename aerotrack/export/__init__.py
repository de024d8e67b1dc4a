"""Tables of the history as files: CSV, NDJSON, GeoJSON, Parquet. Rows in, bytes out."""

from aerotrack.export.formats import FORMATS, write
from aerotrack.export.problems import ExportError

__all__ = ["FORMATS", "ExportError", "write"]
