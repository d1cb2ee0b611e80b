"""The local profile: one machine, plain HTTP on loopback, embedded PostgreSQL."""

from xmagnet.settings.base import *  # noqa: F403

SESSION_COOKIE_SECURE = False
CSRF_COOKIE_SECURE = False
