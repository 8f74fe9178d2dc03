"""Hand a round to the peers, who live in an environment of their own, and read what they say.

Input and answers are .npz files under the cache, found again by the content of the input. Peers
see recorded sales, the calendar and the known-ahead covariates; never what came.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from cases import POOLED
from ours import Answer
from rounds import ROOT, Floats, Round

from experiments.metrics.losses import LEVELS
from stockwright.panel import mix_hash

PEERS = (
    "MovingAverageShort", "MovingAverageLong", "SeasonalNaive", "AutoETS", "Theta", "CrostonSBA",
    "TSB", "IMAPA", "Ensemble", "mlforecast", "demandplan",
)  # fmt: skip
#: Series that the slow peers get at most, at earlier origins and in the report: a fixed sample
#: that everybody is scored on. All 50,000 of FreshRetailNet would take AutoETS and Theta most of
#: an hour of a core.
MOST_SERIES = {"freshretail": (1000, 1500), "demo": (200, 100), "online_retail": (800, 1500)}
#: Series that the fast peers learn from at most, those of the sample among them.
MOST_WIDE = {"freshretail": 10_000}
#: Python of the environment that ``make peers`` sets up.
PYTHON = Path(os.environ.get("STOCKWRIGHT_PEERS", ROOT / ".peers" / "bin" / "python"))


class Peers:
    """The peers of one round."""

    def __init__(self, round_: Round, cache: Path, earlier: bool) -> None:
        """round_: the whole round, before a sample of its series is drawn."""
        self.round = round_
        content = _content(round_, earlier)
        mark = hashlib.sha256()
        for name in ("key", "demand", "discount", "scored"):
            mark.update(np.ascontiguousarray(content[name]).tobytes())
        self.folder = cache / "peers" / round_.case / f"{round_.label}-{mark.hexdigest()[:10]}"
        self.content = content

    def compute(self, names: Sequence[str]) -> None:
        """Run the peers that have not answered yet."""
        missing = [name for name in names if not (self.folder / f"{name}.npz").is_file()]
        if not missing:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        given = self.folder / "input.npz"
        if not given.is_file():
            np.savez(given, **self.content)
        script = ROOT / "benchmarks" / "forecasting" / "peers.py"
        for name in missing:
            command = [str(PYTHON), str(script), str(self.folder), name]
            done = subprocess.run(command, check=False, stdout=sys.stderr)
            state = "answered" if not done.returncode else "FAILED"
            print(f"  {name} {state} for {self.round.case} {self.round.label}", file=sys.stderr)

    def answers(
        self, asked: Round, names: Sequence[str] = PEERS
    ) -> tuple[dict[str, Answer], np.ndarray]:
        """The kept answers for the scored series of ``asked``, and the rows that all answered."""
        keys = asked.keys()[asked.scored]
        ready = np.ones(len(keys), np.bool_)
        found = {}
        for name in names:
            path = self.folder / f"{name}.npz"
            if not path.is_file():
                continue
            with np.load(path) as file:
                said = {each: file[each] for each in file.files}
            place = {key: i for i, key in enumerate(said["key"].tolist())}
            rows = np.array([place.get(key, -1) for key in keys.tolist()], np.int64)
            ready &= rows >= 0
            found[name] = _answer(said, rows, asked)
        return found, np.flatnonzero(ready)


def _content(round_: Round, earlier: bool) -> dict[str, np.ndarray]:
    """What a peer may see. ``local`` are the series that the slow peers forecast."""
    panel = round_.panel
    n, width = panel.n_series, panel.covariates.n_periods
    shown = panel.covariates
    keys = round_.keys()
    rank = np.argsort(np.argsort(np.where(round_.scored, mix_hash(keys) >> np.uint64(1), 1 << 63)))
    most = MOST_SERIES.get(round_.case, (n, n))[0 if earlier else 1]
    wide = MOST_WIDE.get(round_.case, n)
    content = {
        "key": keys,
        "demand": panel.demand,
        "status": panel.status,
        "in_stock": panel.in_stock,
        "launch": panel.launch,
        "scored": round_.scored,
        "local": round_.scored & (rank < most),
        "wide": round_.scored & (rank < wide),
        "light": np.array(earlier),
        "pooled": np.array(POOLED[round_.case]),
        "levels": np.array(LEVELS),
        "start": np.array(panel.calendar.start),
        "days": np.array(panel.calendar.days),
        "country": np.array(round_.country),
    }
    for name in ("price", "discount", "event", "phase"):
        content[name] = np.broadcast_to(getattr(shown, name), (n, width))
    # Words of names are told apart by hundreds of codes each: no peer is shown to take those.
    plain = {n: codes for n, codes in panel.attributes.items() if not n.startswith("word_")}
    for name, codes in plain.items():
        content[f"attribute_{name}"] = codes
    return content


def _answer(said: dict[str, np.ndarray], rows: np.ndarray, asked: Round) -> Answer:
    """Quantiles of the sums of the known periods, in three ways.

    added: quantiles of the steps added up. root: the sum of the medians, and around it the root of
    the sum of squared half widths. direct: a forecast of summed data, cut by the share that the
    known periods have in the sum of the medians.
    """
    at = np.maximum(rows, 0)
    steps = np.maximum(np.asarray(said["steps"], np.float64)[at], 0)
    known = asked.known[asked.scored]
    sums: dict[int, dict[str, Floats]] = {}
    for span in asked.spans:
        seen = known[:, :span, None]
        part = steps[:, :span]
        median = part[..., :1]
        centre = np.where(seen, median, 0).sum(axis=1)
        width = np.sqrt(np.where(seen, (part - median) ** 2, 0).sum(axis=1))
        ways = {"added": np.where(seen, part, 0).sum(axis=1), "root": centre + width}
        if f"direct_{span}" in said:
            direct = np.maximum(np.asarray(said[f"direct_{span}"], np.float64)[at], 0)
            whole = median.sum(axis=1)
            equal = known[:, :span].mean(axis=1)[:, None]
            share = np.where(whole > 0, centre / np.where(whole > 0, whole, 1), equal)
            ways["direct"] = direct * share
        sums[span] = ways
    mean = np.maximum(np.asarray(said["mean"], np.float64)[at], 0)
    names, values = said["time_names"].tolist(), said["times"].tolist()
    peak = float(said["peak_megabytes"])
    return Answer(mean, steps, sums, dict(zip(names, values, strict=True)), peak)
