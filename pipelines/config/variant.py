"""Variants: a named change of the configuration, as experiments and challengers are written.

name = "more-leaves"
why = "the tail of the assortment is forecast too flat"

[config.model]
leaves = 63
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.config.load import config_from, listed_problems, merge, nearest
from pipelines.config.model import Config
from stockwright.errors import ConfigError

_KEYS = ("name", "why", "config")
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


def read_variant(path: Path) -> Variant:
    """The variant in a TOML file; without ``name`` it has that of the file.

    Raises ConfigError for a file that cannot be read or holds anything else.
    """
    try:
        content = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"cannot read the variant {path}: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path.name} is not valid TOML in UTF-8: {error}") from error
    return variant_of(content, path.stem, path.name)


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
