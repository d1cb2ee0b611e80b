"""`manage.py migrate` as the role that owns the tables (DATABASE_OWNER_URL), whatever role the application has."""

from typing import Any

from django.conf import settings
from django.core.management.commands import migrate
from django.db import connections


class Command(migrate.Command):
    """Django's own command on the owner's connection."""

    def handle(self, *arguments: Any, **options: Any) -> None:
        """Migrate as the owner, then give the default connection back to the application's role."""
        connection = connections["default"]
        application = dict(connection.settings_dict)
        owner = settings.OWNER_DATABASE
        connection.close()
        connection.settings_dict.update(
            {key: owner[key] for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT", "OPTIONS")}
        )
        try:
            super().handle(*arguments, **options)
        finally:
            connection.close()
            connection.settings_dict.clear()
            connection.settings_dict.update(application)
