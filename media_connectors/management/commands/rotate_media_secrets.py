"""``manage.py rotate_media_secrets``: when a new key stands first in FIELD_ENCRYPTION_KEYS, before the old leaves."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from media_connectors.services.secrets import rotate_secrets
from xmagnet.accounts.guard import SystemPrincipal, authorized
from xmagnet.accounts.models import Organization


class Command(BaseCommand):
    help = "Re-encrypt media tokens and secrets of every organization under the newest key."

    def handle(self, *args: Any, **options: Any) -> None:
        count = 0
        for slug in Organization.objects.filter(is_active=True).values_list("slug", flat=True):
            with authorized(SystemPrincipal(via="command"), slug, "accounts:manage"):
                count += rotate_secrets()
        self.stdout.write(f"{count} rows re-encrypted")
