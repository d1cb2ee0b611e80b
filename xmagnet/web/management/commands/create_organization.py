"""``manage.py create_organization``: a tenant, and an invitation for its first administrator."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_slug
from django.db import IntegrityError, transaction
from django.urls import reverse

from xmagnet.accounts.guard import SystemPrincipal, authorized
from xmagnet.accounts.models import Organization
from xmagnet.accounts.roles import Role
from xmagnet.core.errors import DomainError
from xmagnet.people.members import MemberAccess, invite_member


class Command(BaseCommand):
    help = "Create an organization and print the link with which its first administrator joins."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", type=_slug, help="its short name in addresses, such as acme")
        parser.add_argument("name", help="its name for people")
        parser.add_argument("email", help="the administrator's address")

    def handle(self, *args: Any, **options: Any) -> None:
        """All of it or nothing; the link is shown once."""
        slug = options["slug"]
        try:
            with transaction.atomic():
                Organization.objects.create(slug=slug, name=options["name"])
                with authorized(SystemPrincipal(via="command"), slug, "members:manage") as actor:
                    made = invite_member(actor, email=options["email"], access=MemberAccess(Role.ADMIN))
        except IntegrityError:
            raise CommandError(f"There is an organization {slug} already.") from None
        except DomainError as error:
            raise CommandError(error.detail) from None
        self.stdout.write(settings.PUBLIC_URL + reverse("frontend:join", args=(slug, made.secret)))


def _slug(text: str) -> str:
    validate_slug(text)
    return text
