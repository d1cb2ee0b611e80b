"""The control page: plain HTML, no script from elsewhere."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

from ..clock import SPEEDS, stamp
from ..faults import FAULTS
from ..model import DELETED
from .style import SCRIPT, STYLE

if TYPE_CHECKING:
    from ..world import World

SHOWN_PLANS, SHOWN_PATHS, SHOWN_CALLS = 100, 40, 30
CLOCKS = {"real": "real time", "x60": "×60", "stepped": "stepped: only by the buttons"}
JUMPS = {"+10 minutes": 600, "+1 hour": 3600, "+1 day": 86400}


def render(world: "World", wanted: str = "") -> str:
    """The whole page for the present moment; ``wanted`` narrows the plans by a part of a name, an id or an account."""
    now = world.clock.now()
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>",
        f"<title>Mock media</title><style>{STYLE}</style><script>{SCRIPT}</script>",
        "<h1>Mock media</h1><p class=muted>Stands in for Ocean Engine (Douyin, Toutiao) and Kuaishou. "
        "The same knobs as JSON: <code>/control/api/…</code> <a href='/control/'>reload</a></p>",
        _cards(world, now),
        _clock(world),
        _knobs(world),
        _faults(world),
        _accounts(world, now),
        _plans(world, now, wanted),
        _calls(world),
        _apps(world),
    ]
    return "".join(parts)


# -- what can be turned -----------------------------------------------------------------------------------------------


def _cards(world: "World", now: float) -> str:
    calls = world.calls
    spent_li = sum(world.money.account_spent_li(account, now) for account in world.store.accounts.values())
    cards = {
        "media time (Shanghai)": stamp(now),
        "live plans": sum(1 for _ in world.store.live_plans()),
        "spent today": f"¥{spent_li / 1000:,.2f}",
        "calls": calls.total,
        "over a limit": sum(calls.limited.values()),
        "faults struck": sum(calls.faults.values()),
        "failures of the mock": calls.failures,
        "seed": world.config.seed,
    }
    shown = "".join(f"<div class=card>{escape(name)}<b>{escape(str(value))}</b></div>" for name, value in cards.items())
    return f"<div class=cards>{shown}</div>"


def _button(label: str, method: str, path: str, body: str, *, is_on: bool = False, asks: str = "") -> str:
    call = f"send('{method}','{path}',{body})"
    if asks:
        call = f"confirm('{asks}') && {call}"
    mark = " class=on aria-pressed=true" if is_on else ""
    return f'<button{mark} onclick="{escape(call, quote=True)}">{escape(label)}</button> '


def _clock(world: "World") -> str:
    modes = "".join(
        _button(CLOCKS[mode], "POST", "clock", f"{{mode:'{mode}'}}", is_on=mode == world.clock.mode) for mode in SPEEDS
    )
    jumps = "".join(_button(label, "POST", "clock", f"{{advance:{seconds}}}") for label, seconds in JUMPS.items())
    return (
        f"<h2>Clock</h2><p>{modes}</p><p>{jumps}"
        "<span class=muted>A jump ages tokens and lets the market deliver in between.</span></p>"
    )


def _knobs(world: "World") -> str:
    rules = world.limiter.rules
    per_second = rules.developer.get("default") if rules else None
    said = (
        "none" if rules is None else f"{per_second:g} calls/s per app and path" if per_second else "a table of its own"
    )
    return (
        "<h2>Limits, delays, state</h2>"
        f'<form onsubmit="setLimit(this);return false"><label>limit ({escape(said)}): '
        "<input name=limit type=number min=0 step=any placeholder='calls/s'></label> <button>set</button> "
        + _button("no limits", "POST", "limits", "{limits:null}", is_on=rules is None)
        + "</form><form onsubmit=\"send('POST','latency',{latency_ms:Number(this.latency.value),"
        'read_lag_ms:Number(this.lag.value)});return false">'
        f"<label>every answer later by <input name=latency type=number min=0 value={world.latency_ms:g}> ms</label> "
        f"<label>new rows listed after <input name=lag type=number min=0 value={world.read_lag_ms:g}> ms</label> "
        "<button>set</button></form><p>"
        + _button("write a snapshot", "POST", "snapshot", "{}")
        + _button("forget the calls", "DELETE", "calls", "{}")
        + _button("reset everything", "POST", "reset", "{}", asks="Forget all plans, accounts and tokens?")
        + "</p>"
    )


def _faults(world: "World") -> str:
    options = "".join(f"<option value={name}>{name}: {escape(text)}</option>" for name, text in FAULTS.items())
    media = "".join(f"<option value={name}>{name}</option>" for name in _media(world))
    form = (
        '<form onsubmit="addFault(this);return false">'
        f"<label>fault <select name=fault>{options}</select></label> "
        f"<label>medium <select name=medium><option value='*'>both</option>{media}</select></label> "
        "<label>path <input name=path value='*' size=28></label> "
        "<label>account <input name=account size=18 placeholder='any'></label> "
        "<label>probability <input name=probability type=number step=0.01 min=0 max=1 value=1></label> "
        "<label>times <input name=count type=number min=1 placeholder='∞'></label> <button>add</button></form>"
    )
    rows = [
        (
            _button("remove", "DELETE", "faults", f"{{id:{rule.id}}}"),
            *_cells(
                rule.name,
                rule.medium,
                rule.path,
                rule.account_id or "any",
                f"{rule.probability:g}",
                "∞" if rule.count is None else rule.count,
                rule.struck,
            ),
        )
        for rule in world.faults.rules
    ]
    head = ("", "fault", "medium", "path", "account", "probability", "left", "struck")
    clear = _button("remove all", "DELETE", "faults", "{}") if rows else ""
    return "<h2>Faults</h2>" + form + _table(head, rows, 5, "No faults: the media behave.") + clear


# -- what is there ----------------------------------------------------------------------------------------------------


def _accounts(world: "World", now: float) -> str:
    rows = [
        _cells(
            account.medium,
            account.id,
            account.name,
            f"{world.money.balance_li(account, now) / 1000:,.2f}",
            f"{world.money.account_spent_li(account, now) / 1000:,.2f}",
            sum(plan.switch != DELETED for plan in world.store.plans_of(account.id)),
        )
        for account in world.store.accounts.values()
    ]
    more = "".join(_button(f"one more {name}", "POST", "accounts", f"{{medium:'{name}'}}") for name in _media(world))
    head = ("medium", "id", "name", "balance ¥", "spent today ¥", "plans")
    return "<h2>Accounts</h2>" + _table(head, rows, 3, "No accounts.") + more


def _plans(world: "World", now: float, wanted: str) -> str:
    found = [plan for plan in world.store.live_plans() if wanted in f"{plan.name} {plan.id} {plan.account_id}"]
    found.sort(key=lambda plan: -plan.created_at)
    rows = [
        _cells(
            plan.medium,
            plan.id,
            plan.name,
            plan.account_id,
            ", ".join(world.life.obstacles(plan, now)) or "delivering",
            plan.learning,
            f"{plan.bid_li / 1000:,.2f}",
            f"{plan.budget_li / 1000:,.2f}" if plan.budget_li else "∞",
            f"{world.money.plan_spent_li(plan, now) / 1000:,.2f}",
        )
        for plan in found[:SHOWN_PLANS]
    ]
    search = (
        f"<form><label>name, id or account <input name=q value='{escape(wanted, quote=True)}'></label> "
        f"<button>find</button></form><p class=muted>{len(found):,} found, the latest {len(rows)} shown.</p>"
    )
    head = ("medium", "id", "name", "account", "delivery", "learning", "bid ¥", "budget ¥", "spent today ¥")
    return "<h2 id=plans>Plans</h2>" + search + _table(head, rows, 6, "No plans.")


def _calls(world: "World") -> str:
    calls = world.calls
    by_path = [_cells(medium, path, count) for (medium, path), count in calls.by_path.most_common(SHOWN_PATHS)]
    by_code = [_cells(medium, code, count) for (medium, code), count in calls.by_code.most_common()]
    limited = [_cells(medium, layer, count) for (medium, layer), count in calls.limited.most_common()]
    latest = [
        _cells(
            stamp(call["media_at"]),
            call["path"],
            call["account_id"] or "",
            call["code"],
            " ".join([call["limited"], *call["faults"]]).strip(),
            f"{call['milliseconds']:.1f}",
        )
        for call in calls.latest(limit=SHOWN_CALLS)
    ]
    return (
        "<h2>Calls</h2>"
        + _table(("medium", "path", "calls"), by_path, 2, "No calls yet.")
        + "<h3>By code</h3>"
        + _table(("medium", "code", "calls"), by_code, 2, "No calls yet.")
        + "<h3>Over a limit</h3>"
        + _table(("medium", "layer", "calls"), limited, 2, "Nobody was over a limit.")
        + "<h3>Latest</h3>"
        + _table(("media time", "path", "account", "code", "limit, faults", "ms"), latest, 5, "No calls yet.")
    )


def _apps(world: "World") -> str:
    rows = [_cells(app.medium, app.id, app.secret) for app in world.store.apps.values()]
    return "<h2>Developer apps</h2>" + _table(("medium", "app id", "secret"), rows, 9, "No apps.")


# -- small parts ------------------------------------------------------------------------------------------------------


def _media(world: "World") -> Iterable[str]:
    return sorted({app.medium for app in world.store.apps.values()})


def _cells(*values: object) -> tuple[str, ...]:
    return tuple(escape(str(value)) for value in values)


def _table(head: Sequence[str], rows: Sequence[tuple[str, ...]], first_number: int, empty: str) -> str:
    """Cells are HTML; columns from ``first_number`` on are aligned as numbers."""
    if not rows:
        return f"<p class=muted>{escape(empty)}</p>"

    def line(tag: str, cells: Sequence[str]) -> str:
        marks = ("" if position < first_number else " class=n" for position in range(len(cells)))
        return "".join(f"<{tag}{mark}>{cell}</{tag}>" for mark, cell in zip(marks, cells, strict=True))

    body = "".join(f"<tr>{line('td', row)}</tr>" for row in rows)
    return f"<div class=wide><table><tr>{line('th', head)}</tr>{body}</table></div>"
