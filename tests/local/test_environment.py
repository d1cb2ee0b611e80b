"""The one-machine environment: secrets made once and private, the caller's own values left alone."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from xmagnet.local import environment
from xmagnet.local.environment import Addresses, local_environment, remember_addresses
from xmagnet.local.node import is_new_enough
from xmagnet.local.stack import Stack
from xmagnet.local.supervisor import SupervisorError


def test_secrets_are_made_once_and_only_we_can_read_them(tmp_path: Path) -> None:
    first, second = local_environment(tmp_path), local_environment(tmp_path)
    assert first == second
    assert stat.S_IMODE((tmp_path / "secrets.env").stat().st_mode) == 0o600
    assert len(first["SECRET_KEY"]) >= 50
    Fernet(first["FIELD_ENCRYPTION_KEYS"])
    assert [path.name for path in tmp_path.iterdir()] == ["secrets.env"]


def test_two_checkouts_have_different_secrets(tmp_path: Path) -> None:
    one, other = local_environment(tmp_path / "one"), local_environment(tmp_path / "other")
    assert one["SECRET_KEY"] != other["SECRET_KEY"]
    assert one["FIELD_ENCRYPTION_KEYS"] != other["FIELD_ENCRYPTION_KEYS"]


def test_the_application_and_the_owner_come_with_different_roles(tmp_path: Path) -> None:
    made = local_environment(tmp_path)
    assert made["DATABASE_URL"].startswith("postgresql://xmagnet_app@/xmagnet?")
    assert made["DATABASE_OWNER_URL"].startswith("postgresql://xmagnet_owner@/xmagnet?")


def test_a_production_environment_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "environ", {"XMAGNET_PROFILE": "production", "XMAGNET_VAR_DIR": str(tmp_path / "var")})
    environment.adopt()
    assert set(os.environ) == {"XMAGNET_PROFILE", "XMAGNET_VAR_DIR"}
    assert not (tmp_path / "var").exists()


def test_what_the_caller_has_set_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given = {"XMAGNET_VAR_DIR": str(tmp_path), "SECRET_KEY": "mine", "CELERY_BROKER_URL": "redis://localhost/5"}
    monkeypatch.setattr(os, "environ", dict(given))
    environment.adopt()
    assert {name: os.environ[name] for name in given} == given
    children = Stack(tmp_path, Addresses(port=8123)).environment()
    assert {name: children[name] for name in given} == given
    assert children["PUBLIC_URL"] == "http://127.0.0.1:8123"


def test_another_terminal_finds_the_stack_where_it_listens(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    remember_addresses(tmp_path, Addresses(port=8123, media_port=9123))
    monkeypatch.setattr(os, "environ", {"XMAGNET_VAR_DIR": str(tmp_path)})
    environment.adopt()
    assert os.environ["MEDIA_KUAISHOU_BASE_URL"] == "http://127.0.0.1:9123"
    assert os.environ["PUBLIC_URL"] == "http://127.0.0.1:8123"
    moved = Stack(tmp_path, Addresses(port=8200, media_port=9200)).environment()
    assert moved["MEDIA_KUAISHOU_BASE_URL"] == "http://127.0.0.1:9200"


def test_services_that_live_elsewhere_are_not_started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    elsewhere = {
        "XMAGNET_VAR_DIR": str(tmp_path),
        "DATABASE_URL": "postgresql://xmagnet_app@db.example.com/xmagnet",
        "MEDIA_OCEANENGINE_BASE_URL": "https://api.oceanengine.com",
    }
    monkeypatch.setattr(os, "environ", dict(elsewhere))
    environment.adopt()
    names = [service.name for service in Stack(tmp_path, Addresses()).services()]
    assert names == ["static", "migrate", "worker", "beat", "web"]


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("v18.20.4", False),
        ("v20.18.3", False),
        ("v20.19.0", True),
        ("v21.7.0", False),
        ("v22.11.0", False),
        ("v22.12.0", True),
        ("v24.1.0", True),
        ("", False),
    ],
)
def test_a_node_is_taken_only_when_the_build_works_with_it(version: str, expected: bool) -> None:
    assert is_new_enough(version) is expected


@pytest.mark.parametrize(
    ("port", "media_port", "sentence"),
    [(8120, 8120, "cannot both listen on port 8120"), (99999, 9100, "--port 99999 is no port")],
)
def test_ports_that_cannot_be_are_refused_in_a_sentence(
    port: int, media_port: int, sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(SupervisorError, match=sentence):
        Stack(tmp_path, Addresses(port=port, media_port=media_port)).check_ports()


@pytest.mark.parametrize("name", ["secrets.env", "run"])
def test_data_that_cannot_be_kept_are_told_in_one_sentence(name: str, tmp_path: Path) -> None:
    """A file in the place of the directory: refused alike for every user, root too."""
    local_environment(tmp_path / "var")
    var = tmp_path / "var"
    if name == "run":
        (var / "run").write_text("")
    else:
        var = tmp_path / "file"
        var.write_text("")
    variables = {"PATH": os.environ["PATH"], "XMAGNET_VAR_DIR": str(var)}
    command = [sys.executable, str(environment.PROJECT / "manage.py"), "up"]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert f"Cannot keep the data in {var}: " in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
