"""Tests: real PostgreSQL, the application role, no outside network."""

import os

os.environ.setdefault("SECRET_KEY", "tests-only-secret-key-that-is-long-enough-for-the-deploy-check-0123456789")
os.environ.setdefault("FIELD_ENCRYPTION_KEYS", "POd0ZbASrUbvur3Su87CdB2Gehr8o4_bzW4BAOFD5Ng=")
os.environ.setdefault("DATABASE_URL", "postgresql://xmagnet_app@/test_xmagnet?host=/nonexistent")

from xmagnet.settings import env
from xmagnet.settings.base import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # speed; production uses Argon2id
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
CELERY_BROKER_URL = "memory://"
DJANGO_VITE = {"default": {"dev_mode": True}}  # pages are tested without a front-end build; tests/e2e use the real one
FAILPOINT = env.text("XMAGNET_FAILPOINT", "")
WEBHOOK_ALLOWS_LOOPBACK = True
EMAIL_IS_ON = True
