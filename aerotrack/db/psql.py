"""The database from outside AeroTrack: its address as a URL, and psql on it."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlencode

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from aerotrack.db.embedded import find_install
from aerotrack.db.errors import PostgresNotBundled

# What a shell finds without a schema's name: what people may rely on, and nothing private.
SEARCH_PATH: Final = "-c search_path=api"


def server_url(conninfo: str) -> str:
    """``conninfo`` as the URL that every libpq program and most drivers take, password included."""
    given = {name: str(value) for name, value in conninfo_to_dict(conninfo).items()}
    user, password = given.pop("user", ""), given.pop("password", "")
    login = quote(user, safe="") + (f":{quote(password, safe='')}" if password else "")
    place, database = "", given.pop("dbname", "")
    host = given.get("host", "")
    if host and "/" not in host and "," not in host:  # a socket's directory only fits behind the ?
        del given["host"]
        port = given.pop("port", "")
        place = (f"[{host}]" if ":" in host else host) + (f":{port}" if port else "")
    query = f"?{urlencode(given, quote_via=quote)}" if given else ""
    return f"postgresql://{login}{'@' if login else ''}{place}/{quote(database, safe='')}{query}"


@contextmanager
def psql_command(conninfo: str) -> Iterator[list[str]]:
    """The command that opens psql on ``conninfo``, good within the block.

    A password goes by a file that only we may read, since everybody may read command lines. Raises
    ``PostgresNotBundled`` where there is neither the wheel's psql nor one on the path.
    """
    given = conninfo_to_dict(conninfo)
    password = given.pop("password", None)
    options = f"{given.pop('options', '')} {SEARCH_PATH}".strip()
    with tempfile.TemporaryDirectory(prefix="aerotrack-psql-") as folder:
        if password is not None:
            given["passfile"] = str(_password_file(Path(folder), str(password)))
        yield [_psql(), make_conninfo("", **given, options=options)]


def _psql() -> str:
    try:
        return str(find_install() / "bin" / "psql")
    except PostgresNotBundled:
        found = shutil.which("psql")
        if found is None:
            raise
        return found


def _password_file(folder: Path, password: str) -> Path:
    """A libpq password file for every server and user."""
    escaped = password.replace("\\", "\\\\").replace(":", "\\:")
    path = folder / "pgpass"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(f"*:*:*:*:{escaped}\n")
    return path
