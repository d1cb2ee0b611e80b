"""The Celery app; imports none of our code, finds tasks by the names of the installed apps."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xmagnet.settings.profile")
app = Celery("xmagnet")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
