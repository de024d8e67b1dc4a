"""The composition root: the only place that knows everybody.

``server`` builds and orders everything; ``actors``, ``database``, ``feeds``, ``history`` and
``stats`` each bring up one side and fit it to the others' ports; ``limits`` are the process's.
"""

import asyncio

from aerotrack.settings import Settings


def run(settings: Settings) -> int:
    """Serve until told to stop. Blocks; logging is set up by the caller.

    Returns the exit code: 1 where something accepted could not be stored.
    """
    from aerotrack.runtime.limits import raise_open_files
    from aerotrack.runtime.server import serve

    raise_open_files(settings.max_clients)
    return 0 if asyncio.run(serve(settings)) else 1
