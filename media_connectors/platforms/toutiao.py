"""Toutiao (今日头条): Ocean Engine's news feed."""

from __future__ import annotations

from media_connectors.contracts import Platform
from media_connectors.platforms.oceanengine.connector import OceanEngineConnector


class ToutiaoConnector(OceanEngineConnector):
    """Projects that deliver into the Toutiao feed."""

    platform = Platform.TOUTIAO
    inventory_type = "INVENTORY_FEED"
