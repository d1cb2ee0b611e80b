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
    address, body = "/api/v1/o/acme/webhooks", {"url": "https://example.com/hook"}
    assert client.post(address, body, "application/json").status_code == 403
    client.get("/account/reauthenticate/")  # any page with a form brings the token
    headers = {"X-CSRFToken": client.cookies["csrftoken"].value}
    assert client.post(address, body, "application/json", headers=headers).status_code == 201


def test_a_body_larger_than_any_of_ours_is_refused_unread(client: Client, organization, settings):
    settings.MOST_BODY_BYTES = 1024 * 1024
    told = str(2 * 1024 * 1024)  # announced, and never sent
    for given in (told, "-5"):
        answer = client.generic("POST", "/api/v1/o/acme/me", b"{}", "application/json", CONTENT_LENGTH=given)
        assert (answer.status_code, answer["Content-Type"]) == (413, "application/problem+json")
        assert client.generic("POST", "/account/login/", b"a=b", CONTENT_LENGTH=given).status_code == 413


def test_a_json_body_has_a_limit_of_its_own(client: Client, organization):
    text = make_api_token(organization, make_member(organization))
    body = b'{"url":"' + b"x" * (4 * 1024 * 1024) + b'"}'
    answer = client.post("/api/v1/o/acme/webhooks", body, "application/json", headers=bearer(text))
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (413, "payload-too-large")


@pytest.mark.parametrize("depth", [10, 1_000])
def test_a_nul_is_found_however_deep_it_lies(client: Client, organization, depth: int):
    text = make_api_token(organization, make_member(organization))
    body = b'{"a":' * depth + b'"\\u0000"' + b"}" * depth
    answer = client.post("/api/v1/o/acme/webhooks", body, "application/json", headers=bearer(text))
    assert (answer.status_code, answer.json()["detail"]) == (400, "The body holds a NUL character.")


@pytest.mark.parametrize("path", ["/account/login/", "/join/acme/no-such-invitation/", "/api/v1/o/acme/me"])
def test_pages_of_a_person_are_kept_by_nobody(client: Client, organization, path: str):
    assert "no-store" in client.get(path)["Cache-Control"]


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
