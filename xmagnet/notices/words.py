"""How a notice is spoken of, in the active language, and where it leads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from xmagnet.notices.choices import RULES, Event, Severity

#: names of job kinds that people start; other kinds show their own name
JOB_NAMES: dict[str, Any] = {
    "plans.create": gettext_lazy("Create plans"),
    "plans.update": gettext_lazy("Change plans"),
    "plans.validate": gettext_lazy("Check plans"),
    "accounts.sync": gettext_lazy("Sync media accounts"),
    "audit.verify": gettext_lazy("Verify the audit log"),
}
#: where an event leads, below ``/o/<org>/``; tests/frontend resolves each
PATHS: dict[str, str] = {
    "job": "jobs/{id}/",
    "account": "accounts/?q={remote_id}",
    "plans": "plans/?q={remote_id}",
    "webhook": "webhooks/{id}/",
    "members": "members/",
}


class NoticeLike(Protocol):
    """What is read of a notice."""

    event: str
    object_id: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Words:
    """A notice as people read it; ``path`` is below the organization's address."""

    title: str
    text: str
    path: str
    severity: Severity


def words_of(notice: NoticeLike) -> Words:
    """The notice in words; an event of a newer version shows its name."""
    try:
        event = Event(notice.event)
    except ValueError:
        return Words(notice.event, "", "notifications/", Severity.INFO)
    title, text, place = _SPEAKERS[event](notice.data)
    values = {"id": notice.object_id, "remote_id": str(notice.data.get("remote_id", ""))}
    path = PATHS[place].format(**{name: quote(value, safe="") for name, value in values.items()})
    return Words(title, text, path, RULES[event].severity)


def words_of_test() -> Words:
    """What a test message says."""
    return Words(
        _("A test message"), _("If you can read this, notifications arrive here."), "notifications/", Severity.INFO
    )


def _job_name(data: Mapping[str, Any]) -> str:
    return str(JOB_NAMES.get(data["kind"], data["kind"]))


def _rows(data: Mapping[str, Any]) -> str:
    counts = data.get("counts") or {}
    done = int(counts.get("succeeded", 0))
    not_done = sum(int(counts.get(state, 0)) for state in ("failed", "invalid", "dead"))
    if not counts:
        return ""
    return _("%(done)d rows succeeded, %(failed)d did not.") % {"done": done, "failed": not_done}


def _job_finished(data: Mapping[str, Any]) -> tuple[str, str, str]:
    return _("%(job)s: finished") % {"job": _job_name(data)}, _rows(data), "job"


def _job_failed(data: Mapping[str, Any]) -> tuple[str, str, str]:
    reason = str(data.get("reason") or "")
    return _("%(job)s: failed") % {"job": _job_name(data)}, " ".join(filter(None, (reason, _rows(data)))), "job"


def _job_paused(data: Mapping[str, Any]) -> tuple[str, str, str]:
    text = _(
        "It goes on when somebody has looked: mostly a media account must be authorized again, resumed, or cleared "
        "with the media."
    )
    return _("%(job)s: waits for a person") % {"job": _job_name(data)}, text, "job"


def _plan_rejected(data: Mapping[str, Any]) -> tuple[str, str, str]:
    count = int(data.get("count", 1))
    title = ngettext(
        "%(account)s: %(count)d plan was refused by the review",
        "%(account)s: %(count)d plans were refused by the review",
        count,
    ) % {"account": data.get("account_name", ""), "count": count}
    names = [str(name) for name in data.get("plan_names", ())]
    text = ", ".join(names) + (" …" if count > len(names) else "")
    return title, text, "plans" if count == 1 else "account"


def _balance_low(data: Mapping[str, Any]) -> tuple[str, str, str]:
    title = _("%(account)s: the balance is low") % {"account": data.get("account_name", "")}
    amounts = {"balance": _yuan(data["balance_fen"]), "limit": _yuan(data["limit_fen"])}
    return title, _("%(balance)s is left; the alarm stands at %(limit)s.") % amounts, "account"


def _needs_authorization(data: Mapping[str, Any]) -> tuple[str, str, str]:
    title = _("%(account)s: must be authorized again") % {"account": data.get("account_name", "")}
    text = _("Nothing is read from or sent to it until then.")
    return title, " ".join(filter(None, (text, str(data.get("message") or "")))), "account"


def _account_refused(data: Mapping[str, Any]) -> tuple[str, str, str]:
    title = _("%(account)s: the media refuses every call") % {"account": data.get("account_name", "")}
    text = _(
        "Look in the media's own console whether the account is disabled or was taken from the login. "
        "What waits here goes on by itself when it works again."
    )
    return title, " ".join(filter(None, (text, str(data.get("message") or "")))), "account"


def _login_ending(data: Mapping[str, Any]) -> tuple[str, str, str]:
    title = _("%(account)s: the login ends on %(day)s") % {
        "account": data.get("account_name", ""),
        "day": data.get("ends_on", ""),
    }
    text = _(
        "It has not renewed itself. Refresh the login, or authorize the account again; after that day nothing is read "
        "from or sent to it."
    )
    return title, text, "account"


def _sync_stalled(data: Mapping[str, Any]) -> tuple[str, str, str]:
    title = _("%(account)s: no data arrives") % {"account": data.get("account_name", "")}
    minutes = int(data["minutes"])
    text = ngettext(
        "The last numbers came %(minutes)d minute ago.", "The last numbers came %(minutes)d minutes ago.", minutes
    )
    return title, text % {"minutes": minutes}, "account"


def _webhook_disabled(data: Mapping[str, Any]) -> tuple[str, str, str]:
    reasons = {
        "gone": _("The receiver answered 410 Gone."),
        "unreachable": _("No message arrived for three days."),
    }
    title = _("The webhook to %(host)s is switched off") % {"host": data.get("host", "")}
    return title, reasons.get(str(data.get("reason")), ""), "webhook"


def _member_joined(data: Mapping[str, Any]) -> tuple[str, str, str]:
    return _("%(name)s joined") % {"name": data.get("name", "")}, str(data.get("email", "")), "members"


def _yuan(fen: int) -> str:
    return f"¥{int(fen) / 100:,.2f}"


_SPEAKERS: dict[Event, Callable[[Mapping[str, Any]], tuple[str, str, str]]] = {
    Event.JOB_FINISHED: _job_finished,
    Event.JOB_FAILED: _job_failed,
    Event.JOB_PAUSED: _job_paused,
    Event.PLAN_REJECTED: _plan_rejected,
    Event.BALANCE_LOW: _balance_low,
    Event.NEEDS_AUTHORIZATION: _needs_authorization,
    Event.ACCOUNT_REFUSED: _account_refused,
    Event.LOGIN_ENDING: _login_ending,
    Event.SYNC_STALLED: _sync_stalled,
    Event.WEBHOOK_DISABLED: _webhook_disabled,
    Event.MEMBER_JOINED: _member_joined,
}
