"""The words of the published files, in English and Chinese: one TOML file for each language.

Both files hold the same sections, codes and placeholders (tested). Codes stay English in every
file; only headings, sentences and suggestions are translated.
"""

from __future__ import annotations

import string
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from stockwright.errors import ConfigError

LANGUAGES = ("en", "zh")


@cache
def _pieces(text: str) -> tuple[tuple[str, str | None, bool, str, str], ...]:
    """A text taken apart: literal, name or None, whether the value is shown, noun of 1 and of more.

    ``{days}`` shows the value, ``{days:day|days}`` the value and its noun, ``{days:=was|were}``
    only the word that agrees with it.
    """
    pieces = []
    for literal, name, spec, _ in string.Formatter().parse(text):
        one, _, many = (spec or "").removeprefix("=").partition("|")
        shown = not (spec or "").startswith("=")
        space = " " if shown and one else ""
        pieces.append((literal, name, shown, space + one, space + many))
    return tuple(pieces)


def filled(text: str, values: Mapping[str, Any]) -> str:
    """A text with its placeholders filled; ``?`` where a value is missing."""
    parts = []
    for literal, name, shown, one, many in _pieces(text):
        parts.append(literal)
        if name is not None:
            value = str(values.get(name, "?"))
            parts.append((value if shown else "") + (one if value == "1" else many))
    return "".join(parts)


@dataclass(frozen=True)
class Texts:
    """The texts of one language: ``sections[section][code]``."""

    language: str
    sections: Mapping[str, Mapping[str, str]]

    def of(self, section: str, code: str) -> str:
        """The text of a code; the code itself where the section has none."""
        return self.sections[section].get(code, code)

    def knows(self, section: str, code: str) -> bool:
        """Whether a section has a text of its own for a code."""
        return code in self.sections[section]

    def fill(self, section: str, code: str, values: Mapping[str, Any]) -> str:
        """The text of a code with its placeholders filled; ``?`` where a value is missing."""
        return filled(self.of(section, code), values)

    def heading(self, column: str) -> str:
        """Heading of a column for a person."""
        return self.of("columns", column)


@cache
def load_texts(language: str) -> Texts:
    """The texts of ``language``. Raises ConfigError for a language without texts."""
    if language not in LANGUAGES:
        raise ConfigError(f"language {language!r} is unknown; use one of {', '.join(LANGUAGES)}")
    file = resources.files("pipelines.publish") / f"{language}.toml"
    return Texts(language, tomllib.loads(file.read_text(encoding="utf-8")))


def placeholders(text: str) -> tuple[str, ...]:
    """The names in braces in ``text``, sorted."""
    return tuple(sorted({name for _, name, _, _ in string.Formatter().parse(text) if name}))
