"""Messages reach their receiver, signed, once and for all; nobody is called who should not be."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from http.client import HTTPResponse

import pytest
from django.db import transaction
from django.utils import timezone
from standardwebhooks.webhooks import Webhook

from tests.factories import OrganizationFactory, make_actor
from tests.receivers import Receiver, running_receiver
from xmagnet.core.errors import InvalidInput
from xmagnet.core.outward import Refused, public_address
from xmagnet.core.scope import organization_scope
from xmagnet.notices.models import Notice
from xmagnet.webhooks.delivery import KEPT_BYTES, WAITS, deliver_due
from xmagnet.webhooks.models import WebhookDelivery, WebhookEndpoint
from xmagnet.webhooks.services import create_endpoint, emit, redeliver, rotate_secret

pytestmark = pytest.mark.django_db


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running_receiver() as made:
        yield made


@pytest.fixture
def actor():
    organization = OrganizationFactory()
    with organization_scope(organization.pk), transaction.atomic():
        yield make_actor(organization)


def test_a_message_arrives_signed_with_both_secrets_during_rotation(actor, receiver: Receiver):
    made = create_endpoint(actor, url=receiver.url, events=["job.completed"])
    rotated = rotate_secret(actor, made.endpoint.pk)
    emit("job.completed", {"job_id": "job_1"})
    emit("job.progress", {"job_id": "job_1"})
    assert deliver_due() == 1
    ((headers, body),) = receiver.got
    headers = {name.lower(): value for name, value in headers.items()}
    for secret in (made.secret, rotated.secret):
        assert Webhook(secret).verify(body.decode(), headers)["data"] == {"job_id": "job_1"}
    assert WebhookDelivery.objects.get().state == "delivered"
    assert deliver_due() == 0


def test_a_failed_message_is_tried_again_later(actor, receiver: Receiver):
    receiver.status = 500
    create_endpoint(actor, url=receiver.url)
    emit("job.completed", {"job_id": "job_1"})
    deliver_due()
    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.attempt_count, delivery.response_status) == ("pending", 1, 500)
    assert timedelta(seconds=0) < delivery.next_at - timezone.now() <= timedelta(seconds=5)
    assert deliver_due() == 0
    receiver.status = 200
    WebhookDelivery.objects.update(next_at=timezone.now())
    assert deliver_due() == 1
    assert WebhookDelivery.objects.get().state == "delivered"
    redeliver(actor, delivery.pk)
    deliver_due()
    ids = {headers["webhook-id"] for headers, _ in receiver.got}
    assert (len(receiver.got), len(ids)) == (3, 1)


def test_the_log_keeps_what_the_receiver_said(actor, receiver: Receiver):
    receiver.status, receiver.body = 500, b"no such \x00 column \xff" + b"x" * 5_000
    create_endpoint(actor, url=receiver.url)
    emit("job.completed", {"job_id": "job_1"})
    deliver_due()
    kept = WebhookDelivery.objects.get().response_body
    assert kept.startswith("no such \ufffd column \ufffdxxx")
    assert len(kept) == KEPT_BYTES
    receiver.status, receiver.body = 200, b""
    WebhookDelivery.objects.update(next_at=timezone.now())
    deliver_due()
    assert WebhookDelivery.objects.get().response_body == ""  # the last answer's


def test_an_answer_counts_although_its_body_never_ends(actor, receiver: Receiver, monkeypatch: pytest.MonkeyPatch):
    def drip(*_: object) -> bytes:
        raise TimeoutError

    monkeypatch.setattr(HTTPResponse, "read", drip)
    create_endpoint(actor, url=receiver.url)
    emit("job.completed", {"job_id": "job_1"})
    deliver_due()
    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.response_status, delivery.response_body) == ("delivered", 200, "")


def test_gone_switches_the_endpoint_off(actor, receiver: Receiver):
    receiver.status = 410
    create_endpoint(actor, url=receiver.url)
    emit("job.completed", {"job_id": "job_1"})
    deliver_due()
    assert (WebhookDelivery.objects.get().state, WebhookEndpoint.objects.get().is_active) == ("failed", False)
    emit("job.completed", {"job_id": "job_2"})
    assert WebhookDelivery.objects.count() == 1


def test_whoever_looks_after_an_endpoint_is_told_that_it_is_off(actor, receiver: Receiver):
    receiver.status = 410
    endpoint = create_endpoint(actor, url=receiver.url).endpoint
    emit("job.completed", {"job_id": "job_1"})
    deliver_due()
    notice = Notice.objects.get()
    assert (notice.event, notice.object_id, notice.data["reason"]) == ("webhook.disabled", str(endpoint.pk), "gone")


def test_an_endpoint_that_takes_nothing_for_three_days_is_switched_off(actor, receiver: Receiver):
    receiver.status = 500
    create_endpoint(actor, url=receiver.url)
    emit("job.completed", {"job_id": "job_1"})
    emit("job.completed", {"job_id": "job_2"})
    last = WebhookDelivery.objects.order_by("id").last()
    WebhookDelivery.objects.filter(pk=last.pk).update(attempt_count=len(WAITS), next_at=timezone.now())
    WebhookDelivery.objects.exclude(pk=last.pk).update(state="delivered", finished_at=timezone.now())
    deliver_due()
    assert WebhookEndpoint.objects.get().is_active  # the other message arrived meanwhile
    WebhookDelivery.objects.exclude(pk=last.pk).delete()
    WebhookDelivery.objects.update(state="pending", attempt_count=len(WAITS), next_at=timezone.now())
    deliver_due()
    endpoint = WebhookEndpoint.objects.get()
    assert (endpoint.is_active, endpoint.disabled_reason) == (False, "unreachable")


def test_an_agencys_endpoint_hears_only_of_its_own(actor, receiver: Receiver):
    endpoint = create_endpoint(actor, url=receiver.url).endpoint
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(agency_id=7)
    emit("job.completed", {"job_id": "advertiser"})
    emit("job.completed", {"job_id": "other"}, agency_id=8)
    emit("job.completed", {"job_id": "own"}, agency_id=7)
    assert [delivery.payload["data"]["job_id"] for delivery in WebhookDelivery.objects.all()] == ["own"]


@pytest.mark.parametrize(
    "address", ["10.0.0.1", "169.254.169.254", "127.0.0.1", "::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "fd00::1"]
)
def test_private_addresses_are_not_called(address: str, monkeypatch: pytest.MonkeyPatch, settings):
    settings.WEBHOOK_ALLOWS_LOOPBACK = False
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: [(0, 0, 0, "", (address, 443))])
    with pytest.raises(Refused):
        public_address("rebind.example.com", 443, is_tls=True)


def test_one_private_address_among_public_ones_is_enough(monkeypatch: pytest.MonkeyPatch):
    found = [(0, 0, 0, "", ("93.184.216.34", 443)), (0, 0, 0, "", ("10.0.0.1", 443))]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: found)
    with pytest.raises(Refused):
        public_address("mixed.example.com", 443, is_tls=True)
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: found[:1])
    assert public_address("good.example.com", 443, is_tls=True) == "93.184.216.34"
    with pytest.raises(Refused):
        public_address("good.example.com", 80, is_tls=False)


@pytest.mark.parametrize("url", ["http://a..example.com/", "http://127.0.0.1/钩子", "http://127.0.0.1/a b"])
def test_an_address_of_no_wire_form_does_not_hold_up_the_others(actor, receiver: Receiver, url: str):
    broken = create_endpoint(actor, url=receiver.url).endpoint
    create_endpoint(actor, url=receiver.url)
    WebhookEndpoint.objects.filter(pk=broken.pk).update(url=url)
    emit("job.completed", {"job_id": "job_1"})
    assert deliver_due() == 2
    states = WebhookDelivery.objects.order_by("endpoint_id").values_list("state", flat=True)
    assert (list(states), len(receiver.got)) == (["pending", "delivered"], 1)


def test_a_secret_that_cannot_be_read_does_not_hold_up_the_others(actor, receiver: Receiver):
    broken = create_endpoint(actor, url=receiver.url).endpoint
    create_endpoint(actor, url=receiver.url)
    WebhookEndpoint.objects.filter(pk=broken.pk).update(encrypted_secret=b"of a key that is gone")
    emit("job.completed", {"job_id": "job_1"})
    assert deliver_due() == 2
    first, second = WebhookDelivery.objects.order_by("endpoint_id")
    assert (first.state, first.error, second.state) == ("pending", "our own error: InvalidToken", "delivered")


def test_unsafe_urls_and_unknown_events_are_refused(actor, settings):
    settings.WEBHOOK_ALLOWS_LOOPBACK = False
    for url in (
        "http://example.com/", "https://user:pw@example.com/", "ftp://example.com/", "https://",
        "https://a..example.com/", f"https://{'a' * 64}.example.com/", "https://example.com/钩子",
    ):  # fmt: skip
        with pytest.raises(InvalidInput):
            create_endpoint(actor, url=url)
    with pytest.raises(InvalidInput):
        create_endpoint(actor, url="https://example.com/", events=["job.exploded"])
    assert not WebhookEndpoint.objects.exists()
