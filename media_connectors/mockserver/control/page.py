"""The control page: plain HTML, no script from elsewhere."""

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from ..clock import stamp
from ..faults import FAULTS
from ..model import DELETED

if TYPE_CHECKING:
    from ..world import World

STYLE = """
body{font:14px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;color:#1d273b;background:#f6f8fb}
h1{font-size:1.4rem}h2{font-size:1.05rem;margin-top:2rem}
table{border-collapse:collapse;width:100%;background:#fff}th,td{padding:.35rem .6rem;border-bottom:1px solid #e6e7e9}
th{text-align:left;color:#667382;font-weight:600}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
button,select,input{font:inherit;padding:.25rem .6rem}form{display:inline-block;margin:0 .5rem .5rem 0}
.cards{display:flex;gap:1rem;flex-wrap:wrap}.card{background:#fff;padding:.75rem 1rem;border:1px solid #e6e7e9}
.card b{display:block;font-size:1.3rem}
"""
# Buttons post JSON to the control API, then show the page again.
SCRIPT = """
async function send(method, path, body) {
  const answer = await fetch('/control/api/' + path, {method, headers: {'Content-Type': 'application/json'},
    body: body ? JSON.stringify(body) : undefined});
  if (!answer.ok) { alert((await answer.json()).error); return; }
  location.reload();
}
"""


def render(world: "World") -> str:
    """The whole page for the present moment."""
    now = world.clock.now()
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8><title>Mock media</title>",
        f"<style>{STYLE}</style><script>{SCRIPT}</script><h1>Mock media</h1>",
        _cards(world, now),
        _buttons(),
        _accounts(world, now),
        _plans(world, now),
        _calls(world),
        _faults(world),
        _apps(world),
    ]
    return "".join(parts)


def _cards(world: "World", now: float) -> str:
    over_limit = sum(world.calls.limited.values())
    cards = {
        "media time (Shanghai)": stamp(now),
        "clock": world.clock.mode,
        "plans": sum(1 for _ in world.store.live_plans()),
        "calls": world.calls.total,
        "over-limit answers": over_limit,
        "latency": f"{world.latency_ms:g} ms",
        "seed": world.config.seed,
    }
    return "<div class=cards>" + "".join(
        f"<div class=card>{escape(name)}<b>{escape(str(value))}</b></div>" for name, value in cards.items()
    ) + "</div>"  # fmt: skip


def _buttons() -> str:
    def button(label: str, method: str, path: str, body: str) -> str:
        call = escape(f"send('{method}','{path}',{body})", quote=True)
        return f'<form onsubmit="return false"><button onclick="{call}">{escape(label)}</button></form>'

    return "<h2>Knobs</h2>" + "".join(
        [
            button("+10 minutes", "POST", "clock", "{advance:600}"),
            button("+1 hour", "POST", "clock", "{advance:3600}"),
            button("+1 day", "POST", "clock", "{advance:86400}"),
            button("real clock", "POST", "clock", "{mode:'real'}"),
            button("×60", "POST", "clock", "{mode:'x60'}"),
            button("stepped", "POST", "clock", "{mode:'stepped'}"),
            button("save snapshot", "POST", "snapshot", "{}"),
            button("clear faults", "DELETE", "faults", "null"),
            button("no limits", "POST", "limits", "{limits:null}"),
            button("10 calls/s", "POST", "limits", "{limits:{developer:{default:10}}}"),
            button("reset everything", "POST", "reset", "{}"),
        ]
    )


def _accounts(world: "World", now: float) -> str:
    rows = [
        (
            account.medium,
            str(account.id),
            account.name,
            f"{world.money.balance_li(account, now) / 1000:,.2f}",
            f"{world.money.account_spent_li(account, now) / 1000:,.2f}",
            str(sum(plan.switch != DELETED for plan in world.store.plans_of(account.id))),
        )
        for account in world.store.accounts.values()
    ]
    return "<h2>Accounts</h2>" + _table(("medium", "id", "name", "balance ¥", "spent today ¥", "plans"), rows, 3)


def _plans(world: "World", now: float) -> str:
    latest = sorted(world.store.live_plans(), key=lambda plan: -plan.created_at)[:100]
    rows = [
        (
            plan.medium,
            str(plan.id),
            plan.name,
            ", ".join(world.life.obstacles(plan, now)) or "delivering",
            plan.learning,
            f"{plan.bid_li / 1000:,.2f}",
            f"{plan.budget_li / 1000:,.2f}" if plan.budget_li else "∞",
            f"{world.money.plan_spent_li(plan, now) / 1000:,.2f}",
        )
        for plan in latest
    ]
    head = ("medium", "id", "name", "delivery", "learning", "bid ¥", "budget ¥", "spent today ¥")
    return "<h2>Plans (latest 100)</h2>" + _table(head, rows, 5)


def _calls(world: "World") -> str:
    rows = [(medium, path, str(count)) for (medium, path), count in world.calls.by_path.most_common(40)]
    limited = [(medium, layer, str(count)) for (medium, layer), count in world.calls.limited.most_common()]
    return (
        "<h2>Calls</h2>"
        + _table(("medium", "path", "calls"), rows, 2)
        + "<h2>Over-limit answers</h2>"
        + _table(("medium", "layer", "calls"), limited, 2)
    )


def _faults(world: "World") -> str:
    rows = [
        (str(rule.id), rule.name, rule.path, f"{rule.probability:g}", str(rule.count), str(rule.struck))
        for rule in world.faults.rules
    ]
    options = "".join(f"<option value={name}>{name}: {escape(text)}</option>" for name, text in FAULTS.items())
    form = (
        "<form onsubmit=\"send('POST','faults',{name:this.fault.value,path:this.path.value,"
        'probability:Number(this.probability.value)});return false">'
        f"<select name=fault>{options}</select> <input name=path value='*' size=30> "
        "<input name=probability type=number step=0.01 min=0 max=1 value=0.1> <button>add fault</button></form>"
    )
    return "<h2>Faults</h2>" + form + _table(("id", "fault", "path", "probability", "left", "struck"), rows, 3)


def _apps(world: "World") -> str:
    rows = [(app.medium, str(app.id), app.secret) for app in world.store.apps.values()]
    return "<h2>Developer apps</h2>" + _table(("medium", "app id", "secret"), rows, 9)


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]], first_number: int) -> str:
    def cell(tag: str, position: int, text: str) -> str:
        mark = " class=n" if position >= first_number else ""
        return f"<{tag}{mark}>{escape(text)}</{tag}>"

    lines = ["<tr>" + "".join(cell("th", i, text) for i, text in enumerate(head)) + "</tr>"]
    lines += ["<tr>" + "".join(cell("td", i, text) for i, text in enumerate(row)) + "</tr>" for row in rows]
    return "<table>" + "".join(lines) + "</table>"
