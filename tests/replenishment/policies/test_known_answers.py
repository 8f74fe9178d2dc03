"""Every known answer, by kind of case and not by its name or numbers."""

import csv
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from replenishment.policies.counts import CountDemand
from replenishment.policies.lost_sales import LostSales, average_cost
from replenishment.policies.lost_sales_optimum import optimal_rule
from replenishment.policies.lost_sales_rules import (
    BaseStockRule,
    backorder_target,
    best_base_stock,
    best_rule,
)

Case = tuple[dict[str, Any], dict[str, Any], float]
KINDS: dict[str, Callable[[dict[str, Any], dict[str, Any], float], None]] = {}


def kind(*prefixes: str) -> Callable[..., Any]:
    """Register a check for all cases whose name starts with one of the prefixes."""

    def register(check: Callable[..., None]) -> Callable[..., None]:
        KINDS.update(dict.fromkeys(prefixes, check))
        return check

    return register


def known_cases() -> dict[str, Case]:
    root = os.environ.get("STOCKWRIGHT_DATA")
    path = Path(root).parent / "cases" / "inventory.csv" if root else None
    if path is None or not path.exists():
        return {}
    with path.open(newline="", encoding="utf-8") as file:
        return {
            row["id"]: (
                json.loads(row["inputs"]),
                json.loads(row["answer"]),
                float(row["tolerance"]),
            )
            for row in csv.DictReader(file)
        }


CASES = known_cases()


def lost_sales_cases(demand: str = "") -> list[Any]:
    """Lost-sales cases of a kind of demand; long lead times are many states, and slow."""
    return [
        pytest.param(name, marks=pytest.mark.slow if given["lead_time"] > 3 else ())
        for name, (given, _, _) in CASES.items()
        if name.startswith("lost-sales") and demand in str(given["demand"])
    ]


def count_demand(given: dict[str, Any]) -> CountDemand:
    """Demand of one item from its description in a case."""
    ((name, value),) = given.items()
    makers: dict[str, Callable[[], CountDemand]] = {
        "poisson": lambda: CountDemand.poisson(value),
        "geometric_mean": lambda: CountDemand.geometric(value),
        "negative_binomial": lambda: CountDemand.negative_binomial(*value),
        "uniform_int": lambda: CountDemand.uniform(*value),
        "pmf": lambda: CountDemand([value]),
        "pmf_from_0": lambda: CountDemand([value]),
        "pmf_from_1": lambda: CountDemand([[0.0, *value]]),
    }
    return makers[name]()


def lost_sales_item(given: dict[str, Any]) -> LostSales:
    return LostSales(
        count_demand(given["demand"]),
        given.get("lead_time", 0),
        given["holding_cost"],
        given["shortage_cost"],
    )


@pytest.mark.parametrize("name", CASES)
def test_known_answer(name):
    given, answer, tolerance = CASES[name]
    check = next((KINDS[k] for k in sorted(KINDS, key=len)[::-1] if name.startswith(k)), None)
    if check is None:
        pytest.skip(f"no policy covers {name}")
    check(given, answer, tolerance)


@kind("lost-sales-")
def check_lost_sales(given, answer, tolerance):
    item = lost_sales_item(given)
    optimum = optimal_rule(item)
    assert optimum.cost == pytest.approx(answer["optimal_cost"], rel=tolerance)
    assert average_cost(item, optimum).cost == pytest.approx(optimum.cost, rel=1e-7)
    if "best_base_stock" in answer:
        best = best_base_stock(item)
        assert best.rule.target == answer["best_base_stock"]
        assert best.run.cost == pytest.approx(answer["best_base_stock_cost"], rel=tolerance)


@pytest.mark.parametrize("name", lost_sales_cases("poisson"))
def test_the_chosen_rule_is_within_one_percent_of_the_known_optimum(name):
    given, answer, _ = CASES[name]
    assert best_rule(lost_sales_item(given)).run.cost <= 1.01 * answer["optimal_cost"]


@pytest.mark.parametrize("name", lost_sales_cases("poisson"))
def test_the_backorder_formula_is_not_within_one_percent(name):
    """Negative control. With a lead time of 0 or 1 the formula is right or nearly so."""
    given, answer, _ = CASES[name]
    if given["lead_time"] < 2:
        pytest.skip("the formula is right, or nearly, for short lead times")
    item = lost_sales_item(given)
    cost = average_cost(item, BaseStockRule(backorder_target(item))).cost
    assert cost > 1.01 * answer["optimal_cost"]
