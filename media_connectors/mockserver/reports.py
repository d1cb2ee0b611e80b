"""Numbers for the dialects' reports: rows of plans × hours, days or one total, as a dense array with names."""

from dataclasses import dataclass

import numpy as np

from .clock import HOUR, SHANGHAI, hour_of
from .ground import Ground
from .ledger import COLUMN, METRICS, day_of_hour, first_hour
from .model import Plan
from .money import Money


@dataclass(frozen=True)
class Table:
    """``values`` int64[len(starts), len(plans), metrics]; ``starts`` are the periods' first epoch seconds."""

    plans: list[Plan]
    starts: list[float]
    values: np.ndarray

    def metric(self, name: str) -> np.ndarray:
        """int64[periods, plans] of one metric of ``ledger.METRICS``."""
        return self.values[:, :, COLUMN[name]]


class Reports:
    """Reads the ledger up to the present media moment."""

    def __init__(self, ground: Ground, money: Money) -> None:
        self._ground = ground
        self._money = money

    def by_day(self, plans: list[Plan], begin: float, end: float) -> Table:
        """Shanghai days of the moments [begin, end]; days ahead are zero."""
        first, last = day_of_hour(hour_of(begin)), day_of_hour(hour_of(end))
        values = self._ground.ledger.read_days(_rows(plans), first, last + 1, self._fraction())
        return Table(plans, [first_hour(day) * HOUR for day in range(first, last + 1)], values)

    def by_hour(self, plans: list[Plan], begin: float, end: float) -> Table:
        """Hours of the moments [begin, end]; about the last fortnight is kept."""
        first, last = hour_of(begin), hour_of(end)
        values = self._ground.ledger.read_hours(_rows(plans), first, last + 1, self._fraction())
        return Table(plans, [float(hour * HOUR) for hour in range(first, last + 1)], values)

    def restate(self, account_id: int, day: float, factor: float) -> None:
        """Multiply a past day of an account for good (control API)."""
        plans = self._ground.store.plans_of(account_id)
        self._ground.ledger.restate(day_of_hour(hour_of(day)), _rows(plans), factor)
        self._money.forget()

    def _fraction(self) -> float:
        return self._ground.clock.now() / HOUR % 1.0


def _rows(plans: list[Plan]) -> np.ndarray:
    return np.array([plan.index for plan in plans], dtype=np.int64)


__all__ = ["METRICS", "SHANGHAI", "Reports", "Table"]
