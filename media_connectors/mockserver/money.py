"""What was spent and what is left, from the ledger; answers in 厘, kept for one media moment."""

import numpy as np

from .clock import hour_of
from .ground import Ground
from .ledger import day_of_hour
from .model import Account, Campaign, Plan

FRESH_SECONDS = 15.0


class Money:
    """Spending of today and of all time. Recomputed for all plans at once when media time has moved on."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self.forget()

    def forget(self) -> None:
        self._at = -1.0
        self._count = -1
        self._today = np.zeros(0)
        self._ever = np.zeros(0)
        self._by_account: dict[int, tuple[int, int]] = {}
        self._by_campaign: dict[int, int] = {}

    def _refresh(self, now: float) -> None:
        columns = self._ground.store.columns
        if 0 <= now - self._at < FRESH_SECONDS and self._count == columns.count:
            return
        self._at, self._count = now, columns.count
        fraction = now / 3600 % 1.0
        ledger = self._ground.ledger
        self._today = ledger.day_cost_yuan(columns.count, day_of_hour(hour_of(now)), fraction)
        self._ever = ledger.lifetime_cost_yuan(columns.count, fraction)
        self._by_account = {}
        accounts, where = np.unique(columns.account_id, return_inverse=True)
        today = np.bincount(where, weights=self._today, minlength=len(accounts))
        ever = np.bincount(where, weights=self._ever, minlength=len(accounts))
        for position, account_id in enumerate(accounts.tolist()):
            self._by_account[account_id] = (_li(today[position]), _li(ever[position]))
        campaigns, where = np.unique(columns.campaign_id, return_inverse=True)
        spent = np.bincount(where, weights=self._today, minlength=len(campaigns))
        self._by_campaign = {campaign_id: _li(spent[row]) for row, campaign_id in enumerate(campaigns.tolist())}

    def plan_spent_li(self, plan: Plan, now: float) -> int:
        """Of today; of its whole life when its budget is a total."""
        self._refresh(now)
        return _li((self._ever if plan.is_total_budget else self._today)[plan.index])

    def campaign_spent_li(self, campaign: Campaign, now: float) -> int:
        """Today."""
        self._refresh(now)
        return self._by_campaign.get(campaign.id, 0)

    def account_spent_li(self, account: Account, now: float) -> int:
        """Today."""
        self._refresh(now)
        return self._by_account.get(account.id, (0, 0))[0]

    def spent_ever_li(self, account: Account, now: float) -> int:
        """Since the account was opened."""
        self._refresh(now)
        return self._by_account.get(account.id, (0, 0))[1]

    def balance_li(self, account: Account, now: float) -> int:
        """Cash and grant left, never below zero."""
        return max(0, account.cash_li + account.grant_li - self.spent_ever_li(account, now))


def _li(yuan: float) -> int:
    return round(yuan * 1000)
