"""The command line: what it starts, what it says, how it ends."""

import subprocess
import sys
import threading
import types
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from aerotrack import __version__
from aerotrack.cli import main
from aerotrack.config import Settings
from aerotrack.settings import SPECS


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Settings]:
    """What the runtime was started with; nothing really starts."""
    calls: list[Settings] = []
    runtime = types.ModuleType("aerotrack.runtime")

    def run(settings: Settings) -> int:
        calls.append(settings)
        return 0

    runtime.run = run  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "aerotrack.runtime", runtime)
    monkeypatch.setattr("aerotrack.runtime", runtime, raising=False)
    monkeypatch.setattr("aerotrack.logs.setup", lambda level, style: None)
    monkeypatch.setenv("HOME", str(tmp_path))
    return calls


def aerotrack(*arguments: str, env: dict[str, str] | None = None) -> Result:
    return CliRunner().invoke(main, list(arguments), env=env)


def test_serve_starts_what_was_asked_for(started: list[Settings]) -> None:
    done = aerotrack("serve", "--feed", "sbs://a:1", "--feed", "sbs://b:2", "--port", "0")
    assert (0, "") == (done.exit_code, done.output)
    (settings,) = started
    assert (("sbs://a:1", "sbs://b:2"), 0) == (settings.feeds, settings.port)


def test_serve_never_invents_traffic(started: list[Settings]) -> None:
    aerotrack("serve")
    assert () == started[0].feeds


def test_demo_flies_the_simulator_and_says_that_it_is_not_real(started: list[Settings]) -> None:
    done = aerotrack("demo", "--flights", "7", "--seed", "3", "--port", "9000")
    assert 0 == done.exit_code
    assert (("simulator://?flights=7&seed=3",), 9000) == (started[0].feeds, started[0].port)
    assert "demo" == started[0].data_dir.name
    assert "7 simulated flights, seed 3. None of this traffic is real" in done.stderr


def test_a_demo_until_feeds_serves_them_once_they_are_set(started: list[Settings]) -> None:
    aerotrack("demo", "--until-feeds")
    aerotrack("demo", "--until-feeds", env={"AEROTRACK_FEEDS": "sbs://a:1"})
    assert ("simulator", "sbs") == tuple(call.feeds[0].split(":")[0] for call in started)
    assert "aerotrack" == started[1].data_dir.name


def test_the_exit_code_is_that_of_the_runtime(
    started: list[Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aerotrack.runtime.run", lambda settings: 1)
    assert 1 == aerotrack("serve").exit_code


def test_a_failure_is_one_line_without_a_traceback(
    started: list[Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(settings: Settings) -> int:
        raise OSError("port 8480 is taken\nby another")

    monkeypatch.setattr("aerotrack.runtime.run", fail)
    done = aerotrack("serve")
    assert 1 == done.exit_code
    assert "aerotrack: port 8480 is taken by another (--debug shows where)\n" == done.output
    assert isinstance(aerotrack("serve", "--debug").exception, OSError)


def test_wrong_settings_are_a_usage_error_and_all_are_told(started: list[Settings]) -> None:
    done = aerotrack("serve", "--port", "x", env={"AEROTRACK_PROT": "1"})
    assert 2 == done.exit_code
    assert (
        "aerotrack: these settings cannot be used:\n"
        "  AEROTRACK_PROT (environment): there is no such setting; did you mean AEROTRACK_PORT?\n"
        "  port (--port): 'x' does not fit; give a whole number from 0 to 65535\n"
    ) == done.stderr
    assert [] == started


def test_an_unknown_option_is_a_usage_error() -> None:
    assert 2 == aerotrack("serve", "--prot", "1").exit_code
    assert 2 == aerotrack("fly").exit_code
    assert 2 == aerotrack("demo", "--flights", "0").exit_code


def test_help_lists_every_setting_that_has_an_option() -> None:
    text = aerotrack("serve", "--help").output
    assert [] == [s.flag for s in SPECS.values() if s.flag and f"  {s.flag}" not in text]
    assert "--ingest-token" not in text
    assert "[default: 8480]" in " ".join(text.split())


def test_config_shows_what_is_in_force_and_where_it_comes_from(tmp_path: Path) -> None:
    env = {
        "HOME": str(tmp_path),
        "AEROTRACK_INGEST_TOKEN": "hunter2hunter2",
        "AEROTRACK_FEEDS": "sbs://hunter2@h:1",
    }
    done = aerotrack("config", "--port", "9000", env=env)
    lines = {
        line.split("  #")[0].rstrip(): line.rsplit("# ")[-1] for line in done.output.split("\n")
    }
    assert 0 == done.exit_code
    assert ("--port", "AEROTRACK_FEEDS", "AEROTRACK_INGEST_TOKEN", "default") == (
        lines["port = 9000"],
        lines['feeds = ["sbs://***@h:1"]'],
        lines['ingest_token = "***"'],
        lines['host = "127.0.0.1"'],
    )
    assert "hunter2" not in done.output


def test_what_config_prints_is_a_file_that_config_takes(tmp_path: Path) -> None:
    env = {"HOME": str(tmp_path)}
    flags = ("--port", "9000", "--feed", "sbs://a:1", "--receiver-lat", "1", "--receiver-lon", "2")
    printed = aerotrack("config", *flags, env=env).output
    path = tmp_path / "printed.toml"
    path.write_text(printed)
    again = aerotrack("config", "--config", str(path), env=env).output
    plain = [[line.split("  #")[0] for line in text.splitlines()] for text in (printed, again)]
    assert plain[0] == plain[1]


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/base/healthz" else 503)
        self.end_headers()
        self.wfile.write(b"answer")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield str(server.server_port)
        server.shutdown()
        thread.join()


def test_health_asks_the_server_of_these_settings(port: str) -> None:
    asked = ("health", "--port", port, "--base-path", "/base", "--host", "0.0.0.0")
    well, unready = aerotrack(*asked), aerotrack(*asked, "--ready")
    assert (0, "answer\n") == (well.exit_code, well.output)
    assert 1 == unready.exit_code
    assert "/base/readyz answers 503" in unready.output


def test_health_of_a_server_that_is_not_there() -> None:
    done = aerotrack("health", "--port", "1")
    assert 1 == done.exit_code
    assert "127.0.0.1:1 does not answer" in done.output


def test_the_module_runs_and_imports_nothing_heavy_for_its_help(tmp_path: Path) -> None:
    code = (
        "import sys; from aerotrack.cli import main\n"
        "heavy = {'tornado', 'psycopg', 'thespian', 'asyncio', 'rich'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    for arguments in (["-c", code], ["-m", "aerotrack", "--version"]):
        done = subprocess.run(
            [sys.executable, *arguments], capture_output=True, text=True, check=False
        )
        assert (0, "") == (done.returncode, done.stderr)
    assert f"aerotrack {__version__}\n" == done.stdout
