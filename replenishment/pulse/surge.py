"""How long a surge lasts that no forecast knew of.

Nothing is known of it but how long it has been seen: the share f of a day. Whatever the unit in
which its length is measured, the look is as likely early as late in it, so that it goes on for
another t days with probability

    P(T > t) = f / (f + t)

(Gott 1993, *Implications of the Copernican principle for our future prospects*, Nature 363; the
survival of Lomax 1954 with shape 1). By the close of the day d days ahead, when ``f + t = d + 1``,
it has lasted on average ``f ln((d + 1) / f)`` days more. So a surge that brought E units by now is
expected to bring ``E ln((d + 1) / f)`` more: twice as many by tonight if it is early, as many
again in the days to come if it is late.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
#: Shares of a day that are told apart: a shorter surge counts as one that has been seen that long.
SHORTEST = 1.0 / 24.0


def time_to_last(share: float, days: int) -> tuple[Floats, Floats]:
    """Mean and mean square of the days that a surge seen for a ``share`` of today goes on.

    Up to the close of each of ``days`` days, today first, (days,) each; in days of demand.
    """
    seen = max(share, SHORTEST)
    close = np.arange(1.0, days + 1.0)
    mean = seen * np.log(np.maximum(close / seen, 1.0))
    return mean, np.maximum(2.0 * seen * (close - seen - mean), mean**2)
