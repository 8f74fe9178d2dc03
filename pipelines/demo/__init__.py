"""A synthetic online shop in the tables of the contract, and the truth behind it."""

from pipelines.demo.params import DEMO_LAST_DATE, DemoParams
from pipelines.demo.truth import Truth, truth_folder
from pipelines.demo.write import write_demo

__all__ = ["DEMO_LAST_DATE", "DemoParams", "Truth", "truth_folder", "write_demo"]
