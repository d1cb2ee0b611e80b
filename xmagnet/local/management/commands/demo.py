"""`manage.py demo`: fill an empty database with the demo, against the running mock media."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from xmagnet.local.demo.making import make_demo
from xmagnet.local.demo.people import PEOPLE, SLUG, read_access


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the demo and say how far it is."""
        make_demo(
            media_url=settings.MEDIA_BASE_URLS["kuaishou"],
            public_url=settings.PUBLIC_URL,
            var_directory=settings.VAR_DIR,
            tell=self.stdout.write,
        )

    def welcome(self, url: str) -> str:
        """The logins and what to try first, for the end of `manage.py up`."""
        access = read_access(settings.VAR_DIR)
        if access is None:
            return ""
        logins = "\n".join(f"  {person.email:32} {person.role.label}" for person in PEOPLE)
        return (
            f"\nSign in (password for all of them: {access.password}):\n{logins}\n\n"
            f"Try first: {url}/o/{SLUG}/plans/ and {url}/o/{SLUG}/plans/build/, or from a script:\n"
            f'  curl -H "Authorization: Bearer {access.api_token}" {url}/api/v1/o/{SLUG}/plans\n'
        )
