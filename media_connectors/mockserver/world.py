"""One world: both media's state, its clock, its market, and the lock under which they change."""

import hashlib
import io
import secrets
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from .calls import CallLog
from .clock import Clock
from .config import MockConfig
from .driver import MarketDriver
from .faults import Faults
from .journal import Journal
from .ledger import Ledger
from .life import Life
from .limits import Limiter
from .model import Account, App, FundMove, Login, TokenPair
from .money import Money
from .protection import Protection
from .reports import Reports
from .store import Store

# What a fresh world is made of. Secrets of a mock are no secrets: they are printed on the control page.
APPS = (
    App(1790000000000001, "oceanengine", "X-Magnet", "mock-oceanengine-secret"),
    App(165900001, "kuaishou", "X-Magnet", "mock-kuaishou-secret"),
)
FIRST_ACCOUNT = {"oceanengine": 1_760_000_000_000_001, "kuaishou": 18_500_001}
FIRST_LOGIN = {"oceanengine": 4_100_000_001, "kuaishou": 2_600_000_001}
COMPANIES = ("安和保险经纪有限公司", "众信人寿保险代理有限公司", "惠民在线保险经纪有限公司", "康宁保险销售有限公司")
OPENING_CASH_LI = 5_000_000_000
OPENING_GRANT_LI = 20_000_000
ACCESS_SECONDS = 24 * 3600
REFRESH_SECONDS = 30 * 24 * 3600
TICK_SECONDS = 1.0
SAVE_SECONDS = 60.0
CLOCK_SECONDS = 5.0
CLOCK_LINE = "Clock"
JOURNAL_LINES = 20_000


class World:
    """Build one with ``World(config)``; ``close()`` writes the final snapshot."""

    def __init__(self, config: MockConfig, wall: Any = time.time, monotonic: Any = time.monotonic) -> None:
        self.config = config
        self.lock = threading.RLock()
        self.clock = Clock(config.clock or "real", config.start, wall)
        self._wall = wall
        self._monotonic = monotonic
        self.journal = Journal(config.state_dir)
        self.store = Store(self.journal)
        self.faults = Faults(config.seed)
        self.limiter = Limiter(config.limits, monotonic)
        self.latency_ms = config.latency_ms
        self.read_lag_ms = config.read_lag_ms
        self.calls = CallLog()
        self.ledger = Ledger()
        self.money = Money(self)
        self.life = Life(self, self.money)
        self.reports = Reports(self, self.money)
        self.protection = Protection(self)
        self.driver = MarketDriver(self, self.life, self.money, self.protection)
        self._births: dict[int, float] = {}
        self._ticked_at = -1e18
        self._saved_at = monotonic()
        self._noted_at = -1e18
        self._request_number = 0
        self._restore()

    # -- time ---------------------------------------------------------------------------------------------------

    def tick(self, *, force: bool = False) -> float:
        """Let what is due happen; returns media time. Cheap when called again within a media second."""
        now = self.clock.now()
        if force or now - self._ticked_at >= TICK_SECONDS:
            self._ticked_at = now
            self.life.advance(now)
            self.driver.advance(now)
            self._keep(now)
        return now

    def _keep(self, now: float) -> None:
        """Rows are safe in the journal; what time has done since is written now and then."""
        if self.config.state_dir is None:
            return
        clock = self._monotonic()
        if clock - self._noted_at > CLOCK_SECONDS:
            self.journal.append(now, CLOCK_LINE, self.clock.to_record())
            self._noted_at = clock
        if self.journal.lines_since_snapshot > JOURNAL_LINES:
            self.save()
        elif clock - self._saved_at > SAVE_SECONDS:
            self._save_market(self.config.state_dir)

    # -- small services for dialects ----------------------------------------------------------------------------

    def new_request_id(self) -> str:
        """A request id in the media's style: digits and a hex tail."""
        self._request_number += 1
        return f"{int(self.clock.now()):d}{self._request_number:010d}{secrets.token_hex(4).upper()}"

    def note_birth(self, row_id: int) -> None:
        """Remember when a row was created, in real time, for the read-after-write lag."""
        self._births[row_id] = self._monotonic()

    def is_visible(self, row_id: int, lag_ms: float = 0.0) -> bool:
        """Whether lists show the row; ``lag_ms`` adds to the server's own ``read_lag_ms``."""
        lag = max(self.read_lag_ms, lag_ms) / 1000
        if not lag:
            return True
        born = self._births.get(row_id)
        return born is None or self._monotonic() - born >= lag

    def mint_token(self, app_id: int, login_id: int, account_ids: list[int]) -> TokenPair:
        """A fresh pair; every earlier pair of the same login and app dies."""
        for pair in self.store.tokens.values():
            if pair.app_id == app_id and pair.login_id == login_id and not pair.is_replaced:
                pair.is_replaced = True
                self.store.save(pair, self.clock.now())
        now = self.clock.lifetime_now()
        pair = TokenPair(
            id=secrets.token_hex(20),
            refresh_token=secrets.token_hex(20),
            app_id=app_id,
            login_id=login_id,
            account_ids=account_ids,
            access_expires_at=now + ACCESS_SECONDS,
            refresh_expires_at=now + REFRESH_SECONDS,
        )
        self.store.save(pair, self.clock.now())
        return pair

    def open_account(
        self, medium: str, *, name: str | None = None, cash_li: int = OPENING_CASH_LI, grant_li: int = OPENING_GRANT_LI
    ) -> Account:
        """A new advertiser that the medium's first login may authorise, with its opening payment."""
        now = self.clock.now()
        siblings = sum(account.medium == medium for account in self.store.accounts.values())
        account_id = FIRST_ACCOUNT[medium] + siblings * 37
        company = COMPANIES[siblings % len(COMPANIES)]
        account = Account(
            account_id, medium, name or f"{company[:4]}-{siblings + 1:02d}", company, "保险", now, cash_li, grant_li
        )
        self.store.save(account, now)
        self.store.save(FundMove(self.store.new_id(), account_id, "RECHARGE", cash_li, grant_li, now), now)
        login_id = FIRST_LOGIN[medium]
        login = self.store.logins.get(login_id)
        if login is None:
            login = Login(login_id, medium, f"{medium}-operator", f"operator@{medium}.example", [])
        login.account_ids.append(account_id)
        self.store.save(login, now)
        for pair in self.store.tokens.values():
            if pair.login_id == login_id and not pair.is_replaced:
                pair.account_ids.append(account_id)
                self.store.save(pair, now)
        return account

    def draw(self, *topic: object) -> float:
        """A number in [0, 1) fixed by the seed and the topic."""
        digest = hashlib.blake2b(repr((self.config.seed, *topic)).encode(), digest_size=8).digest()
        return int.from_bytes(digest) / 2**64

    # -- persistence --------------------------------------------------------------------------------------------

    def save(self) -> None:
        """Write a snapshot: rows, clock, knobs, ledger and market."""
        directory = self.config.state_dir
        if directory is None:
            return
        with self.lock:
            self._save_market(directory)
            self.journal.snapshot({"rows": self.store.to_rows(), "clock": self.clock.to_record()})

    def _save_market(self, directory: Path) -> None:
        """The clock goes to the journal first: a restart must never be earlier than the numbers it finds."""
        self.journal.append(self.clock.now(), CLOCK_LINE, self.clock.to_record())
        self.journal.flush()
        buffer = io.BytesIO()
        arrays: dict[str, Any] = {**self.ledger.to_arrays(), **self.driver.to_arrays()}
        np.savez(buffer, **arrays)
        draft = directory / "market.draft"
        draft.write_bytes(buffer.getvalue())
        draft.replace(directory / "market.npz")
        self._saved_at = self._monotonic()

    def close(self) -> None:
        """The last snapshot."""
        with self.lock:
            self.save()
            self.journal.close()

    def reset(self) -> None:
        """Back to a fresh world with the same configuration."""
        with self.lock:
            self.store.reset()
            if self.config.state_dir is not None:
                (self.config.state_dir / "market.npz").unlink(missing_ok=True)
            self.clock = Clock(self.config.clock or "real", self.config.start, self._wall)
            self.ledger = Ledger()
            self.driver.forget()
            self.money.forget()
            self.calls.reset()
            self.faults.remove()
            self._births.clear()
            self._populate()

    def _restore(self) -> None:
        snapshot, lines = self.journal.replay()
        clocks = [snapshot["clock"]] if snapshot else []

        def rows() -> Iterator[tuple[float, str, Any]]:
            for moment, kind, record in lines:
                if kind == CLOCK_LINE:
                    clocks.append(record)
                yield moment, kind, record

        latest = self.store.load(snapshot["rows"] if snapshot else {}, rows())
        if clocks:
            self.clock.restore(clocks[-1], not_before=latest)
        elif latest:
            self.clock.restore({**self.clock.to_record(), "media": latest}, not_before=latest)
        if self.config.clock:
            self.clock.set_mode(self.config.clock)
        self._restore_market(self.config.state_dir)
        self.life.rebuild()
        if not self.store.apps:
            self._populate()
        self.tick(force=True)

    def _restore_market(self, directory: Path | None) -> None:
        if directory is None or not (directory / "market.npz").exists():
            return
        with np.load(directory / "market.npz", allow_pickle=False) as stored:
            arrays = dict(stored)
        self.ledger.load({name: array for name, array in arrays.items() if not name.startswith(("state:", "late:"))})
        self.driver.load({name: array for name, array in arrays.items() if name.startswith(("state:", "late:"))})
        # Plans that came or changed after the last save get their row of the running hour at the first tick.
        self.store.touched.update(range(self.store.columns.count))

    def _populate(self) -> None:
        now = self.clock.now()
        for app in APPS:
            self.store.save(app, now)
        for medium in FIRST_ACCOUNT:
            for _ in range(self.config.accounts):
                self.open_account(medium)
        self.life.rebuild()
        self.store.flush()
        self._ticked_at = -1e18
        self.tick(force=True)
