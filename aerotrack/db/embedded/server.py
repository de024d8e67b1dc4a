"""EmbeddedPostgres: the PostgreSQL that AeroTrack brings along, from start to stop."""

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
from psycopg import sql

from aerotrack.db.embedded.account import Account, choose_account
from aerotrack.db.embedded.binaries import Binaries, binaries_for
from aerotrack.db.embedded.cluster import (
    DATABASE,
    ROLE,
    check_version,
    cluster_path,
    initialise,
    remove_unfinished,
    write_configuration,
)
from aerotrack.db.embedded.guests import Listen
from aerotrack.db.embedded.lock import DataDirLock
from aerotrack.db.embedded.log import last_lines
from aerotrack.db.embedded.places import (
    create_data_dir,
    make_reachable,
    make_socket_dir,
    remove_socket_dir,
)
from aerotrack.db.embedded.predecessor import (
    FAST_STOP_TIMEOUT_S,
    IMMEDIATE_STOP_TIMEOUT_S,
    stop_predecessor,
)
from aerotrack.db.embedded.process import ServerProcess
from aerotrack.db.errors import DataDirUnusable, ServerStartFailed

# Recovery after a power cut replays up to max_wal_size (1 GB); on an SD card that takes minutes.
START_TIMEOUT_S = 600.0

# Names the socket; a server that listens on an address has that one's port in both.
SOCKET_PORT = 5432

# How often a start that takes long says so.
_PROGRESS_EVERY_S = 5.0
_POLL_S = 0.02

# The children of a server that was killed end as soon as they notice, a long query at its next
# interruption; until then PostgreSQL refuses to start, with these words.
_REMAINS = "pre-existing shared memory block"
_REMAINS_TIMEOUT_S = 60.0
_REMAINS_RETRY_S = 0.2


def _silent(_: str) -> None:
    pass


class EmbeddedPostgres:
    """PostgreSQL on `data_dir`, run by this process and by no other.

    `start` blocks until the server answers and returns a libpq connection string of the database
    `aerotrack`; `stop` shuts it down. Both may be called from any thread, one after the other,
    and again. Killed without `stop`, the server shuts itself down, and whatever is left is
    cleared away by the next `start`.

    `run_as` names the account for the server when we are root (default: see `choose_account`),
    `socket_parent` the directory to make the socket directory in, `settings` overrides settings
    of the server (tests switch fsync off), `listen` has it listen for guests. Errors:
    `aerotrack.db.errors.EmbeddedPostgresError`.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        progress: Callable[[str], None] = _silent,
        start_timeout_s: float = START_TIMEOUT_S,
        run_as: str | None = None,
        socket_parent: Path | None = None,
        settings: Mapping[str, str] | None = None,
        listen: Listen | None = None,
    ) -> None:
        self._data_dir = data_dir.absolute()
        self._progress = progress
        self._start_timeout_s = start_timeout_s
        self._run_as = run_as
        self._socket_parent = socket_parent
        self._settings = {**(settings or {}), **(listen.settings if listen else {})}
        self._port = listen.port if listen else SOCKET_PORT
        self._serial = threading.Lock()
        self._lock: DataDirLock | None = None
        self._account: Account | None = None
        self._binaries: Binaries | None = None
        self._socket_dir: Path | None = None
        self._process: ServerProcess | None = None
        self._was_up = False  # since `stop`

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def data_dir(self) -> Path:
        return self._data_dir

    @property
    def is_running(self) -> bool:
        """Whether the server's process lives; False before `start` and if it died on its own."""
        process = self._process
        return process is not None and process.ended() is None

    @property
    def pid(self) -> int | None:
        """The server's process, None before `start` and after `stop`."""
        return self._process.pid if self._process else None

    @property
    def server_version(self) -> str | None:
        """Like "18.4"; None before the first `start`."""
        return self._binaries.version if self._binaries else None

    @property
    def bin_dir(self) -> Path | None:
        """Where psql, pg_dump and pg_restore of this version lie; None before `start`."""
        return self._binaries.bin_dir if self._binaries else None

    @property
    def conninfo(self) -> str:
        """The connection string that `start` returned; raises RuntimeError before."""
        if self._socket_dir is None:
            raise RuntimeError("the embedded PostgreSQL is not started")
        return self._conninfo(DATABASE)

    def start(self) -> str:
        """Start the server, creating what is missing; returns the connection string.

        A server that is running is left as it is; one that died is started again under the same
        connection string, also when attempts at that fail in between. On an error nothing is left
        running, and after a first start nothing locked.
        """
        with self._serial:
            if self.is_running:
                return self.conninfo
            try:
                conninfo = self._start()
            except BaseException:
                if self._was_up:  # whoever holds the connection string is to find it again
                    self._end_process()
                else:
                    self._stop()
                raise
            self._was_up = True
            return conninfo

    def stop(self) -> None:
        """Shut down, remove the socket directory, release the data directory. Idempotent."""
        with self._serial:
            self._stop()

    def _start(self) -> str:
        create_data_dir(self._data_dir)
        cluster = cluster_path(self._data_dir)
        try:
            if self._lock is None:
                self._lock = DataDirLock(self._data_dir)
            self._prepare(self._lock, cluster)
        except (PermissionError, NotADirectoryError) as error:
            raise DataDirUnusable(
                f"the data directory {self._data_dir} cannot be used: {error}"
            ) from error
        return self.conninfo

    def _prepare(self, lock: DataDirLock, cluster: Path) -> None:
        check_version(self._data_dir)
        account = self._account = choose_account(self._data_dir, cluster, self._run_as)
        make_reachable(self._data_dir, account)
        binaries = self._binaries = binaries_for(account, self._data_dir, self._progress)
        if cluster.exists():
            stop_predecessor(cluster, self._progress)
        if lock.predecessor.socket_dir is not None:
            remove_socket_dir(lock.predecessor.socket_dir, account)
        remove_unfinished(self._data_dir)
        if not cluster.exists():
            self._progress(f"Creating a PostgreSQL {binaries.version} database in {cluster}")
            initialise(self._data_dir, binaries, account, self._start_timeout_s)
        if self._socket_dir is None:
            self._socket_dir = make_socket_dir(account, self._socket_parent)
        lock.note(self._socket_dir)
        self._launch(cluster, account, binaries, self._socket_dir)

    def _launch(
        self, cluster: Path, account: Account, binaries: Binaries, socket_dir: Path
    ) -> None:
        configuration = write_configuration(self._data_dir, account, self._settings)
        self._progress(f"Starting PostgreSQL {binaries.version}")
        command: list[str | Path] = [
            binaries.postgres,
            "-D",
            cluster,
            f"--config_file={configuration}",
            f"--unix_socket_directories={_escaped(socket_dir)}",
            "--unix_socket_permissions=0700",
        ]
        begun = time.time()
        remains_until = time.monotonic() + _REMAINS_TIMEOUT_S
        while True:
            self._process = ServerProcess(command, cluster, account, self._start_log)
            try:
                self._wait_until_ready(self._process, cluster)
                self._ensure_database()
                return
            except (ServerStartFailed, psycopg.Error) as error:
                tail = last_lines(self._start_log, cluster, begun)
                ended = self._process.ended() is not None
                if ended and _REMAINS in tail and time.monotonic() < remains_until:
                    self._progress("Waiting for what is left of a killed PostgreSQL to end")
                    time.sleep(_REMAINS_RETRY_S)
                    continue
                raise ServerStartFailed(
                    f"PostgreSQL on {cluster} did not start: {error}\n{tail}"
                ) from error

    def _wait_until_ready(self, process: ServerProcess, cluster: Path) -> None:
        begun = time.monotonic()
        say_next = _PROGRESS_EVERY_S
        while not _is_ready(cluster, process.pid):
            status = process.ended()
            if status is not None:
                raise ServerStartFailed(f"it ended with status {status}")
            waited = time.monotonic() - begun
            if waited > self._start_timeout_s:
                raise ServerStartFailed(f"it was not ready after {waited:.0f} s")
            if waited > say_next:
                self._progress(f"PostgreSQL is still starting after {waited:.0f} s")
                say_next += _PROGRESS_EVERY_S
            time.sleep(_POLL_S)

    def _ensure_database(self) -> None:
        with psycopg.connect(self._conninfo("postgres"), autocommit=True) as connection:
            found = connection.execute(
                "SELECT FROM pg_database WHERE datname = %s", [DATABASE]
            ).fetchone()
            if found is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))

    def _end_process(self) -> None:
        if self._process is not None:
            self._process.stop(FAST_STOP_TIMEOUT_S, IMMEDIATE_STOP_TIMEOUT_S)
            self._process = None

    def _stop(self) -> None:
        self._end_process()
        self._was_up = False
        if self._socket_dir is not None and self._account is not None:
            remove_socket_dir(self._socket_dir, self._account)
            self._socket_dir = None
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def _conninfo(self, database: str) -> str:
        return socket_conninfo(self._socket_dir, database, self._port)

    @property
    def _start_log(self) -> Path:
        return self._data_dir / "postgres.start.log"


def socket_conninfo(socket_dir: Path | None, database: str, port: int = SOCKET_PORT) -> str:
    """The connection string of an embedded server by its socket directory."""
    # The last two are said so that no PG* variable of ours has libpq try TLS on a socket.
    return psycopg.conninfo.make_conninfo(
        host=str(socket_dir),
        port=port,
        user=ROLE,
        dbname=database,
        sslmode="disable",
        gssencmode="disable",
    )


def _is_ready(cluster: Path, pid: int) -> bool:
    """Whether postmaster.pid says that this process accepts connections (its eighth line)."""
    try:
        lines = (cluster / "postmaster.pid").read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return False
    return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"


def _escaped(socket_dir: Path) -> str:
    """One entry of a list setting: quoted, as commas and spaces would part it."""
    return '"' + str(socket_dir).replace('"', '""') + '"'
