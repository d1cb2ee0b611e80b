import re
from collections.abc import Callable

import pytest
from django.db import transaction
from django.test import Client

from tests.factories import make_agency
from tests.frontend.rows import reload, row_of, rows_of
from xmagnet.accounts.models import Organization
from xmagnet.accounts.roles import Role
from xmagnet.audit.models import AuditEvent
from xmagnet.core.scope import organization_scope
from xmagnet.webhooks.models import WebhookDelivery, WebhookEndpoint

HOOKS = "/o/sunrise/webhooks/"
FIELDS = {"url": "https://receiver.example/hook", "description": "CRM <1>", "events": ["job.completed"]}


def secret_in(html: str) -> str:
    found = re.search(r"whsec_[A-Za-z0-9+/=]+", html)
    assert found
    return found[0]


@pytest.fixture
def endpoint(organization: Organization, admin: Client) -> WebhookEndpoint:
    admin.post(f"{HOOKS}add/", FIELDS)
    return row_of(organization, WebhookEndpoint)


def test_a_webhooks_secret_is_shown_once(organization: Organization, admin: Client) -> None:
    secret = secret_in(admin.post(f"{HOOKS}add/", FIELDS).content.decode())
    endpoint = row_of(organization, WebhookEndpoint)
    assert endpoint.events == ["job.completed"]
    for path in (HOOKS, f"{HOOKS}{endpoint.pk}/", f"{HOOKS}{endpoint.pk}/edit/"):
        html = admin.get(path).content.decode()
        assert secret not in html
        assert "whsec_" not in html
    assert "CRM &lt;1&gt;" in admin.get(HOOKS).content.decode()


@pytest.mark.parametrize("url", ["ftp://x/", "https://user:pw@x.example/", "nonsense"])
def test_an_address_that_is_not_called_is_refused_at_its_field(
    organization: Organization, admin: Client, url: str
) -> None:
    response = admin.post(f"{HOOKS}add/", FIELDS | {"url": url})
    assert response.status_code == 422
    assert 'id="id_url_error"' in response.content.decode()
    assert rows_of(organization, WebhookEndpoint) == []


def test_a_new_secret_replaces_the_old_one_for_a_day(admin: Client, endpoint: WebhookEndpoint) -> None:
    answer = admin.post(f"{HOOKS}{endpoint.pk}/action/", {"action": "rotate"})
    assert secret_in(answer.content.decode())
    assert bytes(reload(endpoint).encrypted_old_secret) == bytes(endpoint.encrypted_secret)


def test_a_test_message_shows_in_the_log_and_can_be_sent_again(
    organization: Organization, admin: Client, endpoint: WebhookEndpoint
) -> None:
    admin.post(f"{HOOKS}{endpoint.pk}/action/", {"action": "test"})
    delivery = row_of(organization, WebhookDelivery)
    with organization_scope(organization.pk), transaction.atomic():
        WebhookDelivery.objects.update(
            state="failed", response_status=500, response_body="<b>broken</b>", error="<oops>", attempt_count=9
        )
    html = admin.get(f"{HOOKS}{endpoint.pk}/").content.decode()
    assert "A test message" in html
    assert "&lt;oops&gt;" in html
    assert "&lt;b&gt;broken&lt;/b&gt;" in html
    admin.post(f"{HOOKS}deliveries/{delivery.pk}/again/")
    first, second = rows_of(organization, WebhookDelivery)
    assert first.message_id == second.message_id


def test_a_webhook_is_changed_switched_and_removed(
    organization: Organization, admin: Client, endpoint: WebhookEndpoint
) -> None:
    admin.post(f"{HOOKS}{endpoint.pk}/edit/", {"url": "https://other.example/", "events": []})
    admin.post(f"{HOOKS}{endpoint.pk}/action/", {"action": "disable"})
    changed = reload(endpoint)
    assert (changed.url, changed.events, changed.is_active) == ("https://other.example/", [], False)
    assert "nothing is sent" in admin.get(f"{HOOKS}{endpoint.pk}/").content.decode()
    assert admin.post(f"{HOOKS}{endpoint.pk}/action/", {"action": "explode"}).status_code == 404
    admin.post(f"{HOOKS}{endpoint.pk}/action/", {"action": "delete"})
    assert rows_of(organization, WebhookEndpoint) == []


def test_an_agencys_user_does_not_see_the_advertisers_webhooks(
    organization: Organization, as_role: Callable[..., Client], endpoint: WebhookEndpoint
) -> None:
    client = as_role(Role.OPTIMIZER, agency=make_agency(organization))
    assert "receiver.example" not in client.get(HOOKS).content.decode()
    assert client.get(f"{HOOKS}{endpoint.pk}/").status_code == 404
    assert client.post(f"{HOOKS}{endpoint.pk}/action/", {"action": "delete"}).status_code == 404
    assert len(rows_of(organization, WebhookEndpoint)) == 1


@pytest.mark.parametrize("role", [Role.ANALYST, Role.FINANCE, Role.AGENCY_LEAD])
def test_others_manage_no_webhooks(organization: Organization, as_role: Callable[..., Client], role: str) -> None:
    client = as_role(role)
    assert client.get(HOOKS).status_code == 403
    assert client.post(f"{HOOKS}add/", FIELDS).status_code == 403
    assert rows_of(organization, WebhookEndpoint) == []


def test_the_audit_log_tells_where_a_webhook_goes_and_none_of_its_secrets(
    admin: Client, organization: Organization
) -> None:
    secret = "https://receiver.example:8443/hooks/T0K3N-in-path?key=in-query"
    admin.post(f"{HOOKS}add/", FIELDS | {"url": secret})
    endpoint = row_of(organization, WebhookEndpoint)
    admin.post(f"{HOOKS}{endpoint.pk}/edit/", FIELDS | {"url": secret.replace("query", "other")})
    admin.post(f"{HOOKS}{endpoint.pk}/action/", {"action": "rotate"})
    admin.post(f"{HOOKS}{endpoint.pk}/action/", {"action": "delete"})
    with organization_scope(organization.pk), transaction.atomic():
        events = list(AuditEvent.objects.filter(object_type="webhook").order_by("id").values())
    assert [event["action"] for event in events] == [
        "webhook.created", "webhook.changed", "webhook.rotated", "webhook.deleted",
    ]  # fmt: skip
    assert "T0K3N" not in str(events)
    assert "in-query" not in str(events)
    before, after = events[1]["before"]["url"], events[1]["after"]["url"]
    assert before.startswith("https://receiver.example:8443 #")
    assert after.startswith("https://receiver.example:8443 #")
    assert before != after
    assert events[0]["object_name"] == before
