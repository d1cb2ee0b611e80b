"""The API's gate: problem answers, rate headers, and nothing told to strangers."""

import time
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.factories import OrganizationFactory, make_api_token, make_member
from xmagnet.core.scope import organization_scope
from xmagnet.web.api import throttling
from xmagnet.web.models import IdempotencyRecord, RequestCounter
from xmagnet.web.tasks import sweep

pytestmark = pytest.mark.django_db


@pytest.fixture
def organization():
    return OrganizationFactory(slug="acme")


def bearer(text: str) -> dict[str, str]:
    return {"authorization": f"Bearer {text}"}


def test_a_token_is_told_who_it_is(client: Client, organization):
    text = make_api_token(organization, make_member(organization), ["jobs:read"])
    response = client.get("/api/v1/o/acme/me", headers=bearer(text))
    assert response.status_code == 200
    assert response.json()["permissions"] == ["jobs:read"]
    assert response["RateLimit"].startswith('"req";r=599;t=')
    assert response["Cache-Control"] == "private, no-store"


def test_no_token_is_401_with_a_problem_and_a_challenge(client: Client, organization):
    response = client.get("/api/v1/o/acme/me")
    assert response.status_code == 401
    assert response["Content-Type"] == "application/problem+json"
    assert response["WWW-Authenticate"].startswith("Bearer")
    body = response.json()
    assert (body["status"], body["type"].rsplit("/", 1)[1]) == (401, "unauthenticated")
    assert body["request_id"] == response["X-Request-Id"]


def test_a_strangers_organization_is_404_and_a_missing_scope_403(client: Client, organization):
    OrganizationFactory(slug="other")
    text = make_api_token(organization, make_member(organization), ["plans:read"])
    assert client.get("/api/v1/o/acme/me", headers=bearer(text)).status_code == 403
    assert client.get("/api/v1/o/nowhere/me", headers=bearer(text)).status_code == 404
    assert client.get("/api/v1/o/other/me", headers=bearer(text)).status_code == 401


def test_a_method_that_is_not_offered_is_405(client: Client, organization):
    text = make_api_token(organization, make_member(organization))
    response = client.post("/api/v1/o/acme/me", headers=bearer(text))
    assert response.status_code == 405
    assert response["Content-Type"] == "application/problem+json"


def test_too_many_requests_are_429_with_the_time_to_wait(client: Client, organization, monkeypatch):
    monkeypatch.setattr(throttling, "REQUESTS_PER_WINDOW", 2)
    text = make_api_token(organization, make_member(organization))
    answers = [client.get("/api/v1/o/acme/me", headers=bearer(text)) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 1 <= int(answers[2]["Retry-After"]) <= 60


def test_a_session_needs_the_csrf_token_for_writing(organization):
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_member(organization), backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.get("/api/v1/o/acme/me").status_code == 200
    assert client.post("/api/v1/o/acme/me").status_code in {403, 405}


def test_a_forged_request_id_is_replaced(client: Client):
    assert client.get("/healthz", headers={"x-request-id": "abc\n<script>"})["X-Request-Id"].startswith("req_")
    assert client.get("/healthz", headers={"x-request-id": "proxy-12345678"})["X-Request-Id"] == "proxy-12345678"


def test_health_answers(client: Client):
    assert client.get("/healthz").content == b"ok"
    assert client.get("/readyz").json() == {"ready": True, "checks": {"database": "ok", "migrations": "ok"}}
    assert b"python_info" in client.get("/metrics").content


def test_head_answers_like_get_without_a_body(client: Client, organization):
    text = make_api_token(organization, make_member(organization))
    response = client.head("/api/v1/o/acme/me", headers=bearer(text))
    assert (response.status_code, response.content) == (200, b"")


@pytest.mark.parametrize(("age_days", "is_left"), [(29, True), (31, False)])
def test_old_bookkeeping_is_swept(organization, age_days: int, is_left: bool):
    with organization_scope(organization.pk):
        IdempotencyRecord.objects.create(
            owner="o", path="/p", key="k", body_sha256="x", object_id="1",
            created_at=timezone.now() - timedelta(days=age_days),
        )  # fmt: skip
    throttling.add_to_counter("token:1", int(time.time()) - age_days * 86_400, 1)
    throttling.add_to_counter("token:1", int(time.time()), 1)
    sweep()
    with organization_scope(organization.pk):
        assert IdempotencyRecord.objects.exists() is is_left
    assert RequestCounter.objects.count() == 1
