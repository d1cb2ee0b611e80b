"""Every URL × role × (own | other tenant | other agency | anonymous), with canary strings.

Denied calls are checked for what did not happen: no row of the organization changed, no command went to a media.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from media_connectors.models import OutboundCommand
from tests.security.routes import ROUTES, Route
from tests.security.world import Side, World, fingerprint, make_world
from xmagnet.accounts.models import User
from xmagnet.accounts.roles import permissions_of
from xmagnet.core.scope import organization_scope

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
Call = Callable[[User | None, str, str], Any]
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
REFUSED = {401, 403, 404, 405, 429}
ORG_ROUTES = sorted(name for name, route in ROUTES.items() if route.kind == "org")
PERSONAL_ROUTES = sorted(name for name, route in ROUTES.items() if route.kind == "personal")


def names(patterns: list[Any], namespace: str = "") -> set[str]:
    found: set[str] = set()
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            found |= names(pattern.url_patterns, inner)
        elif isinstance(pattern, URLPattern):
            found.add(f"{namespace}{pattern.name}")
    return found


def test_every_route_is_in_the_table_and_nothing_else():
    assert names(get_resolver().url_patterns) == set(ROUTES)


@pytest.fixture(autouse=True)
def _plain_static_files(settings: Any) -> None:
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture(scope="module")
def world(shared_rows: None) -> World:
    return make_world()


@pytest.fixture(scope="module")
def call(world: World) -> Call:
    """Calls an address with a browser of its own; who is somebody was signed in before the first test."""
    people = [*world.headquarters.values(), *world.own.users.values()]
    sessions = {user.pk: session_of(user) for user in people}

    def call(user: User | None, method: str, url: str) -> Any:
        client = Client(raise_request_exception=True)
        if user is not None:
            client.cookies[settings.SESSION_COOKIE_NAME] = sessions[user.pk]
        body = {"data": "{}", "content_type": "application/json"} if url.startswith("/api/") and method != "GET" else {}
        return client.generic(method, url, **body)

    return call


def session_of(user: User) -> str:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def url_of(name: str, route: Route, org: str, side: Side) -> str:
    arguments: dict[str, Any] = {argument: side.ids[kind] for argument, kind in route.objects.items()}
    return reverse(name, kwargs={"org": org, **arguments, **route.extra})


def text_of(response: Any) -> str:
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return content.decode("utf-8", errors="replace") + str(dict(response.headers))


@pytest.mark.parametrize("name", ORG_ROUTES)
def test_each_role_is_refused_what_the_table_does_not_give_it(name: str, world: World, call: Call):
    route = ROUTES[name]
    url = url_of(name, route, world.own.organization.slug, world.own)
    before = fingerprint(world.own)
    for role, user, is_narrowed in world.actors():
        for method in route.permissions:
            if is_allowed(role, route, method):
                continue
            response = call(user, method, url)
            where = f"{role} {is_narrowed=} {method} {name}: {response.status_code}"
            assert response.status_code == 403, where
            assert fingerprint(world.own) == before, where


@pytest.mark.parametrize("name", [name for name in ORG_ROUTES if "GET" in ROUTES[name].permissions])
def test_each_role_reads_what_the_table_gives_it_and_sees_nobody_elses(name: str, world: World, call: Call):
    """What an allowed write does is tested beside its service."""
    route = ROUTES[name]
    url = url_of(name, route, world.own.organization.slug, world.own)
    for role, user, is_narrowed in world.actors():
        if not is_allowed(role, route, "GET"):
            continue
        response = call(user, "GET", url)
        where = f"{role} {is_narrowed=} {name}: {response.status_code}"
        if route.own_only:
            assert response.status_code in {200, 302, 404}, where
        else:
            assert response.status_code not in REFUSED | {500}, where
        text = text_of(response)
        assert world.foreign.canary not in text, where
        if is_narrowed:
            assert world.sibling.canary not in text, where


def is_allowed(role: str, route: Route, method: str) -> bool:
    permission = route.permissions[method]
    return permission is None or permission in permissions_of(role)


@pytest.mark.parametrize("name", ORG_ROUTES)
def test_another_tenants_organization_and_objects_do_not_exist(name: str, world: World, call: Call):
    route = ROUTES[name]
    administrator = world.headquarters["admin"]
    before = fingerprint(world.foreign)
    for method in route.permissions:
        response = call(administrator, method, url_of(name, route, world.foreign.organization.slug, world.foreign))
        assert response.status_code == 404, f"{method} {name} in a foreign organization: {response.status_code}"
        assert world.foreign.canary not in text_of(response)
        if route.objects:
            response = call(administrator, method, url_of(name, route, world.own.organization.slug, world.foreign))
            assert response.status_code == 404, f"{method} {name} on a foreign object: {response.status_code}"
            assert world.foreign.canary not in text_of(response)
    assert fingerprint(world.foreign) == before
    assert nothing_was_sent(world)


@pytest.mark.parametrize("name", [name for name in ORG_ROUTES if ROUTES[name].objects])
def test_another_agencys_objects_do_not_exist_for_an_agencys_user(name: str, world: World, call: Call):
    route = ROUTES[name]
    before = fingerprint(world.sibling)
    for role, user in world.own.users.items():
        for method in route.permissions:
            if not is_allowed(role, route, method):
                continue
            response = call(user, method, url_of(name, route, world.own.organization.slug, world.sibling))
            assert response.status_code == 404, f"{method} {name} on another agency's object: {response.status_code}"
            assert world.sibling.canary not in text_of(response)
    assert fingerprint(world.sibling) == before
    assert nothing_was_sent(world)


@pytest.mark.parametrize("name", ORG_ROUTES)
def test_nobody_gets_in_without_signing_in(name: str, world: World, call: Call):
    route = ROUTES[name]
    before = fingerprint(world.own)
    for method in route.permissions:
        response = call(None, method, url_of(name, route, world.own.organization.slug, world.own))
        if name.startswith("api:"):
            assert response.status_code == 401, f"{method} {name}"
        else:
            assert response.status_code == 302, f"{method} {name}: {response.status_code}"
            assert response["Location"].startswith("/account/login/"), f"{method} {name}"
        assert world.own.canary not in text_of(response)
    assert fingerprint(world.own) == before


@pytest.mark.parametrize("name", PERSONAL_ROUTES)
def test_personal_pages_ask_to_sign_in(name: str, call: Call):
    response = call(None, "GET", reverse(name, kwargs=ROUTES[name].extra or None))
    assert response.status_code in {302, 401, 405}, response.status_code


def nothing_was_sent(world: World) -> bool:
    for side in (world.own, world.foreign):
        with organization_scope(side.organization.pk):
            if OutboundCommand.objects.exists():
                return False
    return True
