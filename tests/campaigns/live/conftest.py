"""The mock media on a real port, shared with the bulk tests."""

from tests.campaigns.bulk.conftest import media, world

__all__ = ["media", "world"]
