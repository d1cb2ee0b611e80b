"""The embedded PostgreSQL: made once, private, and whole again after kill -9."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from xmagnet.local.postgres import (
    APPLICATION_ROLE,
    BROKER_DATABASE,
    OWNER_ROLE,
    SUPERUSER,
    THROWAWAY_SETTINGS,
    Account,
    PostgresError,
    PostgresServer,
)
from xmagnet.local.processes import is_running, processes_working_in

DURABLE = {**THROWAWAY_SETTINGS, "fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    server = PostgresServer(_open_to_all(tmp_path_factory.mktemp("cluster")) / "postgres", settings=DURABLE)
    server.start()
    server.create_roles()
    yield server
    server.stop()


def _open_to_all(directory: Path) -> Path:
    """pytest's directories are 0700; as root the server runs as another user, who has to get through them."""
    for step in (directory, *directory.parents):
        if step.stat().st_uid == os.geteuid() and "pytest-" in step.name:
            step.chmod(0o755)
    (directory.parent).chmod(0o755)
    directory.chmod(0o755)
    return directory


def _value(server: PostgresServer, query: str, role: str = SUPERUSER, database: str = "xmagnet") -> object:
    with psycopg.connect(server.conninfo(role, database)) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def test_the_cluster_sorts_by_code_point_and_checks_its_pages(server: PostgresServer) -> None:
    assert (
        _value(server, "SELECT datlocprovider::text || datlocale FROM pg_database WHERE datname = 'xmagnet'")
        == "bC.UTF-8"
    )
    assert _value(server, "SHOW data_checksums") == "on"


def test_the_server_listens_on_no_network_address(server: PostgresServer) -> None:
    assert _value(server, "SHOW listen_addresses") == ""
    assert server.process is not None
    assert stat.S_IMODE(server.socket_directory.stat().st_mode) == 0o700


def test_the_application_role_is_bound_by_row_level_security(server: PostgresServer) -> None:
    powers = (
        "SELECT rolsuper OR rolbypassrls OR rolcreatedb OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
    )
    assert _value(server, powers, APPLICATION_ROLE) is False


def test_tables_of_the_owner_can_be_written_but_not_changed_by_the_application(server: PostgresServer) -> None:
    with psycopg.connect(server.conninfo(OWNER_ROLE), autocommit=True) as owner:
        owner.execute("CREATE TABLE granted (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, embedding vector(3))")
    with psycopg.connect(server.conninfo(APPLICATION_ROLE), autocommit=True) as application:
        application.execute("INSERT INTO granted (embedding) VALUES ('[1,2,3]')")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            application.execute("TRUNCATE granted")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            application.execute("ALTER TABLE granted ADD COLUMN more int")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            application.execute("CREATE TABLE own (id int)")
    assert _value(server, "SELECT count(*) FROM granted", APPLICATION_ROLE) == 1


def test_the_application_owns_the_database_of_the_broker(server: PostgresServer) -> None:
    owner = "SELECT pg_get_userbyid(datdba)::text FROM pg_database WHERE datname = current_database()"
    assert _value(server, owner, APPLICATION_ROLE, BROKER_DATABASE) == APPLICATION_ROLE


def test_creating_the_roles_again_changes_nothing(server: PostgresServer) -> None:
    before = _value(server, "SELECT array_agg(rolname ORDER BY rolname)::text FROM pg_roles")
    server.create_roles()
    assert _value(server, "SELECT array_agg(rolname ORDER BY rolname)::text FROM pg_roles") == before


def test_another_user_of_the_machine_is_not_let_in(server: PostgresServer) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can act as another user")
    # `nobody` owns the server and so can reach its socket; the access rules still name root alone.
    nobody = Account.for_server()
    with pytest.raises(PostgresError, match=r"[Pp]eer authentication failed"):
        nobody.run([str(server.binary("psql")), "--dbname", server.conninfo(SUPERUSER, "postgres"), "-c", "SELECT 1"])


def test_rows_committed_before_kill_9_are_there_after_the_next_start(server: PostgresServer) -> None:
    with psycopg.connect(server.conninfo(OWNER_ROLE), autocommit=True) as owner:
        owner.execute("CREATE TABLE survivors (id int PRIMARY KEY)")
        for number in range(50):
            owner.execute("INSERT INTO survivors VALUES (%s)", [number])
        assert server.process is not None
        server.process.kill()
        server.process.wait()
    assert (server.data / "postmaster.pid").exists()
    server.start()
    assert _value(server, "SELECT array_agg(id ORDER BY id) FROM survivors") == list(range(50))


def test_a_pid_file_that_names_an_unrelated_process_is_no_obstacle(server: PostgresServer) -> None:
    assert server.process is not None
    server.process.kill()
    server.process.wait()
    pid_file = server.data / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    # A process of the server's own user is what PostgreSQL would take for itself.
    identity = server.account.identity()
    stranger = subprocess.Popen(["sleep", "60"], cwd="/", **identity)  # type: ignore[call-overload]
    try:
        pid_file.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        server.start()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()
    assert _value(server, "SELECT 1") == 1


def test_the_server_dies_with_the_process_that_started_it(tmp_path: Path) -> None:
    home = _open_to_all(tmp_path) / "postgres"
    program = (
        "import sys, time; from pathlib import Path\n"
        "from xmagnet.local.postgres import PostgresServer, THROWAWAY_SETTINGS\n"
        "server = PostgresServer(Path(sys.argv[1]), settings=THROWAWAY_SETTINGS); server.start()\n"
        "print(server.process.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", program, str(home)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert is_running(pid)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    for _ in range(200):
        if not is_running(pid):
            break
        signal.sigtimedwait([], 0.05)
    assert not is_running(pid)
    assert processes_working_in(PostgresServer(home).data, "postgres") == []


def test_a_path_too_long_for_a_socket_falls_back_to_a_short_private_directory(tmp_path: Path) -> None:
    server = PostgresServer(_open_to_all(tmp_path) / ("long" * 30))
    assert server.socket_directory.parent != server.home
    assert len(str(server.socket_directory / ".s.PGSQL.5432")) < 103
    assert server.socket_directory == PostgresServer(server.home).socket_directory


def test_a_socket_directory_that_somebody_else_made_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = PostgresServer(_open_to_all(tmp_path) / "postgres")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.setattr(PostgresServer, "socket_directory", tmp_path / "link")
    (tmp_path / "link").symlink_to(elsewhere)
    with pytest.raises(PostgresError, match="belongs to another user"):
        server.prepare()
    assert not server.data.exists()
