"""Authorisation: page, code, rotation, approvals, refused tokens."""

from urllib.parse import parse_qs, urlsplit

import pytest

from .conftest import APP_ID, SECRET, Media

PAIR = "oauth2/authorize/"


def authorize(media, **query):
    asked = {"app_id": APP_ID, "redirect_uri": "http://127.0.0.1:8000/back?x=1", "state": "s-42"} | query
    return media.http.post("/tools/authorize", query_string=asked)


def auth_code(media):
    return parse_qs(urlsplit(authorize(media).headers["Location"]).query)["auth_code"][0]


def exchange(media, code):
    return media.call(PAIR + "access_token", app_id=APP_ID, secret=SECRET, auth_code=code)


def test_authorize_page_shows_app_and_accounts_and_a_button(media):
    page = media.http.get("/tools/authorize", query_string={"app_id": APP_ID, "redirect_uri": "http://127.0.0.1/cb"})
    assert page.status_code == 200
    assert "X-Magnet" in page.text
    assert str(media.account_id) in page.text
    assert '<button type="submit" id="approve">' in page.text


def test_authorize_page_escapes_what_it_was_given(media):
    asked = {"app_id": APP_ID, "redirect_uri": "http://127.0.0.1/cb", "state": '"><script>x</script>'}
    page = media.http.get("/tools/authorize", query_string=asked)
    assert "<script>" not in page.text


def test_approval_redirects_with_code_and_state(media):
    answer = authorize(media)
    assert answer.status_code == 302
    parts = urlsplit(answer.headers["Location"])
    query = parse_qs(parts.query)
    assert (parts.netloc, parts.path) == ("127.0.0.1:8000", "/back")
    assert query["x"] == ["1"]
    assert query["state"] == ["s-42"]
    assert len(query["auth_code"][0]) == 32


@pytest.mark.parametrize("query", [{"app_id": 1}, {"redirect_uri": "javascript:alert(1)"}, {"redirect_uri": ""}])
def test_authorize_refuses_unknown_apps_and_strange_targets(media, query):
    answer = authorize(media, **query)
    assert answer.status_code == 400
    assert media.world.store.codes == {}


def test_code_becomes_a_pair_once(media):
    code = auth_code(media)
    first = exchange(media, code)
    assert first["code"] == 0
    data = first["data"]
    assert data["access_token_expires_in"] in {86_399, 86_400}
    assert data["refresh_token_expires_in"] in {2_591_999, 2_592_000}
    assert data["advertiser_id"] == media.account_id
    assert data["advertiser_ids"][0] == media.account_id
    assert type(data["user_id"]) is int
    again = exchange(media, code)
    assert again["code"] == 401000
    assert "data" not in again


def test_code_dies_after_ten_minutes(media):
    code = auth_code(media)
    media.advance(minutes=11)
    assert exchange(media, code)["code"] == 401000


def test_wrong_secret_gives_nothing(media):
    answer = media.call(PAIR + "access_token", app_id=APP_ID, secret="wrong", auth_code=auth_code(media))
    assert answer["code"] == 401000
    assert "data" not in answer


def test_app_id_may_be_text(media):
    code = auth_code(media)
    assert media.call(PAIR + "access_token", app_id=str(APP_ID), secret=SECRET, auth_code=code)["code"] == 0


def test_refresh_kills_both_old_tokens(media):
    old = exchange(media, auth_code(media))["data"]
    new = media.ok(PAIR + "refresh_token", app_id=APP_ID, secret=SECRET, refresh_token=old["refresh_token"])
    assert new["access_token"] != old["access_token"]
    assert new["refresh_token"] != old["refresh_token"]
    media.token = old["access_token"]
    assert media.call("v1/advertiser/info")["code"] == 402000
    reused = media.call(PAIR + "refresh_token", app_id=APP_ID, secret=SECRET, refresh_token=old["refresh_token"])
    assert reused["code"] == 402004
    media.token = new["access_token"]
    assert media.call("v1/advertiser/info")["code"] == 0


def test_tokens_die_of_age(media):
    pair = exchange(media, auth_code(media))["data"]
    media.token = pair["access_token"]
    media.advance(hours=25)
    assert media.call("v1/advertiser/info")["code"] == 402000
    media.advance(days=30)
    expired = media.call(PAIR + "refresh_token", app_id=APP_ID, secret=SECRET, refresh_token=pair["refresh_token"])
    assert expired["code"] == 402000


@pytest.mark.parametrize("token", ["", "nonsense"])
def test_without_a_known_token_nothing_is_answered_or_done(media, token):
    media.token = token
    answer = media.call("gw/dsp/campaign/create", campaign_name="x", type=5)
    assert answer["code"] == 402004
    assert "data" not in answer
    assert media.world.store.campaigns == {}


@pytest.mark.parametrize("code", [0, 1])
def test_approvals_succeed_with_the_code_that_the_server_was_told(code):
    media = Media(approval_code=code)
    asked = {"app_id": APP_ID, "secret": SECRET, "access_token": media.token}
    answer = media.call(PAIR + "approval/list", **asked, page_no=1, page_size=3)
    assert (answer["code"], answer["message"]) == (code, "OK")
    assert answer["data"]["details"][0] == media.account_id
    assert len(answer["data"]["details"]) == 3
    assert answer["data"]["isEnd"] is False
    last = media.call(PAIR + "approval/list", **asked, page_no=2, page_size=3)["data"]
    assert len(last["details"]) == 1
    assert last["isEnd"] is True


def test_approvals_refuse_a_dead_token(media):
    answer = media.call(PAIR + "approval/list", app_id=APP_ID, secret=SECRET, access_token="nonsense")
    assert answer["code"] == 402004


def test_another_advertiser_is_out_of_reach(media):
    foreign = next(a.id for a in media.world.store.accounts.values() if a.medium == "oceanengine")
    for account_id in (foreign, 999):
        assert "没有广告主" in media.refusal("v1/advertiser/info", advertiser_id=account_id)
