"""What holds for all tests."""

from __future__ import annotations

import os

# A night that is tracked starts a process that loads MLflow. Tests of tracking turn it on.
os.environ["STOCKWRIGHT_TRACKING"] = "off"

# Tests run in as many processes as there are cores: threads within them would only be in each
# other's way, above all those that spin while they wait. Libraries read this when they are loaded.
_ALONE = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
for _name, _value in (_ALONE | {"OMP_WAIT_POLICY": "PASSIVE"}).items():
    os.environ.setdefault(_name, _value)
