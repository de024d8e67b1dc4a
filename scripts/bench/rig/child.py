"""A program of the rig as a process: a JSON line in, a JSON line out; killed if it does not end."""

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final, Self

BENCH: Final = Path(__file__).resolve().parent.parent
# Minutes of traffic for the world take minutes to make.
END_TIMEOUT_S: Final = 20.0


class ChildFailed(Exception):
    """It has ended before it should."""


class Child:
    """``python -m rig.NAME``. As a context: ended."""

    def __init__(self, name: str) -> None:
        self._name = name
        # It finds what we find, wherever it is started.
        path = os.pathsep.join([str(BENCH), *(place or str(Path.cwd()) for place in sys.path)])
        self._process = subprocess.Popen(
            [sys.executable, "-m", f"rig.{name}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
        )
        self.pid = self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def tell(self, **values: Any) -> None:
        """Say a line; its answer is to be fetched later."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(values).encode() + b"\n")
        self._process.stdin.flush()

    def answer(self) -> dict[str, Any]:
        """The next line it says."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise ChildFailed(f"{self._name} has ended")
        found: dict[str, Any] = json.loads(line)
        return found

    def ask(self, **values: Any) -> dict[str, Any]:
        """Say a line, get the answer."""
        self.tell(**values)
        return self.answer()


class Orders:
    """The other end: lines of standard input, without waiting for them unless wanted."""

    def __init__(self) -> None:
        self.fd = sys.stdin.fileno()
        os.set_blocking(self.fd, False)
        self._came = b""

    def read(self) -> list[dict[str, Any]] | None:
        """What has come; None at the end of input. Call it when ``fd`` is readable."""
        try:
            came = os.read(self.fd, 1 << 20)
        except BlockingIOError:
            return []
        if not came:
            return None
        *lines, self._came = (self._came + came).split(b"\n")
        return [json.loads(line) for line in lines]


def say(**values: Any) -> None:
    """Answer with a line."""
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()
