"""A mock media on a real port, accounts on it, and rows that it accepts."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from pytest_django import Settings

from media_connectors.gateway.connectors import forget_connectors
from media_connectors.mockserver.app import create_app
from media_connectors.mockserver.config import MockConfig
from media_connectors.mockserver.server import Server
from tests.campaigns.bulk.media import Media, open_media_accounts
from tests.factories import OrganizationFactory, make_actor, make_member
from xmagnet.accounts.actor import Actor
from xmagnet.accounts.models import Organization


@dataclass
class World:
    """One organization with an account on each media."""

    organization: Organization
    actor: Actor
    media: Media
    accounts: dict[str, tuple[int, str]]  # by platform: our id, the media's id

    def rows(self, count: int, platform: str = "kuaishou", **changes: object) -> list[dict[str, object]]:
        """Rows that the media accepts, each with its own bid."""
        remote_id = self.accounts[platform][1]
        return [self.media.row(platform, remote_id, number, **changes) for number in range(count)]


@pytest.fixture
def mock_config() -> MockConfig:
    return MockConfig(accounts=2)


@pytest.fixture
def media(settings: Settings, mock_config: MockConfig) -> Iterator[Media]:
    server = Server(create_app(mock_config), "127.0.0.1", 0)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.port}"
    settings.MEDIA_BASE_URLS = {"oceanengine": url, "kuaishou": url}
    settings.MEDIA_LIMITS = {}
    forget_connectors()
    yield Media(url)
    server.stop()
    forget_connectors()


@pytest.fixture
def world(transactional_db: None, media: Media) -> World:
    organization = OrganizationFactory()
    user = make_member(organization)
    actor = make_actor(organization, user_id=user.pk, user_name="Optimizer")
    accounts = {platform: pairs[0] for platform, pairs in open_media_accounts(organization, media).items()}
    return World(organization, actor, media, accounts)
