"""Continuous prices against the equation they solve and what bounds them."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from replenishment.clearance.gallego import exponential_optimum
from stockwright.errors import DataError


@pytest.mark.parametrize("salvage", [0.0, 0.7])
def test_the_closed_form_solves_the_equation_of_optimality(salvage):
    """dV/dt = sup_p k exp(-a p) (p - V(n) + V(n - 1)); the best p is V(n) - V(n - 1) + 1/a."""
    k, a, units, time = 8.0, 1.3, 5, 2.0

    def change(_, value):
        less = np.concatenate([[0.0], value[:-1]])
        return k / a * np.exp(-a * (value - less) - 1)

    start = salvage * np.arange(1, units + 1)
    run = solve_ivp(change, (0, time), start, rtol=1e-10, atol=1e-12)
    found = exponential_optimum(np.arange(1, units + 1), time, k, a, salvage)
    np.testing.assert_allclose(found.revenue, run.y[:, -1], rtol=1e-7)
    less = np.concatenate([[0.0], run.y[:-1, -1]])
    np.testing.assert_allclose(found.price, run.y[:, -1] - less + 1 / a, rtol=1e-7)


def test_the_value_stays_below_that_of_sure_demand_and_comes_near_for_many_units():
    """Gallego & van Ryzin 1994: sure demand bounds the value, and is its limit."""
    units = np.array([1.0, 10, 100, 10_000])
    k, a = 4 * units, 1.0
    price = np.maximum(np.log(k / units) / a, 1 / a)
    sure = price * k * np.exp(-a * price)
    share = exponential_optimum(units, 1.0, k, a).revenue / sure
    assert (share <= 1).all()
    assert (np.diff(share) > 0).all()
    assert share[-1] > 0.99


def test_no_time_is_worth_the_salvage_alone():
    best = exponential_optimum([3], 0.0, 5.0, 2.0, salvage=0.4)
    assert best.revenue[0] == pytest.approx(1.2)


@pytest.mark.parametrize(
    ("given", "says"),
    [((0, 1, 1, 1), "stock"), ((1.5, 1, 1, 1), "stock"), ((1, -1, 1, 1), "time"),
     ((1, 1, 0, 1), "k and a")],
)  # fmt: skip
def test_bad_input_is_named(given, says):
    with pytest.raises(DataError, match=says):
        exponential_optimum(*given)
