"""What delivery is aimed at, and how much of a day's cost is due by now."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Targets:
    """Aims of the organization or of one media; None where nothing is set.

    ``daily_cost_fen`` is fen a day, ``cpa_fen`` fen a matured conversion, ``roi`` revenue for a yuan of cost.
    """

    daily_cost_fen: int | None = None
    cpa_fen: int | None = None
    roi: float | None = None

    def or_from(self, whole: Targets) -> Targets:
        """CPA and ROI of the whole where the part has none; the cost of a day is never inherited, it would be split."""
        return Targets(
            self.daily_cost_fen,
            whole.cpa_fen if self.cpa_fen is None else self.cpa_fen,
            whole.roi if self.roi is None else self.roi,
        )


def cost_due(
    daily_cost_fen: int | None, *, yesterday_fen: float, yesterday_by_now_fen: float, clock_share: float
) -> float | None:
    """The part of a day's cost that is due by now, in fen; None without a target.

    The part is what yesterday had spent of its cost by the same minute; after a day without cost it is
    ``clock_share``, the part of the day (0 to 1) that has passed.
    """
    if daily_cost_fen is None:
        return None
    share = yesterday_by_now_fen / yesterday_fen if yesterday_fen > 0 else clock_share
    return daily_cost_fen * share
