"""What people change about themselves. Not an organization's data, so not in its audit log."""

from __future__ import annotations

from django.utils.translation import gettext as _

from xmagnet.accounts.models import User
from xmagnet.core.errors import ErrorList


def change_profile(user_id: int, *, name: str, language: str, theme: str) -> None:
    """Set name, language ("" = the browser's) and theme; raises ``InvalidInput`` for an empty name."""
    errors = ErrorList()
    if not name.strip():
        errors.add("/name", "required", _("Enter your name."))
    errors.raise_if_any()
    User.objects.filter(pk=user_id).update(name=name.strip()[:120], language=language, theme=theme)


def change_language(user_id: int, language: str) -> None:
    """Remember the language for what is written to the person later: job results, notifications."""
    User.objects.filter(pk=user_id).update(language=language)
