"""From the person's click on the media's page to a working token pair."""

from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from media_connectors.contracts import AccountAccess
from media_connectors.errors import AuthRevoked, PermissionDenied, Rejected


class Form(HTMLParser):
    """The action and the fields of the page's form, as a browser would send them."""

    def __init__(self, page):
        super().__init__()
        self.action, self.fields = "", {}
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form":
            self.action = attributes.get("action", "")
        elif tag == "input" and (attributes.get("type") != "checkbox" or "checked" in attributes):
            self.fields[attributes["name"]] = attributes.get("value", "on")


@pytest.fixture
def browser(media):
    return httpx.Client(transport=httpx.WSGITransport(media.app), base_url="http://media.test")


def consent(media, browser):
    """Click through the media's page; the query that the browser brings back to us."""
    url = media.connector.authorize_url(
        application_id=media.access.application_id, state="signed/state", redirect_url="https://us.test/back"
    )
    page = browser.get(url)
    assert page.status_code == 200
    form = Form(page.text)
    answer = browser.post(form.action or url, data=form.fields)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("https://us.test/back?")
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


def test_a_consent_becomes_a_token_that_works(media, browser):
    back = consent(media, browser)
    assert back["state"] == "signed/state"
    pair = media.connector.exchange_code(
        application_id=media.access.application_id, secret=media.secret, auth_code=back["auth_code"]
    )
    assert set(pair.account_remote_ids) == set(media.account_ids)
    access = AccountAccess(media.platform, "", media.access.application_id, pair.access_token)
    granted = media.connector.list_accounts(access, secret=media.secret)
    assert {account.remote_id for account in granted} == set(media.account_ids)


def test_a_code_works_once(media, browser):
    code = consent(media, browser)["auth_code"]
    keys = {"application_id": media.access.application_id, "secret": media.secret}
    media.connector.exchange_code(**keys, auth_code=code)
    with pytest.raises(Rejected):
        media.connector.exchange_code(**keys, auth_code=code)


def test_a_code_dies_after_ten_minutes(media, browser):
    code = consent(media, browser)["auth_code"]
    keys = {"application_id": media.access.application_id, "secret": media.secret}
    media.advance(minutes=11)
    with pytest.raises(Rejected):
        media.connector.exchange_code(**keys, auth_code=code)


def test_a_wrong_secret_gets_nothing(media, browser):
    code = consent(media, browser)["auth_code"]
    with pytest.raises((Rejected, PermissionDenied)):
        media.connector.exchange_code(application_id=media.access.application_id, secret="wrong", auth_code=code)


def test_a_refresh_with_a_wrong_secret_asks_for_a_person(media):
    with pytest.raises(AuthRevoked):
        media.connector.refresh(
            application_id=media.access.application_id, secret="wrong", refresh_token=media.refresh_token
        )
    assert media.connector.read_balance(media.access).balance_fen > 0
