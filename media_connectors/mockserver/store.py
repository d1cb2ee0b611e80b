"""Everything the media know, in memory, indexed, and journalled.

Rows are the dataclasses of ``model``. Change a row's attributes, then ``save`` it: that indexes it, writes its line to
the journal and, for a plan, its row of the market's columns. The app calls ``flush`` before it answers. All of it runs
under the world's lock.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import Any

from .clock import DAY, parse
from .columns import PlanColumns
from .journal import Journal
from .model import (
    DELETED,
    KINDS,
    Account,
    App,
    AuthCode,
    Campaign,
    Creative,
    FundMove,
    Login,
    Material,
    Operation,
    Plan,
    Row,
    Task,
    TokenPair,
)

# Real ids have 16–19 digits; objects begin beyond 2^53 so that a client which reads ids as doubles corrupts them.
FIRST_ID = 1_830_000_000_000_000_001
MAX_CODES = 10_000


class Store:
    """Tables by kind (``plans``, ``campaigns``, …: dict by id) and the indexes that handlers need."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._clear()

    def _clear(self) -> None:
        self.apps: dict[int, App] = {}
        self.logins: dict[int, Login] = {}
        self.accounts: dict[int, Account] = {}
        self.codes: dict[str, AuthCode] = {}
        self.tokens: dict[str, TokenPair] = {}
        self.campaigns: dict[int, Campaign] = {}
        self.plans: dict[int, Plan] = {}
        self.creatives: dict[int, Creative] = {}
        self.materials: dict[int, Material] = {}
        self.fund_moves: dict[int, FundMove] = {}
        self.operations: dict[int, Operation] = {}
        self.tasks: dict[int, Task] = {}
        self._tables: dict[type, dict] = {
            App: self.apps,
            Login: self.logins,
            Account: self.accounts,
            AuthCode: self.codes,
            TokenPair: self.tokens,
            Campaign: self.campaigns,
            Plan: self.plans,
            Creative: self.creatives,
            Material: self.materials,
            FundMove: self.fund_moves,
            Operation: self.operations,
            Task: self.tasks,
        }
        self.columns = PlanColumns()
        self.plan_at: list[Plan] = []
        self.touched: set[int] = set()
        self.refresh_tokens: dict[str, TokenPair] = {}
        self.material_by_key: dict[str, Material] = {}
        self._material_rows: dict[str, int] = {}
        self._by_account: dict[type, defaultdict[int, list]] = {
            kind: defaultdict(list) for kind in (Campaign, Plan, Creative, Material, FundMove, Operation, Task)
        }
        self._plans_of_campaign: defaultdict[int, list[Plan]] = defaultdict(list)
        self._creatives_of_plan: defaultdict[int, list[Creative]] = defaultdict(list)
        self._names: dict[tuple[type, int, str], int] = {}
        self._name_of: dict[tuple[type, int], tuple[type, int, str]] = {}
        self._next = 0

    # -- writing ------------------------------------------------------------------------------------------------

    def new_id(self) -> int:
        """A fresh int64 id beyond 2^53."""
        self._next += 1
        return FIRST_ID + self._next * 7919

    def save(self, row: Row, moment: float) -> None:
        """Insert or update ``row``; ``moment`` is the media time for the journal."""
        self._put(row)
        self._journal.append(moment, type(row).__name__, row)

    def flush(self) -> None:
        """Make every saved row survive a kill -9 of this process."""
        self._journal.flush()

    def _put(self, row: Row) -> None:
        table = self._tables[type(row)]
        known = table.get(row.id)
        is_new = known is None
        if known is not None and known is not row:
            # A later line of the journal: the indexes hold the first object, so that one takes the new values.
            for attribute in fields(row):
                setattr(known, attribute.name, getattr(row, attribute.name))
            row = known
        table[row.id] = row
        if is_new:
            self._index(row)
        if isinstance(row, TokenPair):
            self.refresh_tokens[row.refresh_token] = row
        elif isinstance(row, Campaign | Plan):
            self._rename(row)
            if isinstance(row, Plan):
                self._write_columns(row)
            elif not is_new:
                self.touched.update(plan.index for plan in self._plans_of_campaign[row.id])

    def _index(self, row: Row) -> None:
        if isinstance(row.id, int) and row.id >= FIRST_ID:
            self._next = max(self._next, (row.id - FIRST_ID) // 7919)
        if type(row) in self._by_account:
            self._by_account[type(row)][row.account_id].append(row)  # type: ignore[union-attr]
        if isinstance(row, Plan):
            if row.index < 0:
                row.index = len(self.plan_at)
            self.plan_at.append(row)
            self._plans_of_campaign[row.campaign_id].append(row)
        elif isinstance(row, Creative):
            self._creatives_of_plan[row.plan_id].append(row)
        elif isinstance(row, Material):
            self.material_by_key[row.key] = row
            self._material_rows[row.key] = len(self._material_rows)
        elif isinstance(row, AuthCode) and len(self.codes) > MAX_CODES:
            self.codes.pop(next(iter(self.codes)))

    def _rename(self, row: Campaign | Plan) -> None:
        old = self._name_of.pop((type(row), row.id), None)
        if old is not None and self._names.get(old) == row.id:
            del self._names[old]
        if row.switch == DELETED:
            return
        key = (type(row), _name_scope(row), row.name)
        self._names.setdefault(key, row.id)
        self._name_of[type(row), row.id] = key

    def _write_columns(self, plan: Plan) -> None:
        begins_at = parse(plan.begins_on) if plan.begins_on else 0.0
        ends_at = parse(plan.ends_on) + DAY if plan.ends_on else float("inf")
        row = self._material_rows.get(plan.material_keys[0], -1) if plan.material_keys else -1
        self.columns.write(plan, begins_at, ends_at, row)
        self.touched.add(plan.index)

    # -- reading ------------------------------------------------------------------------------------------------

    def campaigns_of(self, account_id: int) -> list[Campaign]:
        """In order of creation, deleted ones included; so all the lists below."""
        return self._by_account[Campaign][account_id]

    def plans_of(self, account_id: int) -> list[Plan]:
        return self._by_account[Plan][account_id]

    def plans_of_campaign(self, campaign_id: int) -> list[Plan]:
        return self._plans_of_campaign[campaign_id]

    def creatives_of(self, account_id: int) -> list[Creative]:
        return self._by_account[Creative][account_id]

    def creatives_of_plan(self, plan_id: int) -> list[Creative]:
        return self._creatives_of_plan[plan_id]

    def materials_of(self, account_id: int) -> list[Material]:
        return self._by_account[Material][account_id]

    def fund_moves_of(self, account_id: int) -> list[FundMove]:
        return self._by_account[FundMove][account_id]

    def operations_of(self, account_id: int) -> list[Operation]:
        return self._by_account[Operation][account_id]

    def tasks_of(self, account_id: int) -> list[Task]:
        return self._by_account[Task][account_id]

    def campaign_named(self, account_id: int, name: str) -> Campaign | None:
        """The live campaign of that name in the account."""
        found = self._names.get((Campaign, account_id, name))
        return None if found is None else self.campaigns[found]

    def plan_named(self, scope_id: int, name: str) -> Plan | None:
        """The live plan of that name; the scope is the account (Ocean Engine) or the campaign (Kuaishou)."""
        found = self._names.get((Plan, scope_id, name))
        return None if found is None else self.plans[found]

    def material_with_md5(self, account_id: int, kind: str, md5: str) -> Material | None:
        """An account's material with the same bytes, for de-duplicating uploads."""
        for material in self._by_account[Material][account_id]:
            if material.md5 == md5 and material.kind == kind:
                return material
        return None

    # -- persistence --------------------------------------------------------------------------------------------

    def to_rows(self) -> dict[str, list[Row]]:
        """All rows by kind for a snapshot."""
        return {kind.__name__: list(self._tables[kind].values()) for kind in KINDS}

    def load(self, records: dict[str, list[dict[str, Any]]], lines: Iterable[tuple[float, str, Any]]) -> float:
        """Rows of a snapshot, then journal lines of our kinds; returns the latest media time seen."""
        kinds = {kind.__name__: kind for kind in KINDS}
        for name, rows in records.items():
            for record in rows:
                self._put(kinds[name](**record))
        latest = 0.0
        for moment, name, record in lines:
            latest = max(latest, moment)
            if name in kinds:
                self._put(kinds[name](**record))
        return latest

    def reset(self) -> None:
        """Forget everything, on disk too."""
        self._journal.clear()
        self._clear()

    def live_plans(self) -> Iterator[Plan]:
        return (plan for plan in self.plan_at if plan.switch != DELETED)


def _name_scope(row: Campaign | Plan) -> int:
    if isinstance(row, Plan) and row.medium == "kuaishou":
        return row.campaign_id
    return row.account_id
