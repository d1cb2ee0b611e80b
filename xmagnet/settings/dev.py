"""The local profile: one machine, plain HTTP on loopback, embedded PostgreSQL."""

from xmagnet.settings import env
from xmagnet.settings.base import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "xmagnet.local"]  # noqa: F405 - `up`, `status`, `demo`
SESSION_COOKIE_SECURE = False
CSRF_COOKIE_SECURE = False
FAILPOINT = env.text("XMAGNET_FAILPOINT", "")
WEBHOOK_ALLOWS_LOOPBACK = True
