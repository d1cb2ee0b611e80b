"""Celery: messages are doorbells, rows are the truth.

The same code runs on PGMQ (the embedded default, in PostgreSQL) and on Redis; CELERY_BROKER_URL decides.
"""

from typing import Any
from urllib.parse import urlsplit, urlunsplit

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from xmagnet.schedule import CELERY_BEAT_SCHEDULE
from xmagnet.settings import env

__all__ = [
    "CELERY_ACCEPT_CONTENT",
    "CELERY_BEAT_SCHEDULE",
    "CELERY_BEAT_SCHEDULER",
    "CELERY_BROKER_CONNECTION_MAX_RETRIES",
    "CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP",
    "CELERY_BROKER_READ_URL",
    "CELERY_BROKER_TRANSPORT",
    "CELERY_BROKER_TRANSPORT_OPTIONS",
    "CELERY_BROKER_URL",
    "CELERY_BROKER_WRITE_URL",
    "CELERY_TASK_ACKS_LATE",
    "CELERY_TASK_CREATE_MISSING_QUEUES",
    "CELERY_TASK_DEFAULT_QUEUE",
    "CELERY_TASK_IGNORE_RESULT",
    "CELERY_TASK_QUEUES",
    "CELERY_TASK_REJECT_ON_WORKER_LOST",
    "CELERY_TASK_SERIALIZER",
    "CELERY_TASK_SOFT_TIME_LIMIT",
    "CELERY_TASK_STORE_ERRORS_EVEN_IF_IGNORED",
    "CELERY_TASK_TIME_LIMIT",
    "CELERY_TIMEZONE",
    "CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS",
    "CELERY_WORKER_ENABLE_REMOTE_CONTROL",
    "CELERY_WORKER_HIJACK_ROOT_LOGGER",
    "CELERY_WORKER_MAX_TASKS_PER_CHILD",
    "CELERY_WORKER_PREFETCH_MULTIPLIER",
    "CELERY_WORKER_SEND_TASK_EVENTS",
    "CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT",
    "DJANGO_STRUCTLOG_CELERY_ENABLED",
    "WORKER_HEARTBEAT_FILE",
]

# Longer than any task may run, so that a message comes back only when its worker is gone.
_VISIBILITY_SECONDS = 600


def _broker(url: str) -> tuple[str, dict[str, Any]]:
    """Return the URL and the transport options for Celery.

    `pgmq://user:password@host:port/database?host=/socket/directory&sslmode=…` is taken as a PostgreSQL URL: the
    transport by itself would drop everything behind the question mark, and would try to create an extension that is
    installed as plain SQL here.
    """
    scheme, *rest = urlsplit(url)
    if scheme == "pgmq":
        parameters = conninfo_to_dict(urlunsplit(("postgresql", *rest)))
        return "pgmq://localhost/", {  # the address is in conn_string; an empty one makes kombu warn
            "conn_string": make_conninfo("", **parameters),
            "init_extension": False,
            "visibility_timeout": _VISIBILITY_SECONDS,
            # A long poll would block on one queue at a time while messages wait in the others; see xmagnet.core.broker.
            "wait_time_seconds": 0,
            "pool_size": 4,
            "pool_timeout": 5,  # seconds; a request must not hang for half a minute on a broker that is away
        }
    if scheme in {"redis", "rediss"}:
        return url, {
            "visibility_timeout": _VISIBILITY_SECONDS,
            # The defaults look for abandoned messages so rarely that a dead worker's tasks wait for minutes.
            "unacked_restore_interval": 5,
            "unacked_restore_throttle": 1,
            "health_check_interval": 25,
            "socket_keepalive": True,
        }
    return url, {}


CELERY_BROKER_URL, CELERY_BROKER_TRANSPORT_OPTIONS = _broker(env.text("CELERY_BROKER_URL", "memory://"))
CELERY_BROKER_TRANSPORT = "xmagnet.core.broker:Transport" if CELERY_BROKER_URL.startswith("pgmq:") else None
# Celery would prefer the unprocessed variable of the environment to its own setting, but only for the common URL.
CELERY_BROKER_READ_URL = CELERY_BROKER_WRITE_URL = CELERY_BROKER_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a broker that is away for an hour must not end the worker

CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_STORE_ERRORS_EVEN_IF_IGNORED = False
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_TASK_TIME_LIMIT = 300

CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_QUEUES: dict[str, dict[str, Any]] = {name: {} for name in ("urgent", "io", "cpu", "default")}
CELERY_TASK_CREATE_MISSING_QUEUES = False  # a misspelt queue is an error, not a place where messages wait for ever

CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 500
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_WORKER_SEND_TASK_EVENTS = False
# Remote control needs a queue per worker with a name longer than PGMQ allows; workers show life by a file instead.
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# With REMAP_SIGTERM=SIGQUIT in the worker's environment: how long running tasks may finish after SIGTERM before
# their messages are handed back.
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = float(env.number("WORKER_SOFT_SHUTDOWN_SECONDS", 20))
WORKER_HEARTBEAT_FILE = env.text("WORKER_HEARTBEAT_FILE", "")

CELERY_TIMEZONE = "Asia/Shanghai"  # the media's days
CELERY_BEAT_SCHEDULER = "xmagnet.jobs.beat:RememberingScheduler"
DJANGO_STRUCTLOG_CELERY_ENABLED = True
