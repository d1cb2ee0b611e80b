"""What Prometheus reads: how requests fare in this web server, and how the whole stands in the database."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator

from celery import current_app
from django.conf import settings
from django.db import Error, transaction
from django.http import HttpRequest, HttpResponse
from kombu.exceptions import OperationalError
from prometheus_client import REGISTRY, CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from xmagnet.accounts.models import Organization
from xmagnet.core.scope import organization_scope
from xmagnet.jobs.selectors import count_live_jobs

logger = logging.getLogger(__name__)

REQUEST_SECONDS = Histogram(
    "xmagnet_request_seconds",
    "Time to answer a request, by route.",
    ["method", "route", "status"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 1.5, 2.5, 5.0, 10.0),
)


class RequestMetricsMiddleware:
    """Times every request. The route's pattern is the label, never the path: a label per id would never end."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        response = self.get_response(request)
        route = request.resolver_match.route if request.resolver_match else "unknown"
        method = request.method if request.method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"} else "other"
        REQUEST_SECONDS.labels(method, route, str(response.status_code)).observe(time.perf_counter() - started)
        return response


#: gauges that other parts of the product want asked at each scrape
QUESTIONS: list[Callable[[], GaugeMetricFamily]] = []


class StateCollector(Collector):
    """Counts asked of the database and the broker at each scrape; any web process gives the same answer."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the gauges; one that cannot be asked is left out, so that its absence can raise an alarm."""
        foreseen = _unreachable()
        for question in (self._jobs, self._queues, *QUESTIONS):
            try:
                yield question()
            except foreseen:
                logger.warning("metrics: %s could not be asked", question.__name__, exc_info=True)

    def _jobs(self) -> GaugeMetricFamily:
        family = GaugeMetricFamily("xmagnet_live_jobs", "Jobs that are not finished, by state.", labels=["state"])
        totals: dict[str, int] = {}
        for organization_id in Organization.objects.filter(is_active=True).values_list("id", flat=True):
            with organization_scope(organization_id), transaction.atomic():
                for state, count in count_live_jobs().items():
                    totals[state] = totals.get(state, 0) + count
        for state, count in sorted(totals.items()):
            family.add_metric([state], count)
        return family

    def _queues(self) -> GaugeMetricFamily:
        family = GaugeMetricFamily("xmagnet_queue_messages", "Messages that wait in a queue.", labels=["queue"])
        with current_app.connection_for_read() as connection:
            connection.ensure_connection(max_retries=1, timeout=2)
            channel = connection.default_channel
            for name in settings.CELERY_TASK_QUEUES:
                family.add_metric([name], channel.queue_declare(name).message_count)
        return family


def render() -> bytes:
    """Return everything in Prometheus' text format, summed over the web processes when there are several."""
    registry = CollectorRegistry()
    if settings.METRICS_DIRECTORY:
        MultiProcessCollector(registry, path=settings.METRICS_DIRECTORY)
        registry.register(StateCollector())
        return generate_latest(registry)
    registry.register(StateCollector())
    return generate_latest(REGISTRY) + generate_latest(registry)


def _unreachable() -> tuple[type[Exception], ...]:
    """What database and broker raise when they cannot be asked."""
    broker = current_app.connection_for_read()
    return (Error, OSError, OperationalError, *broker.connection_errors, *broker.channel_errors)
