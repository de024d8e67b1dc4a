"""What several folders of tests share: a PostgreSQL, recordings, and Hypothesis's profile.

One server a session, a fresh database a test. `AEROTRACK_TEST_DATABASE_URL` names a server to use
instead of the embedded one; its role must be allowed to create databases. Recordings lie outside
the repository: `AEROTRACK_TEST_SHARED` names the folder, else a `shared` beside a parent is taken.
"""

import gzip
import importlib
import importlib.util
import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from psycopg import sql
from psycopg.conninfo import make_conninfo

from aerotrack.db.embedded import EmbeddedPostgres, find_install
from aerotrack.db.errors import PostgresNotBundled

# On a machine that is busy with other tests nothing can be said of time. What Hypothesis has for CI
# (always the same examples) stays as it is.
settings.register_profile(
    "busy", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("busy")

# No test outlives a power cut.
FAST_SETTINGS = {"fsync": "off", "full_page_writes": "off"}


def prepare_template(conninfo: str) -> None:
    """Bring the template database to the state every test starts from: the schema, if there is."""
    if importlib.util.find_spec("aerotrack.db.migrate") is not None:
        importlib.import_module("aerotrack.db.migrate").migrate(conninfo)


@pytest.fixture(scope="session")
def require_embedded() -> None:
    """Skip, or under CI fail, where the embedded PostgreSQL does not exist."""
    try:
        find_install()
    except PostgresNotBundled as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error), pytrace=False)
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def make_place() -> Iterator[Callable[[], Path]]:
    """Makes directories that an unprivileged account can pass through, unlike root's tmp_path."""
    made: list[Path] = []

    def make() -> Path:
        place = Path(tempfile.mkdtemp(prefix="aerotrack-test-"))
        place.chmod(0o755)
        made.append(place)
        return place

    yield make
    for place in made:
        shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_url(request: pytest.FixtureRequest, make_place: Callable[[], Path]) -> Iterator[str]:
    """The connection string of a running server."""
    url = os.environ.get("AEROTRACK_TEST_DATABASE_URL")
    if url:
        yield url
        return
    request.getfixturevalue("require_embedded")
    with EmbeddedPostgres(make_place() / "data", settings=FAST_SETTINGS) as server:
        yield server.conninfo


@pytest.fixture(scope="session")
def template_database(postgres_url: str) -> Iterator[str]:
    """The name of a database that `prepare_template` has prepared; nobody connects to it."""
    with _new_database(postgres_url, None) as name:
        prepare_template(make_conninfo(postgres_url, dbname=name))
        yield name


@pytest.fixture
def database_url(postgres_url: str, template_database: str) -> Iterator[str]:
    """The connection string of this test's own database, a clone of the template."""
    with _new_database(postgres_url, template_database) as name:
        yield make_conninfo(postgres_url, dbname=name)


class _new_database:
    """Context manager: creates a database, gives its name, drops it whoever is connected."""

    def __init__(self, server_url: str, template: str | None) -> None:
        self._server_url = server_url
        self._template = template or "template1"
        self._name = f"aerotrack_test_{uuid.uuid4().hex}"

    def __enter__(self) -> str:
        self._run("CREATE DATABASE {} TEMPLATE {}", self._name, self._template)
        return self._name

    def __exit__(self, *_: object) -> None:
        self._run("DROP DATABASE {} WITH (FORCE)", self._name)

    def _run(self, statement: str, *names: str) -> None:
        with psycopg.connect(self._server_url, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@pytest.fixture(scope="session")
def fetch() -> Callable[..., list[tuple[Any, ...]]]:
    """Asks a database something: ``fetch(url, query, *parameters)``."""

    def ask(url: str, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(url, options="-c search_path=aerotrack -c timezone=UTC") as connection:
            return connection.execute(query.encode(), parameters or None).fetchall()

    return ask


def _recordings() -> Path | None:
    """The folder of recordings: named by the environment, or beside the repository."""
    named = os.environ.get("AEROTRACK_TEST_SHARED")
    roots = [Path(named)] if named else [p / "shared" for p in Path(__file__).resolve().parents]
    return next((d for r in roots if (d := r / "data" / "recordings").is_dir()), None)


@pytest.fixture(scope="session")
def recording() -> Callable[[str], bytes]:
    """The bytes of a recording by its name; skips where the recordings are not at hand."""
    folder = _recordings()
    if folder is None:
        pytest.skip(
            "no ../shared/data/recordings beside the repository (see AEROTRACK_TEST_SHARED)"
        )

    def read(name: str) -> bytes:
        path = folder / name
        return gzip.decompress(path.read_bytes()) if name.endswith(".gz") else path.read_bytes()

    return read
