"""Jobs: claimed once, run with fresh rights, ended with an honest outcome, rescued when their worker dies."""

import threading
import uuid
from datetime import timedelta

import pytest
from django.db import OperationalError, transaction
from django.utils import timezone

from tests.factories import OrganizationFactory, make_agency, make_member
from tests.stacks import wait_until
from xmagnet.accounts.guard import authorized
from xmagnet.accounts.models import Membership
from xmagnet.accounts.roles import Role
from xmagnet.core.errors import Conflict, NotFound
from xmagnet.core.scope import organization_scope
from xmagnet.jobs import selectors, services, task
from xmagnet.jobs.models import Job, JobEvent
from xmagnet.jobs.states import JobState

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def kind(monkeypatch: pytest.MonkeyPatch):
    """Declare a kind of job for one test; its bell is recorded instead of sent."""
    made: list[str] = []

    def declare(function, **options):
        name = f"test.{uuid.uuid4().hex}"
        made.append(name)
        celery_task = task.job_task(name, queue="io", permission="plans:read", **options)(function)
        monkeypatch.setattr(celery_task, "apply_async", lambda args, queue: rung.append(tuple(args)))
        return name

    rung: list[tuple[int, str]] = []
    declare.rung = rung
    yield declare
    for name in made:
        task.KINDS.pop(name)


@pytest.fixture
def member():
    organization = OrganizationFactory()
    return organization, make_member(organization)


def enqueue(member, name: str, **fields) -> Job:
    organization, user = member
    with authorized(user, organization.slug, "plans:read") as actor, transaction.atomic():
        return services.enqueue(actor, name, fields.pop("params", {}), **fields)


def reload(job: Job) -> Job:
    with organization_scope(job.organization_id), transaction.atomic():
        return Job.objects.get(pk=job.pk)


def test_a_job_rings_on_commit_and_runs_once(kind, member):
    runs = []
    name = kind(lambda run: runs.append(run.params) or {"made": 3})
    job = enqueue(member, name, params={"a": 1})
    assert kind.rung == [(job.organization_id, job.pk)]
    task.run_job(name, job.organization_id, job.pk)
    task.run_job(name, job.organization_id, job.pk)  # a duplicate delivery finds nothing
    assert runs == [{"a": 1}]
    done = reload(job)
    assert (done.state, done.result, done.attempt_count) == (JobState.SUCCEEDED, {"made": 3}, 1)


def test_a_rolled_back_enqueue_rings_nothing(kind, member):
    name = kind(lambda run: None)
    organization, user = member
    with (
        pytest.raises(RuntimeError),
        authorized(user, organization.slug, "plans:read") as actor,
        transaction.atomic(),
    ):
        services.enqueue(actor, name, {})
        raise RuntimeError
    assert kind.rung == []


def test_a_second_live_job_with_the_same_key_is_refused_and_named(kind, member):
    name = kind(lambda run: None)
    first = enqueue(member, name, dedupe_key="account:1")
    with pytest.raises(services.AlreadyRunning) as caught:
        enqueue(member, name, dedupe_key="account:1")
    assert caught.value.job_id == first.pk
    task.run_job(name, first.organization_id, first.pk)
    assert enqueue(member, name, dedupe_key="account:1").pk != first.pk


def test_foreseen_errors_fail_and_bugs_err_without_telling_secrets(kind, member):
    def foreseen(run):
        raise Conflict("no money")

    def bug(run):
        raise ValueError("secret detail")

    failed, errored = enqueue(member, kind(foreseen)), enqueue(member, kind(bug))
    for job in (failed, errored):
        task.run_job(job.kind, job.organization_id, job.pk)
    assert (reload(failed).state, reload(failed).error["detail"]) == (JobState.FAILED, "no money")
    assert reload(errored).state == JobState.ERRORED
    assert "secret" not in str(reload(errored).error)


def test_a_job_does_not_run_when_its_makers_rights_are_gone(kind, member):
    ran = []
    job = enqueue(member, kind(lambda run: ran.append(1)))
    with organization_scope(job.organization_id), transaction.atomic():
        Membership.objects.update(is_active=False)
    task.run_job(job.kind, job.organization_id, job.pk)
    assert ran == []
    assert reload(job).state == JobState.FAILED


def test_progress_is_shown_and_a_cancelled_job_stops_at_the_next_checkpoint(kind, member):
    organization, user = member

    def work(run):
        run.progress(1, 3, "first")
        with authorized(user, organization.slug, "jobs:write") as actor:
            services.request_cancel(actor, run.job_id)
        run.progress(2)
        pytest.fail("must have stopped")

    job = enqueue(member, kind(work))
    task.run_job(job.kind, job.organization_id, job.pk)
    done = reload(job)
    assert (done.state, done.done_count, done.total_count, done.message) == (JobState.CANCELLED, 2, 3, "first")


def test_cancelling_a_queued_job_ends_it_and_it_never_runs(kind, member):
    ran = []
    job = enqueue(member, kind(lambda run: ran.append(1)))
    organization, user = member
    with authorized(user, organization.slug, "jobs:write") as actor:
        services.request_cancel(actor, job.pk)
    task.run_job(job.kind, job.organization_id, job.pk)
    assert (ran, reload(job).state) == ([], JobState.CANCELLED)
    with authorized(user, organization.slug, "jobs:write") as actor, pytest.raises(Conflict):
        services.request_cancel(actor, job.pk)


def test_the_reaper_restarts_a_job_whose_worker_died_and_gives_up_in_the_end(kind, member):
    job = enqueue(member, kind(lambda run: None, max_attempts=2))
    long_ago = timezone.now() - timedelta(minutes=5)
    with organization_scope(job.organization_id), transaction.atomic():
        for attempt, expected in ((1, JobState.QUEUED), (2, JobState.LOST)):
            Job.objects.update(state=JobState.RUNNING, heartbeat_at=long_ago, attempt_count=attempt)
            assert services.reap() == 1
            assert reload(job).state == expected


def test_a_job_whose_worker_died_while_it_was_cancelled_is_cancelled(kind, member):
    job = enqueue(member, kind(lambda run: None))
    with organization_scope(job.organization_id), transaction.atomic():
        Job.objects.update(state=JobState.CANCELLING, heartbeat_at=timezone.now() - timedelta(minutes=5))
        assert services.reap() == 1
    done = reload(job)
    assert (done.state, done.finished_at is not None) == (JobState.CANCELLED, True)


def test_a_missed_heartbeat_is_not_the_last(kind, member, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(task, "HEARTBEAT_SECONDS", 0.01)
    away, scope = threading.Event(), task.organization_scope
    long_ago = timezone.now() - timedelta(minutes=5)

    def scope_of_a_database_that_is_away_once(organization_id):
        if threading.current_thread() is not threading.main_thread() and not away.is_set():
            away.set()
            raise OperationalError
        return scope(organization_id)

    def work(run):
        assert away.wait(5)
        with transaction.atomic():
            Job.objects.update(heartbeat_at=long_ago)
        wait_until(lambda: reload(job).heartbeat_at > long_ago)

    job = enqueue(member, kind(work))
    monkeypatch.setattr(task, "organization_scope", scope_of_a_database_that_is_away_once)
    task.run_job(job.kind, job.organization_id, job.pk)
    assert reload(job).state == JobState.SUCCEEDED


def test_the_reaper_leaves_a_beating_job_alone_and_rings_forgotten_ones_again(kind, member):
    job = enqueue(member, kind(lambda run: None))
    kind.rung.clear()
    with organization_scope(job.organization_id), transaction.atomic():
        Job.objects.update(state=JobState.RUNNING, heartbeat_at=timezone.now())
        assert services.reap() == 0
        Job.objects.update(state=JobState.QUEUED, created_at=timezone.now() - timedelta(minutes=1))
        services.reap()
    assert kind.rung == [(job.organization_id, job.pk)]


def test_an_agencys_user_sees_only_the_agencys_jobs(kind, member):
    organization, user = member
    agency = make_agency(organization)
    theirs = make_member(organization, Role.OPTIMIZER, agency=agency)
    name = kind(lambda run: None)
    headquarters = enqueue(member, name)
    agency_job = enqueue((organization, theirs), name)
    with authorized(theirs, organization.slug, "jobs:read") as actor, transaction.atomic():
        assert list(selectors.list_jobs(actor)) == [agency_job]
        assert selectors.get_job(actor, headquarters.pk) is None
    with authorized(theirs, organization.slug, "jobs:write") as actor, pytest.raises(NotFound):
        services.request_cancel(actor, headquarters.pk)
    with authorized(user, organization.slug, "jobs:read") as actor, transaction.atomic():
        assert {job.pk for job in selectors.list_jobs(actor)} == {headquarters.pk, agency_job.pk}


def test_the_jobs_log_keeps_lines_in_order(kind, member):
    def work(run):
        run.log("one")
        run.log("two", level="warning", row=3)

    job = enqueue(member, kind(work))
    task.run_job(job.kind, job.organization_id, job.pk)
    with organization_scope(job.organization_id), transaction.atomic():
        rows = list(JobEvent.objects.order_by("id").values_list("level", "message", "data"))
    assert rows == [("info", "one", None), ("warning", "two", {"row": 3})]
