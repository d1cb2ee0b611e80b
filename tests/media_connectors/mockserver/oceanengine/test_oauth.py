"""Authorisation: the page, the exchange, rotation, expiry."""

from urllib.parse import parse_qs, urlsplit

import httpx

from .conftest import Ocean

PAGE = "/openapi/audit/oauth.html"
OAUTH = "/open_api/oauth2/"
DAY = 24 * 3600


def authorize(ocean: Ocean, **form: str) -> httpx.Response:
    given = {
        "app_id": str(ocean.minted["app_id"]),
        "redirect_uri": "https://us.example/callback?a=1",
        "state": "s p",
        **form,
    }
    return ocean.http.post(PAGE, data=given)


def code_of(answer: httpx.Response) -> str:
    return parse_qs(urlsplit(answer.headers["Location"]).query)["auth_code"][0]


def app(ocean: Ocean) -> dict[str, object]:
    return {"app_id": ocean.minted["app_id"], "secret": ocean.minted["secret"]}


def test_the_page_shows_the_app_and_its_accounts(ocean: Ocean) -> None:
    query = {"app_id": ocean.minted["app_id"], "redirect_uri": "https://us.example/cb", "state": "<x>", "scope": "[1]"}
    page = ocean.http.get(PAGE, params=query)
    assert page.status_code == 200
    assert "X-Magnet" in page.text
    assert str(ocean.account) in page.text
    assert 'value="&lt;x&gt;"' in page.text


def test_the_page_refuses_unknown_apps_and_relative_targets(ocean: Ocean) -> None:
    assert ocean.http.get(PAGE, params={"app_id": 1, "redirect_uri": "https://us.example/"}).status_code == 400
    assert authorize(ocean, redirect_uri="/callback").status_code == 400
    assert ocean.world.store.codes == {}


def test_consent_leads_back_with_code_and_state_and_the_code_works_once(ocean: Ocean) -> None:
    answer = authorize(ocean)
    assert answer.status_code == 302
    location = urlsplit(answer.headers["Location"])
    assert (location.netloc, location.path) == ("us.example", "/callback")
    assert parse_qs(location.query)["state"] == ["s p"]
    assert parse_qs(location.query)["a"] == ["1"]
    data = ocean.post(OAUTH + "access_token/", **app(ocean), auth_code=code_of(answer))
    assert data["advertiser_ids"] == ocean.minted["account_ids"]
    assert (data["expires_in"], data["refresh_token_expires_in"]) == (DAY, 30 * DAY)
    assert ocean.refused("POST", OAUTH + "access_token/", **app(ocean), auth_code=code_of(answer))[0] == 40115


def test_only_chosen_accounts_are_authorised(ocean: Ocean) -> None:
    answer = authorize(ocean, **{f"account-{ocean.other}": "on"})
    data = ocean.post(OAUTH + "access_token/", **app(ocean), auth_code=code_of(answer))
    assert data["advertiser_ids"] == [ocean.other]
    ocean.token = data["access_token"]
    assert ocean.refused("GET", "/open_api/v3.0/project/list/")[0] == 40002


def test_a_code_lives_ten_minutes(ocean: Ocean) -> None:
    answer = authorize(ocean)
    ocean.advance(601)
    assert ocean.refused("POST", OAUTH + "access_token/", **app(ocean), auth_code=code_of(answer))[0] == 40115


def test_a_refresh_kills_both_old_tokens(ocean: Ocean) -> None:
    old_access, old_refresh = ocean.token, ocean.minted["refresh_token"]
    data = ocean.post(OAUTH + "refresh_token/", **app(ocean), refresh_token=old_refresh)
    assert "advertiser_ids" not in data
    assert ocean.refused("GET", "/open_api/v3.0/project/list/")[0] == 40102
    assert ocean.refused("POST", OAUTH + "refresh_token/", **app(ocean), refresh_token=old_refresh)[0] == 40103
    ocean.token = data["access_token"]
    assert ocean.token != old_access
    assert ocean.get("/open_api/v3.0/project/list/")["list"] == []


def test_tokens_expire(ocean: Ocean) -> None:
    token, refresh = ocean.token, ocean.minted["refresh_token"]
    ocean.app.world.clock.advance(DAY)
    assert ocean.refused("GET", "/open_api/v3.0/project/list/")[0] == 40102
    assert ocean.token == token
    ocean.app.world.clock.advance(29 * DAY)
    assert ocean.refused("POST", OAUTH + "refresh_token/", **app(ocean), refresh_token=refresh)[0] == 40103


def test_wrong_secrets_tokens_and_missing_tokens_have_their_own_codes(ocean: Ocean) -> None:
    wrong = {"app_id": ocean.minted["app_id"], "secret": "no"}
    assert ocean.refused("POST", OAUTH + "refresh_token/", **wrong, refresh_token="x")[0] == 40113
    assert ocean.refused("POST", OAUTH + "refresh_token/", **app(ocean), refresh_token="x")[0] == 40107
    ocean.token = "nonsense"
    assert ocean.refused("GET", "/open_api/v3.0/project/list/")[0] == 40105
    ocean.token = ""
    assert ocean.refused("GET", "/open_api/v3.0/project/list/")[0] == 40104


def test_app_id_may_be_text_and_renewing_rotates(ocean: Ocean) -> None:
    given = {"app_id": str(ocean.minted["app_id"]), "secret": ocean.minted["secret"]}
    data = ocean.post(OAUTH + "renew_token/", **given, refresh_token=ocean.minted["refresh_token"])
    assert ocean.refused("GET", "/open_api/v3.0/project/list/")[0] == 40102
    assert data["access_token"] != ocean.token
    assert ocean.post(OAUTH + "app_access_token/", **given)["expires_in"] == 7200


def test_authorised_accounts_take_the_token_from_the_query(ocean: Ocean) -> None:
    path = OAUTH + "advertiser/get/"
    answer = ocean.http.get(path, params={"access_token": ocean.token}).json()
    rows = answer["data"]["list"]
    assert [row["account_id"] for row in rows] == ocean.minted["account_ids"]
    assert rows[0]["account_type"] == "ADVERTISER"
    assert rows[0]["account_string_id"] == str(ocean.account)
    assert ocean.http.get(path, params={"access_token": "x"}).json()["code"] == 40105
    assert ocean.http.get(path, headers={"Access-Token": ocean.token}).json()["code"] == 0
