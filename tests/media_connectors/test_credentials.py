"""Tokens: refreshed by one worker, persisted before use, never shown."""

import threading
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.db import connection

from media_connectors.choices import AccountHealth
from media_connectors.contracts import TokenPair
from media_connectors.errors import AuthExpired, AuthRevoked, OutcomeUnknown, Transient
from media_connectors.gateway import credentials
from media_connectors.gateway.line import AccountLine
from media_connectors.models import MediaAccount, MediaApplication, MediaCredential
from tests.factories import OrganizationFactory
from tests.locks import wait_for_a_waiting_lock
from tests.media_connectors.rows import make_credential, make_media_account
from xmagnet.core.crypto import decrypt
from xmagnet.core.scope import organization_scope

pytestmark = pytest.mark.django_db


class Vendor:
    """A vendor whose every refresh kills the pair before it."""

    def __init__(self, error=None):
        self.refreshes = []
        self.error = error
        self.started = threading.Event()
        self.may_answer = threading.Event()
        self.may_answer.set()

    def refresh(self, *, application_id, secret, refresh_token):
        self.refreshes.append((application_id, secret, refresh_token))
        self.started.set()
        assert self.may_answer.wait(10)
        if self.error:
            raise self.error
        number = len(self.refreshes) + 1
        return TokenPair(f"access-{number}", f"refresh-{number}", 86400, 86400 * 30)


@pytest.fixture
def vendor(monkeypatch):
    vendor = Vendor()
    monkeypatch.setattr(credentials, "authorizer_for", lambda name: vendor)
    return vendor


def connected(**fields):
    organization = OrganizationFactory()
    credential = make_credential(organization, **fields)
    return organization, make_media_account(organization, credential=credential), credential


def test_a_token_with_time_left_is_used_as_it_is(vendor):
    organization, account, _ = connected()
    with organization_scope(organization.pk):
        access = credentials.access_for(account.pk)
    assert (access.access_token, access.application_id, access.account_remote_id) == (
        "access-1",
        "42",
        "1700000000000000007",
    )
    assert vendor.refreshes == []


def test_a_token_about_to_expire_is_refreshed_and_kept_before_it_is_used(vendor):
    organization, account, credential = connected(expires_in=timedelta(minutes=5))
    with organization_scope(organization.pk):
        assert credentials.access_for(account.pk).access_token == "access-2"
        kept = MediaCredential.objects.get(pk=credential.pk)
    assert vendor.refreshes == [("42", "application-secret", "refresh-1")]
    assert (decrypt(kept.encrypted_refresh_token), kept.generation) == ("refresh-2", 2)


def test_who_comes_second_takes_the_winners_token(vendor):
    organization, _, credential = connected()
    with organization_scope(organization.pk):
        credentials.refresh_credential(credential.pk, seen_generation=1)
        again = credentials.refresh_credential(credential.pk, seen_generation=1)
    assert decrypt(again.encrypted_access_token) == "access-2"
    assert len(vendor.refreshes) == 1


def test_a_dead_refresh_token_marks_all_accounts_of_the_login(vendor):
    organization, account, credential = connected(expires_in=timedelta(0))
    other = make_media_account(organization, remote_id="1700000000000000008", credential=credential)
    vendor.error = AuthRevoked("refresh_token is used", code=40103)
    with organization_scope(organization.pk):
        with pytest.raises(AuthRevoked):
            credentials.access_for(account.pk)
        health = set(MediaAccount.objects.filter(pk__in=[account.pk, other.pk]).values_list("health", flat=True))
        assert health == {AccountHealth.NEEDS_AUTHORIZATION}
        with pytest.raises(AuthRevoked):
            credentials.access_for(other.pk)
    assert len(vendor.refreshes) == 1


def test_a_refresh_without_answer_is_passing_trouble(vendor):
    organization, account, credential = connected(expires_in=timedelta(0))
    vendor.error = OutcomeUnknown("no answer")
    with organization_scope(organization.pk):
        with pytest.raises(Transient):
            credentials.access_for(account.pk)
        assert MediaCredential.objects.get(pk=credential.pk).is_revoked is False


def test_an_account_without_login_asks_for_a_person():
    organization = OrganizationFactory()
    account = make_media_account(organization)
    with organization_scope(organization.pk), pytest.raises(AuthRevoked):
        credentials.access_for(account.pk)


def test_another_organizations_account_cannot_be_called(vendor):
    _, account, _ = connected()
    with organization_scope(OrganizationFactory().pk), pytest.raises(AuthRevoked):
        credentials.access_for(account.pk)


def test_a_line_refreshes_once_after_an_expired_token_and_only_once(vendor):
    organization, account, _ = connected()
    seen = []

    def refuse_first(connector, access):
        seen.append(access.access_token)
        if len(seen) == 1:
            raise AuthExpired("expired", code=40102)
        return "done"

    def refuse_always(connector, access):
        seen.append(access.access_token)
        raise AuthExpired("expired", code=40102)

    with organization_scope(organization.pk):
        line = AccountLine(account.pk)
    assert line.call(refuse_first) == "done"
    assert seen == ["access-1", "access-2"]
    with pytest.raises(AuthExpired):
        line.call(refuse_always)
    assert seen[2:] == ["access-2", "access-3"]


def test_no_token_stands_in_a_repr(vendor):
    organization, account, _ = connected()
    with organization_scope(organization.pk):
        line = AccountLine(account.pk)
    assert "access-1" not in repr(line.access)
    assert "access-1" not in repr(TokenPair("access-1", "refresh-1", 1, 1))


def test_secrets_move_under_the_newest_key(settings):
    organization, account, _ = connected()
    old = settings.FIELD_ENCRYPTION_KEYS
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *old]
    call_command("rotate_field_keys", stdout=open("/dev/null", "w"))  # noqa: SIM115, PTH123
    settings.FIELD_ENCRYPTION_KEYS = settings.FIELD_ENCRYPTION_KEYS[:1]
    with organization_scope(organization.pk):
        assert credentials.access_for(account.pk).access_token == "access-1"
        assert decrypt(MediaApplication.objects.get().encrypted_secret) == "application-secret"


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_refresh_once(vendor):
    organization, account, _ = connected(expires_in=timedelta(minutes=1))
    vendor.may_answer.clear()
    tokens = []

    def work():
        with organization_scope(organization.pk):
            tokens.append(credentials.access_for(account.pk).access_token)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    assert vendor.started.wait(10)
    wait_for_a_waiting_lock()
    vendor.may_answer.set()
    for thread in threads:
        thread.join(10)
    assert tokens == ["access-2", "access-2"]
    assert len(vendor.refreshes) == 1
