"""What a person sees while it runs: a bar on a terminal, now and then a line anywhere else."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

# Between two lines where there is no terminal: enough to see life, little in a log.
LINE_EVERY_S: Final = 5.0

# Called with how far it is (0 to 1, None where there is no end) and a few words of figures.
Show = Callable[[float | None, str], None]


@contextmanager
def progress(console: Console, title: str) -> Iterator[Show]:
    """Shows the progress of one part of the work while the block runs."""
    if console.is_terminal:
        with Progress(
            TextColumn("{task.description:<10}"),
            BarColumn(),
            TextColumn("{task.fields[figures]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console,
        ) as bar:
            task = bar.add_task(title, total=None, figures="")

            def show(share: float | None, figures: str) -> None:
                total = None if share is None else 1.0
                bar.update(task, total=total, completed=share or 0.0, figures=figures)

            yield show
        return
    due = time.monotonic() + LINE_EVERY_S

    def say(share: float | None, figures: str) -> None:
        nonlocal due
        if time.monotonic() >= due:
            due = time.monotonic() + LINE_EVERY_S
            done = "" if share is None else f"{share:.0%} "
            console.print(f"{title}: {done}{figures}", highlight=False, soft_wrap=True)

    yield say
