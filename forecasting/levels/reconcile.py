"""Forecasts of sums and of their parts brought together: trace minimization, diagonal or nearly so.

Wickramasuriya, Athanasopoulos & Hyndman (2019), in the form that asks for one equation per sum
instead of one per series: with parts b of error covariance V, sums t = S b forecast on their own
with error variances U, and gaps g = t - S b,

    b + V S' (S V S' + U)^-1 g

is the generalized least-squares combination of both. V is diagonal, plus, where wanted, a relative
error that all parts share.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def multipliers(covariance: Floats, own_variance: Floats, gap: Floats) -> Floats:
    """(S V S' + U)^-1 g, what each sum asks of its parts, (sums,).

    covariance: (sums, sums) of the errors of the bottom-up sums. own_variance: (sums,) > 0 of the
    sums' own forecasts. gap: (sums,) own forecasts less bottom-up sums.
    """
    return np.asarray(np.linalg.solve(covariance + np.diag(own_variance), gap), np.float64)


def sums_covariance(members: Any, parts: Floats, variance: Floats, shared: float) -> Floats:
    """Covariance of the errors of bottom-up sums, (sums, sums).

    members: (sums, parts) sparse or dense 0/1. parts: (parts,) forecasts. variance: (parts,) of
    their own errors. shared: relative variance of the error that they have in common.
    """
    weighted = (
        members.multiply(variance[None, :])
        if hasattr(members, "multiply")
        else (members * variance)
    )
    own = weighted @ members.T
    dense = own.toarray() if hasattr(own, "toarray") else own
    sums = members @ parts
    return np.asarray(dense + shared * np.outer(sums, sums), np.float64)


def reconciled(
    members: Floats, parts: Floats, variance: Floats, own: Floats, own_variance: Floats
) -> Floats:
    """Parts that add up and heed the sums' own forecasts, (parts,): MinT with diagonal weights.

    members: (sums, parts) 0/1. parts, variance: (parts,). own, own_variance: (sums,).
    """
    covariance = sums_covariance(members, parts, variance, 0.0)
    asked = multipliers(covariance, own_variance, own - members @ parts)
    return np.asarray(parts + variance * (members.T @ asked), np.float64)
