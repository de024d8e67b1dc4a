"""The PostgreSQL directory within the data directory: checked, created, configured.

<data_dir>/postgres-18/            the cluster, mode 0700, owned by the server's account
<data_dir>/postgres-18.new-*/      a cluster whose initdb was interrupted; removed
<data_dir>/postgres.conf, .hba.conf, .ident.conf     ours, written anew at every start
<data_dir>/postgres.start.log      what the server said before its own log was open
"""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from aerotrack.db.embedded.account import Account, login_name
from aerotrack.db.embedded.binaries import MAJOR, PROGRAM_ENVIRONMENT, Binaries
from aerotrack.db.errors import DataDirUnusable, InitdbFailed, OtherMajorVersion

# The database and its one role. The role is a superuser: the cluster is AeroTrack's alone.
ROLE = "aerotrack"
DATABASE = "aerotrack"
# Who may come in over TCP where that is open: to read, see guests.py.
GUEST = "aerotrack_reader"

# Sized for a small computer beside a receiver; ALTER SYSTEM overrides any of them for good.
SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",  # the socket is the only way in
    "port": "5432",  # names the socket file, opens nothing
    "max_connections": "40",  # writer, readers, web processes, an operator's psql
    "shared_buffers": "128MB",  # touched as needed; the newest day's indexes fit
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "synchronous_commit": "on",  # what is acknowledged as durable is on disk
    # One server, no replicas, dumps as backup: the least WAL, in longer strides, compressed,
    # since WAL is most of what wears an SD card.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_logical_replication_workers": "0",
    "wal_compression": "on",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "15min",
    "log_checkpoints": "off",
    # A parallel query would take the second core from the live stream, and needs more /dev/shm
    # than containers give.
    "max_parallel_workers_per_gather": "0",
    "jit": "off",
    "io_workers": "2",  # of PostgreSQL's reading helpers; the default 3 cost memory when idle
    # One file a day of the week, overwritten a week later.
    "logging_collector": "on",
    "log_directory": "log",
    "log_filename": "postgres-%a.log",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
    "log_truncate_on_rotation": "on",
    "log_line_prefix": "%m [%p] ",
}

# Over these where the disk is a card. A checkpoint writes every page touched since the one before,
# and the first change of each page after it puts the whole page into the WAL: so seldom, and
# recovery after a power cut still reads only an hour's WAL. synchronous_commit stays on: there is
# one commit a flush interval, and what is acknowledged as durable is on disk.
SPARING_SETTINGS: Mapping[str, str] = {
    "checkpoint_timeout": "1h",
    "wal_writer_delay": "10s",  # what no commit waits for goes with the next one that is waited for
    "bgwriter_delay": "10s",
    "autovacuum_naptime": "10min",
}


def cluster_path(data_dir: Path) -> Path:
    return data_dir / f"postgres-{MAJOR}"


def check_version(data_dir: Path) -> None:
    """Raise unless `data_dir` holds a cluster of our major version, or none at all.

    OtherMajorVersion for one of another version, DataDirUnusable for anything else in its place.
    """
    cluster = cluster_path(data_dir)
    if cluster.exists():
        version = _written_by(cluster)
        if version is None:
            raise DataDirUnusable(
                f"{cluster} is there but is no PostgreSQL data (it has no PG_VERSION): move it "
                "away to start with an empty database, or restore it from a backup"
            )
        if version != str(MAJOR):
            raise OtherMajorVersion(_version_message(cluster, version))
        return
    if (version := _written_by(data_dir)) is not None:
        raise DataDirUnusable(
            f"{data_dir} is itself the data directory of a PostgreSQL {version} server: give "
            "AeroTrack a directory of its own, or name that server with AEROTRACK_DATABASE_URL"
        )
    for other in sorted(data_dir.glob("postgres-*")):
        if other.name.removeprefix("postgres-").isdigit() and (version := _written_by(other)):
            raise OtherMajorVersion(_version_message(other, version))


def _written_by(directory: Path) -> str | None:
    try:
        return (directory / "PG_VERSION").read_text().strip()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _version_message(cluster: Path, version: str) -> str:
    return (
        f"{cluster} was written by PostgreSQL {version}, and this AeroTrack carries PostgreSQL "
        f"{MAJOR}, which cannot read it. Nothing was changed. Either run the AeroTrack version "
        "used before, or move the data over: dump it with that version, move the directory away, "
        "start this one, restore (docs/operations.md, 'Moving to another major version')"
    )


def remove_unfinished(data_dir: Path) -> None:
    """Remove what an interrupted `initialise` left."""
    for unfinished in data_dir.glob(f"postgres-{MAJOR}.new-*"):
        shutil.rmtree(unfinished, ignore_errors=True)


def initialise(data_dir: Path, binaries: Binaries, account: Account, timeout_s: float) -> None:
    """Create the cluster of `data_dir`: complete under its final name, or not at all.

    Raises InitdbFailed.
    """
    unfinished = Path(tempfile.mkdtemp(prefix=f"postgres-{MAJOR}.new-", dir=data_dir))
    try:
        account.give(unfinished)
        _run_initdb(unfinished, binaries, account, timeout_s)
        unfinished.rename(cluster_path(data_dir))
        _sync_directory(data_dir)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise


def _run_initdb(target: Path, binaries: Binaries, account: Account, timeout_s: float) -> None:
    # The builtin locale: the same order of strings on every system and after every upgrade of
    # its C library, so that indexes stay valid.
    command: list[str | Path] = [
        binaries.initdb,
        f"--pgdata={target}",
        f"--username={ROLE}",
        "--encoding=UTF8",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--locale=C",
        "--auth-local=peer",
        "--auth-host=reject",
        "--no-instructions",
    ]
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        cwd="/",
        env=PROGRAM_ENVIRONMENT,
        start_new_session=True,  # so that it and the servers it starts end together
        **account.credentials,
    ) as initdb:
        try:
            said, _ = initdb.communicate(timeout=timeout_s)
        except BaseException as error:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(initdb.pid, signal.SIGKILL)
            if isinstance(error, subprocess.TimeoutExpired):
                raise InitdbFailed(
                    f"initdb did not finish within {timeout_s:.0f} s: is the disk very slow?"
                ) from error
            raise
    if initdb.returncode != 0:
        raise InitdbFailed(f"initdb failed (status {initdb.returncode}):\n{said.strip()}")


def write_configuration(data_dir: Path, account: Account, overrides: Mapping[str, str]) -> Path:
    """Write the server's three configuration files and return the main one.

    They lie outside the cluster: its owner is another account when we are root, and root writes
    into no directory of somebody else's. They hold no secret.
    """
    hba = data_dir / "postgres.hba.conf"
    ident = data_dir / "postgres.ident.conf"
    main = data_dir / "postgres.conf"
    note = "# Written by AeroTrack at every start; change settings with ALTER SYSTEM.\n"
    listens = overrides.get("listen_addresses", SETTINGS["listen_addresses"]) != ""
    guests = f"host {DATABASE} {GUEST} all scram-sha-256\n" if listens else ""
    _replace(hba, note + "local all all peer map=owner\n" + guests, account)
    # Who may connect by the socket: the user AeroTrack runs as, nobody else; the kernel vouches
    # for who it is.
    _replace(ident, note + f'owner "{login_name(os.geteuid())}" {ROLE}\n', account)
    settings = {
        **SETTINGS,
        "hba_file": str(hba),
        "ident_file": str(ident),
        **overrides,
    }
    lines = [f"{name} = {_quoted(value)}\n" for name, value in settings.items()]
    _replace(main, note + "".join(lines), account)
    return main


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def _replace(path: Path, text: str, account: Account) -> None:
    """Write atomically, and through no link that might lie there."""
    fd, temporary = tempfile.mkstemp(prefix=path.name + ".", dir=path.parent)
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        if account.drop:
            os.fchmod(fd, 0o644)  # to be read by the account
        file.write(text)
    Path(temporary).replace(path)


def _sync_directory(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
