"""The first administrator of a new tenant comes by a link that a command prints."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from xmagnet.accounts.models import Organization

pytestmark = pytest.mark.django_db


def test_the_link_lets_the_first_administrator_in(capsys, settings):
    settings.PUBLIC_URL = "https://ads.example.com"
    call_command("create_organization", "acme", "Acme Insurance", "first@example.com")
    link = capsys.readouterr().out.strip()
    assert link.startswith("https://ads.example.com/")
    page = Client().get(urlsplit(link).path)
    assert page.status_code == 200
    assert "Acme Insurance" in page.content.decode()


@pytest.mark.parametrize(("slug", "email"), [("acme", "other@example.com"), ("beta", "nonsense")])
def test_what_cannot_be_made_leaves_nothing(slug: str, email: str):
    Organization.objects.create(slug="acme", name="Acme")
    with pytest.raises(CommandError):
        call_command("create_organization", slug, "Name", email)
    assert [one.slug for one in Organization.objects.all()] == ["acme"]
