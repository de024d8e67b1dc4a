"""pytest plugin: runs Thespian's own test suite (shipped in its wheel) on our system base.

The suite asks for 'simpleSystemBase' by name, in a fixture that every module star-imports; so
the name is answered here, in `ActorSystem._startupActorSys`. The suite uses blocking calls, so
each base gets an event loop in a thread of its own, which ends when its system is shut down.

What must pass is listed in expected.txt: every test of the suite that passes on simpleSystemBase.
The run fails when one of them did not pass or did not run, unless left_out.txt names it with a
reason; when no base of ours was started; and where anything starts simpleSystemBase itself.
"""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest
import thespian.system.simpleSystemBase
from thespian.actors import ActorSystem

from aerotrack.actors.loopbase import LoopSystemBase

HERE = Path(__file__).parent
SUMMARY = "thespian conformance"
JOIN_SECONDS = 10.0


def listed(name: str) -> dict[str, str]:
    """Test ids of a list file with the reason behind each; empty lines and # comments are not."""
    entries = {}
    for line in (HERE / name).read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            test_id, _, reason = line.partition("  # ")
            entries[test_id.strip()] = reason.strip()
    return entries


class LoopThread:
    """An event loop in a thread, for one base; the thread ends with the base's shutdown."""

    def __init__(self, capabilities: dict[str, Any]) -> None:
        self._capabilities = capabilities
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="actor-loop", daemon=True)
        self._thread.start()
        assert self._ready.wait(JOIN_SECONDS)

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        ended = asyncio.Event()
        self.base = LoopSystemBase(capabilities=self._capabilities)
        self.base.when_closed(ended.set)
        self._ready.set()
        await ended.wait()


class Conformance:
    """Counts on every worker, judges on the controller."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.bases_started = 0
        self.outcomes: dict[str, str] = {}
        self._original = ActorSystem._startupActorSys

    def install(self) -> None:
        plugin = self
        original = self._original

        def start(
            system: ActorSystem,
            current: Any,
            system_base: Any,
            capabilities: dict[str, Any] | None,
            log_defs: Any,
        ) -> Any:
            if system_base == "simpleSystemBase" or (system_base is None and current is None):
                capabilities = {} if capabilities is None else capabilities
                system_base = LoopThread(capabilities).base
                plugin.bases_started += 1
            return original(system, current, system_base, capabilities, log_defs)

        def refuse(*_args: Any, **_kwargs: Any) -> None:
            raise AssertionError("the conformance run reached simpleSystemBase itself")

        ActorSystem._startupActorSys = start
        thespian.system.simpleSystemBase.ActorSystemBase.__init__ = refuse

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        self.bases_started += node.workeroutput.get("bases_started", 0)

    def pytest_sessionfinish(self) -> None:
        if hasattr(self.config, "workeroutput"):
            self.config.workeroutput["bases_started"] = self.bases_started

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        name = report.nodeid.rpartition("thespian/test/")[2]
        decisive = report.when == "call" or report.outcome != "passed"
        if decisive and self.outcomes.get(name) != "failed":
            self.outcomes[name] = report.outcome

    def problems(self) -> list[str]:
        """Why this run does not count as conforming; empty if it does."""
        expected, left_out = listed("expected.txt"), listed("left_out.txt")
        found = [
            f"{name}: {self.outcomes.get(name, 'did not run')}"
            for name in sorted(expected.keys() - left_out.keys())
            if self.outcomes.get(name) != "passed"
        ]
        found += [f"{name}: left out without a reason" for name in left_out if not left_out[name]]
        found += [
            f"{name}: left out, but nobody expects it" for name in left_out.keys() - expected.keys()
        ]
        if not self.bases_started:
            found.append("no system base of ours was started")
        return found


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    plugin = Conformance(config)
    plugin.install()
    config.pluginmanager.register(plugin, "thespian-conformance")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep what concerns one process, and leave out what left_out.txt names."""
    left_out = listed("left_out.txt")

    def wanted(item: pytest.Item) -> bool:
        name = item.nodeid.rpartition("thespian/test/")[2]
        return "multiproc" not in name and name not in left_out

    config.hook.pytest_deselected(items=[item for item in items if not wanted(item)])
    items[:] = [item for item in items if wanted(item)]


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    config = session.config
    if hasattr(config, "workeroutput"):
        return
    plugin = config.pluginmanager.get_plugin("thespian-conformance")
    if plugin.problems() and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    plugin = config.pluginmanager.get_plugin("thespian-conformance")
    problems = plugin.problems()
    passed = sum(outcome == "passed" for outcome in plugin.outcomes.values())
    terminalreporter.section(SUMMARY)
    terminalreporter.line(
        f"{passed} passed of {len(listed('expected.txt'))} expected, "
        f"{len(listed('left_out.txt'))} left out, {plugin.bases_started} bases of ours started"
    )
    for problem in problems:
        terminalreporter.line(f"NOT CONFORMING {problem}", red=True)
