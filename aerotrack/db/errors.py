"""Errors of the database side, one family, each with a stable code.

    DatabaseError                     database_error
    ├── EmbeddedPostgresError         embedded_postgres
    │   ├── PostgresNotBundled        postgres_not_bundled
    │   ├── DataDirLocked             data_dir_locked
    │   ├── DataDirUnusable           data_dir_unusable
    │   ├── OtherMajorVersion         other_major_version
    │   ├── NoServerAccount           no_server_account
    │   ├── PredecessorStillRunning   predecessor_still_running
    │   ├── InitdbFailed              initdb_failed
    │   ├── ServerStartFailed         server_start_failed
    │   └── NotListening              not_listening
    ├── DatabaseUnavailable           database_unavailable
    ├── DatabaseTimeout               database_timeout
    ├── QueryFailed                   query_failed
    ├── CopyRefused               copy_refused
    └── MigrationError                migration_error
        ├── ServerTooOld              server_too_old
        ├── DatabaseNewer             database_newer
        ├── MigrationChanged          migration_changed
        └── MigrationFailed           migration_failed

The message is written for the operator: what is wrong, where, and what to do. The code is for
programs (logs, health, exit status) and does not change once released.
"""

from pathlib import Path
from typing import ClassVar


class DatabaseError(Exception):
    """Root of everything `aerotrack.db` raises on its own account."""

    code: ClassVar[str] = "database_error"


class EmbeddedPostgresError(DatabaseError):
    """The embedded PostgreSQL cannot be set up, started or stopped."""

    code = "embedded_postgres"


class PostgresNotBundled(EmbeddedPostgresError):
    """No PostgreSQL of the right major version for this platform in the installed wheel."""

    code = "postgres_not_bundled"


class DataDirLocked(EmbeddedPostgresError):
    """Another process runs the embedded PostgreSQL of this data directory.

    `pid` is the process that took the lock, None where it could not be read.
    """

    code = "data_dir_locked"

    def __init__(self, message: str, *, data_dir: Path, pid: int | None) -> None:
        super().__init__(message)
        self.data_dir = data_dir
        self.pid = pid


class DataDirUnusable(EmbeddedPostgresError):
    """The data directory cannot be reached, belongs to somebody else or holds something else."""

    code = "data_dir_unusable"


class OtherMajorVersion(EmbeddedPostgresError):
    """The data directory was written by another major version of PostgreSQL."""

    code = "other_major_version"


class NoServerAccount(EmbeddedPostgresError):
    """Started as root, and there is no unprivileged account PostgreSQL could run as."""

    code = "no_server_account"


class PredecessorStillRunning(EmbeddedPostgresError):
    """A server already runs on the data directory and cannot be stopped, or not be identified."""

    code = "predecessor_still_running"


class InitdbFailed(EmbeddedPostgresError):
    """`initdb` failed or took too long; the message ends with what it said."""

    code = "initdb_failed"


class ServerStartFailed(EmbeddedPostgresError):
    """`postgres` ended or did not get ready in time; the message ends with its log's last lines."""

    code = "server_start_failed"


class NotListening(EmbeddedPostgresError):
    """The embedded server has no address for others."""

    code = "not_listening"


class DatabaseUnavailable(DatabaseError):
    """The server cannot be reached, went away, or has no connection to spare."""

    code = "database_unavailable"


class DatabaseTimeout(DatabaseError):
    """The server was reached and did not answer in the time a query is given."""

    code = "database_timeout"


class QueryFailed(DatabaseError):
    """The server refused a query of ours: something is wrong with the schema, rights or disk."""

    code = "query_failed"


class CopyRefused(DatabaseError):
    """The history was not copied to another server."""

    code = "copy_refused"


class MigrationError(DatabaseError):
    """The schema cannot be brought to the state this version needs; nothing was left half done."""

    code = "migration_error"


class ServerTooOld(MigrationError):
    """The server is older than any version AeroTrack works with."""

    code = "server_too_old"


class DatabaseNewer(MigrationError):
    """The database was migrated by a newer AeroTrack than this one."""

    code = "database_newer"


class MigrationChanged(MigrationError):
    """A migration that was applied reads differently now: the code or the record was edited."""

    code = "migration_changed"


class MigrationFailed(MigrationError):
    """The server refused a migration; what it did was rolled back."""

    code = "migration_failed"
