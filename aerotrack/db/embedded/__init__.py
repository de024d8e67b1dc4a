"""The embedded PostgreSQL: its programs from a wheel, run by us (docs/operations.md).

`EmbeddedPostgres` is all that the runtime needs.
"""

from aerotrack.db.embedded.binaries import find_install
from aerotrack.db.embedded.server import EmbeddedPostgres

__all__ = ["EmbeddedPostgres", "find_install"]
