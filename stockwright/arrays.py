"""Checks that the types of the language run once, in their constructors."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from stockwright.errors import DataError


def frozen(name: str, value: Any, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    """``value`` as a read-only array of ``shape`` and ``dtype``.

    Copies only when the dtype or the layout asks for it. Raises DataError on another shape.
    """
    array = np.ascontiguousarray(value, dtype=dtype)
    if array.shape != shape:
        raise DataError(f"{name} has shape {array.shape}, expected {shape}")
    view = array.view()
    view.flags.writeable = False
    return view


def one_each(name: str, value: Any, n: int) -> NDArray[np.float64]:
    """``value`` as ``n`` read-only float64; a single number stands for all of them."""
    array = np.asarray(value, np.float64)
    return frozen(
        name, np.broadcast_to(array, (n,)) if array.size == 1 else array, (n,), np.float64
    )


def require(ok: NDArray[np.bool_], name: str, rule: str) -> None:
    """Raise DataError that names the rule and the first offending positions unless all are ok."""
    if not ok.all():
        bad = np.argwhere(~ok)
        first = ", ".join(str(tuple(int(i) for i in row)) for row in bad[:5])
        raise DataError(f"{name} must be {rule}: {len(bad)} are not (first at {first})")


def placed(codes: NDArray[Any], chosen: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Which ``codes`` are among the ``chosen`` ones, that rise, and the place of each that is."""
    place = np.searchsorted(chosen, codes)
    inside = np.minimum(place, max(len(chosen) - 1, 0))
    kept = chosen[inside] == codes if len(chosen) else np.zeros(len(codes), np.bool_)
    return np.flatnonzero(kept), place[kept].astype(np.int64)
