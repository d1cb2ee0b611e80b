"""``manage.py verify_audit``: recompute every organization's hash chain over its audit log."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from xmagnet.accounts.guard import SystemPrincipal, authorized
from xmagnet.accounts.models import Organization
from xmagnet.audit.sealing import verify
from xmagnet.core.errors import NotFound


class Command(BaseCommand):
    help = "Recompute the audit log's hash chain. Ends with status 1 when it is broken or lacks an exported seal."

    def add_arguments(self, parser: CommandParser) -> None:
        """``--organization`` narrows; ``--seal`` is a hash that an earlier run printed and somebody kept elsewhere."""
        parser.add_argument("--organization", metavar="SLUG", help="only this one")
        parser.add_argument("--seal", metavar="SHA256", help="must stand in the chain; needs --organization")

    def handle(self, *args: Any, **options: Any) -> None:
        """One line for each organization: what was proved, and the latest seal to keep elsewhere."""
        slug, kept = options["organization"], options["seal"]
        if kept and not slug:
            raise CommandError("--seal needs --organization.")
        slugs = [slug] if slug else Organization.objects.order_by("slug").values_list("slug", flat=True)
        broken = [name for name in slugs if not self._holds(name, kept)]
        if broken:
            raise CommandError(f"The audit log was changed after it was sealed: {', '.join(broken)}")

    def _holds(self, slug: str, kept: str | None) -> bool:
        try:
            with authorized(SystemPrincipal(via="command"), slug, "audit:read"):
                found = verify(kept_sha256=kept or "")
        except NotFound:
            raise CommandError(f"There is no active organization {slug}.") from None
        if found.broken_seal_id is not None:
            self.stdout.write(f"{slug}: BROKEN at seal {found.broken_seal_id}; {found.events} events hold before it")
        elif not found.has_kept_seal:
            self.stdout.write(f"{slug}: BROKEN, the kept seal is not in the chain of {found.seals} seals")
        else:
            self.stdout.write(
                f"{slug}: {found.events} events in {found.seals} seals hold, {found.unsealed} not sealed yet; "
                f"latest seal {found.latest_sha256 or '-'}"
            )
        return found.broken_seal_id is None and found.has_kept_seal
