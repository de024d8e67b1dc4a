"""The embedded PostgreSQL: its programs from a wheel, run by us (docs/operations.md).

`EmbeddedPostgres` is all that the runtime needs.
"""

from aerotrack.db.embedded.binaries import find_install
from aerotrack.db.embedded.cluster import SPARING_SETTINGS
from aerotrack.db.embedded.guests import admit_guests, guest_conninfo, parse_listen
from aerotrack.db.embedded.server import EmbeddedPostgres
from aerotrack.db.embedded.shared import running_server, shared_server

__all__ = [
    "SPARING_SETTINGS",
    "EmbeddedPostgres",
    "admit_guests",
    "find_install",
    "guest_conninfo",
    "parse_listen",
    "running_server",
    "shared_server",
]
