"""Limits the operating system sets on the process."""

import logging
import resource
from typing import Final

from aerotrack.logs import log_event

logger = logging.getLogger(__name__)

# What the server opens beside its clients: feeds, the database, libraries, the embedded server's
# pipes and locks. About 30 are in use.
OTHER_FILES: Final = 100
# macOS calls its hard limit infinite and takes no more than OPEN_MAX.
MACOS_MOST: Final = 10_240


def raise_open_files(max_clients: int) -> int:
    """Raise the soft limit of open files to the hard one; the limit then in force.

    Each client takes one, and the soft limit is 1024 in most shells and containers only for the
    sake of programs that use ``select``, which we do not. Where ``max_clients`` do not fit, that is
    logged: later it would be connections that fail.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for wanted in (hard, MACOS_MOST):
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError):
            continue
        soft = wanted
        break
    if soft != resource.RLIM_INFINITY and soft < max_clients + OTHER_FILES:
        log_event(
            logger,
            "open_files_limit",
            level=logging.WARNING,
            limit=soft,
            max_clients=max_clients,
            needed=max_clients + OTHER_FILES,
        )
    return soft
