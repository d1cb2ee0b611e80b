"""What every test stands on: a real database under the application's role, and a closed network."""

import ipaddress
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import hypothesis
import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.core.management.commands import migrate
from django.db import connections, transaction
from django.test import TransactionTestCase
from pytest_django.plugin import DjangoDbBlocker

import xmagnet.celery  # noqa: F401  doorbells ring the app's broker (memory), not Celery's default
from tests import databases
from xmagnet.local.postgres import APPLICATION_ROLE, OWNER_ROLE

# Hypothesis measures each example and each draw by the clock on the wall; on a machine with too much to do one pause of
# 0.2 s would fail a test that found nothing. What was found is printed so that it can be found again.
hypothesis.settings.register_profile(
    "suite", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow], print_blob=True
)
hypothesis.settings.load_profile("suite")

# Filled by migrations and by `migrate` itself; a test that empties the database must leave them.
_KEPT_TABLES = ("django_migrations", "django_content_type", "auth_permission")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """Half as many test processes again as cores: half of the time they wait, for other processes and the browser."""
    if os.environ.get("PYTEST_XDIST_AUTO_NUM_WORKERS"):
        return None  # xdist reads it
    return max(2, len(os.sched_getaffinity(0)) * 3 // 2)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first; at the end it would keep one process busy and let the others look on."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture(scope="session")
def database_server() -> Iterator[databases.TestServer]:
    """Give the tests' PostgreSQL server, for tests that need connections or databases of their own."""
    with databases.running_server(os.environ.get("TEST_DATABASE_URL")) as server:
        yield server


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest, database_server: databases.TestServer, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """Give this test process a clone of the migrated template, used as the application's role: RLS really applies."""
    worker = getattr(request.config, "workerinput", {}).get("workerid", "main")
    roots = [settings.BASE_DIR / "xmagnet" / "core"] + [
        migrations
        for config in apps.get_app_configs()
        if (migrations := settings.BASE_DIR / config.name.replace(".", "/") / "migrations").is_dir()
    ]
    with django_db_blocker.unblock():
        with databases.template_lock(database_server):
            template, is_ready = databases.migrated_template(database_server, databases.fingerprint(roots))
            if not is_ready:
                with _default_connection(database_server, OWNER_ROLE, template):
                    call_command(migrate.Command(), verbosity=0, interactive=False)
                databases.seal_template(database_server, template)
            name = databases.clone(database_server, template, worker)
        with _default_connection(database_server, APPLICATION_ROLE, name), pytest.MonkeyPatch.context() as patch:

            def empty_as_owner(_test_case: TransactionTestCase) -> None:
                if connections["default"].in_atomic_block:  # it would wait for itself
                    raise RuntimeError("a test that empties the tables stands in a module that shares rows")
                with database_server.connect(name, OWNER_ROLE) as connection:
                    databases.empty_tables(connection, keep=_KEPT_TABLES)

            # Django would flush as the application's role, which may not TRUNCATE, least of all the audit log.
            patch.setattr(TransactionTestCase, "_fixture_teardown", empty_as_owner)
            yield
        databases.drop_clone(database_server, name)


@pytest.fixture(scope="module")
def shared_rows(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A transaction around all tests of a module, for rows that they share: make them in a fixture of the module.

    Each test's own transaction is a savepoint inside, so nothing that a test changes is seen by the next one. The
    database's ``now()`` stands still for as long. Not for modules with tests that commit (``transactional_db``).
    """
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@contextmanager
def _default_connection(server: databases.TestServer, role: str, database: str) -> Iterator[None]:
    """Point Django's default connection at `database` as `role`."""
    parameters = server.parameters(role, database)
    connection = connections["default"]
    before = dict(connection.settings_dict)
    connection.close()
    connection.settings_dict.update(
        NAME=database,
        USER=role,
        PASSWORD=parameters.get("password", ""),
        HOST=parameters.get("host", ""),
        PORT=parameters.get("port", ""),
    )
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(before)


@pytest.fixture(autouse=True, scope="session")
def _closed_network() -> Iterator[None]:
    """Refuse every connection that leaves this machine."""
    with pytest.MonkeyPatch.context() as patch:
        for method in ("connect", "connect_ex"):
            patch.setattr(socket.socket, method, _guarded(getattr(socket.socket, method)))
        yield


def _guarded(method: Any) -> Any:
    def guarded(self: socket.socket, address: Any) -> Any:
        if self.family in {socket.AF_INET, socket.AF_INET6} and not _is_loopback(address[0]):
            raise RuntimeError(f"a test tried to reach {address[0]}: the network is closed, use the mock media")
        return method(self, address)

    return guarded


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
