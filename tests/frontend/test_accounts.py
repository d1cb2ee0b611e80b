"""The pages of media accounts. The media is a stand-in here; the real conversation is tested in media_connectors."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from media_connectors.contracts import RemoteAccount, TokenPair
from media_connectors.errors import AuthRevoked, Rejected, Transient
from media_connectors.models import MediaAccount, MediaApplication, MediaCredential
from media_connectors.services import connecting, health
from tests.factories import OrganizationFactory, make_account, make_agency
from tests.frontend.rows import reload, rows_of
from tests.media_connectors.rows import make_credential
from xmagnet.accounts.models import Organization
from xmagnet.accounts.roles import Role
from xmagnet.audit.models import AuditEvent
from xmagnet.core.scope import organization_scope

ACCOUNTS = "/o/sunrise/accounts/"


@dataclass
class Media:
    """Grants two accounts; remembers whether it was asked inside a transaction of ours."""

    error: Exception | None = None
    calls: list[str] = field(default_factory=list)

    def authorize_url(self, *, application_id: str, state: str, redirect_url: str) -> str:
        return f"https://media.test/authorize?app_id={application_id}&state={state}&redirect_uri={redirect_url}"

    def exchange_code(self, **given: Any) -> TokenPair:
        return self._answer("exchange", TokenPair("access-9", "refresh-9", 86400, 86400 * 30, ("7001", "7002")))

    def list_accounts(self, access: Any, *, secret: str) -> tuple[RemoteAccount, ...]:
        return self._answer("list", (RemoteAccount("7001", "安心<一号>", "安心"), RemoteAccount("7002", "安心二号")))

    def _answer(self, call: str, answer: Any) -> Any:
        self.calls.append(call)
        if self.error:
            raise self.error
        return answer


@pytest.fixture
def media(monkeypatch: pytest.MonkeyPatch) -> Media:
    media = Media()
    monkeypatch.setattr(connecting, "authorizer_for", lambda vendor: media)
    monkeypatch.setattr(connecting, "connector_for", lambda platform: media)
    return media


def begin(admin: Client) -> str:
    """Keep an application and go off to the media; the state that comes back."""
    fields = {"vendor": "oceanengine", "application_id": "42", "secret": "very secret"}
    html = admin.post(f"{ACCOUNTS}connect/", fields, follow=True).content.decode()
    assert "very secret" not in html
    link = re.search(r'href="(/o/sunrise/accounts/connect/through/\d+/)"', html)
    assert link
    location = admin.get(link[1])["Location"]
    assert location.startswith("https://media.test/authorize?app_id=42&state=")
    assert location.endswith("redirect_uri=http://testserver/o/sunrise/accounts/connect/callback/")
    return location.split("state=")[1].split("&")[0]


def test_accounts_are_connected_through_the_medias_own_sign_in(
    organization: Organization, admin: Client, media: Media
) -> None:
    agency = make_agency(organization)
    state = begin(admin)
    choose = admin.get(f"{ACCOUNTS}connect/callback/", {"state": state, "auth_code": "once"})["Location"]
    html = admin.get(choose).content.decode()
    assert "安心&lt;一号&gt; (7001) · Douyin" in html
    assert "安心二号 (7002) · Toutiao" in html
    response = admin.post(choose, {"accounts": ["douyin:7001", "toutiao:7001"], "agency_id": agency.pk}, follow=True)
    assert "2 accounts are connected." in response.content.decode()
    accounts = rows_of(organization, MediaAccount)
    assert {(one.platform, one.remote_id, one.agency_id) for one in accounts} == {
        ("douyin", "7001", agency.pk),
        ("toutiao", "7001", agency.pk),
    }
    assert "安心&lt;一号&gt; (7001) · Douyin · connected" in admin.get(choose).content.decode()


def test_an_account_that_was_not_granted_is_not_connected(
    organization: Organization, admin: Client, media: Media
) -> None:
    state = begin(admin)
    choose = admin.get(f"{ACCOUNTS}connect/callback/", {"state": state, "auth_code": "once"})["Location"]
    assert admin.post(choose, {"accounts": ["douyin:9999"]}).status_code == 422
    assert admin.post(choose, {}).status_code == 422
    assert rows_of(organization, MediaAccount) == []


def test_a_planted_callback_changes_nothing_and_asks_nobody(
    organization: Organization, admin: Client, as_role: Callable[..., Client], media: Media
) -> None:
    state = begin(admin)
    other = as_role(Role.ADMIN)
    for given in (state, "forged"):
        response = other.get(f"{ACCOUNTS}connect/callback/", {"state": given, "auth_code": "code"}, follow=True)
        assert "authorization" in response.content.decode()
    assert media.calls == []
    assert rows_of(organization, MediaCredential) == []


def test_a_declined_authorization_is_said(admin: Client, media: Media) -> None:
    response = admin.get(f"{ACCOUNTS}connect/callback/", {"error": "access_denied"}, follow=True)
    assert "it was declined there" in response.content.decode()
    assert media.calls == []


@pytest.mark.parametrize("error", [Rejected("auth_code is used", code="40104"), Transient("no answer")])
def test_what_the_media_says_is_shown(
    organization: Organization, admin: Client, media: Media, error: Exception
) -> None:
    state = begin(admin)
    media.error = error
    response = admin.get(f"{ACCOUNTS}connect/callback/", {"state": state, "auth_code": "once"}, follow=True)
    assert response.redirect_chain[-1] == (f"{ACCOUNTS}connect/", 302)
    assert str(error) in response.content.decode()
    assert rows_of(organization, MediaCredential) == []


@pytest.mark.parametrize("role", [Role.OPTIMIZER, Role.ANALYST, Role.AGENCY_MANAGER])
def test_only_administrators_connect(
    organization: Organization, as_role: Callable[..., Client], media: Media, role: str
) -> None:
    client = as_role(role)
    assert "accounts/connect/" not in client.get(ACCOUNTS).content.decode()
    assert client.get(f"{ACCOUNTS}connect/").status_code == 403
    fields = {"vendor": "oceanengine", "application_id": "42", "secret": "s"}
    assert client.post(f"{ACCOUNTS}connect/", fields).status_code == 403
    assert rows_of(organization, MediaApplication) == []


def test_the_list_shows_what_needs_somebody_first(organization: Organization, admin: Client) -> None:
    make_account(organization, name="A fine", balance_fen=1_000_000, low_balance_fen=100)
    make_account(organization, name="B empty", balance_fen=5_000, low_balance_fen=100_000)
    make_account(organization, name="C broken", health="needs_authorization", health_message="token <gone>")
    html = admin.get(ACCOUNTS).content.decode()
    assert html.index("C broken") < html.index("A fine") < html.index("B empty")
    assert "token &lt;gone&gt;" in html
    assert "¥10,000.00" in html
    assert html.count(">low<") == 1


def test_a_login_that_dies_soon_is_told(organization: Organization, admin: Client) -> None:
    credential = make_credential(organization)
    make_account(organization, name="A", credential=credential)
    assert "expires soon" not in admin.get(ACCOUNTS).content.decode()
    with organization_scope(organization.pk), transaction.atomic():
        MediaCredential.objects.update(refresh_expires_at=timezone.now() + timedelta(days=2))
    assert "expires soon" in admin.get(ACCOUNTS).content.decode()


def test_the_list_is_filtered_and_stays_inside_the_agency(
    organization: Organization, admin: Client, as_role: Callable[..., Client]
) -> None:
    own, other = make_agency(organization, "Own"), make_agency(organization, "Other")
    make_account(organization, name="Mine", agency=own, platform="kuaishou")
    make_account(organization, name="CANARY-sibling", agency=other)
    make_account(OrganizationFactory(), name="CANARY-foreign")
    html = admin.get(ACCOUNTS, {"media": "kuaishou"}).content.decode()
    assert "Mine" in html
    assert "CANARY" not in html
    assert "No account fits" in admin.get(ACCOUNTS, {"q": "zzz"}).content.decode()
    assert "CANARY" not in as_role(Role.OPTIMIZER, agency=own).get(ACCOUNTS).content.decode()


def test_an_account_is_paused_resumed_and_given_to_an_agency(organization: Organization, admin: Client) -> None:
    account, agency = make_account(organization), make_agency(organization)
    admin.post(f"{ACCOUNTS}{account.pk}/action/", {"action": "pause"})
    assert (reload(account).is_active, reload(account).health) == (False, "paused")
    admin.post(f"{ACCOUNTS}{account.pk}/action/", {"action": "resume"})
    assert reload(account).is_active
    admin.post(f"{ACCOUNTS}{account.pk}/agency/", {"agency_id": agency.pk})
    assert reload(account).agency_id == agency.pk
    assert admin.post(f"{ACCOUNTS}{account.pk}/action/", {"action": "explode"}).status_code == 404


def test_an_account_is_not_given_to_another_organizations_agency(organization: Organization, admin: Client) -> None:
    account, foreign = make_account(organization), make_agency(OrganizationFactory())
    assert admin.post(f"{ACCOUNTS}{account.pk}/agency/", {"agency_id": foreign.pk}).status_code == 422
    assert reload(account).agency_id is None


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        (Transient("no answer from oceanengine: ReadTimeout"), "The media does not answer now; nothing was changed"),
        (AuthRevoked("refresh_token is used"), "authorize the account again. The media said: refresh_token is used"),
        (Rejected("the login is frozen"), "the login is frozen"),
    ],
)
def test_a_refused_refresh_is_told_with_what_to_do(
    organization: Organization, admin: Client, monkeypatch: pytest.MonkeyPatch, refusal: Exception, words: str
) -> None:
    account = make_account(organization, credential=make_credential(organization))

    def refuse(*args: Any, **kwargs: Any) -> None:
        raise refusal

    monkeypatch.setattr(health, "refresh_credential", refuse)
    response = admin.post(f"{ACCOUNTS}{account.pk}/action/", {"action": "refresh"}, follow=True)
    html = response.content.decode()
    assert words in html
    assert "ReadTimeout" not in html


@pytest.mark.django_db(transaction=True)
def test_the_media_is_never_asked_inside_a_transaction(
    admin: Client, media: Media, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_transactions: list[bool] = []
    answer = media._answer
    monkeypatch.setattr(
        media, "_answer", lambda *given: (open_transactions.append(connection.in_atomic_block), answer(*given))[1]
    )
    state = begin(admin)
    choose = admin.get(f"{ACCOUNTS}connect/callback/", {"state": state, "auth_code": "once"})["Location"]
    admin.post(choose, {"accounts": ["douyin:7001"]})
    assert media.calls == ["exchange", "list", "list", "list"]
    assert open_transactions == [False] * 4


def test_accounts_are_found_by_id(organization: Organization, admin: Client) -> None:
    account = make_account(organization, name="安心一号")
    html = admin.get("/o/sunrise/search/suggestions/", {"q": account.remote_id}).content.decode()
    assert "安心一号" in html


def test_the_low_balance_alarm_is_set_moved_and_switched_off(organization: Organization, admin: Client) -> None:
    account = make_account(organization, name="A", balance_fen=10_000)
    alarm = f"{ACCOUNTS}{account.pk}/alarm/"
    assert admin.post(alarm, {"low_balance": "100.01"}).status_code == 302
    assert reload(account).low_balance_fen == 10_001
    html = admin.get(ACCOUNTS).content.decode()
    assert ">low<" in html
    assert "alarm below ¥100.01" in html
    assert 'value="100.01"' in admin.get(alarm).content.decode()
    for refused in ("0", "-5", "much"):
        assert admin.post(alarm, {"low_balance": refused}).status_code == 422
    assert reload(account).low_balance_fen == 10_001
    admin.post(alarm, {"low_balance": ""})
    assert reload(account).low_balance_fen is None
    events = rows_of(organization, AuditEvent)
    assert [(event.before, event.after) for event in events if event.action == "account.alarm_changed"] == [
        ({"low_balance_fen": None}, {"low_balance_fen": 10_001}),
        ({"low_balance_fen": 10_001}, {"low_balance_fen": None}),
    ]


def test_readers_cannot_move_the_alarm(organization: Organization, as_role: Callable[..., Client]) -> None:
    account = make_account(organization, low_balance_fen=5_000)
    analyst = as_role(Role.ANALYST)
    assert analyst.post(f"{ACCOUNTS}{account.pk}/alarm/", {"low_balance": "1"}).status_code == 403
    assert "/alarm/" not in analyst.get(ACCOUNTS).content.decode()
    assert reload(account).low_balance_fen == 5_000


def test_accounts_are_filtered_by_agency(organization: Organization, admin: Client) -> None:
    blue, red = make_agency(organization, "Blue"), make_agency(organization, "Red")
    make_account(organization, name="Of blue", agency=blue)
    make_account(organization, name="Of red", agency=red)
    make_account(organization, name="Our own")
    assert "Of red" not in admin.get(ACCOUNTS, {"agency": blue.pk}).content.decode()
    html = admin.get(ACCOUNTS, {"agency": "none"}).content.decode()
    assert "Our own" in html
    assert "Of blue" not in html
