"""Tables to situation: the panel, the network, the stock and the decisions of one night."""

from pipelines.assemble.build import assemble
from pipelines.assemble.situation import Catalog, Situation

__all__ = ["Catalog", "Situation", "assemble"]
