"""The menu as one table: what is not here cannot be found, so only what works is here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from xmagnet.accounts.actor import Actor


@dataclass(frozen=True, slots=True)
class MenuItem:
    """A page that the menu leads to. ``url_name`` is without the namespace; ``keys`` is its keyboard shortcut."""

    label: Any
    icon: str
    url_name: str
    permission: str
    keys: str = ""


@dataclass(frozen=True, slots=True)
class MenuGroup:
    """A heading and its pages."""

    label: Any
    items: tuple[MenuItem, ...]


MENU: tuple[MenuGroup, ...] = (
    MenuGroup(
        "",
        (
            MenuItem(_("Overview"), "layout-dashboard", "overview", "overview:read", "g o"),
            MenuItem(_("Jobs"), "list-check", "jobs", "jobs:read", "g j"),
        ),
    ),
    MenuGroup(
        _("Delivery"),
        (
            MenuItem(_("Plans"), "table", "plans", "plans:read", "g p"),
            MenuItem(_("Build plans"), "rocket", "build", "plans:write", "g b"),
            MenuItem(_("Templates"), "template", "templates", "plans:read", "g t"),
            MenuItem(_("Change log"), "history", "changes", "plans:read", "g l"),
        ),
    ),
    MenuGroup(
        _("Account centre"),
        (
            MenuItem(_("Media accounts"), "wallet", "accounts", "accounts:read", "g c"),
            MenuItem(_("Agencies"), "building-community", "agencies", "agencies:read"),
            MenuItem(_("Members"), "users", "members", "members:read", "g m"),
            MenuItem(_("Targets"), "target", "targets", "organization:manage"),
            MenuItem(_("API tokens"), "key", "tokens", "tokens:manage"),
            MenuItem(_("Webhooks"), "webhook", "webhooks", "webhooks:manage"),
            MenuItem(_("Chat channels"), "send", "channels", "organization:manage"),
            MenuItem(_("Audit log"), "history", "audit", "audit:read", "g a"),
        ),
    ),
)

#: the reader's own pages, in the menu behind the avatar
PERSONAL: tuple[MenuItem, ...] = (
    MenuItem(_("Profile"), "user", "profile", "overview:read"),
    MenuItem(_("Notifications"), "bell", "notifications", "overview:read", "g n"),
    MenuItem(_("Notification settings"), "settings", "notification-settings", "overview:read"),
)


@dataclass(frozen=True, slots=True)
class MenuLink:
    """A menu item as one reader sees it on one page."""

    label: str
    icon: str
    url: str
    is_current: bool
    shortcut: str


@dataclass(frozen=True, slots=True)
class MenuSection:
    """A group as one reader sees it; never empty."""

    label: str
    items: tuple[MenuLink, ...]


def menu_for(actor: Actor, current: str = "") -> tuple[MenuSection, ...]:
    """What the actor may open; ``current`` is the ``url_name`` of the item that the page belongs to."""
    sections = (MenuSection(str(group.label), tuple(links(actor, group.items, current))) for group in MENU)
    return tuple(section for section in sections if section.items)


def links(actor: Actor, items: Iterable[MenuItem], current: str = "") -> Iterator[MenuLink]:
    """The allowed items, as links inside the actor's organization."""
    for item in items:
        if actor.can(item.permission):
            url = reverse(f"frontend:{item.url_name}", args=(actor.organization_slug,))
            yield MenuLink(str(item.label), item.icon, url, item.url_name == current, item.keys)


def group_of(current: str) -> str:
    """The heading of the menu under which the page stands; empty for the first pages and those that are in no menu."""
    groups = (*MENU, MenuGroup(_("Your account"), PERSONAL))
    return next((str(group.label) for group in groups if current in {item.url_name for item in group.items}), "")


def find_pages(actor: Actor, text: str) -> tuple[MenuLink, ...]:
    """Pages whose label holds the text, for the search box."""
    wanted = text.casefold()
    every = (item for group in MENU for item in group.items)
    return tuple(link for link in links(actor, (*every, *PERSONAL)) if wanted in link.label.casefold())
