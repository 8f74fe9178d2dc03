"""Which strategy holds for a key, and what it does to its levels, review, cover and approval."""

import numpy as np
import pytest

from pipelines.assemble.strategies import approvals, graded, strategies_of
from pipelines.config import Config
from pipelines.config.load import load_config
from stockwright.errors import ConfigError
from stockwright.network import ItemTerms, Lanes, Network


def texts(*names):
    return np.array(names, object)


def asked_of(strategy, letters, stages, hit, **other):
    config = Config.model_validate({"grades": {"strategy": strategy, **other}})
    return config, strategies_of(config.grades, letters, stages, np.array(hit))


def test_each_setting_is_looked_up_by_itself_and_the_finer_name_goes_first():
    """hit, life stage, two letters, value, steadiness."""
    strategy = {
        "hit": {"review_days": 3.0},
        "growth": {"review_days": 5.0, "most_cover_days": 40.0},
        "AX": {"most_cover_days": 50.0, "approval": "manager"},
        "A": {"approval": "planner", "service_level": 0.9},
        "X": {"service_level": 0.8, "review_days": 9.0},
    }
    _, asked = asked_of(
        strategy, texts("AX", "AX", "AY", "CX"), texts("growth", "maturity", "growth", "maturity"),
        [True, False, False, False],
    )  # fmt: skip
    assert asked.review_days.tolist() == [3.0, 9.0, 5.0, 9.0]
    np.testing.assert_equal(asked.most_cover_days, [40.0, 50.0, 40.0, np.nan])
    assert asked.approval.tolist() == [2, 2, 1, 0]
    assert asked.service_level.tolist() == [0.9, 0.9, 0.9, 0.8]


def test_a_level_of_one_mode_leaves_none_of_the_other():
    strategy = {"A": {"service_level": 0.9}, "AX": {"service_level": 0.97, "mode": "fill"}}
    _, asked = asked_of(strategy, texts("AX", "AZ"), texts("maturity", "maturity"), [False] * 2)
    np.testing.assert_equal(asked.service_level, [np.nan, 0.9])
    np.testing.assert_equal(asked.fill_rate, [0.97, np.nan])


def test_by_default_money_decides_and_breakouts_are_reviewed_every_week():
    _, asked = asked_of({}, texts("AX", "CZ"), texts("maturity", "growth"), [True, False])
    np.testing.assert_equal(asked.review_days, [7.0, np.nan])
    assert np.isnan(asked.service_level).all()
    assert np.isnan(asked.most_cover_days).all()


def test_a_dear_line_needs_the_stricter_approval():
    config, asked = asked_of(
        {"A": {"approval": "planner"}}, texts("AX", "CX", "CX", "AX"), texts(*["maturity"] * 4),
        [False] * 4, planner_value=100.0, manager_value=1000.0,
    )  # fmt: skip
    value = np.array([5.0, 100.0, 99.0, 1000.0])
    words = approvals(asked, np.arange(4), value, config.grades)
    assert words.tolist() == ["planner", "planner", "auto", "manager"]


@pytest.mark.parametrize(
    ("open_after", "cap", "review"),
    [
        ([True] * 7, 7.0, 7),
        ([False, False, True, False, False, False, True], 7.0, 7),
        ([False, False, True, False, False, False, True], 3.0, 3),
        ([False, False, True, False, False, False, True], 2.0, 3),
        ([False, False, True, False, False, False, False], 4.0, 10),
    ],
)
def test_a_shorter_review_still_ends_on_an_order_day(open_after, cap, review):
    """Capped to ``cap`` days, then on to the next day that the supplier takes an order."""
    one = np.ones(1)
    items = ItemTerms(*[one] * 10)
    lanes = Lanes(
        *(0 * one, 0 * one, 0 * one, one, 0 * one, 14 * one, one > 0, ["2026-01-01"]),
        *[one] * 6, np.zeros(2), np.zeros(0), np.zeros(0), ("",), np.array([open_after]),
    )  # fmt: skip
    config, asked = asked_of({"A": {"review_days": cap}}, texts("AX"), texts("maturity"), [False])
    network = graded(Network(None, None, lanes, items), asked, config)
    assert network.lanes.review.tolist() == [review]


def test_a_mistyped_setting_is_answered_with_the_nearest(tmp_path):
    file = tmp_path / "stockwright.toml"
    file.write_text("[grades.strategy.AX]\nreview_day = 3\n", "utf-8")
    with pytest.raises(ConfigError, match="review_days"):
        load_config(file, None)
    file.write_text("[grades]\na_share = 0.9\nb_share = 0.8\n", "utf-8")
    with pytest.raises(ConfigError, match="b_share must not lie below"):
        load_config(file, None)
