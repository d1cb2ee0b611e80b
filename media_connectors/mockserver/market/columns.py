"""What the driver tells the market about the plans: a struct of arrays, one row per plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .draws import FloatArray, KeyArray

Int32Array = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class SharedCap:
    """Money that several plans draw from: a campaign's budget, an account's budget, a balance.

    ``index`` int32[N] says which pool each plan draws from, -1 for none; ``left`` float64[K] is
    the yuan left in each pool (``inf`` for unlimited).
    """

    index: Int32Array
    left: FloatArray


@dataclass(frozen=True, slots=True)
class PlanColumns:
    """N plans. Rows keep their position from hour to hour; new plans are appended.

    ``key``            uint64[N]  a plan's identity for the random draws (its id will do)
    ``medium``         int8[N]    DOUYIN, TOUTIAO or KUAISHOU
    ``goal``           int8[N]    one of the GOAL_ constants
    ``live_share``     float64[N] share of the hour in which the plan may deliver, 0 (paused) to 1
    ``target_cpa``     float64[N] bid in yuan per conversion
    ``budget_left``    float64[N] yuan the plan may still spend today, ``inf`` for unlimited
    ``quality``        float64[N] creative quality, 1 is average
    ``affinity``       float64[N] how well creative and audience fit, 1 is average
    ``audience_size``  float64[N] people whom the targeting reaches
    ``creative``       int32[N]   row of the creative that the plan shows; creatives tire across plans
    ``targeting``      int32[N]   version of the targeting; a change disturbs the learning
    """

    key: KeyArray
    medium: NDArray[np.int8]
    goal: NDArray[np.int8]
    live_share: FloatArray
    target_cpa: FloatArray
    budget_left: FloatArray
    quality: FloatArray
    affinity: FloatArray
    audience_size: FloatArray
    creative: Int32Array
    targeting: Int32Array

    def __post_init__(self) -> None:
        """Bring every column to its type; another length or a negative creative row is a ValueError."""
        for name, kind in _TYPES.items():
            column: NDArray[Any] = np.ascontiguousarray(getattr(self, name), dtype=kind)
            if column.shape != (len(self.key),):
                raise ValueError(f"{name} has shape {column.shape}, expected ({len(self.key)},)")
            object.__setattr__(self, name, column)
        if (self.creative < 0).any():
            raise ValueError("every plan needs a creative row, 0 or above")

    def __len__(self) -> int:
        return len(self.key)

    @classmethod
    def uniform(cls, count: int, **given: Any) -> PlanColumns:
        """``count`` average live plans, each with its own creative; ``given`` columns or scalars replace defaults."""
        defaults: dict[str, Any] = {
            "key": np.arange(1, count + 1),
            "medium": 0,
            "goal": 0,
            "live_share": 1.0,
            "target_cpa": 80.0,
            "budget_left": np.inf,
            "quality": 1.0,
            "affinity": 1.0,
            "audience_size": 1_000_000.0,
            "creative": np.arange(count),
            "targeting": 0,
        }
        merged = defaults | given
        return cls(**{name: np.broadcast_to(np.asarray(merged[name]), (count,)) for name in _TYPES})


_TYPES: dict[str, type] = {
    "key": np.uint64,
    "medium": np.int8,
    "goal": np.int8,
    "live_share": np.float64,
    "target_cpa": np.float64,
    "budget_left": np.float64,
    "quality": np.float64,
    "affinity": np.float64,
    "audience_size": np.float64,
    "creative": np.int32,
    "targeting": np.int32,
}
