"""Aggregates correct their series where they know better, and leave them alone where not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from features.build import prepare
from features.context import build_context
from features.params import FeatureParams
from forecasting.levels import (
    KINDS,
    NO_LEVELS,
    Levels,
    Outlook,
    Trial,
    correction,
    group_keys,
    learn_levels,
    no_correction,
    outlook,
)
from stockwright.panel import DemandPanel

FEATURES = FeatureParams.for_period("week")
STEPS = 6
#: Bottom-up sums and own forecasts equally good.
EVEN = Levels(1.0, 0, (1.0, 0.01), (1.0, 0.01))
#: The aggregates' own forecasts have missed by 5 %, bottom-up sums by 20 %.
FIRM = Levels(1.0, 0, (1.0, 0.04), (1.0, 0.0025))


def with_region(panel: DemandPanel) -> DemandPanel:
    """Categories and two regions: location a is one, b the other."""
    category = panel.attributes["category"]
    region = panel.index.location.astype(np.int32)
    return replace(panel, attributes={"category_1": category, "region": region})


def drifted(panel: DemandPanel, weeks: int, factor: float) -> DemandPanel:
    """Demand of the whole shop times ``factor`` in the last weeks, by thinning the rest."""
    rng = np.random.default_rng(3)
    demand = panel.demand.astype(np.int64)
    demand[:, :-weeks] = rng.binomial(demand[:, :-weeks], 1 / factor)
    return replace(panel, demand=demand.astype(np.float32))


def looked_at(panel: DemandPanel) -> tuple[Outlook, np.ndarray]:
    """The outlook of a panel and base level times season of its series."""
    prepared = prepare(panel, STEPS, FEATURES, build_context(panel, FEATURES))
    base = np.repeat(prepared.level[:, None], STEPS, axis=1)
    return outlook(prepared, base), base


@pytest.fixture(scope="module")
def shop_groups(shop_panel: DemandPanel) -> DemandPanel:
    return with_region(shop_panel)


def test_aggregates_are_the_total_categories_regions_and_their_crossings(
    shop_groups: DemandPanel,
) -> None:
    found, base = looked_at(shop_groups)
    names = {KINDS[kind] for kind in found.kind}
    assert names == {"total", "category", "region", "category_region", "location"}
    keys = group_keys(shop_groups, FEATURES)
    sums = found.members @ base[:, 0]
    for place, (kind, key) in enumerate(zip(found.kind, found.key, strict=True)):
        members = keys[KINDS[kind]] == key
        assert sums[place] == pytest.approx(base[members, 0].sum())
        assert sums[place] >= 20


def test_a_steady_shop_is_left_alone(shop_groups: DemandPanel) -> None:
    found, base = looked_at(shop_groups)
    factor = correction(found, base, base, EVEN).factor(shop_groups, FEATURES, STEPS)
    assert np.abs(factor - 1).max() < 0.03


def level_rows(panel: DemandPanel) -> np.ndarray:
    """Base levels repeated over the steps."""
    level = prepare(panel, STEPS, FEATURES, build_context(panel, FEATURES)).level
    return np.repeat(level[:, None], STEPS, axis=1)


def test_a_drift_of_the_whole_shop_reaches_every_series(shop_groups: DemandPanel) -> None:
    """Demand 20 % higher in the last six weeks; forecasts that have not seen it are moved up."""
    panel = drifted(shop_groups, 6, 1.2)
    found, base = looked_at(panel)
    stale = level_rows(panel.until(panel.origin - 6))
    moved = stale * correction(found, base, stale, FIRM).factor(panel, FEATURES, STEPS)
    true = level_rows(shop_groups).sum()
    before, after = stale.sum() / true, moved.sum() / true
    assert before < 0.88
    assert abs(after - 1) < 0.5 * abs(before - 1)
    assert (moved > stale).all()


def test_a_drift_of_one_category_moves_it_more_than_the_others(shop_groups: DemandPanel) -> None:
    found, base = looked_at(shop_groups)
    category = shop_groups.attributes["category_1"]
    stale = np.where((category == 2)[:, None], base / 1.6, base)
    factor = correction(found, base, stale, EVEN).factor(shop_groups, FEATURES, STEPS)[:, 0]
    assert factor[category == 2].mean() > factor[category != 2].mean() + 0.1


def test_factors_do_not_depend_on_the_block_and_are_bounded(shop_groups: DemandPanel) -> None:
    found, base = looked_at(shop_groups)
    made = correction(found, base, base / np.linspace(0.2, 9, len(base))[:, None], EVEN)
    whole = made.factor(shop_groups, FEATURES, STEPS + 9)
    some = np.array([3, 70, 71, 200])
    assert (made.factor(shop_groups.take(some), FEATURES, STEPS + 9) == whole[some]).all()
    assert whole.min() >= 0.5
    assert whole.max() <= 2.0
    assert (whole[:, STEPS:] == whole[:, [STEPS - 1]]).all()


def test_without_a_correction_every_factor_is_one(shop_groups: DemandPanel) -> None:
    found, base = looked_at(shop_groups)
    for made in (no_correction(), correction(found, base, 0.7 * base, NO_LEVELS)):
        assert (made.factor(shop_groups, FEATURES, STEPS) == 1).all()


def trials(panel: DemandPanel, bias: float, truth: float, noise: float) -> list[Trial]:
    """Held-out origins where forecasts are ``bias`` and outcomes ``truth`` times the base.

    The aggregates' own forecasts are what the base says, so right where truth is 1.
    """
    found, base = looked_at(panel)
    rng = np.random.default_rng(9)
    made = []
    for _ in range(8):
        miss = bias * np.exp(noise * rng.standard_normal())
        units = rng.poisson(truth * base)
        made.append(Trial(found, base, miss * base, units * 1.0, np.ones(base.shape, np.bool_)))
    return made


def test_aggregates_that_were_right_are_followed(shop_groups: DemandPanel) -> None:
    """Forecasts missed by 15 % either way in common; the aggregates saw what came."""
    learned = learn_levels(trials(shop_groups, 1.0, 1.0, 0.15))
    assert learned.strength > 0.85
    assert learned.bottom[1] > 4 * learned.own[1]


def test_aggregates_that_were_wrong_are_not_followed(shop_groups: DemandPanel) -> None:
    """What came was as far below the forecasts as the aggregates' own lay above them."""
    learned = learn_levels(trials(shop_groups, 0.8, 0.6, 0.02))
    assert learned.strength < 0.1


def test_without_held_out_origins_nothing_is_corrected() -> None:
    assert learn_levels([]) == NO_LEVELS


def test_what_was_learned_survives_json() -> None:
    learned = Levels(0.4, 1, (2.0, 0.1), (3.0, 0.2))
    assert Levels.from_dict(learned.to_dict()) == learned


def test_groups_without_enough_signal_are_left_out(shop_groups: DemandPanel) -> None:
    few = shop_groups.take(np.arange(4))
    quiet = replace(few, demand=np.minimum(few.demand, 1))
    found, base = looked_at(quiet)
    assert len(found.key) == 0
    factor = correction(found, base, 2 * base, EVEN).factor(quiet, FEATURES, STEPS)
    assert (factor == 1).all()
