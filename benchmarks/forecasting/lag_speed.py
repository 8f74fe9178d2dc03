"""21 lag features of every FreshRetailNet series and day: our arrays beside mlforecast's C++.

    STOCKWRIGHT_DATA=... python benchmarks/forecasting/lag_speed.py [--repeat 3]

Lags 1 to 14, 21 and 28, and rolling means: of the same values or the benchmark stops. Best of the
repetitions; the peer runs in its own environment on two threads, ours on one. What a night itself
computes, features of a sample of past origins and of tonight, is timed by ``spend.py``.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter, process_time

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

import numpy as np
from exchange import PYTHON
from freshretail import freshretail_panel
from numpy.typing import NDArray

from features.lagged import running_sums

Floats32 = NDArray[np.float32]
LAGS = (*range(1, 15), 21, 28)
#: Lag and length of each rolling mean.
MEANS = ((1, 7), (1, 14), (1, 28), (1, 56), (7, 7))
#: Series that are worked on at once, so that their histories stay in the cache.
BLOCK = 512
PEER = """
import sys, time
import numpy as np, pandas as pd
from mlforecast import MLForecast
from mlforecast.lag_transforms import RollingMean
values = np.load(sys.argv[1] + "/values.npy")
series, periods = values.shape
frame = pd.DataFrame({
    "unique_id": np.repeat(np.arange(series), periods),
    "ds": np.tile(pd.date_range("2024-03-28", periods=periods).values, series),
    "y": values.ravel(),
})
means = {}
for lag, window in MEANS:
    means.setdefault(lag, []).append(RollingMean(window))
for _ in range(int(sys.argv[2])):
    maker = MLForecast(models=[], freq="D", lags=list(LAGS), lag_transforms=means, num_threads=2)
    wall, cpu = time.perf_counter(), time.process_time()
    found = maker.preprocess(frame, dropna=False)
    print(time.perf_counter() - wall, time.process_time() - cpu, flush=True)
names = [f"lag{lag}" for lag in LAGS]
names += [f"rolling_mean_lag{lag}_window_size{window}" for lag, window in MEANS]
columns = [found[name].to_numpy(np.float32).reshape(series, periods)[:2000] for name in names]
np.save(sys.argv[1] + "/found.npy", np.stack(columns))
"""


def lag_table(values: Floats32, lags: Sequence[int], means: Sequence[tuple[int, int]]) -> Floats32:
    """Features of the period after each period, (features, series, T) float32.

    NaN where the history does not reach so far back.
    """
    series, periods = values.shape
    out = np.empty((len(lags) + len(means), series, periods), np.float32)
    for start in range(0, series, BLOCK):
        part = slice(start, start + BLOCK)
        for place, lag in enumerate(lags):
            shifted(values[part], lag - 1, out[place, part])
        running = running_sums(values[part])
        for place, (lag, window) in enumerate(means, start=len(lags)):
            mean = np.full(values[part].shape, np.nan, np.float32)
            total = running[:, window:] - running[:, : periods + 1 - window]
            np.divide(total, window, out=mean[:, window - 1 :], casting="same_kind")
            shifted(mean, lag - 1, out[place, part])
    return out


def shifted(values: Floats32, back: int, out: Floats32) -> None:
    """Write the values ``back`` periods before each period."""
    kept = max(values.shape[1] - back, 0)
    out[:, : values.shape[1] - kept] = np.nan
    out[:, values.shape[1] - kept :] = values[:, :kept]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=3)
    repeat = parser.parse_args().repeat
    values = freshretail_panel().demand
    times = []
    for _ in range(repeat):
        wall, cpu = perf_counter(), process_time()
        table = lag_table(values, LAGS, MEANS)
        times.append((perf_counter() - wall, process_time() - cpu))
    print("ours: {:.2f} s, {:.2f} s of CPU".format(*min(times)))
    with tempfile.TemporaryDirectory() as folder:
        np.save(Path(folder) / "values.npy", values)
        script = f"LAGS, MEANS = {LAGS}, {MEANS}\n{PEER}"
        command = [str(PYTHON), "-W", "ignore", "-c", script, folder, str(repeat)]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        peer = min(tuple(map(float, each.split())) for each in said.strip().splitlines()[-repeat:])
        print("mlforecast: {:.2f} s, {:.2f} s of CPU".format(*peer))
        found = np.load(Path(folder) / "found.npy")
    np.testing.assert_allclose(table[:, :2000, :-1], found[:, :, 1:], rtol=1e-4, atol=1e-5)


if __name__ == "__main__":
    main()
