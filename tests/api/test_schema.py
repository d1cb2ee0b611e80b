"""The OpenAPI document against the API: no server error, no answer that it does not describe, no way past the gate."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from django.test import Client
from django.urls import get_resolver
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from campaigns.api.bulk_schemas import EXAMPLE_ROW, PlanRowSchema
from campaigns.domain.rows.row import PlanRow
from campaigns.services.bulk.accept import accept_rows
from campaigns.services.bulk.options import BulkOptions
from campaigns.services.bulk.preparing import prepare_job
from tests.campaigns.bulk.engine import POLICY
from tests.factories import (
    OrganizationFactory,
    make_account,
    make_actor,
    make_agency,
    make_api_token,
    make_campaign,
    make_member,
    make_plan,
)
from xmagnet.core.scope import organization_scope
from xmagnet.web.api import throttling
from xmagnet.webhooks.services import create_endpoint, send_test

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

EXAMPLES = 2  # for each operation, beside those that meet every parameter in its good and bad forms
CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
]

document = SchemaGenerator().get_schema(request=None, public=True)
schema = schemathesis.openapi.from_dict(document)
schema.app = get_wsgi_application()
schema.config.generation.update(modes=list(GenerationMode))
# every view refuses the methods that it does not have in one place; two that none of them has are enough
schema.config.phases.coverage.unexpected_methods = {"put", "trace"}


@schemathesis.serializer("application/x-ndjson", "text/csv", r"application/vnd.openxmlformats-officedocument.*")
def as_bytes(context: Any, value: Any) -> Any:
    """Bodies that are files: what Hypothesis made up, as bytes."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


@pytest.fixture
def _kept_connection() -> Iterator[None]:
    """As Django's test client does: a request's end must not close the connection that holds the test's rows."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, _kept_connection: None) -> SimpleNamespace:
    """An organization with one of everything that has an id, and a token that may do all."""
    monkeypatch.setattr(throttling, "REQUESTS_PER_WINDOW", 10**9)
    organization = OrganizationFactory(slug="acme")
    account = make_account(organization, agency=make_agency(organization))
    plan = make_plan(account, campaign=make_campaign(account), labels=["hot"], titles=["标题"])
    user = make_member(organization)
    token = make_api_token(organization, user)
    actor = make_actor(organization, user_id=user.pk)
    rows = [EXAMPLE_ROW, {**EXAMPLE_ROW, "client_ref": "2", "budget": 1}]
    with organization_scope(organization.pk), transaction.atomic():
        endpoint = create_endpoint(actor, url="http://127.0.0.1:9/").endpoint
        delivery = send_test(actor, endpoint.pk)
        job_id = accept_rows(actor, rows, options=BulkOptions(), idempotency_key="seed").job.pk
    prepare_job(organization.pk, job_id, POLICY)
    ids = {
        "org": "acme",
        "job_id": job_id,
        "plan_id": plan.pk,
        "endpoint_id": endpoint.pk,
        "delivery_id": delivery.pk,
    }
    return SimpleNamespace(organization=organization, token=token, ids=ids)


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_answers_are_what_the_document_says(case: schemathesis.Case, world: SimpleNamespace):
    case.path_parameters["org"] = "acme"
    if case.meta is None or case.meta.generation.mode.is_positive:
        case.path_parameters.update({name: world.ids[name] for name in case.path_parameters})
    case.call_and_validate(headers={"Authorization": f"Bearer {world.token}"}, checks=CHECKS)


def operations() -> set[tuple[str, str]]:
    """(path, method) of everything that the document offers."""
    methods = {"get", "post", "put", "patch", "delete"}
    return {(path, name.upper()) for path, one in document["paths"].items() for name in one if name in methods}


@pytest.mark.parametrize(("path", "method"), sorted(operations()))
@pytest.mark.parametrize("credentials", ["", "Bearer adk_test_aaaaaaaa_" + "x" * 43, "Basic eDp5"])
def test_nothing_is_answered_without_a_good_token(
    world: SimpleNamespace, client: Client, path: str, method: str, credentials: str
):
    headers = {"authorization": credentials} if credentials else {}
    answer = client.generic(method, path.format(**world.ids), b"{}", "application/json", headers=headers)
    assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_every_route_of_the_api_is_in_the_document():
    (api,) = [one for one in get_resolver().url_patterns if getattr(one, "namespace", "") == "api"]
    known = {
        ("/api/v1/o/{org}/" + re.sub(r"<\w+:(\w+)>", r"{\1}", str(pattern.pattern)), method)
        for include in api.url_patterns
        for pattern in include.url_patterns
        for method in pattern.callback.cls.permissions
    }
    assert operations() == known


def test_the_documented_row_has_the_fields_of_the_real_one():
    assert list(PlanRowSchema().fields) == list(PlanRow.model_fields)
