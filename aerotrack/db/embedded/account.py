"""The operating system account the embedded PostgreSQL runs as.

PostgreSQL refuses to run as root. An ordinary user's server runs as that user; root's runs as an
unprivileged account, and every program of PostgreSQL is started through `Account.credentials`.
"""

import os
import pwd
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from aerotrack.db.errors import DataDirUnusable, NoServerAccount

# In order of preference. `nobody` owns files elsewhere too, which is poor style, so it comes last;
# but it is the one account that every image has.
SERVER_ACCOUNTS = ("aerotrack", "postgres", "nobody")

# The shell is there wherever initdb works, since initdb itself runs its steps through it.
SHELL = "/bin/sh"

# A probe is one exec of a shell builtin; a minute only passes on a machine that is stuck.
PROBE_TIMEOUT_S = 60.0


class Credentials(TypedDict, total=False):
    """Arguments of `subprocess.Popen` that drop privileges; empty where there are none to drop."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class Account:
    """Who runs the server (`uid`, `gid`), and whether we have to change to it."""

    uid: int
    gid: int
    name: str
    drop: bool

    @property
    def credentials(self) -> Credentials:
        if not self.drop:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def give(self, path: Path) -> None:
        """Make the account owner of a path we have just created."""
        if self.drop:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def first_unreachable(self, directories: Iterable[Path]) -> Path | None:
        """The first of `directories` the account cannot pass through, tried as that account."""
        paths = [str(path) for path in directories]
        script = 'for d; do [ -x "$d" ] || { printf %s "$d"; exit 3; }; done'
        answer = subprocess.run(
            [SHELL, "-c", script, "sh", *paths],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PROBE_TIMEOUT_S,
            cwd="/",
            check=False,
            **self.credentials,
        )
        return Path(answer.stdout) if answer.returncode == 3 else None


def login_name(uid: int) -> str:
    """The name of `uid`; raises NoServerAccount if the system knows none.

    initdb refuses to run without one, and peer authentication compares names.
    """
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        raise NoServerAccount(
            f"user id {uid} has no entry in /etc/passwd, and PostgreSQL's initdb needs one: run as "
            "a user that has, or name a server with AEROTRACK_DATABASE_URL"
        ) from None


def choose_account(data_dir: Path, cluster: Path, run_as: str | None) -> Account:
    """Decide who runs the server on `cluster`, the PostgreSQL directory within `data_dir`.

    As an ordinary user: ourselves. As root: `run_as` if given, else the owner of what is there
    already (cluster, then data directory) unless that is root, else the first of SERVER_ACCOUNTS.
    Raises NoServerAccount, also where root may not change to it (a user namespace that maps only
    one id, a container without CAP_SETUID), and DataDirUnusable if the cluster is another's.
    """
    euid = os.geteuid()
    owner = cluster.stat().st_uid if cluster.exists() else None
    if euid != 0:
        if owner is not None and owner != euid:
            raise DataDirUnusable(
                f"{cluster} belongs to {_describe(owner)} and we run as {_describe(euid)}: start "
                f"AeroTrack as its owner, or give it away with: chown -R {euid} {data_dir}"
            )
        return Account(euid, os.getegid(), login_name(euid), drop=False)
    account = _account_for_root(data_dir, cluster, owner, run_as)
    if owner is not None and owner != account.uid:
        raise DataDirUnusable(
            f"{cluster} belongs to {_describe(owner)} and the server is to run as {account.name}: "
            f"give it to that account with: chown -R {account.uid}:{account.gid} {cluster}"
        )
    _try_to_become(account)
    return account


def _account_for_root(
    data_dir: Path, cluster: Path, owner: int | None, run_as: str | None
) -> Account:
    if run_as is not None:
        found = _named(run_as)
        if found is None or found.uid == 0:
            raise NoServerAccount(f"PostgreSQL cannot run as {run_as!r}: no such ordinary user")
        return found
    if owner:  # an existing cluster stays with its owner, also when a better account turns up
        return Account(owner, cluster.stat().st_gid, _describe(owner), drop=True)
    if data_dir.exists() and (uid := data_dir.stat().st_uid) != 0:
        try:
            entry = pwd.getpwuid(uid)
        except KeyError:
            pass  # a bind mount of the host's user: initdb needs a name
        else:
            return Account(entry.pw_uid, entry.pw_gid, entry.pw_name, drop=True)
    for name in SERVER_ACCOUNTS:
        found = _named(name)
        if found is not None and found.uid != 0:
            return found
    raise NoServerAccount(
        "PostgreSQL refuses to run as root and none of the accounts "
        f"{', '.join(SERVER_ACCOUNTS)} exists: create one (useradd --system aerotrack), run "
        "AeroTrack as an ordinary user, or name a server with AEROTRACK_DATABASE_URL"
    )


def _named(name: str) -> Account | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(entry.pw_uid, entry.pw_gid, entry.pw_name, drop=True)


def _describe(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user id {uid}"


def _try_to_become(account: Account) -> None:
    try:
        account.first_unreachable(())
    except (OSError, subprocess.SubprocessError) as error:
        raise NoServerAccount(
            f"PostgreSQL refuses to run as root, and root here may not change to {account.name} "
            f"({error}): this is a user namespace without other ids or a container without "
            "CAP_SETUID and CAP_SETGID. Run AeroTrack as an ordinary user, or name a server with "
            "AEROTRACK_DATABASE_URL"
        ) from error
