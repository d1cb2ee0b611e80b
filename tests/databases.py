"""Real PostgreSQL for the tests: one embedded server, a migrated template, one clone per process.

The server belongs to nobody in particular: every test process that uses it holds a shared lock on one file, and a
small guard process (`python -m tests.databases DIRECTORY`) that owns the server stops it when the last lock is gone,
also when pytest was killed. With TEST_DATABASE_URL set, a server that is already there is used instead; its role must
be a superuser, because the roles and the vector extension are created with it, and the server must let the roles
xmagnet_owner and xmagnet_app in from here without a password (`trust` in pg_hba.conf).
"""

import fcntl
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psycopg
from psycopg import conninfo, sql

from xmagnet.local.postgres import (
    APPLICATION_ROLE,
    OWNER_ROLE,
    SUPERUSER,
    THROWAWAY_SETTINGS,
    PostgresServer,
)

PROJECT = Path(__file__).resolve().parents[1]
HOME = PROJECT / "var" / "test-postgres"
GRANTS_SQL = PROJECT / "docs" / "sql" / "grants.sql"
_CLONE_PREFIX = "xmagnet_test_"
_TEMPLATE_PREFIX = "xmagnet_template_"
_TEMPLATE_LOCK = 7_316_001


@dataclass(frozen=True)
class TestServer:
    """Where the tests' PostgreSQL is, as libpq parameters of its superuser."""

    __test__ = False
    superuser: str

    def parameters(self, role: str, database: str) -> dict[str, str]:
        """Return libpq parameters for `role` on `database` of this server."""
        given = {name: str(value) for name, value in conninfo.conninfo_to_dict(self.superuser).items() if value}
        if role != given.get("user"):
            given.pop("password", None)
        return {**given, "user": role, "dbname": database}

    def connect(self, database: str = "postgres", role: str | None = None) -> psycopg.Connection:
        """Open an autocommit connection, as the superuser unless `role` is given."""
        user = role or str(conninfo.conninfo_to_dict(self.superuser)["user"])
        return psycopg.connect(conninfo.make_conninfo(**self.parameters(user, database)), autocommit=True)


@contextmanager
def running_server(given_url: str | None) -> Iterator[TestServer]:
    """Give the server at `given_url`, or the shared embedded one, started if need be and held while in use."""
    if given_url:
        server = TestServer(given_url)
        _create_roles(server)
        yield server
        return
    HOME.mkdir(parents=True, exist_ok=True)
    with (HOME / "users.lock").open("a+b") as users, (HOME / "start.lock").open("a+b") as starting:
        # The shared lock first: a guard about to stop the server either sees us here or is waited for.
        fcntl.flock(users, fcntl.LOCK_SH)
        fcntl.flock(starting, fcntl.LOCK_EX)
        postgres = PostgresServer(HOME / "server", settings=THROWAWAY_SETTINGS)
        server = TestServer(postgres.conninfo(SUPERUSER, "postgres"))
        if not postgres.answers():
            _start_guarded(postgres)
            _drop_leftovers(server)
        fcntl.flock(starting, fcntl.LOCK_UN)
        yield server


def migrated_template(server: TestServer, fingerprint: str) -> tuple[str, bool]:
    """Return the name of the template for `fingerprint` and whether it is ready to be cloned.

    When it is not, the caller (who must hold `template_lock`) migrates it and calls `seal_template`.
    """
    name = f"{_TEMPLATE_PREFIX}{fingerprint}"
    with server.connect() as connection:
        known = connection.execute("SELECT datistemplate FROM pg_database WHERE datname = %s", [name]).fetchone()
        if known == (True,):
            return name, True
        old = connection.execute(
            "SELECT datname FROM pg_database WHERE datname LIKE %s", [_TEMPLATE_PREFIX.replace("_", r"\_") + "%"]
        ).fetchall()
        for (database,) in old:
            _drop(connection, database)
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0").format(
                sql.Identifier(name), sql.Identifier(OWNER_ROLE)
            )
        )
    with server.connect(name) as connection:
        connection.execute(GRANTS_SQL.read_bytes())
    return name, False


def seal_template(server: TestServer, name: str) -> None:
    """Mark a migrated template as complete, so that it may be cloned."""
    with server.connect() as connection:
        connection.execute(sql.SQL("ALTER DATABASE {} IS_TEMPLATE true").format(sql.Identifier(name)))


@contextmanager
def template_lock(server: TestServer) -> Iterator[None]:
    """Let one process at a time look for, migrate or clone a template."""
    with server.connect() as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [_TEMPLATE_LOCK])
        yield


def clone(server: TestServer, template: str, worker: str) -> str:
    """Clone `template` for one test process and return the clone's name."""
    name = f"{_CLONE_PREFIX}{worker}_{os.getpid()}"
    with server.connect() as connection:
        _drop(connection, name)
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY FILE_COPY").format(
                sql.Identifier(name), sql.Identifier(OWNER_ROLE), sql.Identifier(template)
            )
        )
    return name


def drop_clone(server: TestServer, name: str) -> None:
    """Drop one clone, ending whatever is still connected to it."""
    with server.connect() as connection:
        _drop(connection, name)


def empty_tables(connection: psycopg.Connection, keep: Iterable[str]) -> None:
    """Empty every table of the connection's database that has ever held a row, except `keep`.

    Needs the owner's connection. Triggers that forbid TRUNCATE (the audit log's) are off inside this one transaction.
    Tables whose file is empty are left alone: truncating a hundred of them would cost more than most tests.
    """
    with connection.transaction():
        tables = connection.execute(
            """
            SELECT relation.oid::regclass::text FROM pg_class AS relation
            WHERE relation.relkind = 'r' AND relation.relnamespace = 'public'::regnamespace
              AND relation.relname <> ALL(%s) AND pg_relation_size(relation.oid) > 0
            """,
            [list(keep)],
        ).fetchall()
        if not tables:
            return
        triggers = connection.execute(
            """
            SELECT tgrelid::regclass::text, tgname, tgenabled = 'A' FROM pg_trigger
            WHERE NOT tgisinternal AND tgtype & 32 = 32 AND tgenabled <> 'D'
            """
        ).fetchall()
        for table, trigger, _ in triggers:
            connection.execute(f'ALTER TABLE {table} DISABLE TRIGGER "{trigger}"'.encode())
        connection.execute(f"TRUNCATE {', '.join(table for (table,) in tables)} RESTART IDENTITY CASCADE".encode())
        for table, trigger, always in triggers:
            connection.execute(f'ALTER TABLE {table} ENABLE {"ALWAYS" if always else ""} TRIGGER "{trigger}"'.encode())


def fingerprint(directories: Iterable[Path]) -> str:
    """Return a short hash over every Python file under `directories` and the pinned dependencies."""
    digest = hashlib.sha256((PROJECT / "constraints.txt").read_bytes() + GRANTS_SQL.read_bytes())
    for directory in sorted(directories):
        for path in sorted(directory.rglob("*.py")):
            digest.update(os.fsencode(path.name) + path.read_bytes())
    return digest.hexdigest()[:16]


def _create_roles(server: TestServer) -> None:
    attributes = {OWNER_ROLE: "LOGIN NOSUPERUSER CREATEDB", APPLICATION_ROLE: "LOGIN NOSUPERUSER NOBYPASSRLS"}
    with server.connect() as connection:
        for role, options in attributes.items():
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
                connection.execute(f"CREATE ROLE {role} {options}".encode())


def _drop_leftovers(server: TestServer) -> None:
    with server.connect() as connection:
        pattern = _CLONE_PREFIX.replace("_", r"\_") + "%"
        for (database,) in connection.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [pattern]):
            _drop(connection, database)


def _drop(connection: psycopg.Connection, name: str) -> None:
    identifier = sql.Identifier(name)
    known = connection.execute("SELECT datistemplate FROM pg_database WHERE datname = %s", [name]).fetchone()
    if known == (True,):
        connection.execute(sql.SQL("ALTER DATABASE {} IS_TEMPLATE false").format(identifier))
    connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(identifier))


def _start_guarded(postgres: PostgresServer) -> None:
    with (HOME / "guard.log").open("wb") as log:
        guard = subprocess.Popen(
            [sys.executable, "-m", "tests.databases", str(HOME)],
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    deadline = time.monotonic() + 60
    # The guard creates the roles last, so they tell that everything is there.
    while not (postgres.answers() and _has_roles(postgres)):
        if guard.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the test database did not start:\n{(HOME / 'guard.log').read_text()}")
        time.sleep(0.05)


def _has_roles(postgres: PostgresServer) -> bool:
    with psycopg.connect(postgres.conninfo(SUPERUSER, "postgres")) as connection:
        found = connection.execute(
            "SELECT count(*) FROM pg_roles WHERE rolname IN (%s, %s)", [OWNER_ROLE, APPLICATION_ROLE]
        )
        return found.fetchone() == (2,)


def guard(home: Path) -> None:
    """Run the embedded server of `home` until no test process holds its shared lock any more."""
    log: IO[bytes]
    with (home / "users.lock").open("a+b") as users, (home / "postgres.log").open("wb") as log:
        postgres = PostgresServer(home / "server", settings=THROWAWAY_SETTINGS)
        postgres.start(log)
        try:
            _create_roles(TestServer(postgres.conninfo(SUPERUSER, "postgres")))
            fcntl.flock(users, fcntl.LOCK_EX)
        finally:
            postgres.stop()


if __name__ == "__main__":
    guard(Path(sys.argv[1]))
