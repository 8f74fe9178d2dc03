"""What past origins knew is read off the history once, and equals what they knew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from features import past_contexts as module
from features.context import FeatureContext, build_context
from features.lagged import running_sums, window_sum
from features.params import FeatureParams
from features.past_contexts import past_contexts
from stockwright.panel import DemandPanel

ORIGINS = (40, 200, 399, 459)


def test_window_sums_are_those_of_a_loop() -> None:
    values = np.random.default_rng(1).poisson(3, (4, 30)).astype(np.float32)
    running = running_sums(values)
    for stop, window, first in ((30, 7, 0), (12, 28, 0), (12, 28, 5), (1, 1, 0)):
        expected = [sum(row[max(stop - window, first) : stop]) for row in values]
        assert window_sum(running, stop, window, first).tolist() == expected


def without_discounts(panel: DemandPanel) -> DemandPanel:
    covariates = panel.covariates
    return replace(
        panel, covariates=replace(covariates, discount=np.zeros_like(covariates.discount))
    )


def assert_equal(found: FeatureContext, twin: FeatureContext) -> None:
    assert found.origin == twin.origin
    for part in ("bins", "weekday", "festival"):
        np.testing.assert_allclose(
            getattr(found.season, part), getattr(twin.season, part), rtol=1e-5
        )
    assert found.tables.keys() == twin.tables.keys()
    for name, table in found.tables.items():
        for part in ("rate", "pace", "typical", "units", "exposure"):
            expected = getattr(twin.tables[name], part)
            np.testing.assert_allclose(getattr(table, part), expected, rtol=2e-5, err_msg=name)


@pytest.mark.parametrize("history", [1096, 365])
def test_contexts_in_one_pass_equal_those_built_one_by_one(
    make_panel: Callable[..., DemandPanel], history: int
) -> None:
    """Also where the seasons are learned from the newest part of the history only."""
    panel = without_discounts(make_panel())
    params = replace(FeatureParams.for_period("day"), history=history)
    tonight = build_context(panel, params)
    for found in past_contexts(panel, ORIGINS, tonight, params):
        assert_equal(found, build_context(panel.until(found.origin), params))


def test_uplifts_are_those_known_tonight(make_panel: Callable[..., DemandPanel]) -> None:
    panel, params = make_panel(), FeatureParams.for_period("day")
    tonight = build_context(panel, params)
    (found,) = past_contexts(panel, (100,), tonight, params)
    assert found.uplift is tonight.uplift
    assert found.seen is tonight.seen


def test_the_size_of_a_chunk_does_not_matter(
    make_panel: Callable[..., DemandPanel], monkeypatch: pytest.MonkeyPatch
) -> None:
    panel, params = make_panel(), FeatureParams.for_period("day")
    tonight = build_context(panel, params)
    whole = past_contexts(panel, ORIGINS, tonight, params)
    monkeypatch.setattr(module, "_CHUNK", 5)
    for found, twin in zip(past_contexts(panel, ORIGINS, tonight, params), whole, strict=True):
        assert_equal(found, twin)
