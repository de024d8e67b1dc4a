"""The composition root: the only place that knows everybody.

``server`` builds and orders everything; ``actors``, ``database``, ``feeds``, ``history`` and
``stats`` each bring up one side and fit it to the others' ports.
"""

import asyncio

from aerotrack.settings import Settings


def run(settings: Settings) -> int:
    """Serve until told to stop; the exit code. Blocks; logging is set up by the caller."""
    from aerotrack.runtime.server import serve

    asyncio.run(serve(settings))
    return 0
