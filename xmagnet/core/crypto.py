"""Secrets at rest: MultiFernet with keys of its own, apart from SECRET_KEY. The first key encrypts, all decrypt."""

from __future__ import annotations

from functools import lru_cache

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


@lru_cache(maxsize=4)
def _box(keys: tuple[str, ...]) -> MultiFernet:
    if not keys:
        raise ImproperlyConfigured("Set FIELD_ENCRYPTION_KEYS to at least one Fernet key.")
    return MultiFernet([Fernet(key) for key in keys])


def encrypt(text: str) -> bytes:
    """The token of ``text`` under the newest key."""
    return _box(tuple(settings.FIELD_ENCRYPTION_KEYS)).encrypt(text.encode())


def decrypt(token: bytes | memoryview) -> str:
    """The text; raises ``cryptography.fernet.InvalidToken`` when no key fits."""
    return _box(tuple(settings.FIELD_ENCRYPTION_KEYS)).decrypt(bytes(token)).decode()


def rotate(token: bytes | memoryview) -> bytes:
    """The same secret under the newest key."""
    return _box(tuple(settings.FIELD_ENCRYPTION_KEYS)).rotate(bytes(token))
