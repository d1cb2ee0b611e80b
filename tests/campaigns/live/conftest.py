"""The mock media on a real port, shared with the bulk tests."""

from collections.abc import Iterator

import pytest

from tests.campaigns.bulk.conftest import World, media, mock_config, world
from xmagnet.core.scope import organization_scope

__all__ = ["media", "mock_config", "world"]


@pytest.fixture
def scope(world: World) -> Iterator[None]:
    """Inside the organization of the world."""
    with organization_scope(world.organization.pk):
        yield
