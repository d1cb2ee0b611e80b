"""The jobs in hand during one drain, and whether each may go on: the gate is passed again when a job's rows run."""

from __future__ import annotations

from django.db import transaction

from media_connectors.selectors.directory import account_facts
from xmagnet.accounts.actor import Actor
from xmagnet.accounts.guard import JobPrincipal, authorized
from xmagnet.core.errors import DomainError
from xmagnet.jobs.models import Job


class JobBook:
    """The jobs whose rows one account's drain meets; each is looked up and passes the gate once a drain."""

    def __init__(self, organization_id: int, account_id: int) -> None:
        self._organization_id = organization_id
        self._account_id = account_id
        self._jobs: dict[str, Job] = {}
        self._actors: dict[str, Actor | None] = {}

    def job(self, job_id: str) -> Job:
        """The job's row."""
        if job_id not in self._jobs:
            with transaction.atomic():
                self._jobs[job_id] = Job.objects.get(pk=job_id)
        return self._jobs[job_id]

    def actor(self, job_id: str) -> Actor:
        """Who the job acts for; ``LookupError`` when they may no longer."""
        actor = self.actor_or_none(job_id)
        if actor is None:
            raise LookupError(job_id)
        return actor

    def actor_or_none(self, job_id: str) -> Actor | None:
        """Who the job acts for, or None when the gate refuses, the account is out of their sight, or they may no
        longer start delivery and the job would."""
        if job_id not in self._actors:
            self._actors[job_id] = self._authorize(self.job(job_id))
        return self._actors[job_id]

    def _authorize(self, job: Job) -> Actor | None:
        principal = JobPrincipal(job.user_id, job.token_id, job.pk, job.request_id)
        try:
            with authorized(principal, self._organization_id, job.permission, via="job") as actor:
                if job.options.get("initial_status") == "enabled":
                    actor.require("plans:launch")
                with transaction.atomic():
                    return actor if self._account_id in account_facts(actor) else None
        except DomainError:
            return None
