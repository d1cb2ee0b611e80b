"""Cost protection: a plan that failed to learn and cost well over its bid is made good for.

In effect at once, confirming after three days, then paid as a grant to the account; void ("ended") when the overrun is
gone by then. Shares and days are the mock's choice: the media publish only the states.
"""

from .clock import DAY
from .ground import Ground
from .ledger import COLUMN, COST
from .model import FAILED, NONE, FundMove, Plan

OVERRUN = 1.2
CONFIRM_DAYS, PAY_DAYS = 3, 4
IN_EFFECT, CONFIRMING, PAID, ENDED = "in_effect", "confirming", "paid", "ended"


class Protection:
    """Judged once an hour for the few plans that it concerns."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def begin(self, plans: list[Plan], now: float) -> None:
        """Look at plans whose learning has just ended."""
        for plan in plans:
            if plan.learning == FAILED and plan.compensation == NONE and plan.bid_li:
                self._move(plan, IN_EFFECT if self.excess_li(plan) > 0 else ENDED, now)

    def advance(self, now: float) -> None:
        """Move what is under way."""
        for plan in self._ground.store.plan_at:
            if plan.compensation == IN_EFFECT and now - plan.protected_at >= CONFIRM_DAYS * DAY:
                self._move(plan, CONFIRMING if self.excess_li(plan) > 0 else ENDED, now)
            elif plan.compensation == CONFIRMING and now - plan.protected_at >= PAY_DAYS * DAY:
                self._pay(plan, now)

    def excess_li(self, plan: Plan) -> int:
        """厘 by which the plan's cost exceeds its conversions at their bid, 0 within the tolerated overrun."""
        table = self._ground.ledger.lifetime
        if plan.index >= len(table):
            return 0
        cost_li = int(table[plan.index, COST]) * 10
        due_li = int(table[plan.index, COLUMN["billed_conversions"]]) * plan.bid_li
        return cost_li - due_li if cost_li > max(due_li, plan.bid_li) * OVERRUN else 0

    def _pay(self, plan: Plan, now: float) -> None:
        store = self._ground.store
        account = store.accounts[plan.account_id]
        amount = self.excess_li(plan)
        account.grant_li += amount
        store.save(account, now)
        store.save(FundMove(store.new_id(), account.id, "TRANSFER", 0, amount, now), now)
        self._move(plan, PAID, now)

    def _move(self, plan: Plan, state: str, now: float) -> None:
        plan.protected_at = plan.protected_at or now
        plan.compensation = state
        self._ground.store.save(plan, now)
