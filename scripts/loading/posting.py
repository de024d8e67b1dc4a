"""Several requests under way at once, never more than the server is meant to have."""

import asyncio
from collections.abc import Callable
from typing import Final

from loading.batches import Batch
from loading.client import Client, LoadError
from loading.traffic import FEED


class Posting:
    """Batches under way to the server, a few at once. As a context: waits for all at its end.

    The first failure is raised by the next :meth:`post`, or at the end.
    """

    def __init__(
        self,
        client: Client,
        in_flight: int,
        took: Callable[[Batch, int, dict[int, str], int], None],
    ) -> None:
        self._client: Final = client
        self._slots: Final = asyncio.Semaphore(in_flight)
        self._took: Final = took
        self._tasks: Final[set[asyncio.Task[None]]] = set()
        self._failure: LoadError | None = None

    async def __aenter__(self) -> "Posting":
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            for task in self._tasks:
                task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if kind is None and self._failure is not None:
            raise self._failure

    async def post(self, batch: Batch) -> None:
        """Send ``batch`` as soon as there is room; returns when it is on its way."""
        await self._slots.acquire()
        if self._failure is not None:
            raise self._failure
        task = asyncio.create_task(self._send(batch))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send(self, batch: Batch) -> None:
        try:
            answer = await self._client.post(batch, FEED)
        except LoadError as error:
            self._failure = self._failure or error
        else:
            rejected = {r.index: f"{r.code}: {r.message}" for r in answer.rejected}
            self._took(batch, answer.accepted, rejected, answer.rejected_total)
        finally:
            self._slots.release()
