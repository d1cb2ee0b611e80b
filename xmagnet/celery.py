"""The Celery app. It names our modules only as strings, so that importing it loads none of our code."""

import os

from celery import Celery
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xmagnet.settings.profile")
# Django's checks load every page: 2 s and 20 MB in each process that shows none. `migrate` has run them before.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

app = Celery("xmagnet")
app.set_default()  # for every thread; "current" would hold for this one alone, and web servers answer in others
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add("django_structlog.celery.steps:DjangoStructLogInitStep")
app.steps["consumer"].add("xmagnet.core.worker:Heartbeat")


@setup_logging.connect
def keep_our_logging(**_options: object) -> None:
    """Connecting this signal keeps Celery from installing handlers of its own over Django's LOGGING."""
