"""Variants: a named change of the configuration, as experiments and challengers are written.

name = "more-leaves"
why = "the tail of the assortment is forecast too flat"

[config.model]
leaves = 63
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.config.load import config_from, listed_problems, merge, nearest, read_toml
from pipelines.config.model import Config
from stockwright.errors import ConfigError, describe

_KEYS = ("name", "why", "config")
# What only the forecast model reads, so that two of them can share one night.
_NOT_OF_THE_FORECAST = ("model.paths", "model.history_days")
# What a forecast may depend on at all.
_OF_A_FORECAST = ("model", "calendar", "commitments", "forecasts", "horizon")
# What the tables are, and how they are read and shown: the same for all versions of a shop.
_OF_THE_SHOP = ("period", "map", "values", "preset", "gates", "output", "block_size", "pulse")
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


@dataclass(frozen=True)
class Variant:
    """name: small letters, digits, dots and dashes. config: settings that replace those of the
    shop, nested as in its file. why: what the change is hoped to bring.
    """

    name: str
    config: Mapping[str, Any] = field(default_factory=dict)
    why: str = ""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ConfigError(
                f"{self.name!r} is no name of a variant: use at most 64 small letters, digits, "
                "dots, dashes and underscores, with a letter or digit first"
            )

    def of(self, config: Config) -> Config:
        """The configuration with the variant's settings. Raises ConfigError that lists every
        problem of them.
        """
        if not self.config:
            return config
        return config_from(merge(config.model_dump(), self.config), f"variant {self.name}")

    def beyond_forecast(self) -> list[str]:
        """Its settings that change more of a night than what the model forecasts."""
        return [
            key
            for key in _settings(self.config)
            if not key.startswith("model.") or key in _NOT_OF_THE_FORECAST
        ]

    def forecast_settings(self) -> dict[str, Any]:
        """Those of its settings that a forecast may depend on."""
        found = {key: self.config[key] for key in _OF_A_FORECAST if key in self.config}
        if isinstance(model := found.get("model"), Mapping):
            found["model"] = {key: value for key, value in model.items() if key != "paths"}
        return {key: value for key, value in found.items() if value != {}}

    def check(self, shop: Config | None = None) -> None:
        """Raise ConfigError that lists every problem of the settings, and those that no version
        of a shop may have.

        shop: the configuration that they change, None for the defaults.
        """
        fixed = [key for key in _settings(self.config) if key.partition(".")[0] in _OF_THE_SHOP]
        if fixed:
            advice = "set them in the configuration of the shop"
            raise ConfigError(
                describe(f"variant {self.name} changes the shop itself", fixed, advice)
            )
        self.of(shop or Config())


def _settings(config: Mapping[str, Any], above: str = "") -> list[str]:
    """Names of all settings, as ``model.trees``."""
    names: list[str] = []
    for key, value in config.items():
        inner = isinstance(value, Mapping) and value
        names += _settings(value, f"{above}{key}.") if inner else [f"{above}{key}"]
    return names


def read_variant(path: Path) -> Variant:
    """The variant in a TOML file; without ``name`` it has that of the file.

    Raises ConfigError for a file that cannot be read or holds anything else.
    """
    return variant_of(read_toml(path, "variant"), path.stem, path.name)


def variant_of(content: Mapping[str, Any], name: str, file: str) -> Variant:
    """A variant from the content of a file. name: where it gives none. file: for messages."""
    unknown = [key for key in content if key not in _KEYS]
    problems = [f"{key}: unknown key{nearest(key, _KEYS)}" for key in unknown]
    if not isinstance(content.get("config", {}), Mapping):
        problems.append("config: it is a table of settings, as [config.model]")
    if problems:
        raise ConfigError(listed_problems(file, problems))
    given = str(content.get("name", name))
    return Variant(given, content.get("config", {}), str(content.get("why", "")))
