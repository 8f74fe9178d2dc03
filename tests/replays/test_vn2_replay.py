"""The replay of a VN2 round through the real command, on a window before the report windows."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
@pytest.mark.skipif("STOCKWRIGHT_DATA" not in os.environ, reason="needs the VN2 data")
def test_a_replayed_round_costs_less_than_the_benchmark_policy():
    call = [
        sys.executable,
        str(ROOT / "benchmarks" / "replenishment" / "vn2_replay.py"),
        "--only",
        "5",
    ]
    done = subprocess.run(call, capture_output=True, text=True, check=True)
    ratio = re.search(r"mean ratio ([\d.]+)", done.stdout)
    assert ratio is not None
    assert float(ratio[1]) < 1
