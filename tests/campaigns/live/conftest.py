"""The mock media on a real port, shared with the bulk tests."""

from tests.campaigns.bulk.conftest import media, mock_config, world

__all__ = ["media", "mock_config", "world"]
