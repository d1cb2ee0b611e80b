import pytest
from django.core.cache import cache
from django.test import Client

from tests.factories import PASSWORD, make_member
from xmagnet.accounts.models import Organization

LOGIN = "/account/login/"


@pytest.fixture(autouse=True)
def forgotten_tries() -> None:
    """An address may try thirty times a minute, over all names; other tests' tries do not count."""
    cache.clear()


def test_the_right_password_opens_the_page_asked_for(organization: Organization) -> None:
    user = make_member(organization)
    response = Client().post(f"{LOGIN}?next=/o/sunrise/jobs/", {"login": user.email, "password": PASSWORD})
    assert response.status_code == 302
    assert response["Location"] == "/o/sunrise/jobs/"


@pytest.mark.parametrize(("profile", "kept"), [("zh-hans", "zh-hans"), ("en", "en"), ("", "en")])
def test_signing_in_brings_the_language_of_the_profile(organization: Organization, profile: str, kept: str) -> None:
    user = make_member(organization)
    type(user).objects.filter(pk=user.pk).update(language=profile)
    client = Client()
    client.cookies["language"] = "en"  # somebody else used this browser before
    client.post(LOGIN, {"login": user.email, "password": "wrong password"})
    assert client.cookies["language"].value == "en"
    client.post(LOGIN, {"login": user.email, "password": PASSWORD})
    assert client.cookies["language"].value == kept


@pytest.mark.parametrize("email", ["known@example.com", "unknown@example.com"])
def test_a_wrong_password_tells_nothing_about_the_address(organization: Organization, email: str) -> None:
    make_member(organization).__class__.objects.update(email="known@example.com")
    client = Client()
    response = client.post(LOGIN, {"login": email, "password": "wrong password"})
    assert response.status_code == 200
    assert "The email address and/or password you specified are not correct." in response.content.decode()
    assert "_auth_user_id" not in client.session


def test_signing_out_asks_first_and_then_does(admin: Client) -> None:
    assert "Sign out?" in admin.get("/account/logout/").content.decode()
    assert admin.get("/o/sunrise/").status_code == 200
    admin.post("/account/logout/")
    assert admin.get("/o/sunrise/").status_code == 302


def test_nobody_signs_up(db: None) -> None:
    assert Client().get("/account/signup/").status_code == 404


@pytest.mark.parametrize("path", ["/account/two-factor/", "/account/sessions/", "/account/password/"])
def test_personal_pages_open_for_their_owner_only(admin: Client, path: str) -> None:
    response = admin.get(path, follow=True)
    assert response.status_code == 200
    assert "plain-card" in response.content.decode()
    assert Client().get(path).status_code == 302


def test_wrong_guesses_lock_the_name_tried_and_nobody_else_at_that_address(organization: Organization) -> None:
    guessed, colleague = make_member(organization), make_member(organization)

    def sign_in(email: str, password: str = PASSWORD) -> int:
        return Client().post(LOGIN, {"login": email, "password": password}).status_code

    tries = [sign_in(guessed.email.upper() if number % 2 else guessed.email, "wrong") for number in range(8)]
    assert tries == [200] * 7 + [429]
    locked = Client().post(LOGIN, {"login": guessed.email, "password": PASSWORD})
    assert (locked.status_code, "Too many attempts" in locked.content.decode()) == (429, True)
    assert sign_in(colleague.email) == 302
    assert sign_in("nobody@example.com", "wrong") == 200


def test_the_right_password_forgets_the_wrong_ones(organization: Organization) -> None:
    user = make_member(organization)
    for password in [*["wrong"] * 4, PASSWORD, *["wrong"] * 4, PASSWORD]:
        answer = Client().post(LOGIN, {"login": user.email, "password": password})
    assert answer.status_code == 302
