"""Every URL × role × (own | other tenant | other agency | anonymous), with canary strings.

Denied calls are checked for what did not happen: no row of the organization changed, no command went to a media.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from media_connectors.models import OutboundCommand
from tests.security.routes import ROUTES, Route
from tests.security.world import Side, World, fingerprint, make_world
from xmagnet.accounts.models import Membership, User
from xmagnet.accounts.roles import permissions_of
from xmagnet.core.scope import organization_scope

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
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


@pytest.fixture
def world(settings: Any) -> World:
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    return make_world()


def url_of(name: str, route: Route, org: str, side: Side) -> str:
    arguments: dict[str, Any] = {argument: side.ids[kind] for argument, kind in route.objects.items()}
    return reverse(name, kwargs={"org": org, **arguments, **route.extra})


def call(user: User | None, method: str, url: str) -> Any:
    client = Client(raise_request_exception=True)
    if user is not None:
        client.force_login(user, backend=BACKEND)
    body = {"data": "{}", "content_type": "application/json"} if url.startswith("/api/") and method != "GET" else {}
    return client.generic(method, url, **body)


def text_of(response: Any) -> str:
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return content.decode("utf-8", errors="replace") + str(dict(response.headers))


def role_of(user: User, organization_id: int) -> str:
    with organization_scope(organization_id):
        return Membership.objects.get(user=user).role


@pytest.mark.parametrize("name", ORG_ROUTES)
def test_each_role_may_do_what_the_table_says_on_its_own_and_sees_nobody_elses(name: str, world: World):
    route = ROUTES[name]
    slug = world.own.organization.slug
    for label, user, is_narrowed in world.actors():
        allowed_permissions = permissions_of(role_of(user, world.own.organization.pk))
        for method, permission in route.permissions.items():
            is_allowed = permission is None or permission in allowed_permissions
            if is_allowed and method != "GET":
                continue  # what an allowed write does is tested beside its service
            before = fingerprint(world.own)
            response = call(user, method, url_of(name, route, slug, world.own))
            where = f"{label} {method} {name}: {response.status_code}"
            if not is_allowed:
                assert response.status_code == 403, where
                assert fingerprint(world.own) == before, where
                continue
            if route.own_only:
                assert response.status_code in {200, 302, 404}, where
            else:
                assert response.status_code not in REFUSED | {500}, where
            text = text_of(response)
            assert world.foreign.canary not in text, where
            if is_narrowed:
                assert world.sibling.canary not in text, where


@pytest.mark.parametrize("name", ORG_ROUTES)
def test_another_tenants_organization_and_objects_do_not_exist(name: str, world: World):
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
def test_another_agencys_objects_do_not_exist_for_an_agencys_user(name: str, world: World):
    route = ROUTES[name]
    before = fingerprint(world.sibling)
    for user in world.own.users.values():
        for method, permission in route.permissions.items():
            if permission is not None and permission not in permissions_of(role_of(user, world.own.organization.pk)):
                continue
            response = call(user, method, url_of(name, route, world.own.organization.slug, world.sibling))
            assert response.status_code == 404, f"{method} {name} on another agency's object: {response.status_code}"
            assert world.sibling.canary not in text_of(response)
    assert fingerprint(world.sibling) == before
    assert nothing_was_sent(world)


@pytest.mark.parametrize("name", ORG_ROUTES)
def test_nobody_gets_in_without_signing_in(name: str, world: World):
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
def test_personal_pages_ask_to_sign_in(name: str):
    response = call(None, "GET", reverse(name, kwargs=ROUTES[name].extra or None))
    assert response.status_code in {302, 401, 405}, response.status_code


def nothing_was_sent(world: World) -> bool:
    for side in (world.own, world.foreign):
        with organization_scope(side.organization.pk):
            if OutboundCommand.objects.exists():
                return False
    return True
