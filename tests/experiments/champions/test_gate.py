"""The gate on planted evidence: noise is not promoted, a gain is, one that ruins a segment is not.

The evidence is built as a replay builds it: profit of each week of each SKU under both, 2,000 SKUs
by 26 weeks, sizes log-normal over SKUs, differences with a part of each SKU's own and tails as
heavy as Student's with three degrees of freedom.
"""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from experiments.champions.gate import KINDS, LEVELS, Evidence, Limits, judge
from experiments.metrics.bootstrap import Blocks, paired_interval_in
from pipelines.store.champions import Segment

SKUS, WEEKS = 2000, 26
CATEGORIES = ("Bags", "Coats", "Hats", "Shirts", "Shoes")
HEAD = ["segment_kind", "segment", "metric", "base", "value", "difference", "low", "high"]


def segments():
    """Names by kind of each SKU: sizes of categories 40, 30, 15, 10 and 5 %."""
    rng = np.random.default_rng(1)
    category = rng.choice(CATEGORIES, SKUS, p=[0.4, 0.3, 0.15, 0.1, 0.05])
    yield "all", np.full(SKUS, "all")
    yield "category", category
    yield "location", rng.choice([f"W{n:02d}" for n in range(12)], SKUS)
    yield "abc", rng.choice(list("ABC"), SKUS)
    yield "life_stage", rng.choice(["new", "regular", "dormant"], SKUS, p=[0.1, 0.8, 0.1])


def paired_rows(metric, base, value, drawn, draws=200):
    """Rows of ``paired`` for one metric from (skus, weeks) of both; with intervals for ``drawn``
    kinds and the whole shop.
    """
    for kind, names in segments():
        for name in np.unique(names):
            rows = np.flatnonzero(names == name)
            ways = np.divmod(np.arange(len(rows) * WEEKS), WEEKS)
            before, after = base[rows].ravel(), value[rows].ravel()
            found = (0.0, 0.0, 0.0)
            if kind in (*drawn, "all"):
                found = paired_interval_in(Blocks(ways, draws, 7), before, after)
            yield (kind, name, metric, before.sum(), after.sum(), *found)


@cache
def replayed(seed, gain=0.0, ruined=0.0, where="Hats"):
    """The paired table of a replay.

    gain: of the margin, everywhere. ruined: what the category ``where`` loses of it on top.
    """
    rng = np.random.default_rng(seed)
    size = rng.lognormal(3.0, 1.3, SKUS)[:, None]
    margin = size * rng.gamma(2.0, 0.5, (SKUS, WEEKS))
    own = 0.04 * rng.standard_normal((SKUS, 1))
    noise = 0.25 * rng.standard_t(3, (SKUS, WEEKS)) / np.sqrt(3)
    hurt = dict(segments())["category"] == where
    share = gain - ruined * hurt[:, None]
    profit = 0.6 * margin
    after = profit + margin * share + size * (own + noise)
    rows = [
        *paired_rows("profit", profit, after, [k for k in KINDS if k != "location"]),
        *paired_rows("margin", margin, margin + after - profit, ["location"]),
    ]
    return pd.DataFrame(rows, columns=HEAD)


def forecasts(pinball=0.0, coverage=0.0, stability=0.0, base_coverage=0.0, hurt=""):
    """The paired table of a backtest; changes as shares, of one category alone where named."""
    rows = []
    for kind, names in segments():
        for name in np.unique(names):
            rise = pinball if hurt in ("", name) else 0.0
            rows.append((kind, name, "pinball", 1.0, 1.0 + rise, rise, rise - 0.004, rise + 0.004))
            moved = 0.2 * stability
            rows.append(
                (kind, name, "stability", 0.2, 0.2 + moved, moved, moved - 0.001, moved + 0.001)
            )
            for level in LEVELS:
                pair = level + base_coverage, level + coverage
                away = pair[1] - pair[0]
                rows.append((kind, name, f"coverage_{100 * level:.0f}", *pair, away, away, away))
    return pd.DataFrame(rows, columns=HEAD)


def verdict(money, forecast=None, limits=None, where=(), **more):
    found = forecasts() if forecast is None else forecast
    evidence = Evidence(money, found, **({"days": 150, "origins": 12} | more))
    return judge(evidence, limits or Limits(), where)


SEEDS = [pytest.param(8, id="8 seeds"), pytest.param(100, id="100 seeds", marks=pytest.mark.slow)]


@pytest.mark.parametrize("seeds", SEEDS)
def test_the_champion_with_other_noise_is_not_promoted_and_hurts_no_segment(seeds):
    """A gain of nothing passes with the error of 1 % that is allowed, and any of the 23 segments is
    hurt with 5 %: of 100 seeds at most 4 and 11 then, with 99 % of all luck.
    """
    found = [verdict(replayed(100 + seed)) for seed in range(seeds)]
    gained, hurt = (4, 11) if seeds == 100 else (0, 1)
    assert sum(one.passed for one in found) <= gained
    assert sum("no segment hurt in money" in one.failed for one in found) <= hurt
    assert all("money" in one.failed for one in found if not one.passed)


@pytest.mark.parametrize("gain", [0.1, 0.03])
def test_a_planted_improvement_is_promoted(gain):
    found = [verdict(replayed(seed, gain)) for seed in range(3)]
    assert [one.failed for one in found if not one.passed] == []


def test_an_improvement_that_ruins_a_category_is_not():
    for seed in (1, 2, 5):
        found = verdict(replayed(seed, gain=0.1, ruined=0.4))
        assert found.failed == ["no segment hurt in money"]
        (line,) = [one for one in found.criteria if not one.passed]
        assert "category Hats" in line.measured


def test_an_improvement_that_ruins_the_smallest_category_is_not():
    names, sizes = np.unique(dict(segments())["category"], return_counts=True)
    assert names[sizes.argmin()] == "Shoes"
    for seed in (3, 4, 6):
        found = verdict(replayed(seed, gain=0.1, ruined=0.4, where="Shoes"))
        assert found.failed == ["no segment hurt in money"]
        (line,) = [one for one in found.criteria if not one.passed]
        assert line.measured.startswith("1 of")
        assert "category Shoes" in line.measured


def test_a_segment_can_take_what_does_not_hold_for_the_shop():
    """Better everywhere but in Hats: Coats may have it, Hats may not, the shop may not."""
    money = replayed(5, gain=0.1, ruined=0.4)
    assert verdict(money, where=(Segment(kind="category", name="Coats"),)).passed
    hats = verdict(money, where=(Segment(kind="category", name="Hats"),))
    assert hats.failed == ["money of category=Hats"]
    both = (Segment(kind="category", name="Coats"), Segment(kind="category", name="Hats"))
    assert not verdict(money, where=both).passed


def test_where_no_gain_is_asked_for_no_worse_is_enough():
    lenient = Limits(gain=False, tolerance=0.02)
    assert verdict(replayed(4), limits=lenient).passed
    assert "money" in verdict(replayed(4, gain=-0.1), limits=lenient).failed


def test_a_change_of_nothing_is_no_gain():
    table = replayed(1)
    for name in ("difference", "low", "high"):
        table[name] = 0.0
    table["value"] = table["base"]
    assert "money" in verdict(table).failed


@pytest.mark.parametrize(
    ("forecast", "failed"),
    [
        ({"coverage": -0.03}, [f"calibrated at {level:.2f}" for level in LEVELS]),
        ({"coverage": -0.03, "base_coverage": -0.03}, []),
        ({"coverage": -0.019}, []),
        ({"stability": 0.3}, ["stable"]),
        ({"stability": 0.05}, []),
        ({"pinball": 0.2, "hurt": "Hats"}, ["no segment forecast worse"]),
        ({"pinball": 0.02, "hurt": "Hats"}, []),
    ],
)
def test_forecasts_have_to_be_calibrated_stable_and_no_worse_anywhere(forecast, failed):
    assert verdict(replayed(2, gain=0.1), forecasts(**forecast)).failed == failed


def test_what_is_not_known_does_not_pass():
    money = replayed(2, gain=0.1)
    evidence = Evidence(money, None, days=150)
    assert judge(evidence, Limits()).failed == ["enough evidence", "forecast"]
    alone = Evidence(None, forecasts(), origins=12)
    assert {"money", "enough evidence"} <= set(judge(alone, Limits()).failed)
    assert not judge(Evidence(), Limits()).passed
    missing = money[money["metric"] != "profit"]
    assert "money" in verdict(missing).failed


def test_a_version_with_the_champions_forecast_needs_no_backtest():
    evidence = Evidence(replayed(2, gain=0.1), None, days=150, same_forecast=True)
    assert judge(evidence, Limits()).passed


def test_few_days_or_origins_are_not_enough():
    money = replayed(2, gain=0.1)
    assert verdict(money, days=20).failed == ["enough evidence"]
    assert verdict(money, origins=3).failed == ["enough evidence"]


def a_row(kind, segment, metric, base, change, width):
    return (kind, segment, metric, base, base + change, change, change - width, change + width)


def test_a_location_that_costs_more_because_others_sell_more_is_not_hurt():
    """The central warehouse sells nothing and holds more, at a cost; the shop earns 10 % more."""
    rows = [
        a_row("all", "all", "profit", 600.0, 100.0, 10.0),
        a_row("all", "all", "margin", 1000.0, 120.0, 10.0),
        a_row("location", "central", "profit", -50.0, -20.0, 1.0),
        a_row("location", "central", "margin", 0.0, 0.0, 0.0),
        a_row("location", "north", "profit", 650.0, 120.0, 10.0),
        a_row("location", "north", "margin", 1000.0, 120.0, 10.0),
    ]
    assert verdict(pd.DataFrame(rows, columns=HEAD)).passed
    rows[-1] = a_row("location", "north", "margin", 1000.0, -120.0, 10.0)
    assert verdict(pd.DataFrame(rows, columns=HEAD)).failed == ["no segment hurt in money"]


def test_a_sure_loss_of_next_to_nothing_hurts_no_segment():
    """Of 10,000 of margin, a segment with 1 loses .5: less than the two in ten thousand."""
    rows = [
        a_row("all", "all", "profit", 6000.0, 1000.0, 10.0),
        a_row("all", "all", "margin", 10000.0, 1000.0, 10.0),
        a_row("life_stage", "ended", "profit", 1.0, -0.5, 0.01),
        a_row("life_stage", "ended", "margin", 1.0, -0.5, 0.01),
    ]
    assert verdict(pd.DataFrame(rows, columns=HEAD)).passed


@pytest.mark.parametrize(("width", "failed"), [(600.0, ["no segment hurt in money"]), (1500.0, [])])
def test_a_segment_that_is_likely_ruined_is_hurt_though_too_few_of_it_were_seen(width, failed):
    """Half of its margin is lost: at 1.6 standard errors that is likely, at .7 it is noise."""
    rows = [
        a_row("all", "all", "profit", 6000.0, 1000.0, 10.0),
        a_row("all", "all", "margin", 10000.0, 1000.0, 10.0),
        a_row("category", "Hats", "profit", 800.0, -500.0, width),
        a_row("category", "Hats", "margin", 1000.0, -500.0, width),
    ]
    assert verdict(pd.DataFrame(rows, columns=HEAD)).failed == failed
