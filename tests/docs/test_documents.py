"""The documents say what the code does: settings, commands, variables, links, examples."""

import asyncio
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, ClassVar

import pytest
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application
from tornado.websocket import WebSocketHandler

from aerotrack.cli import main
from aerotrack.config import CONFIG_VARIABLE
from aerotrack.settings import SPECS

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
# Files that set our variables for a deployment.
DEPLOYMENTS = [
    path
    for pattern in ("Dockerfile", "docker-compose*.yml", "examples/**/*.yml", ".ci/run")
    for path in sorted(ROOT.glob(pattern))
]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")


def prose(path: Path) -> str:
    return FENCE.sub("", path.read_text(encoding="utf-8"))


def anchors(path: Path) -> set[str]:
    """The anchors GitHub gives a document's headings."""
    headings = re.findall(r"^#+ (.+)$", prose(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_settings_are_documented_as_they_are() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "docs_settings.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (0, "") == (done.returncode, done.stderr)


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_a_setting_is_documented_with_its_variable_and_option(spec: Any) -> None:
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    wanted = {f"`{spec.name}`", f"`{spec.variable}`", f"`{spec.flag or spec.name}`"}
    assert set() == {name for name in wanted if name not in text}


@pytest.mark.parametrize("path", [*DOCUMENTS, *DEPLOYMENTS], ids=lambda path: path.name)
def test_variables_named_in_documents_and_deployments_exist(path: Path) -> None:
    known = {spec.variable for spec in SPECS.values()} | {CONFIG_VARIABLE}
    named = set(re.findall(r"AEROTRACK_[A-Z_]*[A-Z]", path.read_text(encoding="utf-8")))
    # Ports a deployment publishes on, and servers for the tests, are no settings of ours.
    others = {n for n in named if n.startswith(("AEROTRACK_TEST_", "AEROTRACK_PUBLISH"))}
    assert set() == named - known - others


@pytest.mark.parametrize("command", main.commands)
def test_a_command_is_shown_in_some_document(command: str) -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in DOCUMENTS)
    assert f"aerotrack {command}" in text


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_relative_links_lead_somewhere(path: Path) -> None:
    broken = []
    for link in LINK.findall(prose(path)):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert [] == broken


class _Live(WebSocketHandler):
    """Says what the README's client has to understand, and hangs up."""

    asked: ClassVar[list[Any]] = []

    def check_origin(self, origin: str) -> bool:
        return True

    async def on_message(self, message: str | bytes) -> None:
        self.asked.append(json.loads(message))
        for frame in (
            {"type": "welcome", "protocol": 1},
            {"type": "snapshot", "seq": 1, "more": True, "flights": [entry("aaaaaa", "OLD1")]},
            {"type": "snapshot", "seq": 2, "flights": [entry("bbbbbb", "KEPT2")]},
            {
                "type": "delta",
                "seq": 3,
                "gone": [{"icao24": "aaaaaa", "reason": "left_view"}],
                "flights": [
                    {"icao24": "bbbbbb", "lat": 51.5, "squawk": None},
                    {**entry("cccccc", "NEW3"), "full": True},
                ],
            },
        ):
            await self.write_message(json.dumps(frame))
        self.close()


def entry(icao24: str, callsign: str) -> dict[str, Any]:
    return {"icao24": icao24, "callsign": callsign, "lat": 1.0, "lon": 2.0, "squawk": "1000"}


def test_the_client_in_the_readme_is_short_and_understands_the_stream() -> None:
    blocks = FENCE.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    (client,) = [code for language, code in blocks if language == "python"]
    lines = [line for line in client.splitlines() if line.strip()]
    assert len(lines) <= 24
    (socket,) = bind_sockets(0, "127.0.0.1")
    url = f"ws://127.0.0.1:{socket.getsockname()[1]}/api/v1/live"
    assert "ws://127.0.0.1:8480/api/v1/live" in client
    code = client.replace("ws://127.0.0.1:8480/api/v1/live", url)

    async def run() -> str:
        server = HTTPServer(Application([("/api/v1/live", _Live)]))
        server.add_sockets([socket])
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE
        )
        try:
            output, _ = await asyncio.wait_for(process.communicate(), 30)
        finally:
            server.stop()
            await server.close_all_connections()
        assert 0 == process.returncode
        return output.decode()

    shown = asyncio.run(run())
    assert "subscribe" == _Live.asked[0]["type"]
    last = shown.strip().splitlines()[-1]
    assert ("2 flights", True, True, False) == (
        last.split(":")[0], "KEPT2" in last, "NEW3" in last, "OLD1" in last
    )  # fmt: skip
