"""A background task that dies says so; one that is cancelled or done does not."""

import asyncio
import logging

import pytest

from aerotrack.runtime.tasks import in_background


async def fails() -> None:
    raise ValueError("broken")


async def never_ends() -> None:
    await asyncio.get_running_loop().create_future()


def test_a_task_that_dies_is_logged_with_its_traceback_and_its_owner_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    told: list[BaseException] = []

    async def scene() -> None:
        task = in_background(fails(), "feeds", died=told.append)
        await asyncio.wait((task,))
        await asyncio.sleep(0)

    asyncio.run(scene())
    assert ["broken"] == [str(error) for error in told]
    [record] = caplog.records
    assert (logging.ERROR, "task_died") == (record.levelno, record.getMessage())
    assert record.exc_info is not None


def test_a_task_that_is_cancelled_is_not_worth_a_word(caplog: pytest.LogCaptureFixture) -> None:
    told: list[BaseException] = []

    async def scene() -> None:
        task = in_background(never_ends(), "feeds", died=told.append)
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait((task,))
        await asyncio.sleep(0)

    asyncio.run(scene())
    assert ([], []) == (told, caplog.records)
