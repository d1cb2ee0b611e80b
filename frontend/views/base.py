"""What every page of an organization has: a title, its place in the menu and the way back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from typing import Any, ClassVar

from django.core.paginator import Page as PageOfRows
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from frontend.navigation import group_of
from xmagnet.accounts.actor import Actor
from xmagnet.web.pages import OrgPage

ROWS_PER_PAGE = 50
#: the menu item of the page that every way begins with
HOME = "overview"


def address(actor: Actor, name: str, *args: Any) -> str:
    """The address of a page inside the actor's organization."""
    return reverse(f"frontend:{name}", args=(actor.organization_slug, *args))


def midnight(text: str) -> datetime | None:
    """The start of the day that a date field holds; None for anything else."""
    try:
        day = parse_date(text)
    except ValueError:
        return None
    return timezone.make_aware(datetime.combine(day, time.min)) if day else None


@dataclass(frozen=True, slots=True)
class Crumb:
    """A step of the way back; the page itself has no address."""

    label: str
    url: str = ""


class Page(OrgPage):
    """A full page in the shell. ``menu_item`` is the ``url_name`` of its entry in the menu."""

    title: ClassVar[Any] = ""
    menu_item: ClassVar[str] = ""

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        request.menu_item = self.menu_item  # type: ignore[attr-defined]

    def url(self, name: str, *args: Any) -> str:
        """The address of another page of the same organization."""
        return address(self.actor, name, *args)

    def crumbs(self) -> tuple[Crumb, ...]:
        """The way here between the menu's group and the page itself; empty on pages that the menu leads to."""
        return ()

    def page_title(self) -> str:
        """What the page is called, in the reader's language."""
        return str(self.title)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        title = self.page_title()
        return super().get_context_data(page_title=title, crumbs=self.whole_way(title), **kwargs)

    def whole_way(self, title: str) -> tuple[Crumb, ...]:
        """Every page stands somewhere: the overview, the menu's group, what the page belongs to, the page itself."""
        if self.menu_item == HOME:
            return (Crumb(title),)
        group = group_of(self.menu_item)
        groups = (Crumb(group),) if group else ()
        return (Crumb(_("Overview"), self.url(HOME)), *groups, *self.crumbs(), Crumb(title))

    def page_of(self, rows: QuerySet[Any] | list[Any], *, size: int = ROWS_PER_PAGE) -> PageOfRows[Any]:
        """The page of rows that ``?page=`` asks for; a page beyond the end is the last one."""
        return Paginator(rows, size).get_page(self.request.GET.get("page"))


class Fragment(OrgPage):
    """A piece of a page, asked for by HTMX: no shell, no title."""
