"""Read ``stockwright.toml``; report everything that is wrong with it at once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from importlib import resources
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from pipelines.config.festivals import plain_message, read_festivals
from pipelines.config.model import Config
from pipelines.config.named_model import named_model_problems
from pipelines.config.tracking import masked
from stockwright.errors import ConfigError, counted

FILE_NAME = "stockwright.toml"


def load_config(path: Path | None = None, folder: Path | None = None) -> Config:
    """The configuration of ``path``, else of ``folder/stockwright.toml``, else the defaults.

    ``calendar.festivals`` is read from the folder of the configuration.

    Raises ConfigError that lists every problem of the file.
    """
    if path is None and folder is not None and (folder / FILE_NAME).is_file():
        path = folder / FILE_NAME
    if path is None:
        return Config()
    return _with_festivals(config_from(read_toml(path, "configuration"), path.name), path.parent)


def _with_festivals(config: Config, folder: Path) -> Config:
    calendar = config.calendar
    if not calendar.festivals:
        return config
    own = [*calendar.festival, *read_festivals(folder / calendar.festivals)]
    return config.model_copy(update={"calendar": calendar.model_copy(update={"festival": own})})


def config_from(settings: Mapping[str, Any], name: str = FILE_NAME) -> Config:
    """The configuration that nested ``settings`` spell out; ``name`` is used in messages."""
    merged = dict(settings)
    preset = merged.get("preset")
    if isinstance(preset, str):
        merged = merge(_preset(preset, name), merged)
    try:
        config = Config.model_validate(merged)
    except ValidationError as error:
        problems = [_problem(dict(one)) for one in error.errors()]
        problems += [*_map_problems(merged), *named_model_problems(merged.get("model"))]
        raise ConfigError(listed_problems(name, problems)) from error
    problems = [*_map_problems(merged), *_country_problems(config)]
    if problems := [*problems, *named_model_problems(merged.get("model"))]:
        raise ConfigError(listed_problems(name, problems))
    return config


def preset_names() -> list[str]:
    """Names of the presets that come with the package."""
    folder = resources.files("pipelines.config") / "presets"
    return sorted(p.name[: -len(".toml")] for p in folder.iterdir() if p.name.endswith(".toml"))


def read_toml(path: Path, what: str) -> dict[str, Any]:
    """The content of a TOML file in UTF-8. what: what it is, for messages. Raises ConfigError."""
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"cannot read the {what} {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path.name} is not UTF-8 text; save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path.name} is not valid TOML: {error}") from error


def _preset(preset: str, name: str) -> dict[str, Any]:
    known = preset_names()
    if preset not in known:
        raise ConfigError(
            listed_problems(name, [f"preset: {preset!r} is unknown{nearest(preset, known)}"])
        )
    file = resources.files("pipelines.config") / "presets" / f"{preset}.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))


def merge(low: Mapping[str, Any], high: Mapping[str, Any]) -> dict[str, Any]:
    """Nested settings, ``high`` before ``low``."""
    merged = dict(low)
    for key, value in high.items():
        below = merged.get(key)
        both = isinstance(below, Mapping) and isinstance(value, Mapping)
        merged[key] = merge(below, value) if both else value  # type: ignore[arg-type]
    return merged


def _problem(error: dict[str, Any]) -> str:
    place = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"{place}: unknown key{nearest(str(error['loc'][-1]), _siblings(error['loc']))}"
    message, given = plain_message(error), error["input"]
    shown = masked(given) if isinstance(given, str) else given
    close = _close(given, re.findall("'(.*?)'", error.get("ctx", {}).get("expected", "")))
    return f"{place}: {message[:1].lower()}{message[1:]}, got {shown!r}{close}"


def _siblings(place: tuple[Any, ...]) -> Iterable[str]:
    model: type[BaseModel] = Config
    for part in (each for each in place[:-1] if each in model.model_fields):
        annotation = model.model_fields[part].annotation
        choices = [annotation, *get_args(annotation)]
        model = next(c for c in choices if isinstance(c, type) and issubclass(c, BaseModel))
    return model.model_fields


def _map_problems(settings: Mapping[str, Any]) -> list[str]:
    """Tables and columns named in ``map`` and ``values`` that the contract does not have."""
    from pipelines.ingest.schema import ALL_TABLES

    problems: list[str] = []
    for section in ("map", "values"):
        tables = settings.get(section, {})
        for table, columns in tables.items() if isinstance(tables, Mapping) else ():
            if table not in ALL_TABLES:
                problems.append(f"{section}.{table}: unknown table{nearest(table, ALL_TABLES)}")
                continue
            known = ALL_TABLES[table].column_names()
            for column in columns if isinstance(columns, Mapping) else ():
                if column not in known and not ALL_TABLES[table].takes_extra(column):
                    problems.append(
                        f"{section}.{table}.{column}: unknown column{nearest(column, known)}"
                    )
    return problems


def _country_problems(config: Config) -> list[str]:
    if config.calendar.country in ("", Config().calendar.country):
        return []
    import holidays

    known = holidays.list_supported_countries()
    if config.calendar.country in known:
        return []
    return [f"calendar.country: {config.calendar.country!r} is no ISO country code that is known"]


def nearest(name: str, known: Iterable[str]) -> str:
    """What to say behind an unknown name: the nearest known one, else all that are known."""
    names = list(known)
    return _close(name, names) or f"; known: {', '.join(sorted(names)) or 'none'}"


def _close(name: object, known: Iterable[str]) -> str:
    close = get_close_matches(str(name).lower(), known, n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else ""


def listed_problems(name: str, problems: list[str]) -> str:
    """One message that lists all problems of the configuration called ``name``."""
    said = f"{name}: {counted(len(problems), 'problem')}"
    return "\n".join([said, *(f"  - {problem}" for problem in problems)])
