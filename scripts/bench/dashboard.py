"""What the map costs its browser: the main thread's time an update and a frame.

    python scripts/bench/dashboard.py [--flights 1000,10000,20000] [--seconds 20] [--query STRING]

Starts a server with the simulator, opens the whole world in a headless Chromium with the table
open, and prints for each number of aircraft: milliseconds that a change takes to be taken in and
drawn, and that a frame takes; what scripts and all of the main thread take of a second, parsing and
table among it; the heap after a collection. The simulator spreads its departures, so fewer may be
up than asked for: both numbers are printed. ``--profile FILE`` keeps a CPU profile, which
Chromium's developer tools open. Needs the tests' requirements and a built dashboard.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

from selenium import webdriver

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.browser.conftest import ARGUMENTS, started_browser
from tests.system.harness import Server

WORLD = "?lat=30&lon=0&zoom=1.2"
# The simulator spreads its departures: who is not up by then is not waited for.
READY_S = 40.0
SETTLE_S = 6.0
SAMPLE_S = 0.5


def main() -> None:
    """Measure each number of aircraft and print a line for it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--flights", default="1000,10000,20000")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--query", default=WORLD)
    parser.add_argument("--profile", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)  # root runs PostgreSQL as a user that must get in
        driver = started_browser(Path(place) / "chromium", (*ARGUMENTS, "--window-size=1280,800"))
        try:
            for number, flights in enumerate(asked.flights.split(",")):
                data = Path(place) / f"data{number}"
                with Server(data, feeds=[f"simulator://?flights={flights}"]) as server:
                    print(measured(driver, server, asked, int(flights)), flush=True)
        finally:
            driver.quit()


def measured(
    driver: webdriver.Chrome, server: Server, asked: argparse.Namespace, flights: int
) -> str:
    """One line of figures for a server's aircraft."""
    driver.get(f"http://{server.host}:{server.port}/{asked.query}")
    deadline = time.monotonic() + READY_S
    while driver.execute_script("return window.aerotrack?.drawn ?? 0") < 0.95 * flights:
        if time.monotonic() > deadline:
            break
        time.sleep(SAMPLE_S)
    time.sleep(SETTLE_S)
    driver.execute_cdp_cmd("Performance.enable", {})
    if asked.profile:
        driver.execute_cdp_cmd("Profiler.enable", {})
        driver.execute_cdp_cmd("Profiler.start", {})
    before, began = metrics(driver), time.monotonic()
    updates: list[float] = []
    frames: list[float] = []
    while time.monotonic() - began < asked.seconds:
        time.sleep(SAMPLE_S)
        update, frame = driver.execute_script("return [aerotrack.updateMs, aerotrack.frameMs]")
        updates.append(update)
        frames.append(frame)
    took = time.monotonic() - began
    after = metrics(driver)
    if asked.profile:
        profile = driver.execute_cdp_cmd("Profiler.stop", {})["profile"]
        asked.profile.write_text(json.dumps(profile))
    driver.execute_cdp_cmd("HeapProfiler.collectGarbage", {})
    heap = metrics(driver)["JSHeapUsedSize"] / 1e6
    script, task = (
        (after[name] - before[name]) / took * 1000 for name in ("ScriptDuration", "TaskDuration")
    )
    drawn = driver.execute_script("return aerotrack.drawn")
    return (
        f"{flights} aircraft ({drawn} drawn): update median {statistics.median(updates):.1f} ms, "
        f"least {min(updates):.1f}, frame {statistics.median(frames):.2f} ms, "
        f"script {script:.0f} ms/s, main thread {task:.0f} ms/s, heap {heap:.0f} MB"
    )


def metrics(driver: webdriver.Chrome) -> dict[str, float]:
    """Chromium's own counters, seconds and bytes."""
    found = driver.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
    return {one["name"]: one["value"] for one in found}


if __name__ == "__main__":
    main()
