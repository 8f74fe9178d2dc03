"""What the forecast benchmark hands to its peers and takes back from them."""

import sys
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks" / "forecasting"


@pytest.fixture(scope="module")
def peers():
    sys.path.insert(0, str(FOLDER))
    try:
        import peer_models
        import peers as found

        found.moving_average = peer_models.moving_average
        yield found
    finally:
        sys.path.remove(str(FOLDER))
        for name in ("peers", "peer_models"):
            sys.modules.pop(name, None)


def task(peers, demand, horizon=2, freq="D", season=7):
    n, periods = demand.shape
    dates = np.datetime64("2024-01-01") + np.arange(periods + horizon)
    return peers.Task(
        np.arange(n, dtype=np.uint64), demand.astype(np.float32), np.zeros(n, np.int64), {}, {},
        horizon, (0.5, 0.9), season, dates, freq,
    )  # fmt: skip


def test_blocks_end_at_the_origin_and_add_up(peers):
    demand = np.arange(11.0)[None, :]
    found = peers.summed(task(peers, demand, horizon=5), 5)
    np.testing.assert_array_equal(found.demand, [[1 + 2 + 3 + 4 + 5, 6 + 7 + 8 + 9 + 10]])
    assert found.horizon == 1
    assert found.dates[0] == np.datetime64("2024-01-02")


def test_a_moving_average_and_its_misses_are_those_of_a_loop(peers):
    demand = np.random.default_rng(1).poisson(4.0, (3, 30)).astype(float)
    quantiles, mean = peers.moving_average({"D": 7, "W-MON": 4})(task(peers, demand))
    for i, row in enumerate(demand):
        assert mean[i, 0] == pytest.approx(row[-7:].mean())
        for step in (1, 2):
            miss = [row[t + step] - row[t - 6 : t + 1].mean() for t in range(6, 30 - step)]
            expected = mean[i, 0] + np.quantile(miss, (0.5, 0.9))
            np.testing.assert_allclose(quantiles[i, step - 1], expected)
