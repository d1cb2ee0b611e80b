"""Celery: messages are doorbells, rows are the truth (docs/adr)."""

from __future__ import annotations

from xmagnet.settings import env

CELERY_BROKER_URL = env.text("CELERY_BROKER_URL", "memory://")
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_DEFAULT_QUEUE = "io"
CELERY_TIMEZONE = "Asia/Shanghai"
