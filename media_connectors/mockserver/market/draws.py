"""Counter-based random draws: every number is a pure function of (seed, key, hour, channel).

A plan's luck therefore does not depend on how many other plans exist, on their order, or on
whether the server was restarted in between; and two runs that differ in one bid share all their
random numbers, which makes effects measurable by subtraction.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
KeyArray = NDArray[np.uint64]

_GOLDEN = 0x9E3779B97F4A7C15
_MIX_ONE = np.uint64(0xBF58476D1CE4E5B9)
_MIX_TWO = np.uint64(0x94D049BB133111EB)
_MASK = (1 << 64) - 1
_TWO_TO_MINUS_53 = float(2.0**-53)

# Above this mean the Cornish-Fisher expansion is within one count of the exact Poisson quantile.
_EXACT_POISSON_BELOW = 16.0


def _mix(values: KeyArray) -> KeyArray:
    """The splitmix64 finaliser: 64 well-scattered bits out of any 64 bits in."""
    values = (values ^ (values >> np.uint64(30))) * _MIX_ONE
    values = (values ^ (values >> np.uint64(27))) * _MIX_TWO
    return values ^ (values >> np.uint64(31))


def uniform(seed: int, keys: KeyArray, hour: int, channel: int) -> FloatArray:
    """One uniform number per key, strictly inside (0, 1).

    ``keys`` uint64[N]; ``hour`` is any integer clock; ``channel`` tells apart the draws made for
    the same key and hour.
    """
    salt = (seed * _GOLDEN + hour * 0xD1B54A32D192ED03 + channel * 0x8CB92BA72F3D8DD7) & _MASK
    bits = _mix(_mix(keys + np.uint64(salt)) ^ np.uint64((salt * _GOLDEN) & _MASK))
    return ((bits >> np.uint64(11)).astype(np.float64) + 0.5) * _TWO_TO_MINUS_53


def normal(seed: int, keys: KeyArray, hour: int, channel: int) -> FloatArray:
    """One standard normal number per key (same arguments as ``uniform``)."""
    return normal_quantile(uniform(seed, keys, hour, channel))


def normal_quantile(probability: FloatArray) -> FloatArray:
    """Inverse of the standard normal distribution (Acklam's rational form, relative error < 1.2e-9)."""
    centre = probability - 0.5
    square = centre * centre
    numerator = (
        (((-39.69683028665376 * square + 220.9460984245205) * square - 275.9285104469687) * square + 138.3577518672690)
        * square
        - 30.66479806614716
    ) * square + 2.506628277459239
    denominator = (
        (((-54.47609879822406 * square + 161.5858368580409) * square - 155.6989798598866) * square + 66.80131188771972)
        * square
        - 13.28068155288572
    ) * square + 1.0
    result = numerator * centre / denominator
    tail = np.flatnonzero(np.abs(centre) > 0.47575)
    if tail.size:
        upper = centre[tail] > 0
        nearer = np.where(upper, 1.0 - probability[tail], probability[tail])
        q = np.sqrt(-2.0 * np.log(nearer))
        value = (
            (
                (((-0.007784894002430293 * q - 0.3223964580411365) * q - 2.400758277161838) * q - 2.549732539343734) * q
                + 4.374664141464968
            )
            * q
            + 2.938163982698783
        ) / (
            (((0.007784695709041462 * q + 0.3224671290700398) * q + 2.445134137142996) * q + 3.754408661907416) * q
            + 1.0
        )
        result[tail] = np.where(upper, -value, value)
    return result


def normal_cdf(value: FloatArray) -> FloatArray:
    """Standard normal distribution function (Abramowitz-Stegun 26.2.17, absolute error < 7.5e-8)."""
    size = np.abs(value)
    t = 1.0 / (1.0 + 0.2316419 * size)
    polynomial = t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
    upper = np.exp(-0.5 * size * size) * 0.3989422804014327 * polynomial
    return np.where(value >= 0, 1.0 - upper, upper)


def poisson(mean: FloatArray, probability: FloatArray) -> IntArray:
    """Poisson quantile of ``probability`` at ``mean``, elementwise; exactly 0 where the mean is 0.

    Inversion instead of sampling: with the same probability a higher mean never gives a lower
    count, and the number of draws does not depend on the values.
    """
    counts = np.zeros(mean.shape, dtype=np.int64)
    large = np.flatnonzero(mean >= _EXACT_POISSON_BELOW)
    if large.size:
        level = mean[large]
        z = normal_quantile(probability[large])
        counts[large] = np.maximum(np.floor(level + np.sqrt(level) * z + (z * z - 1.0) / 6.0 + 0.5), 0.0)
    rows = np.flatnonzero((mean > 0) & (mean < _EXACT_POISSON_BELOW))
    level, target = mean[rows], np.minimum(probability[rows], 1.0 - 1e-12)
    mass = np.exp(-level)
    cumulated = mass.copy()
    count = 0
    while rows.size:
        above = target > cumulated
        counts[rows[~above]] = count
        rows, level, target = rows[above], level[above], target[above]
        count += 1
        mass = mass[above] * level / count
        cumulated = cumulated[above] + mass
    return counts


def rounded(mean: FloatArray, probability: FloatArray) -> IntArray:
    """Round ``mean`` up or down at random so that the expectation is kept; exactly 0 at mean 0."""
    return np.floor(mean + probability).astype(np.int64) * (mean > 0)
