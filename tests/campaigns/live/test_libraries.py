"""What accounts' libraries tell of their files, read from a real mock media."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from campaigns.models import AccountMaterial, PlanMaterial
from campaigns.services import libraries
from media_connectors.choices import AccountHealth
from media_connectors.contracts import LibraryMaterial, MaterialKind, Page
from media_connectors.models import MediaAccount, SyncCursor
from tests.campaigns.bulk.engine import World, drain, submit
from tests.campaigns.live.test_sync import PLATFORMS, sync
from tests.factories import OrganizationFactory, make_account
from xmagnet.core.scope import organization_scope


def files(world, platform):
    with transaction.atomic():
        return list(AccountMaterial.objects.exclude(kind="title").filter(account_id=world.accounts[platform][0]))


@pytest.mark.parametrize("platform", PLATFORMS)
def test_files_that_rows_use_get_names_and_sizes_from_the_library(world: World, scope, platform):
    submit(world, world.rows(2, platform))
    drain(world)
    (file,) = files(world, platform)
    assert file.name == ""
    with transaction.atomic():
        assert PlanMaterial.objects.filter(material=file).count() == 2
    sync(world, platform)
    (again,) = [one for one in files(world, platform) if one.remote_id == file.remote_id]
    assert again.pk == file.pk
    assert again.name
    assert again.width > 0


class Shelf:
    """A library of numbered films, two a page, newest first; knows which pages were asked for."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.asked: list[str] = []

    def list_materials(self, access, *, is_video, cursor=None):
        if not is_video:
            return Page((), None)
        self.asked.append(cursor or "1")
        page = int(cursor or 1)
        numbers = range(self.count - 2 * (page - 1), max(0, self.count - 2 * page), -1)
        films = tuple(LibraryMaterial(f"v{n}", MaterialKind.VIDEO, f"film {n}", "", 720, 1280) for n in numbers)
        return Page(films, str(page + 1) if self.count > 2 * page else None)


@pytest.mark.django_db
def test_a_long_library_is_read_over_several_readings_and_then_only_its_news(monkeypatch):
    monkeypatch.setattr(libraries, "PAGES_AT_ONCE", 2)
    organization = OrganizationFactory()
    account, shelf, now = make_account(organization), Shelf(7), timezone.now()

    class Line:
        account_id = account.pk

        def call(self, operation):
            return operation(shelf, None)

    def read(minutes):
        shelf.asked.clear()
        with organization_scope(organization.pk):
            libraries.sync_library(Line(), now=now + timedelta(minutes=minutes))
            with transaction.atomic():
                return shelf.asked[:], AccountMaterial.objects.count()

    assert read(0) == (["1", "2"], 4)
    assert read(20) == ([], 4)  # not due
    shelf.count = 8
    assert read(30) == (["1", "2"], 5)  # what is new comes first
    assert read(60) == (["1", "3"], 6)
    assert read(90) == (["1", "4"], 8)
    assert read(120) == (["1"], 8)


def test_a_library_that_is_refused_leaves_the_account_healthy_and_is_asked_later(world: World, scope):
    world.media.fault("server_error", "*/file/*", count=None)
    report = sync(world, "douyin")
    assert report.failures == {}
    with transaction.atomic():
        cursor = SyncCursor.objects.get(kind="materials")
        assert cursor.succeeded_at is None
        assert cursor.error
        assert MediaAccount.objects.get(pk=world.accounts["douyin"][0]).health == AccountHealth.OK
