"""Sums of the rows of a table over groups of rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

_CHUNK = 4096


def group_sums(
    group: NDArray[np.integer],
    groups: int,
    values: NDArray[np.floating],
    weight: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Sum of the rows of each group, (groups, columns) float64.

    group: (rows,) in [0, groups). values: (rows, columns). weight: (rows,) factor of each row.
    The rows are taken in blocks, so that no second copy of ``values`` is held.
    """
    out = np.zeros((groups, values.shape[1]))
    for start in range(0, len(group), _CHUNK):
        part = slice(start, start + _CHUNK)
        names, place = np.unique(group[part], return_inverse=True)
        factor: NDArray[Any] = np.ones(len(place)) if weight is None else weight[part]
        member = sparse.csr_array(
            (factor, place, np.arange(len(place) + 1)), shape=(len(place), len(names))
        )
        out[names] += member.T.tocsr() @ values[part].astype(np.float64)
    return out
