"""Pull-forward and cannibalization features against loops over series and periods."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from features.build import build_features
from features.context import build_context, group_codes
from features.params import FeatureParams
from stockwright.calendar import PeriodName
from stockwright.panel import DemandPanel

MakePanel = Callable[..., DemandPanel]
STEPS = (1, 3, 6)


@pytest.mark.parametrize("period", ["day", "week"])
def test_rival_discounts_are_means_over_the_other_articles_of_the_category_and_place(
    make_panel: MakePanel, period: PeriodName
) -> None:
    panel = make_panel(period, skus=6, periods=120, seed=21)
    params = FeatureParams.for_period(period)
    context = build_context(panel, params)
    matrix = build_features(panel, STEPS, params, context)
    code = group_codes(panel, "category_2")
    place, n = panel.index.location, panel.n_series
    discount = np.broadcast_to(panel.covariates.discount, (n, panel.covariates.n_periods))
    found = matrix.column("rival_discount").reshape(n, -1)
    change = matrix.column("rival_discount_change").reshape(n, -1)
    for i in range(n):
        same = (code == code[i]) & ((place == place[i]) | (code[i] < 0))
        others = [j for j in np.flatnonzero(same) if j != i]
        if not others:
            assert np.isnan(found[i]).all()
            continue
        recent = discount[others, panel.n_periods - params.short : panel.n_periods].mean()
        for k, step in enumerate(STEPS):
            wanted = discount[others, panel.origin + step].mean()
            assert found[i, k] == pytest.approx(wanted, abs=1e-5)
            assert change[i, k] == pytest.approx(wanted - recent, abs=1e-5)


def test_pulled_forward_is_the_mean_known_uplift_of_the_periods_before(
    make_panel: MakePanel,
) -> None:
    panel = make_panel("day", skus=4, periods=500, seed=22)
    params = FeatureParams.for_period("day")
    context = build_context(panel, params)
    found = build_features(panel, STEPS, params, context).column("pulled_forward")
    codes, cov = group_codes(panel, "category_2"), panel.covariates
    shape = (panel.n_series, cov.n_periods)
    event, phase, discount = (
        np.broadcast_to(values, shape) for values in (cov.event, cov.phase, cov.discount)
    )
    for i in range(panel.n_series):
        for k, step in enumerate(STEPS):
            total = 0.0
            for t in range(panel.origin + step - params.event_reach, panel.origin + step):
                column = int(event[i, t]) * context.phases + int(phase[i, t])
                inside = event[i, t] > 0 and column < context.uplift.shape[1]
                lift = context.uplift[codes[i], column] if inside else 1.0
                lift *= (1 - min(discount[i, t], 0.9)) ** -context.elasticity[codes[i]]
                total += max(lift - 1, 0.0)
            assert found.reshape(-1, 3)[i, k] == pytest.approx(
                total / params.event_reach, rel=1e-3, abs=1e-4
            )
