"""The numbers of one report row: the ledger's whole counts in Kuaishou's names, money in yuan."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...ledger import METRICS
from ...model import Plan
from .unit_rules import ACTIVATION_GOAL, FORM_GOAL, PAY_GOAL, VALID_CLUE_GOAL

Counts = NDArray[np.int64]

# The ledger's metrics and, after them, conversions told apart by the goal of their unit.
_BY_GOAL = {"forms": FORM_GOAL, "activations": ACTIVATION_GOAL, "valid_clues": VALID_CLUE_GOAL}
NAMES = (*METRICS, *_BY_GOAL, "pays")
_AT = {name: position for position, name in enumerate(NAMES)}


def with_goals(values: Counts, plans: list[Plan]) -> Counts:
    """int64[periods, plans, metrics] of the ledger → the same with the columns of ``NAMES``."""
    goals = np.array([plan.settings["ocpx_action_type"] for plan in plans], dtype=np.int64)
    conversions = values[:, :, _AT["conversions"]]
    extra = [conversions * (goals == goal) for goal in _BY_GOAL.values()]
    extra.append(np.where(goals == PAY_GOAL, conversions, values[:, :, _AT["deep_conversions"]]))
    return np.concatenate([values, np.stack(extra, axis=2)], axis=2)


def _per(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def metrics_of(counts: Counts) -> dict[str, Any]:
    """Report fields of one row; ``counts`` int64[len(NAMES)]. Counts are ints, money and ratios floats."""
    count = {name: int(counts[position]) for name, position in _AT.items()}
    charge = count["cost_fen"] / 100
    shown, actions, plays = count["impressions"], count["clicks"], count["plays"]
    conversions, billed = count["conversions"], count["billed_conversions"]
    deep, billed_deep = count["deep_conversions"], count["billed_deep_conversions"]
    revenue = count["revenue_fen"] / 100
    played_5s = count["plays_done"] + (count["plays_3s"] - count["plays_done"]) * 7 // 10
    return {
        "charge": charge,
        # A unit in the big-screen feed has no cover of its own: cover and material are shown together.
        "show": shown,
        "aclick": shown,
        "bclick": actions,
        "photo_click": 0,
        "photo_click_ratio": 0.0,
        "photo_click_cost": 0.0,
        "action_ratio": _per(actions, shown),
        "action_cost": _per(charge, actions),
        "impression_1k_cost": _per(charge * 1000, shown),
        "click_1k_cost": _per(charge * 1000, shown),
        "played_num": plays,
        "played_three_seconds": count["plays_3s"],
        "played_five_seconds": played_5s,
        "played_end": count["plays_done"],
        "play_3s_ratio": _per(count["plays_3s"], plays),
        "play_5s_ratio": _per(played_5s, plays),
        "play_end_ratio": _per(count["plays_done"], plays),
        "like": count["likes"],
        "comment": count["comments"],
        "share": count["shares"],
        "follow": count["follows"],
        "conversion_num": conversions,
        "conversion_num_cost": _per(charge, conversions),
        "conversion_ratio": _per(conversions, actions),
        "conversion_num_by_impression_7d": billed,
        "conversion_cost_by_impression_7d": _per(charge, billed),
        "conversion_ratio_by_impression_7d": _per(billed, actions),
        "deep_conversion_num": deep,
        "deep_conversion_cost": _per(charge, deep),
        "deep_conversion_ratio": _per(deep, conversions),
        "deep_conversion_num_by_impression_7d": billed_deep,
        "deep_conversion_cost_by_impression_7d": _per(charge, billed_deep),
        "activation": count["activations"],
        "conversion_cost": _per(charge, count["activations"]),
        "form_count": count["forms"],
        "form_cost": _per(charge, count["forms"]),
        "form_action_ratio": _per(count["forms"], actions),
        "submit": count["forms"],
        "event_valid_clues": count["valid_clues"],
        "event_valid_clues_cost": _per(charge, count["valid_clues"]),
        "leads_submit_cnt": 0,
        "leads_submit_cost": 0.0,
        "leads_submit_cnt_ratio": 0.0,
        "event_pay": count["pays"],
        "event_pay_purchase_amount": revenue,
        "event_pay_roi": _per(revenue, charge),
        "event_pay_weighted_purchase_amount": revenue,
    }
