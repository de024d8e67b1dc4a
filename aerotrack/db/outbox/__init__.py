"""The outbox: batches that PostgreSQL cannot take now, on the local disk until it can.

:mod:`~aerotrack.db.outbox.file` is the SQLite file, :mod:`~aerotrack.db.outbox.codec` what lies in
it, :mod:`~aerotrack.db.outbox.salvage` what is done about a damaged one, and
:mod:`~aerotrack.db.outbox.spool` the thread that has all of it; :mod:`~aerotrack.db.outbox.ways`
decides which way each batch goes, :mod:`~aerotrack.db.outbox.shelf` is the file in use.
"""

from aerotrack.db.outbox.events import SpoolAnswer
from aerotrack.db.outbox.file import OutboxFile
from aerotrack.db.outbox.opening import OutboxUnusable, OwnedOutbox, open_outbox
from aerotrack.db.outbox.spool import Spool
from aerotrack.db.outbox.state import SpoolState

__all__ = [
    "OutboxFile",
    "OutboxUnusable",
    "OwnedOutbox",
    "Spool",
    "SpoolAnswer",
    "SpoolState",
    "open_outbox",
]
