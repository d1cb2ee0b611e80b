"""Whatever goes wrong under /api/, programs are answered with a problem and never with a page."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from tests.factories import OrganizationFactory, make_api_token, make_member

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture
def organization() -> Any:
    return OrganizationFactory(slug="acme")


@pytest.fixture
def token(organization: Any) -> dict[str, str]:
    return {"authorization": f"Bearer {make_api_token(organization, make_member(organization))}"}


def slug(response: Any, status: int) -> str:
    assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json"), response.content
    body = response.json()
    assert (body["status"], body["request_id"]) == (status, response["X-Request-Id"])
    assert set(body) >= {"type", "title", "detail"}
    return body["type"].removeprefix("https://docs.x-magnet.local/problems/")


@pytest.mark.parametrize("path", ["/api/", "/api/v1/o/acme/plan", "/api/v2/o/acme/plans", "/api/v1/o/acme/plans/x"])
@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_an_unknown_path_is_a_problem(client: Client, token: dict[str, str], method: str, path: str):
    assert slug(getattr(client, method)(path, headers={**token, "accept": "text/html"}), 404) == "not-found"


@pytest.mark.parametrize("path", ["/api/v1/o/acme/limits", "/api/schema/", "/api/docs/"])
def test_a_method_that_is_not_offered_is_a_problem_that_tells_the_others(
    client: Client, token: dict[str, str], path: str
):
    response = client.delete(path, headers=token)
    assert slug(response, 405) == "method-not-allowed"
    assert "GET" in response["Allow"]


@pytest.mark.parametrize("accept", ["text/html", "image/png", "text/html;q=0.9, */*;q=0"])
def test_json_comes_whatever_accept_says(client: Client, token: dict[str, str], accept: str):
    response = client.get("/api/v1/o/acme/limits", headers={**token, "accept": accept})
    assert (response.status_code, response["Content-Type"]) == (200, "application/json")


def test_a_schema_in_a_form_that_it_does_not_have_is_a_problem(client: Client):
    assert slug(client.get("/api/schema/", headers={"accept": "image/png"}), 406) == "not-acceptable"


@pytest.mark.parametrize("path", ["plans/bulk", "plans/bulk-update", "plans/labels", "plans/undo"])
def test_a_content_type_that_is_not_read_is_a_problem(client: Client, token: dict[str, str], path: str):
    headers = {**token, "idempotency-key": "k"}
    response = client.post(f"/api/v1/o/acme/{path}", b"<a/>", content_type="application/xml", headers=headers)
    assert slug(response, 415) == "unsupported-media"


@pytest.mark.parametrize(
    "body",
    [b"{", b"\xff", b'{"plan_ids": NaN}', b'{"add": ["\\ud800"]}', b'{"add": ["\\u0000"]}', b"[" * 100_000],
    ids=["cut off", "not UTF-8", "NaN", "lone surrogate", "NUL", "very deep"],
)
def test_malformed_json_is_a_problem(client: Client, token: dict[str, str], body: bytes):
    response = client.post("/api/v1/o/acme/plans/labels", body, content_type="application/json", headers=token)
    assert slug(response, 400) == "bad-request"


@pytest.mark.parametrize("content_type", ["multipart/form-data", "multipart/form-data; boundary=x"])
def test_a_broken_form_is_a_problem(client: Client, token: dict[str, str], content_type: str):
    headers = {**token, "idempotency-key": "k"}
    response = client.generic("POST", "/api/v1/o/acme/plans/bulk", b"--x\r\n", content_type, headers=headers)
    assert response.status_code in {400, 422}
    assert slug(response, response.status_code) in {"bad-request", "validation-error"}


def test_an_escaped_backslash_is_not_taken_for_a_nul(client: Client, token: dict[str, str]):
    body = b'{"plan_ids": [1], "add": ["\\\\u0000"]}'
    response = client.post("/api/v1/o/acme/plans/labels", body, content_type="application/json", headers=token)
    assert slug(response, 404) == "not-found"  # the plan, not the text


def test_a_nul_in_the_address_is_a_problem(client: Client, token: dict[str, str]):
    assert slug(client.get("/api/v1/o/acme/plans?search=%00", headers=token), 422) == "validation-error"
    assert slug(client.get("/api/v1/o/acme/plans?%00=1", headers=token), 422) == "validation-error"
    assert slug(client.get("/api/v1/o/acme/jobs/%00", headers=token), 404) == "not-found"


def test_a_session_without_the_csrf_token_is_refused_with_a_problem(organization: Any):
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_member(organization), backend=BACKEND)
    response = client.post("/api/v1/o/acme/plans/labels", b"{}", content_type="application/json")
    assert slug(response, 403) == "forbidden-scope"


def test_a_host_that_is_not_ours_is_a_problem(client: Client):
    assert slug(client.get("/api/v1/o/acme/me", headers={"host": "evil.example"}), 400) == "bad-request"


def test_an_error_of_ours_tells_nothing_of_the_inside(
    client: Client, token: dict[str, str], monkeypatch: pytest.MonkeyPatch
):
    def fail() -> None:
        raise RuntimeError("secret words")

    monkeypatch.setattr("campaigns.api.bulk.limits", fail)
    response = client.get("/api/v1/o/acme/limits", headers=token)
    assert slug(response, 500) == "internal-error"
    assert "secret" not in response.content.decode()


def test_pages_outside_the_api_stay_pages(client: Client):
    response = client.get("/nowhere", headers={"accept": "application/json"})
    assert (response.status_code, response["Content-Type"]) == (404, "text/html; charset=utf-8")


def test_a_database_that_is_away_is_told_with_a_time_to_come_back(client, monkeypatch):
    def away(*_args, **_more):
        raise OperationalError("the connection is lost")

    monkeypatch.setattr("xmagnet.web.api.views.authorized", away)
    answer = client.get("/api/v1/o/acme/me", headers={"authorization": "Bearer x"})
    assert (answer.status_code, answer["Content-Type"], answer["Retry-After"]) == (503, "application/problem+json", "5")
    assert "connection is lost" not in answer.content.decode()
