"""What holds for all tests."""

from __future__ import annotations

import os

# A night that is tracked starts a process that loads MLflow. Tests of tracking turn it on.
os.environ["STOCKWRIGHT_TRACKING"] = "off"
