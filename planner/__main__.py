"""`python -m planner` is the `stockwright` command."""

from planner.main import run

run()
