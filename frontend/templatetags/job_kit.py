"""The template kit's words about jobs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import template
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from campaigns.selectors.bulk.jobs import job_wait
from frontend import formats
from frontend.job_words import ROW_STATES, STATE_TONES, WAITING_ADVICE, WAITING_REASONS, event_words
from frontend.templatetags.kit import relative_time, seconds_span, status
from xmagnet.jobs.states import JobState

register = template.Library()

#: a free worker takes a job up within a second
UNTAKEN_AFTER = timedelta(seconds=15)


@register.simple_tag
def job_status(job: Any) -> SafeString:
    """The job's state as a badge."""
    return status(job.get_state_display(), STATE_TONES.get(job.state, "quiet"))


@register.simple_tag
def job_duration(job: Any) -> str:
    """From the start to the end, or to now."""
    if job.started_at is None:
        return formats.DASH
    return seconds_span(((job.finished_at or timezone.now()) - job.started_at).total_seconds())


def is_untaken(job: Any) -> bool:
    """Queued for longer than a running worker needs to hear of it."""
    rung_at = job.heartbeat_at or job.created_at
    return job.state == JobState.QUEUED and timezone.now() - rung_at > UNTAKEN_AFTER


@register.simple_tag
def waiting_for(job: Any) -> SafeString:
    """What the job waits for and until when: the answer to “is it stuck?”."""
    waiting = job_wait(job) or {}
    reason = WAITING_REASONS.get(waiting.get("reason", ""), waiting.get("reason", ""))
    if not reason and is_untaken(job):
        return format_html("{}", _("No worker has taken it up yet"))
    if not reason:
        return format_html("{}", _("Paused") if job.state == JobState.PAUSED else job.message)
    text = _("Waiting for %(reason)s") % {"reason": reason}
    if waiting.get("account_id"):
        text = _("%(waiting)s (account %(account)s)") % {"waiting": text, "account": waiting["account_id"]}
    until = parse_datetime(waiting.get("until") or "")
    return format_html("{} · {}", text, relative_time(until)) if until else format_html("{}", text)


@register.simple_tag
def waiting_advice(job: Any) -> dict[str, str]:
    """What a person can do about what the job waits for, and about which account; empty when nothing."""
    wait = job_wait(job) or {}
    advice = WAITING_ADVICE.get(wait.get("reason", "") or ("stalled" if is_untaken(job) else ""))
    return {"text": str(advice), "account_id": wait.get("account_id") or ""} if advice else {}


@register.simple_tag
def event_line(event: Any) -> str:
    """A line of the job's log in words."""
    return event_words(event.message, event.data)


@register.simple_tag
def row_counts(job: Any) -> SafeString:
    """Rows by state, only the states that have rows."""
    shown = [(label, job.counts[state], tone) for state, (label, tone) in ROW_STATES.items() if job.counts.get(state)]
    return format_html_join(
        "",
        '<span class="status" data-tone="{}">{} {}</span>',
        ((tone, label, formats.count(number)) for label, number, tone in shown),
    )


@register.simple_tag
def row_status(state: str) -> SafeString:
    """A row's state as a badge."""
    label, tone = ROW_STATES.get(state, (state, "quiet"))
    return status(str(label), tone)
