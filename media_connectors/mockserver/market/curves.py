"""Share of the auctions that a bid wins, in three families so that no tuner can fit them all."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .draws import FloatArray, normal_cdf

LOG_NORMAL, LOG_SIGMOID, POWER_WITH_CEILING = 0, 1, 2
FAMILY_COUNT = 3

# The power curve meets its ceiling where the bid is this many times the competing price.
_POWER_CEILING_AT = 2.2


def win_share(family: NDArray[np.int8], log_advantage: FloatArray, steepness: FloatArray) -> FloatArray:
    """Share of auctions won, 0 to 1, rising in ``log_advantage`` = log(own price / competing price).

    ``family`` int8[N] of the constants above; ``steepness`` float64[N], > 0, is the slope in log
    price. All families win about half of the auctions at a moderate advantage.
    """
    share = normal_cdf(log_advantage * steepness)
    sigmoid = family == LOG_SIGMOID
    share[sigmoid] = 1.0 / (1.0 + np.exp(-1.7 * steepness[sigmoid] * log_advantage[sigmoid]))
    power = family == POWER_WITH_CEILING
    exponent = 1.5 * steepness[power]
    ceiling = np.log(_POWER_CEILING_AT)
    share[power] = np.exp(exponent * (np.minimum(log_advantage[power], ceiling) - ceiling))
    return share
