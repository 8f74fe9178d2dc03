"""The tasks of a replay: evenings of all arms, the world that they share, and each arm's chain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from experiments.replay.arm import Log, Stretch, opened, play
from experiments.replay.evenings import Packed, fitted_block, forecast_key, replanned_block
from experiments.replay.request import BASE, ReplayRequest
from experiments.replay.tables import ReplayTables
from experiments.replay.world import World, opening_stock, world_of
from experiments.tasks import Task, run_tasks
from pipelines.config import Config
from pipelines.night.events import Observer
from pipelines.store.files import digest
from stockwright.calendar import Dates

_STEP = "replay"


@dataclass(frozen=True)
class Replayed:
    """A replay that ran: the world, what each arm did in it, by name, and how many SKUs there are
    where it is of a part of them.
    """

    world: World
    logs: Mapping[str, Log]
    of_skus: int = 0


@dataclass(frozen=True)
class Work:
    """All tasks of a replay, each behind those that it needs.

    arms: the arm of each stretch, by the name of its task.
    """

    tasks: tuple[Task, ...]
    arms: Mapping[str, str]

    def run(self, folder: Path, workers: int, observe: Observer) -> Replayed:
        """Play all arms; what was done before is taken from ``folder``.

        Raises DataError, InfeasiblePlanError.
        """
        results: Iterator[object] = run_tasks(self.tasks, folder, workers, observe, _STEP)
        worlds: list[World] = []
        parts: dict[str, list[Log]] = {arm: [] for arm in self.arms.values()}
        for task, result in zip(self.tasks, results, strict=True):
            if isinstance(result, World):
                worlds.append(result)
            elif isinstance(result, Stretch):
                parts[self.arms[task.name]].append(result.log)
        return Replayed(worlds[0], {arm: Log.joined(logs) for arm, logs in parts.items()})


def work_of(request: ReplayRequest, tables: ReplayTables) -> Work:
    """The tasks of a replay. Arms whose settings decide on stock alone share forecasts."""
    arms, evenings = request.arms(), request.evenings()
    base = arms[BASE]
    key = digest("world", base.key(), request.world())
    world = Task("world", key, partial(world_of, tables, base.config, evenings))
    tasks, chains = [world], dict[str, str]()
    before: dict[str, Task] = {}
    for number, block in enumerate(request.blocks()):
        planned = _evenings(request, tables, number, block)
        tasks += planned.values()
        if not number:
            first = (world, planned[BASE])
            opening = Task("opening", _key("opening", first), _opening, first)
            tasks.append(opening)
            before = dict.fromkeys(arms, opening)
        for arm, shop in arms.items():
            needs = (world, before[arm], planned[arm])
            name, go = f"{arm}-{number:03d}", partial(_stretch, shop.config)
            before[arm] = Task(name, _key("stretch", needs), go, needs)
            chains[name] = arm
            tasks.append(before[arm])
    return Work(tuple(tasks), chains)


def _evenings(
    request: ReplayRequest, tables: ReplayTables, number: int, block: range
) -> dict[str, Task]:
    """What each arm plans on in one block of evenings."""
    dates = request.evenings()[block.start : block.stop]
    firsts: dict[str, Task] = {}
    out: dict[str, Task] = {}
    for arm, shop in request.arms().items():
        key = digest("evenings", shop.key(), request.world(), str(number))
        name, group = f"{arm}-evenings-{number:03d}", forecast_key(shop.config)
        if group in firsts:
            again = partial(_replanned, tables, shop.config, dates)
            out[arm] = Task(name, key, again, (firsts[group],))
        else:
            out[arm] = Task(name, key, partial(_fitted, tables, shop.config, dates))
            firsts[group] = out[arm]
    return out


def _key(what: str, needs: tuple[Task, ...]) -> str:
    return digest(what, *(need.key for need in needs))


def _fitted(tables: ReplayTables, config: Config, dates: Dates) -> Packed:
    return Packed.of(fitted_block(tables, config, dates))


def _replanned(tables: ReplayTables, config: Config, dates: Dates, other: Packed) -> Packed:
    return Packed.of(replanned_block(tables, config, dates, other.evenings()))


def _opening(world: World, evenings: Packed) -> NDArray[np.float64]:
    return opening_stock(world, evenings.evenings())


def _stretch(
    config: Config, world: World, before: Stretch | NDArray[np.float64], evenings: Packed
) -> Stretch:
    """The next evenings of an arm, behind others or behind its opening."""
    state = before.state if isinstance(before, Stretch) else opened(world, before)
    return play(world, config, state, evenings.evenings())
