"""The template kit: numbers, times, icons, badges and fields, written the same way on every page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from django import template
from django.core.paginator import Page
from django.forms import BoundField
from django.template.context import Context
from django.urls import reverse
from django.utils import formats as django_formats
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _
from django_vite.core.asset_loader import DjangoViteAssetLoader
from django_vite.templatetags.django_vite import vite_asset_url

from frontend import formats

register = template.Library()

ICON_SPRITE = "frontend/assets/icons.svg"

register.filter("money", formats.money)
register.filter("count", formats.count)
register.filter("percent", formats.percent)
register.filter("ratio", formats.decimal)


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """An icon of the sprite; decoration only, so hidden from screen readers. ``size``: "", "sm" or "lg"."""
    return _icon(name, size, DjangoViteAssetLoader.instance())


@lru_cache(maxsize=256)
def _icon(name: str, size: str, _build: DjangoViteAssetLoader) -> SafeString:
    """Kept: a page has a hundred of few kinds, and a build gives the sprite one address."""
    return format_html(
        '<svg class="icon{}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        f" icon-{size}" if size else "",
        vite_asset_url(ICON_SPRITE),
        name,
    )


@register.simple_tag
def compact_count(value: float | None) -> SafeString:
    """A short number with the exact one on hover."""
    return format_html(
        '<span title="{}">{}</span>', formats.count(value), formats.compact_count(value, get_language() or "en")
    )


@register.simple_tag
def compact_money(fen: float | None) -> SafeString:
    """A short amount with the exact one on hover."""
    return format_html(
        '<span title="{}">{}</span>', formats.money(fen), formats.compact_money(fen, get_language() or "en")
    )


@register.simple_tag
def change(now: float | None, before: float | None, against: str = "") -> SafeString:
    """Rise or fall as an arrow in a neutral colour: red means *rise* in Chinese finance and *alarm* elsewhere."""
    result = formats.change(now, before)
    words = {"up": _("up"), "down": _("down"), "flat": _("unchanged"), "none": ""}
    arrows = {"up": "trending-up", "down": "trending-down", "flat": "minus"}
    picture = icon(arrows[result.direction], "sm") if result.direction in arrows else ""
    return format_html(
        '<span class="change" data-direction="{}"><span class="nowrap">{}'
        '<span class="visually-hidden">{} </span>{}</span>{}</span>',
        result.direction,
        picture,
        words[result.direction],
        result.text,
        f" {against}" if against else "",
    )


@register.simple_tag
def status(label: str, tone: str = "quiet") -> SafeString:
    """A badge that says its state in words; tone is good, info, warn, bad or quiet."""
    return format_html('<span class="status" data-tone="{}">{}</span>', tone, label)


@register.simple_tag
def platform(code: str) -> SafeString:
    """A media platform by its name."""
    return format_html('<span class="platform" data-platform="{}">{}</span>', code, platform_name(code))


@register.filter
def platform_name(code: str) -> str:
    """The name of a media platform in the reader's language."""
    names = {"douyin": _("Douyin"), "toutiao": _("Toutiao"), "kuaishou": _("Kuaishou")}
    return names.get(code, code)


@register.filter
def who(event: Any) -> str:
    """Who did what is told of: a person, a media (whose code stands in the person's place), or X-Magnet itself."""
    if event.via == "media":
        return platform_name(event.user_name)
    return str(event.user_name) or "X-Magnet"


@register.filter
def browser(user_agent: str) -> str:
    """“Chrome · Windows” for a browser's own long name."""
    return formats.browser_name(user_agent)


@register.simple_tag
def relative_time(instant: datetime | None) -> SafeString:
    """“3 minutes ago”, kept true by the page, with the exact instant on hover."""
    if instant is None:
        return format_html("{}", formats.DASH)
    return format_html(
        '<time datetime="{}" title="{}" data-relative>{}</time>',
        instant.isoformat(), exact_time(instant), relative_words(instant),
    )  # fmt: skip


def relative_words(instant: datetime) -> str:
    """“3 minutes ago”."""
    now = timezone.now()
    if instant > now:
        return pgettext("time", "in %(span)s") % {"span": timesince(now, instant, depth=1)}
    return pgettext("time", "%(span)s ago") % {"span": timesince(instant, now, depth=1)}


@register.filter
def exact_time(instant: datetime | None) -> str:
    """``2026-11-22 14:32:05 UTC+8``: always with the zone."""
    if instant is None:
        return formats.DASH
    local = timezone.localtime(instant)
    offset = local.strftime("%z")
    zone = f"UTC{offset[:3].replace('+0', '+').replace('-0', '-')}" + ("" if offset[3:] == "00" else f":{offset[3:]}")
    return f"{local:%Y-%m-%d %H:%M:%S} {zone}"


@register.filter
def clock_time(instant: datetime | None) -> str:
    """``14:32``, with the day in front when it is not today."""
    if instant is None:
        return formats.DASH
    local = timezone.localtime(instant)
    if local.date() == timezone.localdate():
        return f"{local:%H:%M}"
    return f"{django_formats.date_format(local, 'MONTH_DAY_FORMAT')} {local:%H:%M}"


@register.filter
def seconds_span(seconds: float | None) -> str:
    """A length of time in at most two units: ``42 s``, ``3 min 5 s``, ``2 h 10 min``."""
    if seconds is None:
        return formats.DASH
    whole = round(seconds)
    if whole < 60:
        return _("%(seconds)d s") % {"seconds": whole}
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return _("%(minutes)d min %(seconds)d s") % {"minutes": minutes, "seconds": rest}
    return _("%(hours)d h %(minutes)d min") % {"hours": minutes // 60, "minutes": minutes % 60}


@register.filter
def bytes_size(size: int | None) -> str:
    """``12.3 KiB``."""
    if size is None:
        return formats.DASH
    amount = float(size)
    for unit in ("B", "KiB", "MiB"):
        if amount < 1024:
            return f"{formats.decimal(amount, 0 if unit == 'B' else 1)} {unit}"
        amount /= 1024
    return f"{formats.decimal(amount, 1)} GiB"


@register.filter
def lookup(mapping: Mapping[Any, Any], key: Any) -> Any:
    """``mapping[key]``, or nothing."""
    return mapping.get(key)


@register.filter
def pretty_json(value: Any) -> str:
    """A JSON value as people read it."""
    return json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True)


@register.simple_tag(takes_context=True)
def org_url(context: Context, name: str, *args: Any) -> str:
    """The address of a page inside the organization that the reader is in."""
    return reverse(f"frontend:{name}", args=(context["actor"].organization_slug, *args))


@register.simple_tag
def copy_button(text: str, label: str = "") -> SafeString:
    """A button that copies the text."""
    return format_html(
        '<button type="button" class="icon-button" data-copy="{}" data-copied-text="{}" aria-label="{}" title="{}">'
        '{}<span class="visually-hidden" role="status" data-copy-status></span></button>',
        text,
        _("Copied"),
        label or _("Copy"),
        label or _("Copy"),
        icon("copy", "sm"),
    )


@register.inclusion_tag("frontend/kit/field.html")
def field(bound: BoundField) -> dict[str, Any]:
    """A form field: label, control, help and errors, tied together for screen readers."""
    widget = bound.field.widget
    kind = getattr(widget, "input_type", "")
    many = kind in ("checkbox", "radio") and hasattr(widget, "choices")
    return {"field": bound, "is_check": kind == "checkbox" and not many, "is_group": many}


@register.inclusion_tag("frontend/kit/pager.html", takes_context=True)
def pager(context: Context, page: Page[Any], noun: str = "") -> dict[str, Any]:
    """Which rows are shown, and the way to the others; keeps the rest of the query string."""
    return {"page": page, "noun": noun, "request": context["request"]}


@register.inclusion_tag("frontend/kit/state.html")
def empty_state(title: str, text: str = "", icon_name: str = "circle-dashed") -> dict[str, Any]:
    """What stands where rows would be."""
    return {"title": title, "text": text, "icon_name": icon_name}


@register.inclusion_tag("frontend/kit/chart.html")
def chart(figure: Any, element_id: str) -> dict[str, Any]:
    """A ``frontend.charts.Figure``: the picture and the same numbers as a table."""
    return {"figure": figure, "element_id": element_id}


@register.inclusion_tag("frontend/kit/freshness.html")
def freshness(until: datetime | None, *, is_settled: bool = False) -> dict[str, Any]:
    """“Data until 14:32 (UTC+8); today is not settled yet.”"""
    return {"until": until, "is_settled": is_settled}


@register.inclusion_tag("frontend/kit/callout.html")
def callout(text: str, tone: str = "info") -> dict[str, Any]:
    """A boxed remark."""
    icons = {"info": "info-circle", "warn": "alert-triangle", "bad": "alert-circle", "good": "circle-check"}
    return {"text": text, "tone": tone, "icon_name": icons[tone]}
