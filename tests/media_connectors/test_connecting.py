"""Connecting accounts: who began must finish, only granted accounts are connected, everything is written down."""

from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import pytest

from media_connectors.choices import AccountHealth
from media_connectors.contracts import Platform, RemoteAccount, TokenPair, Vendor
from media_connectors.errors import Rejected, Transient
from media_connectors.models import MediaAccount, MediaCredential
from media_connectors.services import connecting, health
from media_connectors.services.connecting import AccountChoice
from tests.factories import OrganizationFactory, make_actor, make_agency
from tests.media_connectors.rows import make_credential, make_media_account
from xmagnet.accounts.roles import Role
from xmagnet.audit.models import AuditEvent
from xmagnet.core.crypto import decrypt
from xmagnet.core.errors import Conflict, Forbidden, InvalidInput, NotFound
from xmagnet.core.scope import organization_scope

pytestmark = pytest.mark.django_db


@dataclass
class Media:
    granted: tuple = (RemoteAccount("7001", "安心一号", "安心保险"), RemoteAccount("7002", "安心二号"))
    error: Exception | None = None
    exchanged: list = field(default_factory=list)

    def authorize_url(self, *, application_id, state, redirect_url):
        return f"https://media.test/authorize?app_id={application_id}&state={state}"

    def exchange_code(self, *, application_id, secret, auth_code):
        self.exchanged.append((application_id, secret, auth_code))
        if self.error:
            raise self.error
        return TokenPair("access-9", "refresh-9", 86400, 86400 * 30, ("7001", "7002"))

    def list_accounts(self, access, *, secret):
        assert access.access_token in {"access-9", "access-1"}
        return self.granted


@pytest.fixture
def media(monkeypatch):
    media = Media()
    monkeypatch.setattr(connecting, "authorizer_for", lambda vendor: media)
    monkeypatch.setattr(connecting, "connector_for", lambda platform: media)
    return media


@pytest.fixture
def admin():
    organization = OrganizationFactory()
    with organization_scope(organization.pk):
        yield make_actor(organization, user_id=1)


def begin(actor):
    application = connecting.register_application(
        actor, vendor=Vendor.OCEANENGINE, application_id="42", secret="application-secret"
    )
    url = connecting.begin_authorization(actor, application_id=application, redirect_url="https://us.test/back")
    return parse_qs(urlsplit(url).query)["state"][0]


def actions():
    return list(AuditEvent.objects.order_by("id").values_list("action", flat=True))


def test_the_whole_way_from_application_to_account(media, admin):
    authorization = connecting.complete_authorization(admin, state=begin(admin), auth_code="code-1")
    assert media.exchanged == [("42", "application-secret", "code-1")]
    assert [account.remote_id for account in authorization.accounts] == ["7001", "7002"]
    ids = connecting.connect_accounts(
        admin,
        credential_id=authorization.credential_id,
        choices=[AccountChoice(Platform.DOUYIN, "7001"), AccountChoice(Platform.TOUTIAO, "7001")],
    )
    first, second = MediaAccount.objects.filter(pk__in=ids).order_by("pk")
    assert (first.platform, first.name, first.company, second.platform) == ("douyin", "安心一号", "安心保险", "toutiao")
    assert decrypt(first.credential.encrypted_access_token) == "access-9"
    assert actions() == ["application.registered", "credential.authorized", "account.connected", "account.connected"]


def test_secrets_are_not_in_the_audit_log(media, admin):
    connecting.complete_authorization(admin, state=begin(admin), auth_code="code-1")
    written = str(list(AuditEvent.objects.values()))
    assert "application-secret" not in written
    assert "access-9" not in written


def test_somebody_elses_state_is_refused_and_nothing_is_exchanged(media, admin):
    state = begin(admin)
    other = make_actor(OrganizationFactory(), user_id=2)
    with organization_scope(other.organization_id), pytest.raises(InvalidInput):
        connecting.complete_authorization(other, state=state, auth_code="code-1")
    with pytest.raises(InvalidInput):
        connecting.complete_authorization(admin, state=state[:-2] + "xx", auth_code="code-1")
    assert media.exchanged == []
    assert not MediaCredential.objects.exists()


def test_an_old_state_is_refused(media, admin, time_machine):
    time_machine.move_to("2026-11-22 12:00:00+08:00")
    state = begin(admin)
    time_machine.move_to("2026-11-22 12:10:01+08:00")
    with pytest.raises(InvalidInput):
        connecting.complete_authorization(admin, state=state, auth_code="code-1")
    assert media.exchanged == []


def test_a_used_code_is_explained_and_leaves_nothing(media, admin):
    media.error = Rejected("auth_code is used", code=40115)
    with pytest.raises(Conflict, match="auth_code is used"):
        connecting.complete_authorization(admin, state=begin(admin), auth_code="code-1")
    assert not MediaCredential.objects.exists()


def test_a_silent_media_is_said_to_be_unavailable(media, admin):
    media.error = Transient("no connection")
    with pytest.raises(connecting.MediaUnavailable):
        connecting.complete_authorization(admin, state=begin(admin), auth_code="code-1")


def test_accounts_connected_before_take_the_new_login(media, admin):
    organization_id = admin.organization_id
    account = MediaAccount(platform="douyin", remote_id="7001", name="old", health=AccountHealth.NEEDS_AUTHORIZATION)
    account.save()
    authorization = connecting.complete_authorization(admin, state=begin(admin), auth_code="code-1")
    account.refresh_from_db()
    assert (account.credential_id, account.health) == (authorization.credential_id, "ok")
    assert authorization.connected_remote_ids == {"7001"}
    assert account.organization_id == organization_id


@pytest.mark.parametrize("choice", [AccountChoice(Platform.DOUYIN, "9999"), AccountChoice(Platform.KUAISHOU, "7001")])
def test_an_account_that_was_not_granted_cannot_be_connected(media, admin, choice):
    authorization = connecting.complete_authorization(admin, state=begin(admin), auth_code="code-1")
    with pytest.raises(InvalidInput):
        connecting.connect_accounts(admin, credential_id=authorization.credential_id, choices=[choice])
    assert not MediaAccount.objects.exists()


def test_another_organizations_login_is_not_found(media, admin):
    credential = make_credential(OrganizationFactory())
    with pytest.raises(NotFound):
        connecting.granted_accounts(admin, credential_id=credential.pk)


def test_an_optimizer_cannot_connect(media):
    organization = OrganizationFactory()
    optimizer = make_actor(organization, Role.OPTIMIZER, user_id=3)
    with organization_scope(organization.pk):
        for attempt in (
            lambda: begin(optimizer),
            lambda: connecting.complete_authorization(optimizer, state="x", auth_code="y"),
            lambda: connecting.connect_accounts(optimizer, credential_id=1, choices=[]),
            lambda: health.pause_account(optimizer, account_id=1),
            lambda: health.refresh_account(optimizer, account_id=1),
            lambda: health.assign_agency(optimizer, account_id=1, agency_id=None),
        ):
            with pytest.raises(Forbidden):
                attempt()
    assert media.exchanged == []


def test_pausing_and_resuming_is_written_down_once(admin):
    account = MediaAccount(platform="douyin", remote_id="7001", name="one")
    account.save()
    health.pause_account(admin, account_id=account.pk, reason="quiet week")
    health.pause_account(admin, account_id=account.pk)
    account.refresh_from_db()
    assert (account.is_active, account.health) == (False, "paused")
    health.resume_account(admin, account_id=account.pk)
    account.refresh_from_db()
    assert (account.is_active, account.health) == (True, "ok")
    assert actions() == ["account.paused", "account.resumed"]


def test_another_organizations_account_cannot_be_paused(admin):
    account = make_media_account(OrganizationFactory())
    with pytest.raises(NotFound):
        health.pause_account(admin, account_id=account.pk)
    assert actions() == []


def test_an_agency_change_tells_before_and_after(admin):
    organization_id = admin.organization_id
    account = MediaAccount(platform="douyin", remote_id="7001", name="one")
    account.save()
    agency = make_agency(account.organization)
    health.assign_agency(admin, account_id=account.pk, agency_id=agency.pk)
    event = AuditEvent.objects.get()
    assert (event.before, event.after, event.organization_id) == (
        {"agency_id": None},
        {"agency_id": agency.pk},
        organization_id,
    )


def test_trouble_that_passes_does_not_count_against_an_account(admin):
    account = MediaAccount(platform="douyin", remote_id="7001", name="one")
    account.save()
    health.report_failure(account.pk, Transient("line down"))
    account.refresh_from_db()
    assert account.health == "ok"
    health.report_failure(account.pk, Rejected("nothing works", code=40000))
    account.refresh_from_db()
    assert (account.health, account.health_message) == ("failing", "nothing works")
    health.report_success(account.pk)
    account.refresh_from_db()
    assert (account.health, account.health_message) == ("ok", "")
