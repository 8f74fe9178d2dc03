"""The files of a published night: write them, check them, explain a line of them."""

from pipelines.publish.audit import audit
from pipelines.publish.explain import explain
from pipelines.publish.write import write_outputs

__all__ = ["audit", "explain", "write_outputs"]
