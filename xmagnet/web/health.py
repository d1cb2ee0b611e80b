"""Is it alive, is it ready, and how is it doing."""

from __future__ import annotations

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from xmagnet.web.metrics import render


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers; asks nobody else."""
    return HttpResponse("ok", content_type="text/plain")


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """The database answers and its migrations are applied; 503 otherwise."""
    from django.db.migrations.executor import MigrationExecutor

    checks = {"database": "ok", "migrations": "ok"}
    try:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            checks["migrations"] = "pending"
    except Exception as error:
        checks = {"database": type(error).__name__, "migrations": "unknown"}
    is_ready = all(value == "ok" for value in checks.values())
    return JsonResponse({"ready": is_ready, "checks": checks}, status=200 if is_ready else 503)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus text; loopback or a scraper inside the network, never through the public proxy (docs/deployment)."""
    return HttpResponse(render(), content_type=CONTENT_TYPE_LATEST)
