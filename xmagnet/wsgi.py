"""The WSGI application that granian serves."""

import os

from django.core.wsgi import get_wsgi_application

import xmagnet.celery  # noqa: F401  tasks are sent by the app's broker, not by Celery's default

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xmagnet.settings.profile")
application = get_wsgi_application()
