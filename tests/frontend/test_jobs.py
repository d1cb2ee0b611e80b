import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone, translation

from campaigns.api.bulk_schemas import WaitSchema
from campaigns.services.bulk.kinds import KINDS as BULK_KINDS
from campaigns.services.bulk.verdicts import NEEDS_PERSON
from frontend.job_words import EVENT_WORDS, WAITING_ADVICE, WAITING_REASONS, event_words, progress_of
from tests.factories import OrganizationFactory, make_agency
from tests.frontend.rows import reload
from xmagnet.accounts.models import Organization
from xmagnet.accounts.roles import Role
from xmagnet.core.scope import organization_scope
from xmagnet.jobs.models import Job, JobEvent
from xmagnet.jobs.states import JobState
from xmagnet.jobs.task import KINDS as JOB_KINDS
from xmagnet.notices.words import JOB_NAMES

JOBS = "/o/sunrise/jobs/"
#: how a bulk job ends
ENDED = ("succeeded", "partially_succeeded", "failed", "cancelled", "expired")
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def make_job(organization: Organization, **fields: object) -> Job:
    with organization_scope(organization.pk), transaction.atomic():
        return Job.objects.create(**{"kind": "plans.create", "permission": "plans:write", **fields})


def job_like(**fields: object) -> SimpleNamespace:
    base = {
        "kind": "x", "state": "running", "counts": {}, "done_count": 0, "total_count": None,
        "started_at": NOW - timedelta(seconds=10), "finished_at": None, "is_row_driven": False, "is_live": True,
        "rate_per_second": 4.0, "heartbeat_at": NOW, "waiting_for": None,
    }  # fmt: skip
    return SimpleNamespace(**(base | fields))


def test_progress_counts_rows_that_will_not_change_any_more() -> None:
    counts = {"total": 100, "queued": 50, "sending": 5, "unknown": 5, "succeeded": 30, "failed": 6, "invalid": 4}
    progress = progress_of(job_like(is_row_driven=True, counts=counts), NOW)
    assert (progress.done, progress.total, progress.percent) == (40, 100, 40)
    assert progress.rate == 4.0
    assert progress.seconds_left == 15.0


def test_what_a_job_waits_for_moves_its_end(settings: object) -> None:
    counts = {"queued": 40, "succeeded": 60}
    job = job_like(is_row_driven=True, counts=counts, total_count=100)
    assert progress_of(job, NOW).seconds_left == 10.0
    job.waiting_for = {"reason": "rate_limit", "until": (NOW + timedelta(seconds=30)).isoformat()}
    assert progress_of(job, NOW).seconds_left == 40.0
    job.waiting_for = {"reason": "authorization", "until": None, "needs_person": True}
    assert progress_of(job, NOW).seconds_left is None
    job.waiting_for, job.heartbeat_at = None, NOW - timedelta(seconds=61)
    assert progress_of(job, NOW).seconds_left is None


def test_nothing_is_promised_before_anything_is_known() -> None:
    progress = progress_of(job_like(started_at=None), NOW)
    assert (progress.percent, progress.rate, progress.seconds_left) == (None, None, None)
    assert progress_of(job_like(total_count=10), NOW).seconds_left is None


def test_a_finished_job_has_a_rate_and_no_time_left() -> None:
    job = job_like(done_count=20, total_count=20, is_live=False, finished_at=NOW - timedelta(seconds=5))
    progress = progress_of(job, NOW)
    assert (progress.rate, progress.seconds_left, progress.percent) == (4.0, None, 100)


def test_the_list_filters_by_state(organization: Organization, admin: Client) -> None:
    make_job(organization, state=JobState.RUNNING, user_name="runner")
    make_job(organization, state=JobState.FAILED, user_name="loser")
    assert "loser" not in admin.get(JOBS, {"state": "live"}).content.decode()
    assert "runner" not in admin.get(JOBS, {"state": "failed"}).content.decode()
    everything = admin.get(JOBS, {"state": "nonsense"}).content.decode()
    assert "runner" in everything
    assert "loser" in everything


def test_the_list_costs_the_same_for_many_jobs(
    organization: Organization, admin: Client, django_assert_max_num_queries: Callable[..., object]
) -> None:
    for _ in range(30):
        make_job(organization)
    admin.get(JOBS)  # the first page of a minute notes the session, too
    with django_assert_max_num_queries(19):
        assert admin.get(JOBS).status_code == 200


def test_a_running_job_polls_and_a_finished_one_stops(organization: Organization, admin: Client) -> None:
    job = make_job(organization, state=JobState.RUNNING, started_at=timezone.now())
    running = admin.get(f"{JOBS}{job.pk}/progress/")
    assert 'hx-trigger="every 2s"' in running.content.decode()
    assert "HX-Refresh" not in running
    with organization_scope(organization.pk), transaction.atomic():
        Job.objects.filter(pk=job.pk).update(state=JobState.SUCCEEDED, finished_at=timezone.now())
    finished = admin.get(f"{JOBS}{job.pk}/progress/")
    assert "hx-trigger" not in finished.content.decode()
    assert finished["HX-Refresh"] == "true"


def test_the_page_says_what_it_waits_for_and_escapes_what_came_from_outside(
    organization: Organization, admin: Client
) -> None:
    job = make_job(
        organization,
        state=JobState.PAUSED,
        waiting_for={"reason": "authorization"},
        source={"format": "csv", "filename": "<script>.csv", "bytes": 2048},
        error={"title": "<i>", "detail": "日预算"},
    )
    with organization_scope(organization.pk), transaction.atomic():
        JobEvent.objects.create(job=job, message="<b>line</b>")
    html = admin.get(f"{JOBS}{job.pk}/").content.decode()
    assert "Waiting for a media account that must be authorized again" in html
    assert "&lt;script&gt;.csv" in html
    assert "&lt;b&gt;line&lt;/b&gt;" in html
    assert "2.0 KiB" in html


@pytest.mark.parametrize(
    ("code", "data", "english", "chinese"),
    [
        ("accepted", {"by": "李雷", "rows": 5000}, "李雷 sent 5,000 rows", "李雷提交了 5,000 行"),
        ("paused", {"reason": "authorization"}, "a media account that must be authorized again", "已暂停：等待"),
        ("progress", {"percent": 25}, "25% done", "已完成 25%"),
        ("cancel_asked", {"by": ""}, "X-Magnet cancelled it", "X-Magnet 取消了任务"),
        ("free text", None, "free text", "free text"),
    ],
)
def test_the_log_speaks_the_readers_language(code: str, data: dict | None, english: str, chinese: str) -> None:
    for language, words in (("en", english), ("zh-hans", chinese)):
        with translation.override(language):
            assert words in event_words(code, data)


def test_every_kind_and_waiting_reason_has_words() -> None:
    assert {*JOB_KINDS, *BULK_KINDS} <= set(JOB_NAMES)
    code = "".join(path.read_text() for path in Path("campaigns").rglob("*.py"))
    noted = set(re.findall(r"\bnote\([\w.]+, \"(\w+)\"", code)) | {f"ended_{state}" for state in ENDED}
    assert len(noted) > 12
    assert noted <= set(EVENT_WORDS)
    told = set(WaitSchema().fields["reason"].choices)
    assert set(WAITING_REASONS) == told
    assert told >= NEEDS_PERSON == set(WAITING_ADVICE) - {"stalled"}


@pytest.mark.parametrize(("seconds", "is_told"), [(5, False), (20, True)])
def test_a_job_that_no_worker_takes_up_says_so(
    organization: Organization, admin: Client, seconds: int, is_told: bool
) -> None:
    job = make_job(organization, heartbeat_at=timezone.now() - timedelta(seconds=seconds))
    html = admin.get(f"{JOBS}{job.pk}/").content.decode()
    assert ("No worker has taken it up yet" in html) is is_told
    assert ("Mostly no worker is free or running" in html) is is_told


def test_the_job_page_says_that_nothing_moves_and_what_to_do(organization: Organization, admin: Client) -> None:
    died = timezone.now() - timedelta(seconds=125)  # and what its worker said last is still written down
    wait = {"reason": "rate_limit", "account_id": "18500123", "until": died.isoformat(), "needs_person": False}
    job = make_job(
        organization, is_row_driven=True, state=JobState.RUNNING, counts={"queued": 3}, total_count=3,
        started_at=timezone.now() - timedelta(hours=1), heartbeat_at=died, waiting_for=wait, rate_per_second=1.8,
    )  # fmt: skip
    html = admin.get(f"{JOBS}{job.pk}/progress/").content.decode()
    assert "nothing has moved for two minutes" in html
    assert "tell your administrator" in html
    assert "18500123" not in html
    assert "a second" not in html
    with organization_scope(organization.pk), transaction.atomic():
        Job.objects.filter(pk=job.pk).update(heartbeat_at=timezone.now())
    assert "nothing has moved" not in admin.get(f"{JOBS}{job.pk}/progress/").content.decode()


def test_the_job_page_leads_to_the_account_that_the_media_refuses(organization: Organization, admin: Client) -> None:
    wait = {"reason": "account_refused", "account_id": "18500123", "until": None, "needs_person": True}
    job = make_job(organization, is_row_driven=True, state=JobState.PAUSED, counts={"queued": 3}, waiting_for=wait)
    html = admin.get(f"{JOBS}{job.pk}/").content.decode()
    assert "Waiting for a media account that the media refuses to serve (account 18500123)" in html
    assert "/o/sunrise/accounts/?q=18500123" in html


def test_a_job_of_others_does_not_exist(organization: Organization, as_role: Callable[..., Client]) -> None:
    own, other = make_agency(organization, "Own"), make_agency(organization, "Other")
    hidden = make_job(organization, agency_id=other.pk)
    foreign = make_job(OrganizationFactory())
    client = as_role(Role.OPTIMIZER, agency=own)
    for job in (hidden, foreign):
        for path in (f"{JOBS}{job.pk}/", f"{JOBS}{job.pk}/progress/"):
            assert client.get(path).status_code == 404
        assert client.post(f"{JOBS}{job.pk}/cancel/").status_code == 404
        assert reload(job).cancel_requested_at is None


def test_a_queued_job_is_cancelled_at_once(organization: Organization, admin: Client) -> None:
    job = make_job(organization)
    assert admin.get(f"{JOBS}{job.pk}/cancel/").status_code == 405
    assert admin.post(f"{JOBS}{job.pk}/cancel/")["Location"] == f"{JOBS}{job.pk}/"
    job = reload(job)
    assert job.state == JobState.CANCELLED
    again = admin.post(f"{JOBS}{job.pk}/cancel/", follow=True)
    assert "already finished" in again.content.decode()


def test_readers_cannot_cancel(organization: Organization, as_role: Callable[..., Client]) -> None:
    job = make_job(organization)
    analyst = as_role(Role.ANALYST)
    assert "/cancel/" not in analyst.get(f"{JOBS}{job.pk}/").content.decode()
    assert analyst.post(f"{JOBS}{job.pk}/cancel/").status_code == 403
    job = reload(job)
    assert job.state == JobState.QUEUED


def test_jobs_are_found_by_id(organization: Organization, admin: Client) -> None:
    job = make_job(organization)
    html = admin.get("/o/sunrise/search/", {"q": job.pk}).content.decode()
    assert f'href="/o/sunrise/jobs/{job.pk}/"' in html


def test_stopping_a_bulk_job_can_also_pause_what_it_made(
    organization: Organization, admin: Client, as_role: Callable[..., Client]
) -> None:
    job, kept = (make_job(organization, is_row_driven=True, state=JobState.RUNNING) for _ in range(2))
    assert "Stop and pause its plans" in admin.get(f"{JOBS}{job.pk}/").content.decode()
    assert "Stop and pause its plans" not in as_role(Role.ANALYST).get(f"{JOBS}{job.pk}/").content.decode()
    admin.post(f"{JOBS}{job.pk}/cancel/", {"pause_created": "yes"})
    admin.post(f"{JOBS}{kept.pk}/cancel/")
    assert reload(job).params["pause_created"]["user_id"]
    assert not reload(kept).params.get("pause_created")
    assert reload(job).cancel_requested_at is not None
