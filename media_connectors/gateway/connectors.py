"""One connector per platform and process, wired from the settings. Connections are shared by all its threads."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from django.conf import settings

from media_connectors.contracts import VENDOR_OF, LimitNotice, Platform, Vendor
from media_connectors.gateway.limits import Rates, TokenLimiter
from media_connectors.http import MediaHttp
from media_connectors.platforms.douyin import DouyinConnector
from media_connectors.platforms.kuaishou.connector import KuaishouConnector
from media_connectors.platforms.toutiao import ToutiaoConnector
from media_connectors.protocols import Authorizer, Connector

_CONNECTORS: dict[Platform, Callable[..., Connector]] = {
    Platform.DOUYIN: DouyinConnector,
    Platform.TOUTIAO: ToutiaoConnector,
    Platform.KUAISHOU: KuaishouConnector,
}
_ANY_PLATFORM_OF = {vendor: platform for platform, vendor in reversed(VENDOR_OF.items())}


class NoLimiter:
    """For OAuth calls: a refresh holds a lock and must not queue behind thousands of creations."""

    def acquire(self, *, application_id: str, endpoint: str, account_remote_id: str) -> object:
        """Let the call pass."""
        return None

    def answered(self, ticket: object) -> None:
        """Nothing to give back."""

    def unused(self, ticket: object) -> None:
        """Nothing to give back."""

    def learn(self, *, application_id: str, endpoint: str, account_remote_id: str, notice: LimitNotice) -> None:
        """Nothing to learn."""


@cache
def connector_for(platform: Platform | str) -> Connector:
    """The connector of a platform, asking the shared limiter before each call."""
    platform = Platform(platform)
    vendor = VENDOR_OF[platform]
    return _CONNECTORS[platform](_http_for(vendor), authorize_page=settings.MEDIA_AUTHORIZE_URLS[vendor])


@cache
def authorizer_for(vendor: Vendor | str) -> Authorizer:
    """The vendor's OAuth, outside the limits."""
    vendor = Vendor(vendor)
    http = MediaHttp(vendor, settings.MEDIA_BASE_URLS[vendor], limiter=NoLimiter())
    return _CONNECTORS[_ANY_PLATFORM_OF[vendor]](http, authorize_page=settings.MEDIA_AUTHORIZE_URLS[vendor])


@cache
def rates_of(vendor: Vendor | str) -> Rates:
    """The rates that ``MEDIA_LIMITS`` allows at the vendor."""
    return Rates(**settings.MEDIA_LIMITS.get(str(vendor), {}))


@cache
def limiter_for(vendor: Vendor | str) -> TokenLimiter:
    """The vendor's limiter, with the rates of ``MEDIA_LIMITS``."""
    return TokenLimiter(str(vendor), rates_of(vendor))


@cache
def _http_for(vendor: Vendor) -> MediaHttp:
    return MediaHttp(vendor, settings.MEDIA_BASE_URLS[vendor], limiter=limiter_for(vendor))


def forget_connectors() -> None:
    """Drop connections and connectors, so that the next use reads the settings again (tests, and after a fork)."""
    for made in (connector_for, authorizer_for, rates_of, limiter_for, _http_for):
        made.cache_clear()
