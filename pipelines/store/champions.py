"""Champions: which versions of the configuration decide the nights of a folder of runs.

RUNS/.champions/versions/<name>@<digest>.json  a registered variant: the copy that nights run from
RUNS/.champions/state.json                     who decides; replaced as a whole, or not at all
RUNS/.champions/history.jsonl                  one line for each change, with the state it led to
RUNS/.champions/shadow/<version>/<date>/       what a challenger would have planned
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipelines.config.named_model import named_model_version
from pipelines.config.variant import Variant
from pipelines.store.files import digest
from stockwright.errors import ConfigError, describe

#: The version that is the shop's own configuration.
BASE = "base"
_DIGITS = 8
Act = Literal["challenge", "promote", "rollback"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Segment(_Part):
    """Part of the shop: a top-level category, or a location."""

    kind: Literal["category", "location"]
    name: Annotated[str, Field(min_length=1)]

    @classmethod
    def parse(cls, text: str) -> Segment:
        """A segment written as ``category=Shoes``. Raises ConfigError for anything else."""
        match text.partition("="):
            case ("category" | "location" as kind, _, name) if name:
                return cls(kind=kind, name=name)
        raise ConfigError(
            f"{text!r} is no segment; write category=NAME (top level) or location=NAME"
        )

    def __str__(self) -> str:
        return f"{self.kind}={self.name}"


class Holder(_Part):
    """The champion of a segment."""

    segment: Segment
    version: str


class Canary(_Part):
    """A version that forecasts a share of the SKUs, of a segment where one is named."""

    version: str
    share: Annotated[float, Field(gt=0.0, lt=1.0)]
    segment: Segment | None = None


class Standing(_Part):
    """Who decides: the canary before the segments, a later segment before an earlier one."""

    champion: str = BASE
    segments: tuple[Holder, ...] = ()
    canary: Canary | None = None


class Challenger(_Part):
    """A version that plans in the shadow for a number of nights."""

    version: str
    nights: Annotated[int, Field(ge=1)]


class Change(_Part):
    """One change of the state: what, by whom, when and why, on what evidence."""

    revision: int
    act: Act
    version: str
    by: str
    at: str
    why: str
    forced: bool = False
    evidence: dict[str, Any] = Field(default_factory=dict)
    before: Standing
    after: Standing


class State(_Part):
    """What ``state.json`` holds.

    revision: number of the changes so far. standing: who decides now. challengers: in the order in
    which they came. stack: the standings that ``rollback`` goes back to, the last one first used.
    change: the one that led here.
    """

    revision: int = 0
    standing: Standing = Standing()
    challengers: tuple[Challenger, ...] = ()
    stack: tuple[Standing, ...] = ()
    change: Change | None = None


@dataclass(frozen=True)
class Version:
    """A registered variant.

    by, at, code: who registered it, when (UTC), with which code. source: digest of the source of
    the model class that it names, "" for ours.
    """

    variant: Variant
    by: str
    at: str
    code: str
    source: str = ""

    @property
    def id(self) -> str:
        """Name, and digest of settings and source: with others it is another version.

        The shop's own configuration, which changes nothing, is ``base``.
        """
        name = self.variant.name
        return BASE if name == BASE else f"{name}@{self.digest}"

    @property
    def digest(self) -> str:
        """Digest of its settings and of the source of its class."""
        return settings_digest(self.variant, self.source)

    def check_source(self) -> None:
        """Raise ConfigError where the model class is not what it was at the registration."""
        if source_of(self.variant) != self.source:
            use = self.variant.config["model"]["use"]
            raise ConfigError(
                f"the class {use} was changed since {self.id} was registered with it; put its "
                "source back, or register the variant again and promote that"
            )

    def to_json(self) -> str:
        """The content of its file."""
        one = self.variant
        content = {"name": one.name, "why": one.why, "config": one.config}
        content |= {"by": self.by, "at": self.at, "code": self.code, "source": self.source}
        return json.dumps(content, ensure_ascii=False, indent=1, default=str) + "\n"


def settings_digest(variant: Variant, source: str = "") -> str:
    """Digest of the settings of a variant, whatever its name.

    source: digest of the source of the model class that it names, "" for ours.
    """
    settings = json.dumps(variant.config, ensure_ascii=False, sort_keys=True, default=str)
    return digest(settings, *filter(None, [source]))[:_DIGITS]


def source_of(variant: Variant) -> str:
    """Digest of the source of the model class that a variant names as it is now, "" for none.

    Raises ConfigError where it cannot be imported.
    """
    model = variant.config.get("model", {})
    return named_model_version(str(model.get("use", ""))) if isinstance(model, Mapping) else ""


@dataclass(frozen=True)
class ChampionFolder:
    """The champions of a folder of runs, as files. Reading changes nothing."""

    root: Path

    @property
    def state_file(self) -> Path:
        """Who decides."""
        return self.root / "state.json"

    @property
    def history_file(self) -> Path:
        """All changes."""
        return self.root / "history.jsonl"

    def version_file(self, version: str) -> Path:
        """Where a version stands."""
        return self.root / "versions" / f"{version}.json"

    def shadow(self, version: str) -> Path:
        """Where the nights of a challenger stand, a folder each."""
        return self.root / "shadow" / version

    def state(self) -> State:
        """Who decides; the shop's own configuration where nobody was ever promoted.

        Raises ConfigError where that cannot be told: no night shall run on a guess.
        """
        if not self.state_file.is_file():
            if self.history_file.is_file():
                raise _lost(self, "is gone, and there is a history of it")
            return State()
        try:
            return State.model_validate_json(self.state_file.read_bytes())
        except ValidationError as error:
            raise _lost(self, f"is damaged: {error.errors()[0]['msg']}") from error
        except OSError as error:
            raise _lost(self, f"cannot be read: {error.strerror}") from error

    def version(self, version: str) -> Version:
        """A registered version. Raises ConfigError where it is not there, or not as registered."""
        if version == BASE:
            return Version(Variant(BASE, why="the shop's own configuration"), "", "", "")
        place = self.version_file(version)
        try:
            found = _parsed(json.loads(place.read_bytes()))
        except FileNotFoundError:
            raise ConfigError(
                f"version {version} is not in {place.parent}; put its file back, or go back with "
                "`stockwright models rollback`"
            ) from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ConfigError(f"version {version} cannot be read from {place}: {error}") from error
        if found.id != version:
            raise ConfigError(
                f"{place} was changed since it was registered: its settings are those of "
                f"{found.id}; put the file back, or register them with `stockwright models "
                "challenge`"
            )
        return found

    def versions(self) -> tuple[Version, ...]:
        """All registered versions, oldest first. Raises ConfigError as ``version`` does."""
        names = [place.stem for place in (self.root / "versions").glob("*@*.json")]
        found = [self.version(name) for name in names]
        return tuple(sorted(found, key=lambda one: (one.at, one.id)))

    def find(self, name: str) -> str:
        """The version of a name, or of a name with its digest. Raises ConfigError."""
        known = [BASE, *(one.id for one in self.versions())]
        if name in known:
            return name
        meant = [one for one in known if one.partition("@")[0] == name]
        if not meant:
            advice = "register one with `stockwright models challenge VARIANT.toml`"
            raise ConfigError(describe(f"no version {name!r}; registered", known, advice))
        if len(meant) > 1:
            advice = "give one of them as NAME@DIGEST"
            raise ConfigError(describe(f"more than one version {name!r}", meant[::-1], advice))
        return meant[0]

    def nights_of(self, version: str) -> list[str]:
        """Dates of the nights that a challenger has planned, ascending."""
        return sorted(place.name for place in self.shadow(version).glob("????-??-??"))

    def history(self) -> list[Change]:
        """All changes, oldest first; a line that a crash cut off is left out."""
        lines = self.history_file.read_text("utf-8").splitlines() if self._has_history() else []
        found = [one for line in lines if (one := _change(line)) is not None]
        last = self.state().change
        # A kill between the two files leaves the change in the state alone.
        return [*found, last] if last is not None and last not in found else found

    def _has_history(self) -> bool:
        return self.history_file.is_file()


def _parsed(content: Mapping[str, Any]) -> Version:
    variant = Variant(content["name"], content["config"], content["why"])
    return Version(variant, content["by"], content["at"], content["code"], content["source"])


def _change(line: str) -> Change | None:
    try:
        return Change.model_validate(json.loads(line)["change"])
    except (ValueError, KeyError, TypeError):
        return None


def _lost(folder: ChampionFolder, fault: str) -> ConfigError:
    return ConfigError(
        f"{folder.state_file} {fault}; it says whose forecasts and plans are used, so nothing "
        "runs without it. Put it back from a copy, or write what stands under `state` in the last "
        f"line of {folder.history_file.name} into it; to go back to the shop's own configuration "
        f"for good, move {folder.root} away"
    )
