"""The way into the embedded PostgreSQL for others: over TCP, by password, to read the schema `api`.

The role's password lies in the data directory, for its owner's eyes only; the server itself only
ever sees what SCRAM makes of it.
"""

import contextlib
import os
import secrets
from pathlib import Path
from typing import NamedTuple

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from aerotrack.db.connection import connect, translated
from aerotrack.db.embedded.cluster import DATABASE, GUEST
from aerotrack.db.errors import DataDirUnusable, NotListening

PASSWORD_FILE = "postgres.reader-password"
# 192 bits; nobody types it.
_PASSWORD_BYTES = 24
# Of the server's 40 connections so many may be guests: the writer always finds one.
CONNECTIONS = 10
# A mistyped join must not keep the disk busy for ever; whoever needs longer sets it for a session.
STATEMENT_TIMEOUT = "10min"

_EVERYWHERE = {"*": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}


class Listen(NamedTuple):
    """Where the server listens: an address or name, and a port."""

    host: str
    port: int

    @property
    def settings(self) -> dict[str, str]:
        """The server's settings that make it do so."""
        return {"listen_addresses": self.host, "port": str(self.port)}


def parse_listen(address: str) -> Listen:
    """``127.0.0.1:5433`` or ``[::1]:5433``, as the setting ``db_listen`` was checked to be."""
    host, _, port = address.rpartition(":")
    return Listen(host.strip("[]"), int(port))


def guest_password(data_dir: Path, *, make: bool = False) -> str:
    """The password of the role that may read, ``make`` it where there is none.

    Whoever wants one of their own writes it into the file and starts AeroTrack again. Raises
    ``DataDirUnusable``.
    """
    path = data_dir / PASSWORD_FILE
    try:
        if make:
            with contextlib.suppress(FileExistsError):
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
                with os.fdopen(os.open(path, flags, 0o600), "w", encoding="ascii") as file:
                    file.write(secrets.token_urlsafe(_PASSWORD_BYTES) + "\n")
        password = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise DataDirUnusable(f"the password in {path} cannot be read: {error}") from error
    if not password:
        raise DataDirUnusable(f"{path} is empty: remove it, and a new password is made")
    return password


def admit_guests(conninfo: str, data_dir: Path) -> None:
    """See to it that the role is there, with its password, and may read `api` and nothing else.

    For after every migration: the schema's views may be new. Raises ``DatabaseError``.
    """
    password = guest_password(data_dir, make=True)
    role, database = sql.Identifier(GUEST), sql.Identifier(DATABASE)
    with translated(), connect(conninfo, "aerotrack guests") as connection:
        verifier = connection.pgconn.encrypt_password(
            password.encode(), GUEST.encode(), b"scram-sha-256"
        ).decode()
        with connection.transaction():
            if connection.execute("SELECT FROM pg_roles WHERE rolname = %s", (GUEST,)).rowcount < 1:
                connection.execute(sql.SQL("CREATE ROLE {}").format(role))
            for statement in (
                "ALTER ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION"
                " CONNECTION LIMIT {limit} PASSWORD {verifier}",
                "ALTER ROLE {role} SET default_transaction_read_only = on",
                "ALTER ROLE {role} SET search_path = api",
                "ALTER ROLE {role} SET statement_timeout = {timeout}",
                "ALTER ROLE {role} SET timezone = 'UTC'",
                "REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC",
                "REVOKE ALL ON SCHEMA public FROM PUBLIC",
                "GRANT USAGE ON SCHEMA api TO {role}",
                "GRANT SELECT ON ALL TABLES IN SCHEMA api TO {role}",
            ):
                connection.execute(
                    sql.SQL(statement).format(
                        role=role,
                        database=database,
                        limit=sql.Literal(CONNECTIONS),
                        verifier=sql.Literal(verifier),
                        timeout=sql.Literal(STATEMENT_TIMEOUT),
                    )
                )


def guest_conninfo(conninfo: str, data_dir: Path) -> str:
    """The connection string for guests of the server at ``conninfo``, their password included.

    Raises:
        NotListening: it was started without an address to listen on.
        DataDirUnusable: the password cannot be read.
    """
    with translated(), connect(conninfo, "aerotrack url") as connection:
        host = _shown(connection, "listen_addresses")
        port = _shown(connection, "port")
    if not host:
        raise NotListening(
            "the embedded PostgreSQL listens on no address: start AeroTrack with --db-listen "
            "127.0.0.1:5433"
        )
    return make_conninfo(
        host=_EVERYWHERE.get(host, host),
        port=port,
        user=GUEST,
        password=guest_password(data_dir),
        dbname=DATABASE,
    )


def _shown(connection: psycopg.Connection, name: str) -> str:
    row = connection.execute("SELECT current_setting(%s)", (name,)).fetchone()
    return str(row[0]) if row else ""
