"""Structured logs with request and job ids; secrets are blanked before anything is written.

LOG_FORMAT is `text` for people (the local profile) or `json` for machines; LOG_LEVEL is a standard level's name.
"""

from collections.abc import MutableMapping
from typing import Any

import structlog

from xmagnet.core.context import request_id
from xmagnet.core.redaction import redaction_processor
from xmagnet.settings import env

__all__ = ["LOGGING"]


def _add_request_id(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    current = request_id.get()
    if current:
        event.setdefault("request_id", current)
    return event


_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    _add_request_id,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.ExtraAdder(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
_IS_JSON = env.text("LOG_FORMAT", "json" if env.text("XMAGNET_PROFILE", "local") == "production" else "text") == "json"
_RENDERER = (
    structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
    if _IS_JSON
    else structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0, sort_keys=False)
)

structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        *_SHARED,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
    cache_logger_on_first_use=True,
)

_LEVEL = env.text("LOG_LEVEL", "INFO")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "structured": {
            "()": structlog.stdlib.ProcessorFormatter,
            "foreign_pre_chain": _SHARED,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                redaction_processor,
                _RENDERER,
            ],
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "structured"}},
    "root": {"handlers": ["console"], "level": _LEVEL},
    "loggers": {
        # Django's own handlers would write a second time, past the redaction.
        "django": {"handlers": [], "propagate": True, "level": _LEVEL},
        "django.server": {"handlers": [], "propagate": True},
        "pgmq": {"level": "WARNING"},
        "httpx": {"level": "WARNING"},  # one line for each call to the media, with the URL
        "celery.app.trace": {"level": "WARNING"},  # django-structlog already tells when tasks start and end
        "django_structlog.celery": {"level": "WARNING"},
    },
}
