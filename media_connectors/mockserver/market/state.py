"""What the market remembers from hour to hour: drifts, learning, fatigue and saturation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .draws import FloatArray, IntArray

NOT_YET = -1


@dataclass(frozen=True, slots=True)
class MarketState:
    """Memory per plan (length N), per segment (length S) and per creative (length K).

    ``hour``                  int64[1]   last hour stepped, ``NOT_YET`` before the first
    ``competition``           float64[S] log price level of a segment, AR(1) part
    ``calibration``           float64[N] log of CPA over bid, drifting part
    ``disturbance``           float64[N] how far the media's model is from having learned the plan
    ``last_bid``              float64[N] yuan, 0 before the first hour
    ``last_targeting``        int32[N]
    ``recent_impressions``    float64[N] impressions that still weigh on the audience
    ``creative_impressions``  float64[K] impressions ever
    ``creative_first_hour``   int64[K]   hour of the first impression, ``NOT_YET`` before
    """

    hour: IntArray
    competition: FloatArray
    calibration: FloatArray
    disturbance: FloatArray
    last_bid: FloatArray
    last_targeting: NDArray[np.int32]
    recent_impressions: FloatArray
    creative_impressions: FloatArray
    creative_first_hour: IntArray

    @classmethod
    def empty(cls) -> MarketState:
        """A market that has not begun."""
        none = np.zeros(0)
        return cls(
            hour=np.array([NOT_YET], dtype=np.int64),
            competition=none,
            calibration=none,
            disturbance=none,
            last_bid=none,
            last_targeting=np.zeros(0, dtype=np.int32),
            recent_impressions=none,
            creative_impressions=none,
            creative_first_hour=np.zeros(0, dtype=np.int64),
        )

    def arrays(self) -> dict[str, Any]:
        """Name → array of everything remembered, ready for ``numpy.savez``."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Any]) -> MarketState:
        """The inverse of ``arrays``; a missing name is a KeyError."""
        return cls(**{field.name: np.asarray(arrays[field.name]) for field in fields(cls)})

    def save(self, path: Path) -> None:
        """Write an ``.npz`` file."""
        with path.open("wb") as file:
            np.savez(file, **self.arrays())

    @classmethod
    def load(cls, path: Path) -> MarketState:
        """Read what ``save`` wrote."""
        with np.load(path, allow_pickle=False) as stored:
            return cls.from_arrays(stored)


def lengthened(array: NDArray[Any], length: int, value: float) -> NDArray[Any]:
    """``array`` continued with ``value`` up to ``length``; never shortened."""
    missing = length - len(array)
    if missing <= 0:
        return array
    return np.concatenate([array, np.full(missing, value, dtype=array.dtype)])
