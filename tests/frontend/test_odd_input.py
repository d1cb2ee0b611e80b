"""What no page of ours would send: no page breaks, and nothing is done."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from tests.frontend.plans import make_delivery
from tests.security.routes import ROUTES
from xmagnet.accounts.models import Organization
from xmagnet.core.scope import organization_scope
from xmagnet.jobs.models import Job

#: a number that Python will not read
LONG = "9" * 5_000
NAMES = (
    "from", "copy", "page", "size", "view", "before", "after", "person", "account", "agency", "plan", "q", "expected",
    "period", "since", "until", "of",
)  # fmt: skip
PAGES = sorted(
    name
    for name, route in ROUTES.items()
    if name.startswith("frontend:") and route.kind == "org" and "GET" in route.permissions and not route.objects
    and not route.extra
)  # fmt: skip


@pytest.mark.parametrize("value", [LONG, "-1", "٣"], ids=["long", "negative", "arabic"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_takes_no_harm_from_its_address(admin: Client, organization: Organization, name: str, value: str):
    address = f"{reverse(name, args=(organization.slug,))}?{urlencode(dict.fromkeys(NAMES, value))}"
    assert admin.get(address).status_code in {200, 204, 302, 404}, name


def test_a_nul_is_a_bad_request_in_every_place(admin: Client, organization: Organization):
    (plan,) = make_delivery(organization, plan_count=1)
    home = f"/o/{organization.slug}/"
    assert admin.get(f"{home}search/?q=a%00").status_code == 400
    assert admin.get(f"{home}jobs/job%00/").status_code == 404
    assert admin.post(f"{home}plans/{plan.pk}/note/", {"note": "a\0b"}).status_code == 400


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("plan-change-preview", {"plan": LONG, "field": "bid", "kind": "set", "value": "60"}),
        ("plan-change-preview", {"scope": "all", "expected": LONG, "field": "bid", "kind": "set", "value": "60"}),
        ("plan-change-apply", {"plan": LONG, "shown": f"{LONG}-bid", "field": "bid", "kind": "set", "value": "60"}),
        ("plan-copy-apply", {"plan": LONG, "account": LONG, "copies": LONG, "shown": LONG}),
        ("build-preview", {"account": LONG, "page": LONG}),
        ("notifications-read", {"notice": LONG}),
    ],
)
def test_a_form_takes_no_harm_from_a_number_that_is_none(
    admin: Client, organization: Organization, name: str, data: dict[str, Any]
):
    make_delivery(organization, plan_count=1)
    response = admin.post(reverse(f"frontend:{name}", args=(organization.slug,)), data)
    assert response.status_code in {200, 204, 302, 404, 409, 422}
    with organization_scope(organization.pk), transaction.atomic():
        assert not Job.objects.exists()
