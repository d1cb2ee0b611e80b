"""One row a job. The row is the truth; a Celery message only says that there may be something to do."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from xmagnet.core.ids import new_id
from xmagnet.core.tenancy import TenantModel
from xmagnet.jobs.states import LIVE_STATES, JobState


def new_job_id() -> str:
    """``job_`` and a ULID."""
    return new_id("job")


class Job(TenantModel):
    """Long work with progress. Kinds that run row by row (``is_row_driven``) are moved by their rows, others by one
    task that claims the job."""

    id = models.CharField(primary_key=True, max_length=40, default=new_job_id, editable=False)
    kind = models.CharField(max_length=40)
    state = models.CharField(max_length=20, choices=JobState, default=JobState.QUEUED)
    is_row_driven = models.BooleanField(default=False)
    agency_id = models.BigIntegerField(null=True)  # whose job it is, when the maker belongs to an agency
    permission = models.CharField(max_length=40)
    params = models.JSONField(default=dict)
    options = models.JSONField(default=dict)
    dedupe_key = models.CharField(max_length=120, blank=True)
    counts = models.JSONField(default=dict)  # row-driven: rows by state
    done_count = models.IntegerField(default=0)
    total_count = models.IntegerField(null=True)
    message = models.CharField(max_length=300, blank=True)  # what it does now, for people
    waiting_for = models.JSONField(null=True)  # the most important of ``waits``
    waits = models.JSONField(default=dict, db_default={})  # row-driven: why rows wait, by media account
    rate_per_second = models.FloatField(null=True)  # row-driven: rows settled, of the last half minute or so
    result = models.JSONField(null=True)
    error = models.JSONField(null=True)
    source = models.JSONField(null=True)  # format, filename, sha256, bytes
    idempotency_key = models.CharField(max_length=255, blank=True)
    retry_of = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="retries")
    user_id = models.BigIntegerField(null=True)
    user_name = models.CharField(max_length=120, blank=True)
    token_id = models.BigIntegerField(null=True)
    request_id = models.CharField(max_length=60, blank=True)
    attempt_count = models.IntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    deadline_at = models.DateTimeField(null=True)
    cancel_requested_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "kind", "dedupe_key"],
                condition=~models.Q(dedupe_key="") & models.Q(state__in=[state.value for state in LIVE_STATES]),
                name="jobs_one_live",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "-created_at"], name="jobs_recent"),
            models.Index(fields=["organization", "user_id", "-created_at"], name="jobs_mine"),
            models.Index(
                fields=["organization", "state"],
                name="jobs_live",
                condition=models.Q(state__in=[state.value for state in LIVE_STATES]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"

    @property
    def is_live(self) -> bool:
        """Whether it may still change."""
        return self.state in LIVE_STATES


class JobEvent(TenantModel):
    """A line of the job's own log."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField(default=timezone.now)
    level = models.CharField(max_length=10, default="info")
    message = models.CharField(max_length=500)
    data = models.JSONField(null=True)

    class Meta(TenantModel.Meta):
        indexes = [models.Index(fields=["organization", "job", "id"], name="jobs_event")]

    def __str__(self) -> str:
        return self.message


class PeriodicRun(models.Model):
    """When a periodic task with an hour of its own was last sent, so that a missed night is made up for; nobody's
    data."""

    name = models.CharField(primary_key=True, max_length=80)
    ran_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} at {self.ran_at}"
