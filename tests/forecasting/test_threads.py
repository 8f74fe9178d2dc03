"""Work on several threads gives what one thread gives, in the same order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from forecasting.model import fit
from forecasting.params import ModelParams
from forecasting.threads import in_order
from stockwright.panel import DemandPanel


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_parts_come_back_in_their_order(threads: int) -> None:
    parts = list(range(40))
    assert in_order(lambda part: part * part, parts, threads) == [part**2 for part in parts]


def test_a_failure_in_one_part_is_not_lost() -> None:
    with pytest.raises(ZeroDivisionError):
        in_order(lambda part: 1 // part, [1, 0, 2], 2)


@pytest.mark.slow
def test_fit_and_forecast_are_the_same_on_any_number_of_threads(shop_panel: DemandPanel) -> None:
    params = replace(ModelParams.for_period("week", 4), max_rows=6_000, threads=1)
    alone, together = fit(shop_panel, params), fit(shop_panel, replace(params, threads=3))
    assert alone.to_bytes() == together.to_bytes()
    means = [each.predict(shop_panel, 4).mean for each in (alone, together)]
    assert np.array_equal(*means)
