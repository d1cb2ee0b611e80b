"""What a plan was born with and nobody is told: its curve, rates and calibration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .columns import PlanColumns
from .curves import FAMILY_COUNT
from .draws import FloatArray, normal, uniform
from .params import MarketParams

_NEVER = 0  # the hour of draws that do not depend on time
_FAMILY, _STEEPNESS, _LEVEL, _VOLUME, _CLICK, _CONVERT, _CALIBRATION, _FOLLOWING, _SEGMENT, _PLAY, _DEEP = range(
    900, 911
)


@dataclass(frozen=True, slots=True)
class Traits:
    """Constants per plan, arrays of length N.

    ``family`` curve family; ``steepness`` slope of the curve; ``price_level`` competing yuan per
    1,000 impressions; ``volume`` multiple of the medium's demand; ``click_rate`` and
    ``conversion_rate`` before quality; ``calibration`` log of CPA over bid; ``following`` how far
    the price paid follows the bid (1 = first price); ``segment`` row of the shared competition;
    ``play_quality`` multiple of watching rates; ``deep_rate`` paid policies per conversion.
    """

    family: NDArray[np.int8]
    steepness: FloatArray
    price_level: FloatArray
    volume: FloatArray
    click_rate: FloatArray
    conversion_rate: FloatArray
    calibration: FloatArray
    following: FloatArray
    segment: NDArray[np.int32]
    play_quality: FloatArray
    deep_rate: FloatArray


def draw_traits(params: MarketParams, columns: PlanColumns) -> Traits:
    """Traits of every row, a pure function of the seed and each plan's key, medium and goal."""

    def spread(channel: int, sigma: float) -> FloatArray:
        return np.exp(sigma * normal(params.seed, columns.key, _NEVER, channel))

    def even(channel: int) -> FloatArray:
        return uniform(params.seed, columns.key, _NEVER, channel)

    media, goals = params.media, params.goals
    price_level = np.array([medium.price_level for medium in media])[columns.medium]
    click_rate = np.array([medium.click_rate for medium in media])[columns.medium]
    conversion_rate = np.array([goal.conversion_rate for goal in goals])[columns.goal]
    deep_rate = np.array([goal.deep_rate for goal in goals])[columns.goal]
    segment = columns.medium.astype(np.int32) * params.segment_count + np.floor(
        even(_SEGMENT) * params.segment_count
    ).astype(np.int32)
    return Traits(
        family=np.floor(even(_FAMILY) * FAMILY_COUNT).astype(np.int8),
        steepness=1.0 + 0.9 * even(_STEEPNESS),
        price_level=price_level * spread(_LEVEL, 0.20),
        volume=spread(_VOLUME, 0.75),
        click_rate=click_rate * spread(_CLICK, 0.20),
        conversion_rate=conversion_rate * spread(_CONVERT, 0.25),
        calibration=0.07 * normal(params.seed, columns.key, _NEVER, _CALIBRATION),
        following=0.84 + 0.14 * even(_FOLLOWING),
        segment=segment,
        play_quality=spread(_PLAY, 0.18),
        deep_rate=deep_rate * spread(_DEEP, 0.35),
    )
