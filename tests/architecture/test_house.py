"""What import contracts cannot see: strings, purity at run time, tables that Django does not manage."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection

from campaigns.domain.metrics import MEASURES
from campaigns.models.metrics import PlanDay, PlanHour
from media_connectors.contracts import MetricRow
from xmagnet.core.locks import Lock
from xmagnet.core.tenancy import TenantModel

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ["xmagnet", "media_connectors", "creatives", "campaigns", "agencies", "frontend"]
SOURCES = [
    path
    for floor in FLOORS
    if (ROOT / floor).is_dir()
    for path in (ROOT / floor).rglob("*.py")
    if "migrations" not in path.parts and "mockserver" not in path.parts
]


def floor_of(path: Path) -> int:
    return FLOORS.index(path.relative_to(ROOT).parts[0])


def test_domain_and_stats_load_neither_django_nor_celery():
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in SOURCES
        if "domain" in path.parts and path.name != "__init__.py"
    ]
    assert modules
    program = (
        "import importlib, sys\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
        "loaded = [name for name in sys.modules if name.split('.')[0] in "
        "{'django', 'celery', 'rest_framework', 'httpx', 'psycopg'}]\n"
        "assert not loaded, loaded[:5]"
    )
    result = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_foreign_keys_named_by_string_point_downwards():
    for model in apps.get_models():
        own = model.__module__.split(".", maxsplit=1)[0]
        if own not in FLOORS:
            continue
        for field in model._meta.get_fields():
            if field.auto_created or not getattr(field, "remote_field", None):
                continue
            target = field.remote_field.model.__module__.split(".", maxsplit=1)[0]
            if target in FLOORS:
                assert FLOORS.index(target) <= FLOORS.index(own), f"{model.__name__}.{field.name} points upwards"


def test_no_file_fetches_a_model_or_a_url_list_across_floors_by_string():
    for path in SOURCES:
        text = path.read_text()
        for app in re.findall(r"get_model\(\s*[\"'](\w+)", text):
            assert app in {"accounts", "audit", "jobs", "core", "web"} or FLOORS.index(app) <= floor_of(path), path
        if path.relative_to(ROOT).parts[:2] == ("xmagnet", "urls.py"):
            continue
        for target in re.findall(r"include\(\s*[\"']([\w.]+)", text):
            first = target.split(".", maxsplit=1)[0]
            assert first not in FLOORS or FLOORS.index(first) == floor_of(path), f"{path} includes {target}"


def test_only_env_reads_the_environment_of_the_product():
    allowed = {
        "manage.py",
        "xmagnet/settings/env.py",
        "xmagnet/settings/test.py",
        "xmagnet/celery.py",
        "xmagnet/wsgi.py",
    }
    for path in SOURCES:
        name = path.relative_to(ROOT).as_posix()
        if name in allowed or name.startswith("xmagnet/local/"):
            continue  # the local stack builds the environment of its children
        assert "os.environ" not in path.read_text(), name


def test_there_are_no_signals_and_no_star_rooms():
    for path in SOURCES:
        assert path.name not in {"utils.py", "helpers.py", "signals.py", "common.py", "misc.py"}, path
        assert "@receiver" not in path.read_text(), path


def test_every_public_function_of_domain_says_what_it_does():
    for path in SOURCES:
        if "domain" not in path.parts and "stats" not in path.parts:
            continue
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
                assert ast.get_docstring(node), f"{path.relative_to(ROOT)}: {node.name}"


def test_measures_stand_in_the_order_of_the_contract():
    assert MetricRow._fields[-len(MEASURES) :] == MEASURES


@pytest.mark.django_db
@pytest.mark.parametrize("model", [PlanHour, PlanDay])
def test_unmanaged_metric_models_are_like_their_tables(model: type[TenantModel]):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s", [model._meta.db_table]
        )
        columns = {row[0] for row in cursor.fetchall()}
    assert columns == {field.column for field in model._meta.local_concrete_fields if field.column}


@pytest.mark.django_db
def test_composite_foreign_keys_stand_on_the_spine():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conrelid::regclass::text FROM pg_constraint WHERE contype = 'f' AND array_length(conkey, 1) = 2"
        )
        guarded = {row[0] for row in cursor.fetchall()}
    assert guarded >= {
        "accounts_accountgrant",
        "accounts_membership",
        "campaigns_bulkrow",
        "campaigns_campaign",
        "campaigns_plan",
        "jobs_jobevent",
        "media_connectors_mediaaccount",
        "media_connectors_outboundcommand",
    }


@pytest.mark.django_db
def test_a_metric_partition_cannot_be_read_directly():
    with connection.cursor() as cursor:
        cursor.execute("SELECT campaigns_ensure_partitions('2026-03-01', '2026-03-02')")
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r' "
            "AND NOT (relrowsecurity AND relforcerowsecurity)"
        )
        assert cursor.fetchall() == []


def test_advisory_lock_numbers_are_unique():
    assert len({int(lock) for lock in Lock}) == len(Lock.__members__)


def test_the_lock_of_npm_names_no_registry():
    """Each machine asks its own; integrity holds what is fetched from it."""
    packages = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    fetched = {name: package for name, package in packages.items() if name and not package.get("link")}
    assert fetched
    assert [name for name, package in fetched.items() if "resolved" in package or "integrity" not in package] == []
