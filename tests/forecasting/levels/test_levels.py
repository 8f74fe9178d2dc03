"""Aggregates correct their series where they know better, and leave them alone where not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from features.build import prepare
from features.context import build_context
from features.params import FeatureParams
from forecasting.levels.levels import (
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
    return outlook(prepared, prepared.level, STEPS), base


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
    factor = correction(found, base, EVEN).factor(shop_groups, FEATURES, STEPS)
    assert np.abs(factor - 1).max() < 0.03


def test_a_drift_of_the_whole_shop_reaches_every_series(shop_groups: DemandPanel) -> None:
    """Demand 20 % higher in the last six weeks, of which levels of single series see half."""
    panel = drifted(shop_groups, 6, 1.2)
    found, base = looked_at(panel)
    moved = base * correction(found, base, FIRM).factor(panel, FEATURES, STEPS)
    true = looked_at(shop_groups)[1].sum()
    before, after = base.sum() / true, moved.sum() / true
    assert before < 0.9
    assert before + (1 - before) / 3 < after < 1.0
    assert (moved > base).all()


def test_a_peak_that_its_uplift_does_not_explain_is_no_drift(shop_groups: DemandPanel) -> None:
    """Three times the demand in the last two weeks, which lie in an event."""
    demand, event = shop_groups.demand.copy(), np.zeros((1, shop_groups.n_periods + 12), np.int16)
    demand[:, -2:] *= 3
    event[:, shop_groups.n_periods - 2 : shop_groups.n_periods] = 1
    covariates = replace(shop_groups.covariates, event=event, event_names=("burst",))
    panel = replace(shop_groups, demand=demand, covariates=covariates)
    prepared = prepare(panel, STEPS, FEATURES, build_context(panel, FEATURES))
    level = looked_at(shop_groups)[1][:, 0]
    found = outlook(prepared, level, STEPS)
    assert np.abs(found.ratio[:, found.kind == 0] - 1).max() < 0.05


def test_a_drift_of_one_category_moves_it_more_than_the_others(shop_groups: DemandPanel) -> None:
    """The base levels of a category lie 40 % below what it has sold all along."""
    prepared = prepare(shop_groups, STEPS, FEATURES, build_context(shop_groups, FEATURES))
    category = shop_groups.attributes["category_1"]
    level = np.where(category == 2, prepared.level / 1.6, prepared.level)
    found = outlook(prepared, level, STEPS)
    mean = np.repeat(level[:, None], STEPS, axis=1)
    factor = correction(found, mean, EVEN).factor(shop_groups, FEATURES, STEPS)[:, 0]
    assert factor[category == 2].mean() > factor[category != 2].mean() + 0.1


def test_factors_do_not_depend_on_the_block_and_are_bounded(shop_groups: DemandPanel) -> None:
    found, base = looked_at(shop_groups)
    far = replace(found, ratio=found.ratio * np.linspace(0.1, 9, len(found.key))[:, None])
    made = correction(far, base, EVEN)
    whole = made.factor(shop_groups, FEATURES, STEPS + 9)
    some = np.array([3, 70, 71, 200])
    assert (made.factor(shop_groups.take(some), FEATURES, STEPS + 9) == whole[some]).all()
    assert whole.min() >= 0.5
    assert whole.max() <= 2.0
    assert (whole[:, STEPS:] == whole[:, [STEPS - 1]]).all()


def test_without_a_correction_every_factor_is_one(shop_groups: DemandPanel) -> None:
    found, base = looked_at(shop_groups)
    far = replace(found, ratio=1.7 * found.ratio)
    for made in (no_correction(), correction(far, base, NO_LEVELS)):
        assert (made.factor(shop_groups, FEATURES, STEPS) == 1).all()


def trials(panel: DemandPanel, heading: float, truth: float, seed: int = 9) -> list[Trial]:
    """Held-out origins at which the shop as a whole turned out up to 15 % off its forecasts.

    Aggregates say ``heading``, and outcomes are ``truth``, times the logarithm of what was to come.
    """
    found, base = looked_at(panel)
    rng = np.random.default_rng(seed)
    made = []
    for origin in range(8):
        drift = 0.15 * rng.standard_normal()
        seen = replace(found, ratio=np.full(found.ratio.shape, np.exp(heading * drift)))
        units = rng.poisson(np.exp(truth * drift) * base) * 1.0
        known = np.ones(base.shape, np.bool_)
        made.append(Trial(seen, base, units, known, STEPS * origin))
    return made


def test_aggregates_that_were_right_are_followed(shop_groups: DemandPanel) -> None:
    learned = learn_levels(trials(shop_groups, 1.0, 1.0))
    assert learned.strength > 0.85
    assert learned.bottom[1] > 4 * learned.own[1]


def test_aggregates_that_were_wrong_are_not_followed(shop_groups: DemandPanel) -> None:
    assert learn_levels(trials(shop_groups, 1.0, -0.7)).strength < 0.1


def test_origins_that_overlap_convince_less(shop_groups: DemandPanel) -> None:
    """The same misses at origins a step apart leave the strength nearer to the usual one."""
    apart = trials(shop_groups, 1.0, -0.2)
    close = [replace(trial, origin=place) for place, trial in enumerate(apart)]
    assert learn_levels(apart).strength <= learn_levels(close).strength


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
    factor = correction(found, 2 * base, EVEN).factor(quiet, FEATURES, STEPS)
    assert (factor == 1).all()
