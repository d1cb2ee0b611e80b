import re
from collections.abc import Callable

import pytest
from django.test import Client

from frontend.navigation import MENU
from tests.factories import OrganizationFactory, UserFactory, make_account, make_agency, make_member, make_plan
from xmagnet.accounts.models import Organization, User
from xmagnet.accounts.roles import Role

HOME = "/o/sunrise/"


def test_strangers_are_sent_to_the_sign_in_page_and_back(organization: Organization) -> None:
    response = Client().get(HOME)
    assert response.status_code == 302
    assert response["Location"] == "/account/login/?next=/o/sunrise/"


def test_another_organization_does_not_exist(admin: Client) -> None:
    OrganizationFactory(slug="other", name="CANARY")
    response = admin.get("/o/other/")
    assert response.status_code == 404
    assert b"CANARY" not in response.content


def test_the_menu_marks_the_current_page(admin: Client) -> None:
    html = admin.get(HOME).content.decode()
    assert html.count('aria-current="page"') == 2  # in the menu, and as the end of the breadcrumbs
    assert '<a class="side-link" href="/o/sunrise/" aria-current="page"' in html


def test_the_page_speaks_the_chosen_language(admin: Client) -> None:
    assert '<html lang="en"' in admin.get(HOME).content.decode()
    response = admin.post("/language/", {"language": "zh-hans", "next": HOME})
    assert response["Location"] == HOME
    html = admin.get(HOME).content.decode()
    assert '<html lang="zh-Hans"' in html
    assert "概览" in html


def test_the_language_switch_goes_to_no_other_host(admin: Client) -> None:
    response = admin.post("/language/", {"language": "en", "next": "https://evil.example/"})
    assert response["Location"] == "/"
    assert admin.post("/language/", {"language": "xx"}).status_code == 400
    assert admin.get("/language/").status_code == 405


def test_the_theme_comes_from_its_cookie_and_nothing_else(admin: Client) -> None:
    assert 'data-theme="auto"' in admin.get(HOME).content.decode()
    admin.cookies["theme"] = "dark"
    assert 'data-theme="dark"' in admin.get(HOME).content.decode()
    admin.cookies["theme"] = '"><script>'
    assert 'data-theme="auto"' in admin.get(HOME).content.decode()


def test_one_organization_is_entered_at_once(admin: Client) -> None:
    response = admin.get("/")
    assert response.status_code == 302
    assert response["Location"] == HOME


def test_several_organizations_are_a_choice(organization: Organization, sign_in: Callable[[User], Client]) -> None:
    user = make_member(organization)
    make_member(OrganizationFactory(name="Second <Life>", slug="second"), user=user)
    OrganizationFactory(name="Third", slug="third")
    client = sign_in(user)
    html = client.get("/").content.decode()
    assert "Sunrise Life" in html
    assert "Second &lt;Life&gt;" in html
    assert "Third" not in html
    assert 'href="/o/second/"' in client.get(HOME).content.decode()


def test_a_person_without_an_organization_is_told_so(db: None, sign_in: Callable[[User], Client]) -> None:
    assert "not a member of any organization" in sign_in(UserFactory()).get("/").content.decode()


def test_a_missing_page_is_answered_in_the_shells_look(admin: Client) -> None:
    response = admin.get("/o/sunrise/nothing-here/")
    assert response.status_code == 404
    html = response.content.decode()
    assert "There is nothing here" in html
    assert response["X-Request-Id"] in html


def test_an_expired_form_is_explained_and_changes_nothing(organization: Organization) -> None:
    client = Client(enforce_csrf_checks=True)
    response = client.post("/language/", {"language": "zh-hans"})
    assert response.status_code == 403
    assert "The form has expired" in response.content.decode()
    assert "language" not in client.cookies


def test_an_error_of_ours_says_so_without_details(admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("frontend.views.overview.list_jobs", broken)
    admin.raise_request_exception = False
    response = admin.get(f"{HOME}?attention=all")
    assert response.status_code == 500
    assert f'href="{HOME}?attention=all"' in response.content.decode()  # try again
    assert "secret detail" not in response.content.decode()
    assert "Something went wrong inside X-Magnet" in response.content.decode()


def test_pages_are_searched_by_label(admin: Client) -> None:
    html = admin.get("/o/sunrise/search/suggestions/", {"q": "JOB"}).content.decode()
    assert 'role="option"' in html
    assert 'href="/o/sunrise/jobs/"' in html
    assert "<html" not in html
    assert "Nothing found" in admin.get("/o/sunrise/search/", {"q": "zzzz"}).content.decode()


def test_search_escapes_what_was_typed(admin: Client) -> None:
    html = admin.get("/o/sunrise/search/", {"q": "<img src=x onerror=alert(1)>"}).content.decode()
    assert "<img src=x" not in html


@pytest.mark.parametrize("role", list(Role))
def test_every_role_can_open_the_overview(as_role: Callable[..., Client], role: str) -> None:
    assert as_role(role).get(HOME).status_code == 200


def test_policy_headers_forbid_inline_script(admin: Client) -> None:
    policy = admin.get(HOME)["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy


def test_plans_are_found_by_name_and_id_inside_the_agency(
    organization: Organization, admin: Client, as_role: Callable[..., Client]
) -> None:
    own, other = make_agency(organization, "Own"), make_agency(organization, "Other")
    mine = make_plan(make_account(organization, agency=own), name="春节 <放量>")
    make_plan(make_account(organization, agency=other), name="春节 CANARY")
    search = "/o/sunrise/search/suggestions/"
    assert "CANARY" in admin.get(search, {"q": "春节"}).content.decode()
    client = as_role(Role.OPTIMIZER, agency=own)
    html = client.get(search, {"q": "春节"}).content.decode()
    assert "春节 &lt;放量&gt;" in html
    assert f"/o/sunrise/plans/{mine.pk}/" in html
    assert "CANARY" not in html
    assert "春节" in client.get(search, {"q": mine.remote_id}).content.decode()
    assert "春节" not in as_role(Role.FINANCE).get(search, {"q": "春节"}).content.decode()


def test_no_two_menu_items_share_a_shortcut() -> None:
    taken = [item.keys for group in MENU for item in group.items if item.keys]
    assert sorted(set(taken)) == sorted(taken)


def test_creatives_are_found_and_lead_to_the_plans_that_show_them(
    organization: Organization, admin: Client, as_role: Callable[..., Client]
) -> None:
    own, other = make_agency(organization, "Own"), make_agency(organization, "Other")
    account = make_account(organization, agency=own)
    file = {"kind": "video", "remote_id": "v0300f", "cover_remote_id": ""}
    mine = make_plan(account, name="甲计划", titles=["年金险|稳<b>健"], materials=[file])
    make_plan(make_account(organization, agency=other), name="乙计划", titles=["年金险|稳<b>健", "年金险 CANARY"])
    search = "/o/sunrise/search/suggestions/"
    html = admin.get(search, {"q": "年金险|"}).content.decode()
    assert "年金险|稳&lt;b&gt;健" in html
    (link,) = re.findall(r'href="(/o/sunrise/plans/\?[^"]*)"', html)
    table = admin.get(link.replace("&amp;", "&")).content.decode()
    assert "甲计划" in table
    assert "乙计划" in table
    client = as_role(Role.OPTIMIZER, agency=own)
    html = client.get(search, {"q": "年金险"}).content.decode()
    assert f'href="/o/sunrise/plans/{mine.pk}/"' in html  # the only one that this person sees
    assert "CANARY" not in html
    assert f'href="/o/sunrise/plans/{mine.pk}/"' in client.get(search, {"q": "v0300f"}).content.decode()
    assert "年金险" not in as_role(Role.FINANCE).get(search, {"q": "年金险"}).content.decode()
