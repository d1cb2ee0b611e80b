"""A throw-away migrated database for a benchmark, used as the application's role: row-level security applies."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import django
from django.conf import settings


@contextmanager
def own_database(name: str) -> Iterator[None]:
    """Point Django's default connection at a fresh clone of the migrated template while the block runs."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xmagnet.settings.test")
    django.setup()
    from django.apps import apps
    from django.core.management import call_command
    from django.core.management.commands import migrate

    from tests import databases
    from tests.conftest import _default_connection
    from xmagnet.local.postgres import APPLICATION_ROLE, OWNER_ROLE

    roots = [settings.BASE_DIR / "xmagnet" / "core"] + [
        migrations
        for config in apps.get_app_configs()
        if (migrations := settings.BASE_DIR / config.name.replace(".", "/") / "migrations").is_dir()
    ]
    with databases.running_server(os.environ.get("TEST_DATABASE_URL")) as server:
        with databases.template_lock(server):
            template, is_ready = databases.migrated_template(server, databases.fingerprint(roots))
            if not is_ready:
                with _default_connection(server, OWNER_ROLE, template):
                    call_command(migrate.Command(), verbosity=0, interactive=False)
                databases.seal_template(server, template)
            clone = databases.clone(server, template, f"bench_{name}_{os.getpid()}")
        try:
            with _default_connection(server, APPLICATION_ROLE, clone):
                yield
        finally:
            databases.drop_clone(server, clone)


def analyze(*tables: str) -> None:
    """What autovacuum does within a minute on a live system: statistics and the visibility map."""
    from django.db import connection

    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"ANALYZE {table}")
