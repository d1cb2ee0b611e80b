"""Reading jobs."""

from __future__ import annotations

from django.db.models import Count, Q, QuerySet

from xmagnet.accounts.actor import Actor
from xmagnet.jobs.models import Job, JobEvent
from xmagnet.jobs.states import LIVE_STATES


def visible_jobs(actor: Actor) -> QuerySet[Job]:
    """Jobs that the actor may see: the agency's own for agency users, one's own for account-limited members."""
    jobs: QuerySet[Job] = Job.objects.all()
    if actor.agency_id is not None:
        jobs = jobs.filter(agency_id=actor.agency_id)
    if actor.account_ids is not None:
        jobs = jobs.filter(user_id=actor.user_id)
    return jobs


def list_jobs(actor: Actor, *, kind: str = "", state: str = "", is_live: bool | None = None) -> QuerySet[Job]:
    """Newest first, filtered."""
    wanted = Q()
    if kind:
        wanted &= Q(kind=kind)
    if state:
        wanted &= Q(state=state)
    if is_live is not None:
        wanted &= Q(state__in=LIVE_STATES) if is_live else ~Q(state__in=LIVE_STATES)
    return visible_jobs(actor).filter(wanted).order_by("-created_at", "-id")


def get_job(actor: Actor, job_id: str) -> Job | None:
    """The job, or None when it does not exist for this actor."""
    return visible_jobs(actor).filter(pk=job_id).first()


def job_events(actor: Actor, job_id: str) -> QuerySet[JobEvent]:
    """The job's log, oldest first."""
    events: QuerySet[JobEvent] = JobEvent.objects.filter(job_id=job_id, job__in=visible_jobs(actor)).order_by("id")
    return events


def count_live_jobs() -> dict[str, int]:
    """How many unfinished jobs the organization in scope has, by state: for monitoring, not for people."""
    counts = Job.objects.filter(state__in=LIVE_STATES).order_by().values_list("state").annotate(Count("id"))
    return dict(counts)
