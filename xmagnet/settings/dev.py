"""The local profile: one machine, plain HTTP on loopback, embedded PostgreSQL."""

from xmagnet.settings import env
from xmagnet.settings.base import *  # noqa: F403
from xmagnet.settings.base import EMAIL_IS_ON, VAR_DIR

INSTALLED_APPS = [*INSTALLED_APPS, "xmagnet.local"]  # noqa: F405 - `up`, `status`, `demo`
SESSION_COOKIE_SECURE = False
CSRF_COOKIE_SECURE = False
FAILPOINT = env.text("XMAGNET_FAILPOINT", "")
WEBHOOK_ALLOWS_LOOPBACK = True
if not EMAIL_IS_ON:  # a file a message, to be read on the machine
    EMAIL_IS_ON = True
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = VAR_DIR / "mail"
