"""What the shell around every page needs. Lazy: a fragment or a plain page that shows no menu pays nothing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from frontend.navigation import PERSONAL, MenuLink, MenuSection, links, menu_for
from xmagnet.accounts.actor import Actor
from xmagnet.accounts.roles import Role
from xmagnet.accounts.selectors import OrganizationChoice, organizations_of

THEMES = ("auto", "light", "dark")
THEME_COOKIE = "theme"


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A line of the keyboard help."""

    keys: tuple[str, ...]
    label: str


class Shell:
    """The frame of one request."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self._actor: Actor | None = getattr(request, "actor", None)

    @property
    def theme(self) -> str:
        """The theme chosen on this device, else in the profile; ``auto`` follows the system."""
        chosen = self._request.COOKIES.get(THEME_COOKIE, "")
        if chosen not in THEMES:
            chosen = getattr(getattr(self._request, "user", None), "theme", "")
        return chosen if chosen in THEMES else "auto"

    @cached_property
    def menu(self) -> tuple[MenuSection, ...]:
        """The menu of the actor, with the current page marked."""
        return menu_for(self._actor, getattr(self._request, "menu_item", "")) if self._actor else ()

    @cached_property
    def personal(self) -> tuple[MenuLink, ...]:
        """The reader's own pages."""
        return tuple(links(self._actor, PERSONAL)) if self._actor else ()

    @cached_property
    def organizations(self) -> tuple[OrganizationChoice, ...]:
        """Where the reader may go."""
        user_id = self._actor.user_id if self._actor else None
        return organizations_of(user_id) if user_id is not None else ()

    @property
    def role_label(self) -> str:
        """The actor's role in the reader's language."""
        return str(Role(self._actor.role).label) if self._actor and self._actor.role in Role.values else ""

    @property
    def email_is_on(self) -> bool:
        """Whether a forgotten password can be set anew by email."""
        return bool(settings.EMAIL_IS_ON)

    @property
    def token_cookie(self) -> str:
        """The cookie in which scripts find the newest form token."""
        return str(settings.CSRF_COOKIE_NAME)

    @property
    def shortcuts(self) -> tuple[Shortcut, ...]:
        """The keys that the menu answers to."""
        return tuple(
            Shortcut(tuple(link.shortcut.split()), link.label)
            for section in self.menu
            for link in section.items
            if link.shortcut
        )


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor: ``shell`` and, inside an organization, ``actor``."""
    actor = getattr(request, "actor", None)
    return {"shell": Shell(request)} | ({"actor": actor} if actor else {})
