"""How jobs are spoken of: names of kinds, tones of states, and how fast one goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from campaigns.selectors.bulk.jobs import job_progress
from frontend import formats
from xmagnet.notices.words import JOB_NAMES

STATE_TONES = {
    "queued": "quiet",
    "validating": "info",
    "running": "info",
    "paused": "warn",
    "cancelling": "warn",
    "succeeded": "good",
    "partially_succeeded": "warn",
    "failed": "bad",
    "errored": "bad",
    "cancelled": "quiet",
    "expired": "warn",
    "lost": "bad",
}

WAITING_REASONS: dict[str, Any] = {
    "rate_limit": _("the media's rate limit"),
    "quota": _("the media's daily quota"),
    "authorization": _("a media account that must be authorized again"),
    "account_refused": _("a media account that the media refuses to serve"),
    "no_balance": _("a media account that must be topped up"),
    "account_paused": _("a media account that is paused here"),
    "settling": _("the media to show whether a lost answer took effect"),
    "media_unreachable": _("the media to answer again"),
    "same_reference": _("another row with the same reference"),
    "other_job": _("another job's rows on the same media account"),
    "busy": _("a free worker"),
    "stalled": _("a sign of life: nothing has moved for two minutes"),
}

#: what a person can do about a wait; of the other reasons there is nothing to say
WAITING_ADVICE: dict[str, Any] = {
    "authorization": _("Authorize the account again under Media accounts; the rows then go on by themselves."),
    "account_refused": _(
        "The media disabled the account, or took it from the login. Look in the media's own console; when the account "
        "works again there, the rows go on by themselves. If the login lost it, authorize it again."
    ),
    "no_balance": _("Top the account up at the media; the rows go on by themselves when the money is there."),
    "stalled": _(
        "Mostly no worker is free or running. It goes on by itself when one is; if it stays like this, tell your "
        "administrator."
    ),
    "account_paused": _("Resume the account under Media accounts; the rows then go on by themselves."),
}

#: a row's state: its word and its tone, in the order of a row's life
ROW_STATES: dict[str, tuple[Any, str]] = {
    "received": (_("Received"), "quiet"),
    "invalid": (_("Invalid"), "bad"),
    "queued": (_("Queued"), "quiet"),
    "sending": (_("Sending"), "info"),
    "unknown": (_("Outcome unknown"), "warn"),
    "succeeded": (_("Succeeded"), "good"),
    "failed": (_("Failed"), "bad"),
    "cancelled": (_("Cancelled"), "quiet"),
    "dead": (_("Given up"), "bad"),
}

_ENDED = _("Finished: %(succeeded)s rows succeeded, %(others)s did not")
#: a line of a job's log by its code; what has no code here is shown as it is
EVENT_WORDS: dict[str, Any] = {
    "accepted": _("%(by)s sent %(rows)s rows"),
    "checking": _("Checking the rows"),
    "checked": _("Checked: %(valid)s rows are valid, %(invalid)s are not"),
    "refused": _("Nothing is sent: who made this job may no longer do this"),
    "progress": _("%(percent)s%% done"),
    "paused": _("Paused: waiting for %(reason)s"),
    "resumed": _("Goes on"),
    "cancel_asked": _("%(by)s cancelled it"),
    "cancel_asked_with_pause": _("%(by)s cancelled it and pauses what it made"),
    "retried": _("%(by)s tried %(rows)s rows again in %(job)s"),
    "expired": _("The deadline of 24 hours has passed; what was not sent is cancelled"),
    "ended_succeeded": _("Finished: all %(succeeded)s rows succeeded"),
    "ended_partially_succeeded": _ENDED,
    "ended_failed": _("Finished: no row succeeded"),
    "ended_cancelled": _("Cancelled: %(succeeded)s rows had succeeded before"),
    "ended_expired": _ENDED,
}

#: rows in these states will not change any more
FINAL_ROW_STATES = frozenset({"succeeded", "failed", "invalid", "cancelled", "dead"})


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is. ``rate`` is rows (or steps) a second; ``seconds_left`` only while it runs and is known."""

    done: int
    total: int | None
    rate: float | None
    seconds_left: float | None

    @property
    def percent(self) -> int | None:
        """0–100, or ``None`` when the total is not known."""
        if not self.total:
            return None
        return min(100, self.done * 100 // self.total)


def kind_label(kind: str) -> str:
    """What the job does, in the reader's language; an unknown kind shows its own name."""
    return str(JOB_NAMES.get(kind, kind))


def event_words(message: str, data: Mapping[str, Any] | None) -> str:
    """A line of the log in the reader's language; figures with their separators, reasons in words."""
    words = EVENT_WORDS.get(message)
    if words is None:
        return message
    shown = {name: formats.count(value) if isinstance(value, int) else value for name, value in (data or {}).items()}
    if "reason" in shown:
        shown["reason"] = str(WAITING_REASONS.get(shown["reason"], shown["reason"]))
    if "by" in shown:
        shown["by"] = shown["by"] or "X-Magnet"
    return str(words) % shown


def progress_of(job: Any, now: datetime) -> Progress:
    """Done, total, rate and the time left at that rate; of a job of rows as its own resource tells them."""
    total = job.total_count
    done = job.done_count
    if job.is_row_driven and job.counts:
        done = sum(number for state, number in job.counts.items() if state in FINAL_ROW_STATES)
        total = job.counts.get("total", total)
    rate: float | None = None
    seconds_left: float | None = None
    if job.is_row_driven:
        told = job_progress(job, now)
        if told.eta_at is not None:
            seconds_left = max(0.0, (told.eta_at - now) / timedelta(seconds=1))
        return Progress(done, total, told.rows_per_second, seconds_left)
    if job.started_at is not None:
        elapsed = ((job.finished_at or now) - job.started_at) / timedelta(seconds=1)
        if elapsed > 0 and done:
            rate = done / elapsed
            if job.is_live and total is not None:
                seconds_left = max(0, total - done) / rate
    return Progress(done, total, rate, seconds_left)
