"""The command line. Imports what a command needs inside it, so that help comes at once.

Exit codes: 0 done, 1 failed (one line on standard error, the traceback with ``--debug``),
2 wrong usage or settings, 130 interrupted.
"""

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from aerotrack import __version__
from aerotrack.config import Config, ConfigError, Settings, load
from aerotrack.decode_command import decode
from aerotrack.setting import Spec
from aerotrack.settings import SPECS
from aerotrack.top_command import top

# The simulator is made for this many; more is another kind of test.
MOST_SIMULATED_FLIGHTS: Final = 25_000
HEALTH_TIMEOUT_S: Final = 5.0
_EPILOG: Final = (
    "Every setting can also be given as an environment variable (--data-dir as "
    "AEROTRACK_DATA_DIR, several --feed as AEROTRACK_FEEDS, split by spaces) or in a TOML file "
    "(data_dir = …, feeds = […]). The command line wins, then the environment, then the file. "
    "'aerotrack config' shows what is in force; docs/configuration.md explains each."
)


class _SettingOption(click.Option):
    """An option that is a setting; its values are checked by the configuration, as any other."""

    def __init__(self, spec: Spec) -> None:
        self.group: str = spec.group
        name = spec.flag or ""
        text = spec.description.replace("`", "")
        default = spec.shown_default.replace("`", "") or _shown_default(spec)
        if default:
            text += f"  [default: {default}]"
        if spec.bare is bool:
            super().__init__([f"{name}/--no-{name[2:]}", spec.name], default=None, help=text)
            return
        super().__init__(
            [name, spec.name],
            multiple=spec.is_list,
            metavar=_metavar(spec),
            help=f"{text}; may be repeated" if spec.is_list else text,
        )


class _GroupedCommand(click.Command):
    """A command whose help lists its own options first, then the settings by group."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        sections: dict[str, list[tuple[str, str]]] = {"Options": []}
        for parameter in self.get_params(ctx):
            row = parameter.get_help_record(ctx)
            if row:
                sections.setdefault(getattr(parameter, "group", "Options"), []).append(row)
        for title, rows in sections.items():
            with formatter.section(title):
                formatter.write_dl(rows)


def _metavar(spec: Spec) -> str:
    if spec.choices:
        return "|".join(spec.choices)
    if spec.name in {"feeds", "database_url"}:
        return "URL"
    return {int: "N", float: "X", Path: "DIR"}.get(spec.bare, "TEXT")


def _shown_default(spec: Spec) -> str:
    if spec.default in ((), None, ""):
        return ""
    if spec.bare is bool:
        return "yes" if spec.default else "no"
    return f"{spec.default:g}" if isinstance(spec.default, float) else str(spec.default)


def _with_settings(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command ``--config``, ``--debug`` and an option for each setting that has one.

    The command is called with ``load_settings(**more)``, the settings loader for what was given,
    and its own options; failures end as the module's docstring says.
    """

    @functools.wraps(function)
    def command(config_file: Path | None, debug: bool, **options: Any) -> None:
        flags = {name: options.pop(name) for name in SPECS if name in options}
        loader = functools.partial(load, flags, config_file=config_file)
        try:
            function(loader, **options)
        except ConfigError as error:
            click.echo("aerotrack: these settings cannot be used:", err=True)
            for problem in error.problems:
                click.echo(f"  {problem}", err=True)
            sys.exit(2)
        except KeyboardInterrupt:
            sys.exit(130)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            if debug:
                raise
            click.echo(f"aerotrack: {_reason(error)} (--debug shows where)", err=True)
            sys.exit(1)

    parameters: list[click.Option] = [
        click.Option(
            ["--config", "config_file"],
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="TOML file with settings  [default: the one AEROTRACK_CONFIG names]",
        ),
        click.Option(["--debug"], is_flag=True, help="Show the traceback when it fails"),
    ]
    parameters += [_SettingOption(spec) for spec in SPECS.values() if spec.flag]
    command.__click_params__ = [*reversed(parameters)]  # type: ignore[attr-defined]
    return command


def _reason(error: Exception) -> str:
    """One line that says what went wrong; the type too where the text alone would not."""
    text = " ".join(str(error).split())
    if isinstance(error, LookupError | AssertionError | AttributeError | TypeError) or not text:
        return f"{type(error).__name__}: {text}"
    return text


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="aerotrack %(version)s")
def main() -> None:
    """AeroTrack: aircraft positions in, live map and history out.

    \b
    aerotrack demo                                 simulated traffic
    aerotrack serve --feed sbs://127.0.0.1:30003   what a receiver hears
    aerotrack top                                  the live table in a terminal
    """


@main.command(cls=_GroupedCommand, epilog=_EPILOG, short_help="Track what the feeds hear.")
@_with_settings
def serve(load_settings: Callable[..., Config]) -> None:
    """Track what the feeds hear, keep it in PostgreSQL, and show it live.

    Stops on Ctrl-C or SIGTERM after everything accepted has been written.
    """
    _run(load_settings().settings)


@main.command(cls=_GroupedCommand, epilog=_EPILOG, short_help="Serve simulated traffic.")
@click.option(
    "--flights",
    type=click.IntRange(1, MOST_SIMULATED_FLIGHTS),
    default=500,
    show_default=True,
    help="How many aircraft fly at once",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=1,
    show_default=True,
    help="The same seed gives the same traffic",
)
@click.option(
    "--until-feeds",
    is_flag=True,
    help="Do what 'serve' does as soon as feeds are configured (the container image uses this)",
)
@_with_settings
def demo(load_settings: Callable[..., Config], flights: int, seed: int, until_feeds: bool) -> None:
    """Serve simulated traffic, in a data directory of its own. Takes the options of 'serve'."""
    if until_feeds and (served := load_settings().settings).feeds:
        _run(served)
    simulator = f"simulator://?flights={flights}&seed={seed}"
    settings = load_settings(command="demo", simulator=simulator).settings
    click.echo(
        f"AeroTrack demo: {flights} simulated flights, seed {seed}. None of this traffic is real; "
        "every flight\nis marked source=sim. 'aerotrack serve --feed URL' shows real traffic.\n",
        err=True,
    )
    _run(settings)


@main.command(cls=_GroupedCommand, epilog=_EPILOG, short_help="Show the settings in force.")
@_with_settings
def config(load_settings: Callable[..., Config]) -> None:
    """Show the settings in force, secrets masked, and where each comes from.

    The output is a TOML file that --config takes (with the masked values filled in again).
    """
    click.echo(config_text(load_settings()), nl=False)


@main.command(cls=_GroupedCommand, epilog=_EPILOG, short_help="Ask a server whether it is well.")
@click.option("--ready", is_flag=True, help="Ask whether it is ready, not only whether it lives")
@_with_settings
def health(load_settings: Callable[..., Config], ready: bool) -> None:
    """Ask the server that runs with these settings whether it is well; exit code 0 if so."""
    import http.client

    settings = load_settings().settings
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)
    path = f"{settings.base_path}/{'readyz' if ready else 'healthz'}"
    connection = http.client.HTTPConnection(host, settings.port, timeout=HEALTH_TIMEOUT_S)
    try:
        connection.request("GET", path)
        with connection.getresponse() as answer:
            text = answer.read(1000).decode(errors="replace").strip()
    except (OSError, http.client.HTTPException) as error:
        raise click.ClickException(f"{host}:{settings.port} does not answer: {error}") from None
    finally:
        connection.close()
    click.echo(text)
    if answer.status != http.client.OK:
        raise click.ClickException(f"{path} answers {answer.status}")


@main.group(short_help="The register of aircraft.")
def aircraft() -> None:
    """The register: registration, type, operator and flags of aircraft, by their address."""


@aircraft.command("import", cls=_GroupedCommand, epilog=_EPILOG)
@click.argument("source", required=False, metavar="[FILE-or-URL]")
@_with_settings
def import_aircraft(load_settings: Callable[..., Config], source: str | None) -> None:
    """Take an open database of aircraft into the register.

    FILE-or-URL is OpenSky's aircraft database as CSV, or the semicolon-separated one of readsb and
    tar1090 (aircraft.csv.gz); without it, the one that is installed on this machine is taken. May
    be repeated, and run beside a server, whose flights then show what it says.
    """
    from rich.console import Console

    from aerotrack.runtime import imports

    done = imports.import_aircraft(load_settings().settings, source, Console(stderr=True))
    click.echo("\n".join(done.lines()))


@main.group(short_help="The routes callsigns go by.")
def routes() -> None:
    """The routes filed for callsigns, shown where they are plausible."""


@routes.command("import", cls=_GroupedCommand, epilog=_EPILOG)
@click.argument("source", metavar="FILE-or-URL")
@_with_settings
def import_routes(load_settings: Callable[..., Config], source: str) -> None:
    """Take a list of callsign routes into the database.

    FILE-or-URL is a CSV of callsigns and airport codes (BAW123,EGLL-KJFK), such as the community's
    standing data (Callsign,Code,Number,AirlineCode,AirportCodes); gzip too.
    """
    from rich.console import Console

    from aerotrack.runtime import imports

    done = imports.import_callsign_routes(load_settings().settings, source, Console(stderr=True))
    click.echo("\n".join(done.lines()))


main.add_command(decode)
main.add_command(top)


def config_text(config: Config) -> str:
    """The settings in force as TOML with comments, grouped as the documents have them."""
    import orjson

    lines: list[str] = []
    group = ""
    for name, spec in SPECS.items():
        if spec.group != group:
            group = spec.group
            lines += ([""] if lines else []) + [f"# {group}"]
        value = spec.shown(getattr(config.settings, name))
        value = str(value) if isinstance(value, Path) else value
        line = (
            f"# {name} is not set" if value is None else f"{name} = {orjson.dumps(value).decode()}"
        )
        lines.append(f"{line:<44}  # {config.sources[name]}")
    return "\n".join(lines) + "\n"


def _run(settings: Settings) -> None:
    """Run the server until it is stopped, and leave with its exit code."""
    from aerotrack import logs

    logs.setup(settings.log_level, settings.log_format)
    from aerotrack import runtime

    sys.exit(runtime.run(settings))
