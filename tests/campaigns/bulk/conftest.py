"""A mock media on a real port, accounts on it, and rows that it accepts."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from media_connectors.gateway.connectors import forget_connectors
from media_connectors.mockserver.app import create_app
from media_connectors.mockserver.config import MockConfig
from media_connectors.mockserver.server import Server
from tests.campaigns.bulk.callers import ACCOUNT, Api
from tests.campaigns.bulk.engine import World
from tests.campaigns.bulk.media import Media, open_media_accounts
from tests.factories import OrganizationFactory, make_actor, make_member
from tests.media_connectors.rows import make_media_account


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


@pytest.fixture
def api(transactional_db: None) -> Api:
    organization = OrganizationFactory()
    make_media_account(organization, remote_id=ACCOUNT)
    return Api(organization)
