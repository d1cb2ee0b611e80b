"""The control API under ``/control/api/`` and the page at ``/control/``."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import orjson

from ..clock import parse, stamp
from ..dialect import whole_number
from ..faults import FAULTS
from ..limits import LimitRules
from ..model import DELETED
from .page import render

if TYPE_CHECKING:
    from ..world import World

Reply = tuple[int, str, bytes, dict[str, str]]
JSON = "application/json; charset=utf-8"


class BadControl(ValueError):
    """The control call makes no sense; answered with status 400."""


class ControlApi:
    """``GET`` shows, ``POST`` changes, ``DELETE`` removes."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._routes: dict[tuple[str, str], Callable[[dict[str, Any]], Any]] = {
            ("GET", "summary"): self._summary,
            ("GET", "accounts"): self._accounts,
            ("POST", "accounts"): self._open_account,
            ("POST", "funds"): self._set_funds,
            ("GET", "plans"): self._plans,
            ("GET", "names"): self._names,
            ("GET", "calls"): self._calls,
            ("DELETE", "calls"): self._forget_calls,
            ("GET", "clock"): self._clock,
            ("POST", "clock"): self._set_clock,
            ("GET", "faults"): self._faults,
            ("POST", "faults"): self._add_fault,
            ("DELETE", "faults"): self._remove_faults,
            ("GET", "limits"): self._limits,
            ("POST", "limits"): self._set_limits,
            ("GET", "latency"): self._latency,
            ("POST", "latency"): self._set_latency,
            ("GET", "seed"): lambda _: {"seed": self._world.config.seed},
            ("POST", "tokens"): self._mint,
            ("POST", "restate"): self._restate,
            ("POST", "reset"): self._reset,
            ("POST", "snapshot"): self._snapshot,
        }

    def handle(self, environ: dict[str, Any]) -> Reply:
        """One control request to (status, content type, body, headers)."""
        path = environ["PATH_INFO"].removeprefix("/control").strip("/")
        query = dict(parse_qsl(environ.get("QUERY_STRING", "")))
        if path == "":
            with self._world.lock:
                self._world.tick()
                return 200, "text/html; charset=utf-8", render(self._world, query.get("q", "")).encode(), {}
        route = self._routes.get((environ["REQUEST_METHOD"], path.removeprefix("api").strip("/")))
        if not path.startswith("api/") or route is None:
            return _reply(404, {"error": f"no control call {environ['REQUEST_METHOD']} {path}"})
        try:
            length = int(environ.get("CONTENT_LENGTH") or 0)
            body = environ["wsgi.input"].read(length) if length else b""
            given = orjson.loads(body) if body.strip() else {}
            if not isinstance(given, dict):
                raise BadControl("the body must be a JSON object")
            with self._world.lock:
                answer = route({**query, **given})
                self._world.store.flush()
            return _reply(200, answer)
        except (ValueError, KeyError, TypeError) as error:
            return _reply(400, {"error": str(error) or type(error).__name__})

    # -- what the media see -------------------------------------------------------------------------------------

    def _summary(self, _: dict[str, Any]) -> dict[str, Any]:
        world = self._world
        now = world.tick(force=True)
        media = {}
        for medium in sorted({account.medium for account in world.store.accounts.values()}):
            accounts = [account for account in world.store.accounts.values() if account.medium == medium]
            plans = [plan for plan in world.store.live_plans() if plan.medium == medium]
            media[medium] = {
                "accounts": len(accounts),
                "campaigns": sum(c.medium == medium and c.switch != DELETED for c in world.store.campaigns.values()),
                "plans": len(plans),
                "delivering": sum(not world.life.obstacles(plan, now) for plan in plans),
                "spent_today_yuan": sum(world.money.account_spent_li(account, now) for account in accounts) / 1000,
            }
        return {
            "now": stamp(now),
            "clock": world.clock.mode,
            "seed": world.config.seed,
            "media": media,
            "calls": world.calls.total,
            "over_limit": sum(world.calls.limited.values()),
            "faults": len(world.faults.rules),
            "has_limits": world.limiter.rules is not None,
            "latency_ms": world.latency_ms,
            "read_lag_ms": world.read_lag_ms,
        }

    def _accounts(self, given: dict[str, Any]) -> dict[str, Any]:
        world = self._world
        now = world.tick()
        rows = [
            {
                "id": account.id,
                "medium": account.medium,
                "name": account.name,
                "balance_yuan": world.money.balance_li(account, now) / 1000,
                "spent_today_yuan": world.money.account_spent_li(account, now) / 1000,
                "plans": sum(plan.switch != DELETED for plan in world.store.plans_of(account.id)),
            }
            for account in world.store.accounts.values()
            if given.get("medium") in (None, account.medium)
        ]
        return {"accounts": rows}

    def _plans(self, given: dict[str, Any]) -> dict[str, Any]:
        world = self._world
        now = world.tick()
        account_id = whole_number(given.get("account"))
        found = [
            {
                "id": plan.id,
                "account_id": plan.account_id,
                "campaign_id": plan.campaign_id,
                "medium": plan.medium,
                "name": plan.name,
                "switch": plan.switch,
                "audit": plan.audit,
                "learning": plan.learning,
                "obstacles": world.life.obstacles(plan, now),
                "bid_yuan": plan.bid_li / 1000,
                "budget_yuan": plan.budget_li / 1000,
                "spent_today_yuan": world.money.plan_spent_li(plan, now) / 1000,
                "created_at": stamp(plan.created_at),
            }
            for plan in world.store.live_plans()
            if account_id in (None, plan.account_id) and given.get("medium") in (None, plan.medium)
        ]
        return {"plans": found}

    def _names(self, given: dict[str, Any]) -> dict[str, Any]:
        """Names of all live plans, once per plan: what an exactly-once check compares with."""
        account_id = whole_number(given.get("account"))
        names = [
            plan.name
            for plan in self._world.store.live_plans()
            if account_id in (None, plan.account_id) and given.get("medium") in (None, plan.medium)
        ]
        return {"count": len(names), "distinct": len(set(names)), "names": names}

    def _calls(self, given: dict[str, Any]) -> dict[str, Any]:
        log = self._world.calls
        latest = log.latest(
            path=given.get("path"),
            account_id=whole_number(given.get("account")),
            after=float(given.get("after", 0)),
            limit=int(given.get("limit", 200)),
        )
        return {**log.summary(), "latest": latest}

    # -- knobs --------------------------------------------------------------------------------------------------

    def _forget_calls(self, _: dict[str, Any]) -> dict[str, Any]:
        self._world.calls.reset()
        return {}

    def _clock(self, _: dict[str, Any]) -> dict[str, Any]:
        now = self._world.clock.now()
        return {"mode": self._world.clock.mode, "now": stamp(now), "epoch": now}

    def _set_clock(self, given: dict[str, Any]) -> dict[str, Any]:
        if "mode" in given:
            self._world.clock.set_mode(given["mode"])
        if "advance" in given:
            self._world.clock.advance(float(given["advance"]))
        self._world.tick(force=True)
        return self._clock({})

    def _faults(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"rules": self._world.faults.to_records(), "known": FAULTS}

    def _add_fault(self, given: dict[str, Any]) -> dict[str, Any]:
        rule = self._world.faults.add(given)
        return {"id": rule.id}

    def _remove_faults(self, given: dict[str, Any]) -> dict[str, Any]:
        return {"removed": self._world.faults.remove(whole_number(given.get("id")))}

    def _limits(self, _: dict[str, Any]) -> dict[str, Any]:
        rules = self._world.limiter.rules
        if rules is None:
            return {"limits": None}
        return {"limits": {name: getattr(rules, name) for name in LimitRules.__dataclass_fields__}}

    def _set_limits(self, given: dict[str, Any]) -> dict[str, Any]:
        """``{"limits": {…}}`` or ``{"limits": null}`` for none."""
        rules = given["limits"]
        self._world.limiter.replace(None if rules is None else LimitRules.from_record(rules))
        return self._limits({})

    def _latency(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"latency_ms": self._world.latency_ms, "read_lag_ms": self._world.read_lag_ms}

    def _set_latency(self, given: dict[str, Any]) -> dict[str, Any]:
        self._world.latency_ms = float(given.get("latency_ms", self._world.latency_ms))
        self._world.read_lag_ms = float(given.get("read_lag_ms", self._world.read_lag_ms))
        return self._latency({})

    def _open_account(self, given: dict[str, Any]) -> dict[str, Any]:
        """``{"medium", "count"?, "name"?, "cash_yuan"?, "grant_yuan"?}``; live tokens see the new accounts."""
        medium = given["medium"]
        if medium not in {app.medium for app in self._world.store.apps.values()}:
            raise BadControl(f"unknown medium {medium!r}")
        funds = {}
        if "cash_yuan" in given:
            funds["cash_li"] = round(float(given["cash_yuan"]) * 1000)
        if "grant_yuan" in given:
            funds["grant_li"] = round(float(given["grant_yuan"]) * 1000)
        accounts = [
            self._world.open_account(medium, name=given.get("name"), **funds) for _ in range(int(given.get("count", 1)))
        ]
        return {"account_ids": [account.id for account in accounts]}

    def _set_funds(self, given: dict[str, Any]) -> dict[str, Any]:
        """``{"account", "balance_yuan"}``: money is paid in or drawn until this is left; nothing spent is forgotten."""
        account = self._world.store.accounts.get(whole_number(given["account"]) or 0)
        if account is None:
            raise BadControl("unknown account")
        left = round(float(given["balance_yuan"]) * 1000)
        if left < 0:
            raise BadControl("a balance is at least 0")
        now = self._world.tick(force=True)
        paid_in = self._world.money.spent_ever_li(account, now) + left
        account.grant_li = min(account.grant_li, paid_in)
        account.cash_li = paid_in - account.grant_li
        self._world.store.save(account, now)
        return {"balance_yuan": self._world.money.balance_li(account, now) / 1000}

    def _mint(self, given: dict[str, Any]) -> dict[str, Any]:
        """``{"medium"}`` or ``{"app_id"}``: a token pair without the browser, for all of the login's accounts."""
        world = self._world
        app_id = whole_number(given.get("app_id"))
        found = [a for a in world.store.apps.values() if a.id == app_id or a.medium == given.get("medium")]
        if not found:
            raise BadControl("name a known medium or app_id")
        login = next(login for login in world.store.logins.values() if login.medium == found[0].medium)
        pair = world.mint_token(found[0].id, login.id, list(login.account_ids))
        return {
            "app_id": found[0].id,
            "secret": found[0].secret,
            "access_token": pair.id,
            "refresh_token": pair.refresh_token,
            "account_ids": pair.account_ids,
        }

    def _restate(self, given: dict[str, Any]) -> dict[str, Any]:
        """``{"account", "date", "factor"}``: change a past day's numbers for good."""
        account_id = whole_number(given["account"])
        if account_id not in self._world.store.accounts:
            raise BadControl("unknown account")
        self._world.reports.restate(account_id, parse(given["date"]), float(given["factor"]))
        return {}

    def _reset(self, _: dict[str, Any]) -> dict[str, Any]:
        self._world.reset()
        return {}

    def _snapshot(self, _: dict[str, Any]) -> dict[str, Any]:
        self._world.save()
        return {}


def _reply(status: int, answer: Any) -> Reply:
    return status, JSON, orjson.dumps(answer), {}
