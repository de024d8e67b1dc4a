"""The embedded PostgreSQL: as the user the tests run as, and, where that is root, as nobody too."""

import contextlib
import os
import pwd
import select
import shutil
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

import aerotrack
from aerotrack.db.embedded import EmbeddedPostgres, find_install
from aerotrack.db.embedded import binaries as binaries_module
from aerotrack.db.embedded.account import Account
from aerotrack.db.embedded.cluster import initialise
from aerotrack.db.embedded.predecessor import Verdict, judge, read_postmaster_pid
from aerotrack.db.errors import (
    DatabaseError,
    DataDirLocked,
    DataDirUnusable,
    InitdbFailed,
    NoServerAccount,
    OtherMajorVersion,
    PostgresNotBundled,
    PredecessorStillRunning,
    ServerStartFailed,
)

pytestmark = pytest.mark.usefixtures("require_embedded")

FAST = {"fsync": "off", "full_page_writes": "off"}
TIMEOUT_S = 60.0
AS_ROOT = os.geteuid() == 0
REPOSITORY = Path(aerotrack.__file__).parent.parent

only_as_root = pytest.mark.skipif(not AS_ROOT, reason="root's rules: run the tests as root too")
needs_proc = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, waits on a pidfd")

# Runs a server until its standard input ends: `python -c OWNER DATA_DIR`.
OWNER = """
import sys
from pathlib import Path
from aerotrack.db.embedded import EmbeddedPostgres
with EmbeddedPostgres(Path(sys.argv[1]), settings={"fsync": "off"}) as server:
    print(server.pid, server.conninfo, sep="\\n", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def cluster_to_copy(make_place: Callable[[], Path]) -> Path:
    """A data directory with a table in it and no server: initdb's 0.5 s once, not in each test."""
    place = make_place() / "data"
    with EmbeddedPostgres(place, settings=FAST) as server:
        execute(server.conninfo, "CREATE TABLE seen (icao24 text)")
        execute(server.conninfo, "INSERT INTO seen VALUES ('4ca2d6')")
    return place


@pytest.fixture
def place(make_place: Callable[[], Path]) -> Path:
    return make_place()


@pytest.fixture
def data_dir(place: Path, cluster_to_copy: Path) -> Path:
    """A data directory that was used before; `rows_of` finds one row in it."""
    target = place / "data"
    shutil.copytree(cluster_to_copy, target)
    target.chmod(stat.S_IMODE(cluster_to_copy.stat().st_mode))
    source = cluster_to_copy / "postgres-18"
    give_away(target / "postgres-18", source.stat().st_uid, source.stat().st_gid)
    return target


def give_away(tree: Path, uid: int, gid: int) -> None:
    for directory, _, files in os.walk(tree):
        for name in (".", *files):
            os.chown(Path(directory, name), uid, gid)


def server_on(data_dir: Path, **options: object) -> EmbeddedPostgres:
    return EmbeddedPostgres(data_dir, **{"settings": FAST, "start_timeout_s": TIMEOUT_S, **options})


def execute(conninfo: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def rows_of(conninfo: str) -> list[tuple[object, ...]]:
    return execute(conninfo, "SELECT icao24 FROM seen")


def setting(conninfo: str, name: str) -> object:
    return execute(conninfo, f"SHOW {name}")[0][0]


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def socket_dir_of(conninfo: str) -> Path:
    return Path(psycopg.conninfo.conninfo_to_dict(conninfo)["host"])


def wait_for_end(pidfd: int) -> bool:
    """Whether the process ends within the time-out."""
    return bool(select.select([pidfd], [], [], TIMEOUT_S)[0])


class Owner:
    """Another process that runs a server on `data_dir`."""

    def __init__(
        self, data_dir: Path, python: str = sys.executable, **popen_options: object
    ) -> None:
        self.process = subprocess.Popen(
            [python, "-c", OWNER, data_dir],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **{"cwd": REPOSITORY, **popen_options},
        )
        assert self.process.stdout is not None
        first = self.process.stdout.readline().strip()
        if not first:
            _, said = self.process.communicate(timeout=TIMEOUT_S)
            raise AssertionError(f"the owner did not start: {said}")
        self.server_pid = int(first)
        self.conninfo = self.process.stdout.readline().strip()
        self.server = os.pidfd_open(self.server_pid)

    def kill_watchdogs(self) -> int:
        """End the watchdog, as the kernel does when memory runs out; how many there were."""
        killed = 0
        for stat_file in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                pid, _, rest = stat_file.read_text().partition(" (")
                name, _, fields = rest.rpartition(") ")
                if name == "sh" and int(fields.split()[3]) == self.server_pid:
                    os.kill(int(pid), signal.SIGKILL)
                    killed += 1
        return killed

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=TIMEOUT_S)

    def finish(self) -> int:
        """Close its input, so that it stops the server and ends."""
        _, said = self.process.communicate(timeout=TIMEOUT_S)
        assert said == ""
        return self.process.returncode


@pytest.fixture
def owner_on() -> Iterator[Callable[..., Owner]]:
    owners: list[Owner] = []

    def start(data_dir: Path, *python: str, **popen_options: object) -> Owner:
        owners.append(Owner(data_dir, *python, **popen_options))
        return owners[-1]

    yield start
    for owner in owners:
        owner.kill()
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(owner.server, signal.SIGKILL)
        os.close(owner.server)


# Starting and stopping


def test_first_start_creates_a_database_that_a_later_start_finds_again(place: Path) -> None:
    said: list[str] = []
    server = server_on(place / "new" / "data", progress=said.append)
    with server:
        execute(server.conninfo, "CREATE TABLE seen (icao24 text)")
        execute(server.conninfo, "INSERT INTO seen VALUES ('4ca2d6')")
    # Where the account cannot reach this interpreter's packages, a first start copies them first.
    assert [word for message in said if (word := message.split()[0]) != "Copying"] == [
        "Creating",
        "Starting",
    ]
    with server:
        assert rows_of(server.conninfo) == [("4ca2d6",)]
    assert [message.split()[0] for message in said[-2:]] == ["Starting", "Starting"]


def test_a_stopped_server_leaves_no_process_socket_or_lock(data_dir: Path) -> None:
    server = server_on(data_dir)
    conninfo = server.start()
    socket_dir, pid = socket_dir_of(conninfo), server.pid
    assert (server.is_running, socket_dir.exists()) == (True, True)
    server.stop()
    server.stop()
    assert (server.is_running, server.pid, socket_dir.exists()) == (False, None, False)
    assert pid is not None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    with server_on(data_dir) as successor:  # nothing is locked
        assert rows_of(successor.conninfo) == [("4ca2d6",)]


def test_start_leaves_a_running_server_as_it_is(data_dir: Path) -> None:
    with server_on(data_dir) as server:
        before = (server.pid, server.conninfo)
        assert before == (server.pid, server.start())
        assert before[0] == server.pid


@needs_proc
def test_a_server_that_died_is_started_again_under_the_same_connection_string(
    data_dir: Path,
) -> None:
    with server_on(data_dir) as server:
        before = server.conninfo
        kill_and_wait(server)
        assert not server.is_running
        assert before == server.start()
        assert rows_of(before) == [("4ca2d6",)]


def test_it_keeps_its_connection_string_when_an_attempt_to_start_it_again_fails(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise ServerStartFailed("it was stopped while it started")

    with server_on(data_dir) as server:
        before = server.conninfo
        kill_and_wait(server)
        with monkeypatch.context() as patched:
            patched.setattr(EmbeddedPostgres, "_wait_until_ready", refuse)
            with pytest.raises(ServerStartFailed):
                server.start()
        assert not server.is_running
        assert before == server.start()
        assert rows_of(before) == [("4ca2d6",)]


def kill_and_wait(server: EmbeddedPostgres) -> None:
    assert server.pid is not None
    pidfd = os.pidfd_open(server.pid)
    os.kill(server.pid, signal.SIGKILL)
    ended = wait_for_end(pidfd)
    os.close(pidfd)
    assert ended


def test_a_server_started_from_a_thread_outlives_the_thread(data_dir: Path) -> None:
    server = server_on(data_dir)
    thread = threading.Thread(target=server.start)
    thread.start()
    thread.join(TIMEOUT_S)
    try:
        assert rows_of(server.conninfo) == [("4ca2d6",)]
    finally:
        server.stop()


def test_a_terminal_s_interrupt_does_not_reach_the_server(data_dir: Path) -> None:
    with server_on(data_dir) as server:
        assert server.pid is not None
        assert server.pid == os.getsid(server.pid)


def test_the_server_is_set_up_as_documented(data_dir: Path) -> None:
    expected = {
        "server_encoding": "UTF8",
        "TimeZone": "UTC",
        "listen_addresses": "",
        "synchronous_commit": "on",
        "data_checksums": "on",
        "unix_socket_permissions": "0700",
        "logging_collector": "on",
    }
    with server_on(data_dir) as server:
        assert expected == {name: setting(server.conninfo, name) for name in expected}
        assert setting(server.conninfo, "server_version") == server.server_version
        assert execute(
            server.conninfo,
            "SELECT datlocprovider::text, datlocale FROM pg_database"
            " WHERE datname = current_database()",
        ) == [("b", "C.UTF-8")]


def test_nobody_but_our_user_is_let_in(data_dir: Path) -> None:
    with server_on(data_dir) as server:
        assert mode_of(socket_dir_of(server.conninfo)) == 0o700
        assert execute(
            server.conninfo, "SELECT type, user_name, auth_method FROM pg_hba_file_rules"
        ) == [("local", ["all"], "peer")]
        me = pwd.getpwuid(os.geteuid()).pw_name
        assert [(me, "aerotrack")] == execute(
            server.conninfo, "SELECT sys_name, pg_username FROM pg_ident_file_mappings"
        )


def test_variables_of_libpq_in_our_environment_change_nothing(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (
        ("PGDATA", "/nonexistent"),
        ("PGHOST", "192.0.2.1"),
        ("PGSSLMODE", "require"),
        ("PGUSER", "somebody"),
    ):
        monkeypatch.setenv(name, value)
    with server_on(data_dir) as server:
        assert rows_of(server.conninfo) == [("4ca2d6",)]


def test_alter_system_overrides_our_settings(data_dir: Path) -> None:
    with server_on(data_dir) as server:
        execute(server.conninfo, "ALTER SYSTEM SET shared_buffers = '64MB'")
    with server_on(data_dir) as server:
        assert setting(server.conninfo, "shared_buffers") == "64MB"


# One owner


def test_a_second_server_in_this_process_is_refused(data_dir: Path) -> None:
    with server_on(data_dir) as server:
        with pytest.raises(DataDirLocked) as refused:
            server_on(data_dir).start()
        assert os.getpid() == refused.value.pid
        assert rows_of(server.conninfo) == [("4ca2d6",)]


@needs_proc
def test_a_second_process_is_told_which_one_holds_the_data_directory(
    data_dir: Path, owner_on: Callable[..., Owner]
) -> None:
    owner = owner_on(data_dir)
    with pytest.raises(DataDirLocked, match=f"{data_dir} is in use by process {owner.process.pid}"):
        server_on(data_dir).start()
    assert owner.finish() == 0
    with server_on(data_dir) as server:
        assert rows_of(server.conninfo) == [("4ca2d6",)]


# After a kill


@needs_proc
def test_a_killed_owner_takes_its_server_down(
    data_dir: Path, owner_on: Callable[..., Owner]
) -> None:
    owner = owner_on(data_dir)
    owner.kill()
    assert wait_for_end(owner.server)
    assert None is read_postmaster_pid(data_dir / "postgres-18")  # a clean shutdown
    with server_on(data_dir) as server:
        assert rows_of(server.conninfo) == [("4ca2d6",)]
    assert not socket_dir_of(owner.conninfo).exists()


@needs_proc
def test_a_server_left_by_a_killed_owner_is_stopped_and_its_data_kept(
    data_dir: Path, owner_on: Callable[..., Owner]
) -> None:
    owner = owner_on(data_dir)
    assert owner.kill_watchdogs() == 1
    owner.kill()
    execute(owner.conninfo, "INSERT INTO seen VALUES ('3c6444')")  # it lives on
    said: list[str] = []
    with server_on(data_dir, progress=said.append) as server:
        assert wait_for_end(owner.server)
        assert rows_of(server.conninfo) == [("4ca2d6",), ("3c6444",)]
        assert not socket_dir_of(owner.conninfo).exists()
    assert f"(process {owner.server_pid})" in said[0]


@needs_proc
def test_a_server_killed_with_its_owner_is_recovered(
    data_dir: Path, owner_on: Callable[..., Owner]
) -> None:
    owner = owner_on(data_dir)
    owner.kill_watchdogs()
    os.kill(owner.server_pid, signal.SIGKILL)
    owner.kill()
    assert wait_for_end(owner.server)
    with server_on(data_dir) as server:
        assert rows_of(server.conninfo) == [("4ca2d6",)]


@needs_proc
def test_a_start_waits_for_a_killed_server_s_children_to_end(data_dir: Path) -> None:
    def resume(message: str) -> None:
        if message.startswith("Waiting"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGCONT)

    with server_on(data_dir, progress=resume) as server:
        with psycopg.connect(server.conninfo) as connection:
            child = connection.info.backend_pid
            os.kill(child, signal.SIGSTOP)  # busy, and not to be interrupted
            kill_and_wait(server)
            server.start()
            connection.close()
        assert rows_of(server.conninfo) == [("4ca2d6",)]


def leave_pid_file(data_dir: Path, pid: int) -> None:
    cluster = data_dir / "postgres-18"
    lines = [pid, cluster, 1764000000, 5432, "/nonexistent", "", "", "ready"]
    pid_file = cluster / "postmaster.pid"
    pid_file.write_text("".join(f"{line}\n" for line in lines))
    owner = cluster.stat()
    os.chown(pid_file, owner.st_uid, owner.st_gid)


def test_a_pid_file_naming_an_unrelated_process_stops_neither_us_nor_it(data_dir: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as unrelated:
        leave_pid_file(data_dir, unrelated.pid)
        with server_on(data_dir) as server:
            assert rows_of(server.conninfo) == [("4ca2d6",)]
        assert None is unrelated.poll()
        unrelated.communicate(b"\n", TIMEOUT_S)
    assert unrelated.returncode == 0


def test_a_pid_file_naming_another_data_directory_s_server_leaves_that_alone(
    data_dir: Path, make_place: Callable[[], Path]
) -> None:
    with server_on(make_place() / "other") as other:
        assert other.pid is not None
        leave_pid_file(data_dir, other.pid)
        with server_on(data_dir) as server:
            assert rows_of(server.conninfo) == [("4ca2d6",)]
        assert other.is_running
        assert execute(other.conninfo, "SELECT 1") == [(1,)]


def test_a_server_that_cannot_be_identified_is_left_alone_and_named(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = "aerotrack.db.embedded.predecessor"
    monkeypatch.setattr(f"{module}._HAS_PROC", False)
    monkeypatch.setattr(f"{module}._command_line", lambda pid: ["/x/postgres", "-D", "data"])
    leave_pid_file(data_dir, os.getpid())
    with pytest.raises(PredecessorStillRunning, match=f"process {os.getpid()} .*postmaster.pid"):
        server_on(data_dir).start()


def test_without_proc_a_server_is_known_by_its_command_line(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = "aerotrack.db.embedded.predecessor"
    cluster = data_dir / "postgres-18"
    monkeypatch.setattr(f"{module}._HAS_PROC", False)
    for command, verdict in (
        (None, Verdict.ENDED),
        ([], Verdict.SOMETHING_ELSE),
        (["/x/postgres", "-D", str(cluster), "-c", "a=b"], Verdict.THIS_SERVER),
        (["/x/postgres", f"-D{cluster}"], Verdict.THIS_SERVER),
        (["/x/postgres", "-D", str(data_dir)], Verdict.SOMETHING_ELSE),
        (["/x/postgres", "-D", "/nonexistent"], Verdict.SOMETHING_ELSE),
        (["/x/postgres"], Verdict.CANNOT_TELL),
        (["postgres: checkpointer "], Verdict.SOMETHING_ELSE),
        (["vi", "-D", str(cluster)], Verdict.SOMETHING_ELSE),
    ):
        monkeypatch.setattr(f"{module}._command_line", lambda pid, command=command: command)
        assert verdict == judge(os.getpid(), cluster), command


# What is in the data directory


def test_data_of_another_major_version_is_refused_and_left_alone(data_dir: Path) -> None:
    version_file = data_dir / "postgres-18" / "PG_VERSION"
    version_file.write_text("16\n")
    with pytest.raises(OtherMajorVersion, match=r"written by PostgreSQL 16.*dump it"):
        server_on(data_dir).start()
    version_file.write_text("18\n")
    with server_on(data_dir) as server:
        assert rows_of(server.conninfo) == [("4ca2d6",)]


def test_an_older_cluster_beside_ours_is_not_silently_passed_over(place: Path) -> None:
    (place / "postgres-17").mkdir()
    (place / "postgres-17" / "PG_VERSION").write_text("17\n")
    with pytest.raises(OtherMajorVersion, match="postgres-17 was written by PostgreSQL 17"):
        server_on(place).start()


def test_somebody_else_s_postgresql_directory_is_refused(place: Path) -> None:
    (place / "PG_VERSION").write_text("15\n")
    with pytest.raises(DataDirUnusable, match="itself the data directory of a PostgreSQL 15"):
        server_on(place).start()


def test_a_cluster_directory_without_a_version_is_refused(place: Path) -> None:
    (place / "postgres-18").mkdir()
    with pytest.raises(DataDirUnusable, match="no PG_VERSION"):
        server_on(place).start()


def test_an_interrupted_initdb_is_done_again(place: Path) -> None:
    unfinished = place / "postgres-18.new-killed"
    (unfinished / "base").mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")
    with server_on(place) as server:
        assert execute(server.conninfo, "SELECT 1") == [(1,)]
    assert list(place.glob("*.new-*")) == []


def test_a_failing_initdb_is_quoted_and_leaves_nothing(place: Path) -> None:
    programs = fake_programs(place, 'echo "could not write: No space left on device"; exit 1')
    with pytest.raises(InitdbFailed, match=r"status 1.*\n.*No space left on device"):
        initialise(place, programs, ourselves(), TIMEOUT_S)
    assert list(place.glob("postgres-*")) == []


def test_an_initdb_that_hangs_is_ended_and_leaves_nothing(place: Path) -> None:
    programs = fake_programs(place, "while :; do :; done")
    with pytest.raises(InitdbFailed, match="did not finish"):
        initialise(place, programs, ourselves(), 0.2)
    assert list(place.glob("postgres-*")) == []


def ourselves() -> Account:
    return Account(os.geteuid(), os.getegid(), "us", drop=False)


def fake_programs(place: Path, script: str) -> binaries_module.Binaries:
    program = place / "bin" / "initdb"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return binaries_module.Binaries(program.parent, "18.0")


def test_a_failing_start_quotes_the_log_and_leaves_nothing_locked(data_dir: Path) -> None:
    with pytest.raises(ServerStartFailed, match=r"(?s)status 1.*work_mem"):
        server_on(data_dir, settings={"work_mem": "a lot"}).start()
    with server_on(data_dir) as server:
        assert rows_of(server.conninfo) == [("4ca2d6",)]


def test_a_start_that_fails_once_the_server_logs_by_itself_quotes_that_log(data_dir: Path) -> None:
    with server_on(data_dir):
        pass
    shutil.rmtree(data_dir / "postgres-18" / "pg_wal")
    with pytest.raises(ServerStartFailed, match=r"(?s)status 1.*pg_wal.*does not exist"):
        server_on(data_dir).start()


def test_a_start_that_takes_too_long_is_given_up(data_dir: Path) -> None:
    server = server_on(data_dir, start_timeout_s=-1.0)
    with pytest.raises(ServerStartFailed, match="was not ready"):
        server.start()
    assert not server.is_running


# Places and modes


def test_a_long_data_directory_and_socket_parent_do_not_matter(place: Path) -> None:
    parent = place / ("s" * 100)
    parent.mkdir()
    with server_on(place / ("x" * 100) / ("y, z'" * 20), socket_parent=parent) as server:
        assert execute(server.conninfo, "SELECT 1") == [(1,)]
        assert list(parent.iterdir()) == []


def test_the_socket_lies_in_the_parent_asked_for(data_dir: Path, place: Path) -> None:
    parent = place / "run"
    parent.mkdir(mode=0o755)
    with server_on(data_dir, socket_parent=parent) as server:
        assert parent == socket_dir_of(server.conninfo).parent
    assert list(parent.iterdir()) == []


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_modes_are_ours_whatever_the_umask_and_nothing_else_is_touched(
    place: Path, umask: int
) -> None:
    data_dir = place / "data"
    outside = [place, *place.parents, find_install(), find_install() / "bin" / "postgres"]
    before = [mode_of(path) for path in outside]
    old = os.umask(umask)
    try:
        with server_on(data_dir):
            inside = {path.name: mode_of(path) for path in data_dir.iterdir()}
    finally:
        os.umask(old)
    # There only where the account cannot reach this interpreter's packages.
    assert 0o755 == inside.pop("postgres-programs", 0o755)
    assert before == [mode_of(path) for path in outside]
    readable = 0o644 if AS_ROOT else 0o600
    assert (0o711 if AS_ROOT else 0o700) == mode_of(data_dir)
    assert {
        "postgres-18": 0o700,
        "postgres.conf": readable,
        "postgres.hba.conf": readable,
        "postgres.ident.conf": readable,
        "postgres.lock": 0o600,
        "postgres.start.log": 0o600,
    } == inside


def test_a_platform_without_the_wheel_is_named(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binaries_module, "_PACKAGE", "no_such_package")
    with pytest.raises(PostgresNotBundled, match="AEROTRACK_DATABASE_URL"):
        server_on(place).start()


def test_every_error_has_a_code_of_its_own() -> None:
    family, new = {DatabaseError}, {DatabaseError}
    while new := {child for error in new for child in error.__subclasses__()}:
        family |= new
    assert len(family) == len({error.code for error in family})


# Root, and ordinary users


def owner_of(pid: int | None) -> int:
    return Path(f"/proc/{pid}").stat().st_uid


@only_as_root
@needs_proc
def test_root_s_server_runs_as_an_unprivileged_account(data_dir: Path) -> None:
    with server_on(data_dir) as server:
        assert owner_of(server.pid) != 0
        assert owner_of(server.pid) == (data_dir / "postgres-18").stat().st_uid


@only_as_root
@needs_proc
def test_root_may_choose_the_account_and_data_stays_with_it(place: Path) -> None:
    nobody = pwd.getpwnam("nobody").pw_uid
    for run_as in ("nobody", None):
        with server_on(place / "data", run_as=run_as) as server:
            assert nobody == owner_of(server.pid)
    for unfit in ("root", "no-such-user"):
        with pytest.raises(NoServerAccount, match=unfit):
            server_on(place / "data", run_as=unfit).start()


@only_as_root
@needs_proc
def test_root_s_server_runs_as_the_data_directory_s_owner(place: Path) -> None:
    daemon = pwd.getpwnam("daemon")
    os.chown(place, daemon.pw_uid, daemon.pw_gid)
    place.chmod(0o700)
    with server_on(place) as server:
        assert daemon.pw_uid == owner_of(server.pid)


@only_as_root
def test_root_without_any_account_is_told_so(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aerotrack.db.embedded.account.SERVER_ACCOUNTS", ("no-such-user",))
    with pytest.raises(NoServerAccount, match="no-such-user"):
        server_on(place).start()


@only_as_root
def test_a_data_directory_closed_to_the_account_is_refused_naming_what_closes_it(
    place: Path,
) -> None:
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(DataDirUnusable, match=f"chmod o\\+x {closed}"):
        server_on(closed / "data").start()
    assert mode_of(closed) == 0o700


@only_as_root
def test_a_closed_data_directory_is_opened_only_if_it_is_ours(place: Path) -> None:
    empty, used = place / "empty", place / "used"
    for directory in (empty, used):
        directory.mkdir(mode=0o700)
    (used / "letters.txt").touch()
    with server_on(empty) as server:
        assert execute(server.conninfo, "SELECT 1") == [(1,)]
    with pytest.raises(DataDirUnusable, match=f"chmod o\\+x {used}"):
        server_on(used).start()
    assert (mode_of(empty), mode_of(used)) == (0o701, 0o700)


@only_as_root
def test_programs_the_account_cannot_reach_are_copied_once(
    data_dir: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = place / "root"
    closed.mkdir(mode=0o700)
    package = find_install().parent
    for wheel_part in (package, package.parent / f"{package.name}.libs"):
        if wheel_part.exists():
            (closed / wheel_part.name).symlink_to(wheel_part)
    install = closed / package.name / find_install().name
    monkeypatch.setattr(binaries_module, "find_install", lambda: install)
    # The data directory may have copies already, where this interpreter lies in a closed place.
    shutil.rmtree(data_dir / "postgres-programs", ignore_errors=True)
    older = data_dir / "postgres-programs" / "0.0.1"
    older.mkdir(parents=True)
    said: list[str] = []
    for _ in range(2):
        with server_on(data_dir, progress=said.append) as server:
            assert rows_of(server.conninfo) == [("4ca2d6",)]
            assert server.bin_dir is not None
            assert server.bin_dir.is_relative_to(data_dir / "postgres-programs")
            subprocess.run([server.bin_dir / "pg_dump", "--version"], check=True)
    assert sum("Copying" in message for message in said) == 1
    assert not older.exists()


@only_as_root
@needs_proc
def test_root_of_a_user_namespace_without_other_ids_is_told_so(place: Path) -> None:
    command = ["unshare", "--user", "--map-root-user"]
    if (
        shutil.which("unshare") is None
        or subprocess.run([*command, "true"], check=False).returncode
    ):
        pytest.skip("user namespaces cannot be made here")
    answer = subprocess.run(
        [*command, sys.executable, "-c", OWNER, place / "data"],
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert "NoServerAccount: PostgreSQL refuses to run as root, and root here" in answer.stderr


@dataclass(frozen=True)
class Nobody:
    """How to run Python as `nobody`: an interpreter it can reach, and arguments of Popen."""

    python: str
    uid: int
    popen: dict[str, object]


@pytest.fixture(scope="module")
def nobody() -> Nobody:
    entry = pwd.getpwnam("nobody")
    path = os.pathsep.join([str(REPOSITORY), str(Path(psycopg.__file__).parent.parent)])
    popen: dict[str, object] = {
        "user": entry.pw_uid,
        "group": entry.pw_gid,
        "extra_groups": [],
        "env": {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
        "cwd": "/",
    }
    # A virtual environment's interpreter often is a link to one in somebody's home.
    system = f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"
    for python in (sys.executable, system):
        with contextlib.suppress(OSError):
            probe = [python, "-c", "import aerotrack.db.embedded"]
            if subprocess.run(probe, capture_output=True, check=False, **popen).returncode == 0:
                return Nobody(python, entry.pw_uid, popen)
    pytest.skip("nobody can reach no Python of this version, or not this checkout")


@only_as_root
@needs_proc
def test_an_ordinary_user_s_server_runs_as_that_user(
    place: Path, nobody: Nobody, owner_on: Callable[..., Owner]
) -> None:
    shutil.chown(place, "nobody")
    owner = owner_on(place / "data", nobody.python, **nobody.popen)
    assert owner_of(owner.server_pid) == nobody.uid
    assert mode_of(place / "data") == 0o700
    assert owner.finish() == 0
    assert wait_for_end(owner.server)


@only_as_root
def test_an_ordinary_user_is_refused_root_s_data(data_dir: Path, nobody: Nobody) -> None:
    answer = subprocess.run(
        [nobody.python, "-c", OWNER, data_dir],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
        **nobody.popen,
    )
    assert f"DataDirUnusable: the data directory {data_dir} cannot be used" in answer.stderr


# The fixture for other tests


def test_each_test_gets_a_database_of_its_own(database_url: str, postgres_url: str) -> None:
    execute(database_url, "CREATE TABLE mine (n int)")
    name = execute(database_url, "SELECT current_database()")[0][0]
    assert name != execute(postgres_url, "SELECT current_database()")[0][0]
