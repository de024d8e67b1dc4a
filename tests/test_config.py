"""Settings: what wins over what, what is refused and in which words, what is never shown."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from aerotrack import config
from aerotrack.config import Config, ConfigError, default_data_dir
from aerotrack.domain.rules import FlightRules
from aerotrack.settings import SPECS, Settings, describe

HOME = {"HOME": "/home/ann"}


def load(
    flags: Mapping[str, Any] | None = None, environ: Mapping[str, str] | None = None, **more: Any
) -> Config:
    return config.load(flags, environ={**HOME, **(environ or {})}, **more)


def problems(
    flags: Mapping[str, Any] | None = None, environ: Mapping[str, str] | None = None, **more: Any
) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as raised:
        load(flags, environ, **more)
    return raised.value.problems


def toml(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "aerotrack.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_command_line_wins_over_the_environment_over_the_file_over_the_default(
    tmp_path: Path,
) -> None:
    path = toml(tmp_path, "port = 1\nmax_clients = 2\nretention_days = 3\n")
    environ = {"AEROTRACK_PORT": "11", "AEROTRACK_MAX_CLIENTS": "12"}
    merged = load({"port": "21"}, environ, config_file=path)
    settings = merged.settings
    assert (21, 12, 3, 20_000) == (
        settings.port,
        settings.max_clients,
        settings.retention_days,
        settings.batch_rows,
    )
    assert ("--port", "AEROTRACK_MAX_CLIENTS", str(path), "default") == tuple(
        merged.sources[name] for name in ("port", "max_clients", "retention_days", "batch_rows")
    )


def test_the_file_may_be_named_in_the_environment_and_the_option_wins(tmp_path: Path) -> None:
    path = toml(tmp_path, "port = 7000\n")
    environ = {"AEROTRACK_CONFIG": str(path)}
    assert 7000 == load(environ=environ).settings.port
    other = tmp_path / "other.toml"
    other.write_text("port = 7001\n")
    assert 7001 == load(environ=environ, config_file=other).settings.port


def test_feeds_are_a_list_in_the_file_and_split_by_spaces_in_the_environment(
    tmp_path: Path,
) -> None:
    path = toml(tmp_path, 'feeds = ["sbs://a:1", "sbs://b:2"]\n')
    wanted = ("sbs://a:1", "sbs://b:2")
    assert wanted == load(config_file=path).settings.feeds
    assert wanted == load(environ={"AEROTRACK_FEEDS": " sbs://a:1  sbs://b:2\n"}).settings.feeds
    assert wanted == load({"feeds": wanted}).settings.feeds


def test_an_empty_variable_counts_as_not_set() -> None:
    merged = load(environ={"AEROTRACK_FEEDS": "", "AEROTRACK_PORT": " "})
    assert ((), 8480) == (merged.settings.feeds, merged.settings.port)
    assert "default" == merged.sources["port"]


@pytest.mark.parametrize("word", ["1", "true", "YES", "on"])
def test_words_for_yes(word: str) -> None:
    assert load(environ={"AEROTRACK_WEBSOCKET_COMPRESSION": word}).settings.websocket_compression


def test_words_for_no_and_others() -> None:
    environ = {"AEROTRACK_WEBSOCKET_COMPRESSION": "off"}
    assert not load(environ=environ).settings.websocket_compression
    assert (
        "websocket_compression (AEROTRACK_WEBSOCKET_COMPRESSION): 'maybe' is neither true nor "
        "false; give one of these two",
    ) == problems(environ={"AEROTRACK_WEBSOCKET_COMPRESSION": "maybe"})


def test_an_unknown_name_is_refused_with_the_nearest_known(tmp_path: Path) -> None:
    path = toml(tmp_path, "prot = 1\nxyzzy = 2\n")
    assert (
        f"prot ({path}): there is no such setting; did you mean port?",
        f"xyzzy ({path}): there is no such setting; docs/configuration.md lists them",
        "AEROTRACK_FEED (environment): there is no such setting; did you mean AEROTRACK_FEEDS?",
    ) == problems(environ={"AEROTRACK_FEED": "sbs://a:1"}, config_file=path)


def test_variables_of_others_are_left_alone() -> None:
    environ = {"PORT": "1", "MY_AEROTRACK_PORT": "2", "AEROTRACK_TEST_DATABASE_URL": "x"}
    assert 8480 == load(environ=environ).settings.port


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("port", "x", "'x' does not fit; give a whole number from 0 to 65535"),
        ("port", "65536", "'65536' does not fit; give a whole number from 0 to 65535"),
        ("port", "1.5", "'1.5' does not fit; give a whole number from 0 to 65535"),
        ("flush_interval", "nan", "'nan' does not fit; give a number from 0.05 to 60 (s)"),
        ("receiver_lat", "91", "'91' does not fit; give a number from -90 to 90 (degrees)"),
        ("log_level", "loud", "'loud' does not fit; give one of debug, info, warning, error"),
        ("base_path", "tracker", "'tracker' does not fit; give a path such as /tracker"),
        ("trusted_proxies", "proxy", "'proxy' is no address or network; give for instance "
         "127.0.0.1 or 10.0.0.0/8"),
        ("allowed_origins", "example.org", "'example.org' is no origin; give scheme and host: "
         "https://example.org"),
        ("feeds", "127.0.0.1:30003", "'127.0.0.1:30003' is no feed; give URLs such as "
         "sbs://127.0.0.1:30003?name=home"),
        ("feeds", "sbs://a:1 sbs://a:1", "a feed is named twice; give each once"),
    ],
)  # fmt: skip
def test_a_value_that_does_not_fit_names_the_setting_its_source_and_what_would(
    name: str, value: str, wanted: str
) -> None:
    variable = SPECS[name].variable
    assert (f"{name} ({variable}): {wanted}",) == problems(environ={variable: value})


def test_a_file_is_typed_no_number_in_quotes(tmp_path: Path) -> None:
    path = toml(tmp_path, 'port = "8480"\nfeeds = "sbs://a:1"\nhost = 5\nstale_after = 20\n')
    assert (
        f"port ({path}): '8480' does not fit; give a whole number from 0 to 65535",
        f"feeds ({path}): give a list of strings",
        f"host ({path}): 5 does not fit; give a string that is not empty",
    ) == problems(config_file=path)


def test_a_file_that_is_missing_or_broken_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "none.toml"
    assert (f"--config: {missing} cannot be read: No such file or directory",) == problems(
        config_file=missing
    )
    broken = toml(tmp_path, "port = \n")
    (problem,) = problems(environ={"AEROTRACK_CONFIG": str(broken)})
    assert problem.startswith(f"AEROTRACK_CONFIG: {broken} is not TOML: ")


def test_secrets_show_in_no_error() -> None:
    found = problems(
        environ={
            "AEROTRACK_INGEST_TOKEN": "hunter2",
            "AEROTRACK_DATABASE_URL": "mysql://me:hunter2@h/db",
            "AEROTRACK_FEEDS": "me:hunter2@host:1",
        }
    )
    assert 3 == len(found)
    assert "hunter2" not in " ".join(found)


def test_secrets_show_neither_in_repr_nor_in_the_description() -> None:
    settings = load(
        {"feeds": ("sbs://hunter2@h:1",)},
        {
            "AEROTRACK_INGEST_TOKEN": "hunter2hunter2",
            "AEROTRACK_DATABASE_URL": "postgresql://me:hunter2@h/db",
        },
    ).settings
    assert "hunter2hunter2" == settings.ingest_token
    for text in (repr(settings), str(settings), str(describe(settings))):
        assert "hunter2" not in text
        assert "postgresql://me:***@h/db" in text


def test_a_services_variables_of_kubernetes_are_explained() -> None:
    (problem,) = problems(environ={"AEROTRACK_PORT": "tcp://10.0.0.1:8480"})
    assert "enableServiceLinks: false" in problem


@pytest.mark.parametrize(
    ("flags", "part"),
    [
        ({"receiver_lat": "51"}, "receiver_lat and receiver_lon belong together"),
        ({"opensky_client_id": "me"}, "opensky_client_secret belong together"),
        ({"stale_after": "90"}, "stale_after, gone_after and end_after"),
        ({"batch_rows": "5000", "rows_limit": "1000"}, "batch_rows is larger than rows_limit"),
        ({"feeds": ("simulator://", "sbs://a:1")}, "a simulator beside real feeds"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(flags: dict[str, Any], part: str) -> None:
    (problem,) = problems(flags)
    assert part in problem


def test_a_simulator_may_run_beside_real_feeds_when_asked_for() -> None:
    both = ("simulator://", "sbs://a:1")
    assert both == load({"feeds": both, "allow_simulator_beside_real": True}).settings.feeds


def test_a_demo_flies_the_simulator_in_a_data_directory_of_its_own() -> None:
    settings = load(command="demo", simulator="simulator://?flights=5").settings
    assert ("simulator://?flights=5",) == settings.feeds
    assert "demo" == settings.data_dir.name


def test_a_demo_stays_out_of_the_data_directory_the_server_is_configured_with() -> None:
    environ = {"AEROTRACK_DATA_DIR": "/srv/tracks"}
    assert Path("/srv/tracks") == load(environ=environ).settings.data_dir
    assert Path("/srv/tracks/demo") == load(environ=environ, command="demo").settings.data_dir
    assert Path("/x") == load({"data_dir": "/x"}, environ, command="demo").settings.data_dir


def test_a_demo_beside_configured_feeds_is_refused() -> None:
    (problem,) = problems(environ={"AEROTRACK_FEEDS": "sbs://a:1"}, command="demo")
    assert problem.startswith("feeds (AEROTRACK_FEEDS): a simulator beside real feeds")


@pytest.mark.parametrize(
    ("environ", "root", "wanted"),
    [
        ({}, False, "/home/ann/.local/share/aerotrack"),
        ({"XDG_DATA_HOME": "/data"}, False, "/data/aerotrack"),
        ({"XDG_DATA_HOME": "relative"}, False, "/home/ann/.local/share/aerotrack"),
        ({}, True, "/var/lib/aerotrack"),
        ({"XDG_DATA_HOME": "/data"}, True, "/data/aerotrack"),
    ],
)
def test_where_data_goes_by_default(environ: dict[str, str], root: bool, wanted: str) -> None:
    assert Path(wanted) == default_data_dir(environ, home=Path("/home/ann"), root=root)


def test_paths_are_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Path("/home/ann/t") == load({"data_dir": "~/t"}).settings.data_dir
    assert tmp_path / "t" == load({"data_dir": "t"}).settings.data_dir
    (tmp_path / "etc").mkdir()
    path = tmp_path / "etc" / "a.toml"
    path.write_text('data_dir = "t"\n')
    assert tmp_path / "etc" / "t" == load(config_file=path).settings.data_dir


@pytest.mark.parametrize(("given", "wanted"), [("/", ""), ("/a/", "/a"), ("/a/b", "/a/b")])
def test_a_base_path_ends_without_a_slash(given: str, wanted: str) -> None:
    assert wanted == load({"base_path": given}).settings.base_path


def test_every_flight_rule_is_a_setting_with_the_same_default() -> None:
    assert FlightRules() == Settings(data_dir=Path("/x")).flight_rules()
    assert 20 == load({"stale_after": "20"}).settings.flight_rules().stale_after


def test_every_setting_says_what_it_does_why_and_within_which_bounds() -> None:
    assert [] == [spec.name for spec in SPECS.values() if not (spec.description and spec.reason)]
    numbers = [spec for spec in SPECS.values() if spec.bare in (int, float)]
    assert [] == [spec.name for spec in numbers if spec.low is None or spec.high is None]


@pytest.mark.parametrize(
    ("given", "card", "storage", "flush_interval"),
    [
        ({}, False, "full", 1.0),
        ({}, True, "compact", 15.0),
        ({"storage": "compact"}, False, "compact", 15.0),
        ({"storage": "full"}, True, "full", 1.0),
        ({"flush_interval": "2"}, True, "compact", 2.0),
        ({"database_url": "postgresql://db/aerotrack"}, True, "full", 1.0),
    ],
)
def test_a_card_is_spared_unless_told_otherwise(
    given: dict[str, str], card: bool, storage: str, flush_interval: float
) -> None:
    settings = load(given, environ={}, on_card=lambda _: card).settings
    assert (storage, flush_interval) == (settings.storage, settings.flush_interval)
    assert storage == settings.flight_rules().storage


def test_the_card_is_looked_for_where_the_data_is() -> None:
    asked: list[Path] = []
    load({"data_dir": "/srv/a"}, environ={}, on_card=lambda place: bool(asked.append(place)))
    load(
        environ={"AEROTRACK_DATA_DIR": "/srv/b"},
        command="demo",
        on_card=lambda place: bool(asked.append(place)),
    )
    assert [Path("/srv/a"), Path("/srv/b/demo")] == asked
