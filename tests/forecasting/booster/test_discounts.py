"""The whole mean model answers to a discount in one direction only."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from features.build import build_features
from features.context import build_context
from forecasting.booster.booster import MeanModel, train
from forecasting.booster.rows import training_rows
from forecasting.params import ModelParams
from stockwright.calendar import Calendar
from stockwright.panel import Covariates, DemandPanel, SeriesIndex, Status

PARAMS = ModelParams(horizon=7, trees=40, origins=12, country="", threads=1)


def shop(seed: int = 3, n: int = 150, total: int = 407) -> DemandPanel:
    """Demand of elasticity 1.5 that, by chance, is low on the days of some deep cuts."""
    rng = np.random.default_rng(seed)
    depth = rng.choice([0.0, 0.1, 0.25, 0.4], p=[0.6, 0.15, 0.15, 0.1], size=(n, total // 10 + 1))
    discount = np.repeat(depth, 10, axis=1)[:, :total]
    rate = 2.0 * (1 - discount) ** -1.5 * np.where(discount == 0.25, 0.6, 1.0)
    demand = rng.poisson(rate[:, : total - 7]).astype(np.float32)
    none = np.zeros((1, total), np.int16)
    return DemandPanel(
        index=SeriesIndex(
            tuple(f"s{i:03d}" for i in range(n)),
            ("w",),
            np.arange(n, dtype=np.int32),
            np.zeros(n, np.int32),
        ),
        calendar=Calendar("day", np.datetime64("2023-01-02")),
        demand=demand,
        status=np.full(demand.shape, Status.OBSERVED, np.uint8),
        in_stock=np.ones(demand.shape, np.float32),
        covariates=_covariates(discount, none),
        launch=np.zeros(n, np.int32),
    )


def _covariates(discount: np.ndarray, none: np.ndarray) -> Covariates:
    price = (20 * (1 - discount)).astype(np.float32)
    return Covariates(price, discount.astype(np.float32), none, none)


def test_a_deeper_discount_of_one_article_never_lowers_its_forecast() -> None:
    panel = shop()
    model = MeanModel(train(training_rows(panel, PARAMS), panel.origin, PARAMS), "day")
    for article in (3, 77, 120):
        means = []
        for depth in np.linspace(0, 0.6, 9):
            discount = panel.covariates.discount.copy()
            discount[article, -7:] = depth
            tonight = replace(panel, covariates=_covariates(discount, panel.covariates.event))
            context = build_context(tonight, PARAMS.features())
            block = tonight.take(np.array([article]))
            matrix = build_features(block, [1], PARAMS.features(), context)
            means.append(float(model.predict(matrix, 1)[0]))
        assert (np.diff(np.log(means)) > -1e-6).all()
        assert means[-1] > 1.5 * means[0]
