"""Tasks that run beside the server for as long as it does: none of them ends without a word."""

import asyncio
import logging
from collections.abc import Callable, Coroutine

from aerotrack.logs import log_event

logger = logging.getLogger(__name__)


def in_background(
    work: Coroutine[object, object, None],
    name: str,
    *,
    died: Callable[[BaseException], None] | None = None,
) -> asyncio.Task[None]:
    """Run ``work`` until it is cancelled; what it raises is logged, and ``died`` is told."""

    def ended(task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is None:
            return
        log_event(logger, "task_died", level=logging.ERROR, error=error, task=name)
        if died is not None:
            died(error)

    task = asyncio.create_task(work, name=name)
    task.add_done_callback(ended)
    return task
