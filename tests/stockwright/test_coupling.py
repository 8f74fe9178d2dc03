"""Orders under which sampled totals share a level."""

from __future__ import annotations

import numpy as np

from stockwright.coupling import coupled

KEYS = np.array([11, 12, 13], np.uint64)


def test_the_order_of_a_total_does_not_depend_on_the_totals_beside_it() -> None:
    rising = np.sort(np.random.default_rng(1).gamma(2.0, 3.0, (6, 64)), axis=1)
    loading = np.linspace(0.0, 0.9, 6)
    series, segment = np.array([0, 0, 1, 1, 2, 2]), np.array([0, 1, 0, 1, 0, 1])
    together = coupled(rising, loading, (series, segment), KEYS, 7)
    np.testing.assert_array_equal(np.sort(together, axis=1), rising)
    for rows in ([1], [0, 3], [2, 5]):
        alone = coupled(rising[rows], loading[rows], (series[rows], segment[rows]), KEYS, 7)
        np.testing.assert_array_equal(alone, together[rows])


def test_totals_with_a_higher_loading_move_closer_together() -> None:
    keys = np.arange(200, dtype=np.uint64)
    series, segment = np.repeat(np.arange(200), 2), np.tile([0, 1], 200)
    rising = np.broadcast_to(np.arange(128.0), (400, 128)).copy()
    found = []
    for loading in (0.0, 0.6, 0.95):
        drawn = coupled(rising, np.full(400, loading), (series, segment), keys, 3)
        pairs = drawn.reshape(200, 2, 128)
        found.append(np.mean([np.asarray(np.corrcoef(pair))[0, 1] for pair in pairs]))
    np.testing.assert_allclose(found, [0.0, 0.36, 0.9], atol=0.03)
