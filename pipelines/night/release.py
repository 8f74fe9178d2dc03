"""Publish a run: all of it becomes visible in one step, or nothing does."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np

from pipelines.night.events import Event, Observer
from pipelines.night.layout import RunsFolder, link_target, restore_link
from pipelines.store.files import point_link, sync_folder, sync_tree


def release(runs: RunsFolder, date: np.datetime64, run_id: str, observe: Observer) -> Path:
    """Move a staged run to its place and swap the links of ``latest`` and of the date to it.

    ``latest`` goes first: a run that is killed between the two leaves ``latest`` on a whole plan
    and the date unpublished, so that a resumed run publishes again and repairs both. After any
    failure the links point where they pointed and the new folder is gone. Raises OSError.
    """
    staged, final = runs.staging(run_id), runs.run(run_id)
    before = link_target(runs.latest)
    target = str(final.relative_to(runs.root))
    try:
        sync_tree(staged)
        os.rename(staged, final)
        sync_folder(runs.runs)
        observe(Event("progress", "publish", "run folder in place"))
        point_link(runs.latest, target)
        observe(Event("progress", "publish", "latest swapped"))
        point_link(runs.dated(date), target)
    except BaseException:
        # A signal may arrive after the last swap: then the run is out and has to stay.
        if link_target(runs.dated(date)) != target:
            restore_link(runs.latest, before)
            shutil.rmtree(final, ignore_errors=True)
            shutil.rmtree(staged, ignore_errors=True)
        raise
    return final
