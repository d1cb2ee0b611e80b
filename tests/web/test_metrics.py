"""What Prometheus reads."""

import pytest
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from tests.factories import OrganizationFactory
from xmagnet.accounts.models import Organization
from xmagnet.core.scope import organization_scope
from xmagnet.jobs.models import Job
from xmagnet.jobs.states import JobState
from xmagnet.web.metrics import StateCollector


def _samples(client: Client, name: str) -> dict[tuple[str, ...], float]:
    families = text_string_to_metric_families(client.get("/metrics").content.decode())
    found = (sample for family in families for sample in family.samples if sample.name == name)
    return {tuple(value for _, value in sorted(sample.labels.items())): sample.value for sample in found}


def test_requests_are_counted_by_route_not_by_path(client: Client, db: None) -> None:
    key = ("GET", "api/v1/o/<slug:org>/me", "401")
    before = _samples(client, "xmagnet_request_seconds_count").get(key, 0)
    client.get("/api/v1/o/first/me")
    client.get("/api/v1/o/second/me")
    counts = _samples(client, "xmagnet_request_seconds_count")
    assert counts[key] == before + 2
    assert not any("first" in "".join(labels) or "second" in "".join(labels) for labels in counts)


def test_addresses_that_do_not_exist_share_one_label(client: Client, db: None) -> None:
    client.get("/no/such/page/1")
    client.get("/no/such/page/2")
    counts = _samples(client, "xmagnet_request_seconds_count")
    assert counts["GET", "unknown", "404"] >= 2
    assert not any("such" in "".join(labels) for labels in counts)


def test_live_jobs_of_all_organizations_are_counted(client: Client, db: None) -> None:
    _make_jobs(OrganizationFactory(), JobState.QUEUED, JobState.RUNNING, JobState.SUCCEEDED)
    _make_jobs(OrganizationFactory(), JobState.QUEUED)
    assert _samples(client, "xmagnet_live_jobs") == {("queued",): 2.0, ("running",): 1.0}


def _make_jobs(organization: Organization, *states: JobState) -> None:
    with organization_scope(organization.pk):
        for state in states:
            Job(kind="x", permission="jobs:read", state=state, organization_id=organization.pk).save()


def test_a_broker_that_is_away_leaves_its_numbers_out_and_nothing_else(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_collector: StateCollector) -> None:
        raise ConnectionError("no broker")

    monkeypatch.setattr(StateCollector, "_queues", refuse)
    assert _samples(client, "xmagnet_queue_messages") == {}
    assert client.get("/metrics").status_code == 200


def test_every_queue_shows_its_length(client: Client, db: None) -> None:
    assert set(_samples(client, "xmagnet_queue_messages")) == {("cpu",), ("default",), ("io",), ("urgent",)}
