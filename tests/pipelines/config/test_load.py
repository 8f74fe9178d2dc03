from pathlib import Path

import numpy as np
import pytest

from pipelines.config import Config, load_config
from pipelines.config.as_of import check_as_of
from pipelines.config.load import config_from, preset_names
from pipelines.ingest import TABLES
from pipelines.night.modeling import recipe_of
from stockwright.errors import ConfigError


def test_a_folder_without_a_configuration_has_the_defaults(tmp_path: Path) -> None:
    assert load_config(folder=tmp_path) == Config()


def test_the_file_beside_the_tables_is_read(tmp_path: Path) -> None:
    (tmp_path / "stockwright.toml").write_text('period = "week"\n', encoding="utf-8")
    assert load_config(folder=tmp_path).horizon_periods() == 8


def test_a_named_file_goes_before_the_one_beside_the_tables(tmp_path: Path) -> None:
    (tmp_path / "stockwright.toml").write_text('period = "week"\n', encoding="utf-8")
    other = tmp_path / "other.toml"
    other.write_text("horizon = 3\n", encoding="utf-8-sig")
    config = load_config(other, tmp_path)
    assert (config.period, config.horizon_periods()) == ("day", 3)


def test_every_problem_is_listed_with_the_nearest_known_name() -> None:
    settings = {
        "perod": "week",
        "gates": {"bad_row_share": 3, "overdue": 1},
        "map": {"sale": {}, "sales": {"skuu": "x"}},
        "service": {"grade": {"AX": 1.0}},
        "seed": "3",
    }
    with pytest.raises(ConfigError) as caught:
        config_from(settings, "night.toml")
    text = str(caught.value)
    assert text.startswith("night.toml: 7 problems")
    for part in (
        "perod: unknown key; did you mean 'period'?",
        "gates.overdue: unknown key; did you mean 'overdue_days'?",
        "gates.bad_row_share: input should be less than or equal to 1, got 3",
        "map.sale: unknown table; did you mean 'sales'?",
        "map.sales.skuu: unknown column; did you mean 'sku'?",
        "service.grade.AX:",
        "seed: input should be a valid integer, got '3'",
    ):
        assert part in text


def test_methods_are_chosen_by_name_each_once() -> None:
    assert Config().model.methods == ["smoothing", "tsb"]
    settings = {"model": {"methods": ["sba", "imapa"]}}
    assert config_from(settings).model.methods == ["sba", "imapa"]
    assert recipe_of(config_from(settings)) != recipe_of(Config())
    for methods, message in {
        ("sba", "crostons"): r"model.methods.1: .* got 'crostons'; did you mean 'croston'\?",
        ("sba", "sba"): r"model.methods: each method is named once, got \['sba', 'sba'\]",
        (): "model.methods: list should have at least 1 item",
    }.items():
        with pytest.raises(ConfigError, match=message):
            config_from({"model": {"methods": list(methods)}})


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"period = ", "not valid TOML"), (b"# caf\xe9", "not UTF-8")],
)
def test_a_file_that_is_no_toml_is_a_configuration_error(
    tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "stockwright.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=message):
        load_config(folder=tmp_path)


def test_a_named_file_that_is_missing_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot read the configuration"):
        load_config(tmp_path / "none.toml")


def test_an_unknown_country_is_a_configuration_error() -> None:
    with pytest.raises(ConfigError, match="'ZZ' is no ISO country code"):
        config_from({"calendar": {"country": "ZZ"}})


def test_a_preset_is_refined_key_by_key() -> None:
    config = config_from({"preset": "oms_cn", "map": {"sales": {"sku": "货号"}}})
    assert config.map["sales"]["sku"] == "货号"
    assert config.map["sales"]["units"] == "数量"


def test_an_unknown_preset_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match="did you mean 'oms_cn'"):
        config_from({"preset": "oms"})


@pytest.mark.parametrize("preset", preset_names())
def test_a_preset_maps_to_values_that_the_contract_has(preset: str) -> None:
    config = config_from({"preset": preset})
    for table, columns in config.values.items():
        declared = {column.name: column for column in TABLES[table].columns}
        for name, values in columns.items():
            allowed = set(declared[name].choices) or {"yes", "no"}
            assert set(values.values()) <= allowed


def test_a_weekly_night_on_a_weekday_names_both_nearest_sundays() -> None:
    # 2026-11-18 is a Wednesday; the Sundays around it are the 15th and the 22nd.
    with pytest.raises(ConfigError, match="use 2026-11-15 or 2026-11-22"):
        check_as_of(np.datetime64("2026-11-18"), Config(period="week"))


@pytest.mark.parametrize("period", ["day", "week"])
def test_a_sunday_closes_a_day_and_a_week(period: str) -> None:
    sunday = np.datetime64("2026-11-22", "D")
    assert check_as_of(sunday, config_from({"period": period})) == sunday


def test_any_day_closes_a_daily_period() -> None:
    day = np.datetime64("2026-11-18", "D")
    assert check_as_of(day, Config()) == day


@pytest.mark.parametrize(
    ("key", "most"),
    [
        ("horizon", 1100),
        ("block_size", 1_000_000),
        ("money.holding_rate", 100.0),
        ("money.goodwill", 100.0),
        ("gates.overdue_days", 36_500),
        ("gates.stale_days", 36_500),
        ("model.max_rows", 100_000_000),
        ("model.trees", 10_000),
        ("model.leaves", 4096),
        ("model.paths", 4096),
        ("model.history_days", 36_500),
        ("defaults.lead_time_days", 1100.0),
        ("defaults.review_days", 1100.0),
    ],
)
def test_a_figure_beyond_its_range_is_refused_with_its_key(key: str, most: float) -> None:
    section, _, name = key.rpartition(".")

    def with_value(value: float) -> Config:
        return config_from({section: {name: value}} if section else {name: value})

    with_value(most)
    with pytest.raises(ConfigError, match=rf"{key}: input should be less than or equal"):
        with_value(most + 1)
