"""API tokens as text: making, taking apart, hashing."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass

SECRET_BYTES = 32  # 256 bits, 43 characters of base64url
_FORM = re.compile(r"^adk_(?P<environment>[a-z]{2,8})_(?P<prefix>[a-zA-Z0-9]{8})_(?P<secret>[A-Za-z0-9_-]{43})$")
_PREFIX_ALPHABET = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"


@dataclass(frozen=True, slots=True)
class NewToken:
    """Shown once: ``text`` is never stored."""

    text: str
    prefix: str
    sha256: str


def make_token(environment: str) -> NewToken:
    """A fresh token for an environment word such as ``live`` or ``local``."""
    prefix = "".join(secrets.choice(_PREFIX_ALPHABET) for _ in range(8))
    text = f"adk_{environment}_{prefix}_{secrets.token_urlsafe(SECRET_BYTES)}"
    return NewToken(text=text, prefix=prefix, sha256=hash_token(text))


def hash_token(text: str) -> str:
    """SHA-256 hex of the whole token."""
    return hashlib.sha256(text.encode()).hexdigest()


def looks_like_token(text: str) -> bool:
    """Whether the text has a token's form; saves the database from guesses."""
    return bool(_FORM.match(text))
