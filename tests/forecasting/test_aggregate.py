"""The Theta forecast of the shop as a whole."""

import numpy as np
import pytest

from forecasting.aggregate import theta_forecast


@pytest.mark.parametrize("value", [0.3, 11.0, 1e6])
@pytest.mark.parametrize("ripple", [0.0, 1e-12, 1e-6])
def test_a_constant_shop_goes_on_as_it_is(value, ripple):
    values = value * (1 + ripple * np.resize([1.0, -1.0], 30))
    np.testing.assert_allclose(theta_forecast(values, 5), value, rtol=1e-5)


def test_a_straight_line_goes_on_at_half_its_slope():
    """Theta is exponential smoothing with half the slope as drift (Hyndman & Billah 2003)."""
    values = 5 + 0.5 * np.arange(40)
    np.testing.assert_allclose(np.diff(theta_forecast(values, 6)), 0.25, rtol=1e-6)
