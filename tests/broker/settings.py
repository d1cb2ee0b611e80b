"""The test settings on the broker that CELERY_BROKER_URL names, instead of the one in memory."""

from xmagnet.settings import celery
from xmagnet.settings.test import *  # noqa: F403

CELERY_BROKER_URL = celery.CELERY_BROKER_URL
