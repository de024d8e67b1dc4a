"""What the commands share: an option for each setting, help in groups, and how failures end.

Exit codes: 0 done, 1 failed (one line on standard error, the traceback with ``--debug``),
2 wrong usage or settings, 130 interrupted.
"""

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from aerotrack.config import ConfigError, load
from aerotrack.setting import Spec
from aerotrack.settings import SPECS

EPILOG: Final = (
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


class GroupedCommand(click.Command):
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


def with_settings(function: Callable[..., None]) -> Callable[..., None]:
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
            click.echo(f"aerotrack: {reason(error)} (--debug shows where)", err=True)
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


def reason(error: Exception) -> str:
    """One line that says what went wrong; the type too where the text alone would not."""
    text = " ".join(str(error).split())
    if isinstance(error, LookupError | AssertionError | AttributeError | TypeError) or not text:
        return f"{type(error).__name__}: {text}"
    return text
