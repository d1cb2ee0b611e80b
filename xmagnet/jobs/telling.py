"""What the maker of a job is told of it."""

from __future__ import annotations

from typing import Any

from xmagnet.jobs.models import Job
from xmagnet.jobs.states import JobState
from xmagnet.notices.choices import Event
from xmagnet.notices.services import notify

#: a job's param: its maker sees the success on the screen where it was asked for
WATCHED = "is_watched"

_EVENTS = {
    JobState.SUCCEEDED: Event.JOB_FINISHED,
    JobState.PARTIALLY_SUCCEEDED: Event.JOB_FINISHED,
    JobState.FAILED: Event.JOB_FAILED,
    JobState.ERRORED: Event.JOB_FAILED,
    JobState.EXPIRED: Event.JOB_FAILED,
    JobState.LOST: Event.JOB_FAILED,
    JobState.PAUSED: Event.JOB_PAUSED,
}


def tell_maker(job: Job) -> None:
    """Tell the person who made the job that it ended, or that it waits for somebody; in the caller's transaction.

    Jobs of the system have no maker, and a job that somebody cancelled is no news to them; nor is the success of one
    small change that they watch arrive.
    """
    event = _EVENTS.get(JobState(job.state))
    if event is None or job.user_id is None:
        return
    if job.state == JobState.SUCCEEDED and job.params.get(WATCHED):
        return
    data: dict[str, Any] = {"kind": job.kind, "state": str(job.state), "counts": dict(job.counts)}
    if job.error and job.error.get("detail"):
        data["reason"] = str(job.error["detail"])[:300]
    notify(event, object_id=job.pk, data=data, agency_id=job.agency_id, for_user_id=job.user_id)
