"""The embedded PostgreSQL: its programs from a wheel, run by us (docs/operations.md).

`EmbeddedPostgres` is all that the runtime needs; `default_data_dir` is for the configuration.
"""

from aerotrack.db.embedded.binaries import find_install
from aerotrack.db.embedded.places import default_data_dir
from aerotrack.db.embedded.server import EmbeddedPostgres

__all__ = ["EmbeddedPostgres", "default_data_dir", "find_install"]
