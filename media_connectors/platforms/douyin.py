"""Douyin (抖音): Ocean Engine's Aweme feed."""

from __future__ import annotations

from media_connectors.contracts import Platform
from media_connectors.platforms.oceanengine.connector import OceanEngineConnector


class DouyinConnector(OceanEngineConnector):
    """Projects that deliver into the Douyin feed."""

    platform = Platform.DOUYIN
    inventory_type = "INVENTORY_AWEME_FEED"
