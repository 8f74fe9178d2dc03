"""What rows, trees and leaves bring: pinball and seconds on FreshRetailNet, earlier windows.

    STOCKWRIGHT_DATA=... python benchmarks/forecasting/spend.py [--series N] [--rounds N]

One night for each setting: fit with the held-out twin, forecast of seven days with distributions.
The pinball is of seven-day sums over the periods in stock, divided by their demand, and beside it
that of the sums with stock-outs made good. ``learner`` is the time inside LightGBM.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

import lightgbm
import numpy as np
from cases import Asked, freshretail
from freshretail import with_activity_as_signal
from ours import total_of
from rounds import Round

from experiments.metrics.losses import LEVELS, pinball
from forecasting.model import fit
from forecasting.params import ModelParams

#: Most rows, trees, leaves.
SETTINGS = (
    (50_000, 100, 15),
    (200_000, 200, 31),
    (200_000, 400, 31),
    (200_000, 200, 63),
    (600_000, 200, 31),
    (600_000, 400, 63),
)


@contextmanager
def watched() -> Iterator[list[float]]:
    """Seconds spent inside LightGBM: training, binning and prediction."""
    spent: list[float] = []

    def timed(call: Any) -> Any:
        def run(*given: Any, **named: Any) -> Any:
            began = time.perf_counter()
            try:
                return call(*given, **named)
            finally:
                spent.append(time.perf_counter() - began)

        return run

    # The product has no hook for this, and must not: its own calls are timed from outside.
    with (
        mock.patch.object(lightgbm, "train", timed(lightgbm.train)),
        mock.patch.object(lightgbm.Dataset, "construct", timed(lightgbm.Dataset.construct)),
        mock.patch.object(lightgbm.Booster, "predict", timed(lightgbm.Booster.predict)),
    ):
        yield spent


def losses(round_: Round, params: ModelParams) -> dict[str, float]:
    """Losses and seconds of a night."""
    panel = with_activity_as_signal(round_.panel)
    with watched() as spent:
        began = time.perf_counter()
        model = fit(panel, params)
        fitted = time.perf_counter()
        forecast = model.predict(panel, round_.horizon)
        done = time.perf_counter()
    found = {"fit": fitted - began, "predict": done - fitted, "learner": sum(spent)}
    whole = np.isfinite(round_.recovered)
    for name, known, units in (
        ("in stock", round_.known, round_.units),
        ("recovered", whole, round_.recovered),
    ):
        came = np.where(known, units, 0.0).sum(axis=1)
        some = known.any(axis=1)
        total = total_of(forecast, round_.horizon, known)
        loss = pinball(total.quantile(LEVELS), came)
        found[name] = float(loss[some].sum() / len(LEVELS) / came[some].sum())
        found[f"bias {name}"] = float(total.mean[some].sum() / came[some].sum() - 1)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--settings", type=int, nargs="*", default=list(range(len(SETTINGS))))
    given = parser.parse_args()
    rounds = list(freshretail(Asked(True, (), Path())))[-given.rounds :]
    if given.series < rounds[0].panel.n_series:
        rounds = [each.sample(given.series) for each in rounds]
    print("rows | trees | leaves | " + " | ".join(NAMES), flush=True)
    for place in given.settings:
        rows, trees, leaves = SETTINGS[place]
        params = ModelParams.for_period("day", rounds[0].horizon)
        params = replace(params, max_rows=rows, trees=trees, leaves=leaves, threads=1)
        found = [losses(each, params) for each in rounds]
        mean = [np.mean([each[name] for each in found]) for name in NAMES]
        print(f"{rows} | {trees} | {leaves} | " + " | ".join(f"{m:.4f}" for m in mean), flush=True)


NAMES = (
    "in stock", "bias in stock", "recovered", "bias recovered", "fit", "predict", "learner",
)  # fmt: skip

if __name__ == "__main__":
    main()
