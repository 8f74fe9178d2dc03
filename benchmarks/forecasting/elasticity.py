"""Elasticities of the demo shop's SKUs, whose true ones are known: coverage, error and time.

    python benchmarks/forecasting/elasticity.py [--seeds 1 2 5] [--spread-sd S]
    python benchmarks/forecasting/elasticity.py --speed 100000

For each seed: share of the SKUs whose true elasticity lies in the interval of 50, 80 and 95 %
(normal, around the posterior mean), those with price cuts of their own and the others at 80 %; mean
and root mean square of the error, mean posterior deviation, coefficient of variation found for
SKUs in their category, and beside the error that of three others: every SKU at the published mean
that is the prior of the shop, every SKU at its category's true mean, which nobody knows, and the
category's elasticity as the features learn it. ``--spread-sd``: of the prior of
the spread of SKUs; the larger, the more the data alone decide. ``--speed``: a synthetic panel of so
many series in four locations, two years of days.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from cases import tables_panel
from scipy import stats

from features.context import build_context, season_codes
from features.params import FeatureParams
from forecasting.elasticity.elasticity import learn_response
from forecasting.elasticity.params import ElasticityParams
from pipelines.demo import DEMO_LAST_DATE, Truth, write_demo
from stockwright.calendar import Calendar
from stockwright.panel import Covariates, DemandPanel, SeriesIndex, Status

_LEVELS = (0.5, 0.8, 0.95)


def measure(seed: int, skus: int, days: int, asked: ElasticityParams) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "shop"
        write_demo(folder, skus=skus, days=days, seed=seed)
        truth = Truth.load(folder)
        panel = tables_panel(folder, DEMO_LAST_DATE)
    began = time.perf_counter()
    learned = learn_response(panel, asked)
    seconds = time.perf_counter() - began
    params = FeatureParams.for_period("day")
    context = build_context(panel, params)
    names, first = np.unique(panel.index.sku, return_index=True)
    place_of = {name: number for number, name in enumerate(truth.skus)}
    true = truth.elasticity[[place_of[panel.index.skus[code]] for code in names]]
    response, own = learned.response.take(first), learned.stretches[first] > 0
    miss = response.elasticity - true
    category = panel.attributes["category_1"][first]
    middle = np.bincount(category, true) / np.bincount(category)
    group = context.elasticity[season_codes(panel, params)[first]]
    inside = [np.abs(miss) <= stats.norm.ppf(0.5 + level / 2) * response.sd for level in _LEVELS]
    return {
        "skus": len(true),
        **{f"{level:.0%}": float(np.mean(x)) for level, x in zip(_LEVELS, inside, strict=True)},
        "own cuts": float(inside[1][own].mean()),
        "no cuts": float(inside[1][~own].mean()),
        "bias": float(miss.mean()),
        "rmse": _root(miss),
        "sd": float(response.sd.mean()),
        "spread": float(learned.spread[0]),
        "rmse at 2.62": _root(2.62 - true),
        "at true category": _root(middle[category] - true),
        "of features": _root(group - true),
        "seconds": seconds,
    }


def _root(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(values**2)))


def synthetic(series: int, periods: int = 730, locations: int = 4) -> DemandPanel:
    """Poisson demand of elasticity 2, with a cut of ten days in every third month."""
    rng = np.random.default_rng(1)
    skus = series // locations
    depth = rng.choice(
        [0, 0.1, 0.2, 0.3], p=[0.67, 0.11, 0.11, 0.11], size=(skus, periods // 30 + 1)
    )
    cut = (np.repeat(depth, 30, axis=1)[:, :periods] * (np.arange(periods) % 30 < 10)).astype("f4")
    discount = np.repeat(cut, locations, axis=0)
    level = rng.gamma(0.5, 1.0, size=(len(discount), 1)).astype("f4")
    demand = rng.poisson(level * (1 - discount) ** -2).astype("f4")
    flat = np.zeros((1, periods))
    sku, location = np.divmod(np.arange(len(discount), dtype=np.int32), locations)
    index = SeriesIndex(
        tuple(f"s{i:07d}" for i in range(skus)), tuple("abcdefgh"[:locations]), sku, location
    )
    covariates = Covariates(np.full((1, periods), np.nan), discount, flat, flat)
    whole = np.ones(demand.shape, np.float32)
    status = np.full(demand.shape, Status.OBSERVED, np.uint8)
    attributes = {"category_1": (sku % 12).astype(np.int32)}
    return DemandPanel(
        index, Calendar("day", np.datetime64("2023-01-02")), demand, status, whole, covariates,
        np.zeros(len(demand)), attributes,
    )  # fmt: skip


def speed(series: int) -> None:
    panel = synthetic(series)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    began = time.process_time()
    learned = learn_response(panel, ElasticityParams.for_period("day"))
    seconds = time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"{panel.n_series} series x {panel.n_periods}: {seconds:.1f} CPU s, peak {peak:.2f} GB"
        f" ({before:.2f} before); mean {learned.response.elasticity.mean():.3f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="*", default=[1, 2, 5])
    parser.add_argument("--skus", type=int, default=2000)
    parser.add_argument("--days", type=int, default=730)
    parser.add_argument("--spread-sd", type=float, default=ElasticityParams().spread_sd)
    parser.add_argument("--speed", type=int, metavar="SERIES")
    given = parser.parse_args()
    if given.speed:
        speed(given.speed)
        return
    asked = replace(ElasticityParams.for_period("day"), spread_sd=given.spread_sd)
    found = {seed: measure(seed, given.skus, given.days, asked) for seed in given.seeds}
    names = list(next(iter(found.values())))
    print("seed | " + " | ".join(names))
    for seed, row in found.items():
        print(f"{seed} | " + " | ".join(f"{row[name]:.3f}" for name in names))
    mean = [np.mean([row[name] for row in found.values()]) for name in names]
    print("mean | " + " | ".join(f"{value:.3f}" for value in mean))


if __name__ == "__main__":
    sys.exit(main())
