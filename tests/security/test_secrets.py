"""Secrets under a new key; sessions that end by themselves; codes that cannot be guessed; callers' addresses."""

from __future__ import annotations

import socket
import threading
from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from cryptography.fernet import Fernet, InvalidToken
from django.core.cache import cache, caches
from django.core.cache.backends.locmem import LocMemCache
from django.core.management import call_command
from django.db import transaction
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone

from tests.factories import PASSWORD, OrganizationFactory, make_actor, make_member
from xmagnet.accounts.management.commands.rotate_field_keys import encrypted_fields
from xmagnet.core import outward
from xmagnet.core.crypto import decrypt
from xmagnet.core.errors import Conflict
from xmagnet.core.scope import organization_scope
from xmagnet.web.middleware import ClientAddressMiddleware
from xmagnet.webhooks.models import WebhookDelivery, WebhookEndpoint
from xmagnet.webhooks.services import create_endpoint, redeliver, send_test

pytestmark = pytest.mark.django_db
TOTP_SECRET = "JBSWY3DPEHPK3PXP"
HOME = "/o/sunrise/profile/"


@pytest.fixture
def organization():
    return OrganizationFactory(slug="sunrise")


# -- keys ----------------------------------------------------------------------------------------------------------


def test_every_secret_moves_to_the_newest_key(organization, settings, capsys):
    old, new = settings.FIELD_ENCRYPTION_KEYS[0], Fernet.generate_key().decode()
    member = make_member(organization)
    TOTP.activate(member, TOTP_SECRET)
    codes = RecoveryCodes.activate(member).get_unused_codes()
    with organization_scope(organization.pk), transaction.atomic():
        secret = create_endpoint(make_actor(organization), url="https://example.com/").secret
    settings.FIELD_ENCRYPTION_KEYS = [new, old]
    call_command("rotate_field_keys")
    assert "3 rows" in capsys.readouterr().out
    settings.FIELD_ENCRYPTION_KEYS = [new]
    with organization_scope(organization.pk), transaction.atomic():
        assert decrypt(WebhookEndpoint.objects.get().encrypted_secret) == secret
    assert Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes() == codes
    settings.FIELD_ENCRYPTION_KEYS = [old]
    with organization_scope(organization.pk), transaction.atomic(), pytest.raises(InvalidToken):
        decrypt(WebhookEndpoint.objects.get().encrypted_secret)


def test_rotation_knows_the_tokens_of_the_media():
    columns = {f"{model.__name__}.{name}" for model, names in encrypted_fields().items() for name in names}
    assert columns >= {
        "MediaApplication.encrypted_secret",
        "MediaCredential.encrypted_access_token",
        "MediaCredential.encrypted_refresh_token",
        "WebhookEndpoint.encrypted_secret",
        "WebhookEndpoint.encrypted_old_secret",
    }


def test_second_factors_are_not_stored_in_the_clear(organization):
    member = make_member(organization)
    TOTP.activate(member, TOTP_SECRET)
    assert TOTP_SECRET not in str(Authenticator.objects.get().data)


# -- signing in ----------------------------------------------------------------------------------------------------


def test_codes_of_the_second_factor_cannot_be_guessed(organization):
    cache.clear()
    member = make_member(organization)
    TOTP.activate(member, TOTP_SECRET)
    client = Client()
    client.post("/account/login/", {"login": member.email, "password": PASSWORD})
    pages = [client.post("/account/two-factor/authenticate/", {"code": "000000"}).content.decode() for _ in range(11)]
    assert "Incorrect code" in pages[8]
    assert "Too many failed login attempts" in pages[10]
    assert "_auth_user_id" not in client.session


def test_guesses_at_the_second_factor_count_for_all_processes_together(organization):
    cache.clear()
    member = make_member(organization)
    TOTP.activate(member, TOTP_SECRET)
    client = Client()
    client.post("/account/login/", {"login": member.email, "password": PASSWORD})
    pages = []
    for _ in range(11):
        for kept in caches.all(initialized_only=True):  # each guess goes to a process that knows nothing of the others
            if isinstance(kept, LocMemCache):
                kept.clear()
        pages.append(client.post("/account/two-factor/authenticate/", {"code": "000000"}).content.decode())
    assert "Incorrect code" in pages[8]
    assert "Too many failed login attempts" in pages[10]


@pytest.mark.parametrize(
    ("away", "is_open"),
    [(timedelta(minutes=29), True), (timedelta(minutes=31), False)],
)
def test_an_idle_session_ends(organization, away: timedelta, is_open: bool):
    client = Client()
    client.force_login(make_member(organization), backend="allauth.account.auth_backends.AuthenticationBackend")
    start = timezone.now()
    with time_machine.travel(start, tick=False):
        assert client.get(HOME).status_code == 200
    with time_machine.travel(start + away, tick=False):
        assert (client.get(HOME).status_code == 200) is is_open


def test_a_session_ends_after_twelve_hours_however_busy(organization):
    client = Client()
    client.force_login(make_member(organization), backend="allauth.account.auth_backends.AuthenticationBackend")
    start = timezone.now()
    answers = {}
    for minutes in range(0, 12 * 60 + 40, 20):
        with time_machine.travel(start + timedelta(minutes=minutes), tick=False):
            answers[minutes] = client.get(HOME).status_code
    assert answers[12 * 60] == 200
    assert answers[12 * 60 + 20] == 302


# -- addresses -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("10.0.0.2", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.2", "1.1.1.1, 203.0.113.9", "203.0.113.9"),  # what stands before, the caller wrote
        ("10.0.0.2", "203.0.113.9, 10.0.0.3", "203.0.113.9"),
        ("10.0.0.2", "", "10.0.0.2"),
        ("198.51.100.7", "203.0.113.9", "198.51.100.7"),  # not a proxy of ours
    ],
)
def test_the_callers_address_is_what_our_own_proxy_says(settings, peer: str, forwarded: str, expected: str):
    settings.TRUSTED_PROXIES = ["10.0.0.0/24"]
    request = RequestFactory().get("/", REMOTE_ADDR=peer, headers={"X-Forwarded-For": forwarded})
    ClientAddressMiddleware(lambda _request: HttpResponse())(request)
    assert request.META["REMOTE_ADDR"] == expected


def test_without_trusted_proxies_nobody_is_believed(settings):
    settings.TRUSTED_PROXIES = []
    request = RequestFactory().get("/", REMOTE_ADDR="10.0.0.2", headers={"X-Forwarded-For": "203.0.113.9"})
    ClientAddressMiddleware(lambda _request: HttpResponse())(request)
    assert request.META["REMOTE_ADDR"] == "10.0.0.2"


# -- receivers -----------------------------------------------------------------------------------------------------


def test_a_receiver_that_drips_its_answer_is_left(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(outward, "TOTAL_SECONDS", 0.3)
    server = socket.create_server(("127.0.0.1", 0))
    done = threading.Event()

    def drip() -> None:
        connection, _address = server.accept()
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while not done.wait(0.05):
            try:
                connection.sendall(b"X-Drip: 1\r\n")
            except OSError:
                break
        connection.close()

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    answer = outward.post(f"http://127.0.0.1:{server.getsockname()[1]}/", b"{}", {})
    done.set()
    thread.join(5)
    server.close()
    assert answer.error != "HTTPException"  # as the hundredth line would have made it


def test_nothing_is_queued_for_a_receiver_that_is_off(organization):
    actor = make_actor(organization)
    with organization_scope(organization.pk), transaction.atomic():
        endpoint = create_endpoint(actor, url="https://example.com/").endpoint
        old = send_test(actor, endpoint.pk)
        WebhookEndpoint.objects.update(is_active=False)
        for act, target in ((send_test, endpoint.pk), (redeliver, old.pk)):
            with pytest.raises(Conflict):
                act(actor, target)
        assert WebhookDelivery.objects.count() == 1
