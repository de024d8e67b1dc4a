"""The running `postgres`, tied to the life of its owner.

PostgreSQL runs in a session of its own, so that Ctrl-C at the terminal reaches us and not it: we
flush first and stop it afterwards. When we are killed, a watchdog (a shell blocked on a pipe whose
other end only we hold) sees the pipe close and asks PostgreSQL to shut down. That is neither
preexec_fn (unsafe with threads) nor PR_SET_PDEATHSIG (which follows the thread that started the
child, and is Linux only).
"""

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path

from aerotrack.db.embedded.account import SHELL, Account
from aerotrack.db.embedded.binaries import PROGRAM_ENVIRONMENT

# The shell becomes postgres ($$ stays its pid); the watchdog is forked twice, so that postgres
# has no child it does not know. A line on the pipe means that postgres has ended and was waited
# for: its pid may be another process's by now. At end of file it is signalled only if it is still
# the server of that directory.
_WATCHED = """
exec 3<&0 </dev/null
( (
    trap '' INT HUP TERM QUIT
    if ! read -r _ <&3 && read -r pid <"$1/postmaster.pid" && [ "$pid" = "$$" ]
    then kill -INT "$$"
    fi
  ) >/dev/null 2>&1 & )
exec 3<&-
shift
exec "$@"
"""


class ServerProcess:
    """One run of `postgres` on `cluster`; `arguments` are its command line.

    What it says before its own log is open goes to `start_log`. `stop` must be called, also after
    it has ended on its own.
    """

    def __init__(
        self, arguments: Sequence[str | Path], cluster: Path, account: Account, start_log: Path
    ) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        log = os.open(start_log, flags, 0o600)
        watched, self._lifeline = os.pipe()
        try:
            self._child = subprocess.Popen(
                [SHELL, "-c", _WATCHED, "sh", cluster, *arguments],
                stdin=watched,
                stdout=log,
                stderr=log,
                cwd="/",
                env=PROGRAM_ENVIRONMENT,
                start_new_session=True,
                **account.credentials,
            )
        except BaseException:
            os.close(self._lifeline)
            raise
        finally:
            os.close(watched)
            os.close(log)
        self._dismissed = False
        self._dismissing = threading.Lock()  # is it running? may be asked while it is stopped

    @property
    def pid(self) -> int:
        return self._child.pid

    def ended(self) -> int | None:
        """The exit status once it has ended (negative: the signal), else None."""
        status = self._child.poll()
        if status is not None:
            self._dismiss_watchdog()
        return status

    def stop(self, fast_timeout_s: float, immediate_timeout_s: float) -> int:
        """Shut down: fast (clients cut off, a checkpoint), then immediate, then by force.

        Returns the exit status, 0 for a clean shutdown.
        """
        for number, timeout_s in (
            (signal.SIGINT, fast_timeout_s),
            (signal.SIGQUIT, immediate_timeout_s),
            (signal.SIGKILL, None),
        ):
            self._child.send_signal(number)
            try:
                self._child.wait(timeout_s)
                break
            except subprocess.TimeoutExpired:
                continue
        self._dismiss_watchdog()
        return self._child.returncode

    def _dismiss_watchdog(self) -> None:
        with self._dismissing:
            if self._dismissed:
                return
            self._dismissed = True
            with contextlib.suppress(BrokenPipeError):  # the watchdog is gone already
                os.write(self._lifeline, b"\n")
            os.close(self._lifeline)
