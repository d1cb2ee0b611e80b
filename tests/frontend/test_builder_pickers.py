"""What the builder offers to pick from: by name, with pictures, and only what the person may see."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import caches
from django.db import transaction
from django.test import Client
from django.utils import timezone

from campaigns.models import SavedAudience
from campaigns.services.libraries import keep_files
from media_connectors.contracts import InterestOption, LibraryMaterial, MaterialKind, Page, UploadedMaterial
from media_connectors.errors import RateLimited, Transient
from media_connectors.services import library
from tests.factories import make_account, make_agency, make_member, make_plan
from tests.frontend.test_builder import rows_of
from xmagnet.accounts.models import Organization
from xmagnet.accounts.roles import Role
from xmagnet.core.scope import organization_scope

BUILD = "/o/sunrise/plans/build/"


class Shelf:
    """A media that knows what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.trouble: Exception | None = None

    def list_materials(self, access: Any, *, is_video: bool, cursor: str | None = None) -> Page[LibraryMaterial]:
        self.asked.append(f"{'videos' if is_video else 'images'} {cursor}")
        if self.trouble:
            raise self.trouble
        page = int(cursor or 1)
        names = {1: ("doctor.mp4", "family.mp4"), 2: ("doctor-2.mp4",)}[page] if is_video else ("poster.png",)
        kind = MaterialKind.VIDEO_VERTICAL
        files = tuple(
            LibraryMaterial(f"v{page}{number}", kind, name, f"https://p.example/{name}.jpg", 720, 1280, 15_000)
            for number, name in enumerate(names)
        )
        return Page(files, "2" if is_video and page == 1 else None)

    def read_materials(self, access: Any, *, kind: MaterialKind, remote_ids: list[str]) -> tuple[UploadedMaterial, ...]:
        self.asked.append(f"{kind} {remote_ids}")
        shown = [
            UploadedMaterial(one, kind, "", 0, 0, 0, "", image_url=f"https://p.example/{one}.jpg") for one in remote_ids
        ]
        return tuple(one for one in shown if one.remote_id == "old")

    def list_interests(self, access: Any) -> tuple[InterestOption, ...]:
        self.asked.append("interests")
        return (InterestOption(20, "汽车"), InterestOption(21, "车险", "汽车"), InterestOption(30, "旅游"))


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Shelf:
    found = Shelf()

    class Line:
        def call(self, operation: Callable[[Any, Any], Any]) -> Any:
            return operation(found, None)

    monkeypatch.setattr(library, "line_to", lambda account_id: Line())
    caches["process"].clear()
    return found


@pytest.fixture
def account(organization: Organization) -> Any:
    return make_account(organization, platform="douyin", name="Life Douyin")


def test_regions_are_offered_by_name_in_the_readers_language(admin: Client) -> None:
    html = admin.get(BUILD + "regions/", {"q": "guangz"}).content.decode()
    assert 'data-value="440100"' in html
    assert "Guangzhou (Guangdong)" in html
    html = admin.get(BUILD + "regions/", {"q": "广州"}, headers={"accept-language": "zh-hans"}).content.decode()
    assert "广州 (广东)" in html


def test_interests_come_from_the_media_once_and_carry_the_vendor(admin: Client, account: Any, shelf: Shelf) -> None:
    html = admin.get(BUILD + "interests/", {"q": "车险", "media": "douyin"}).content.decode()
    assert 'data-value="oceanengine|21|车险"' in html
    assert "车险 · Ocean Engine" in html
    admin.get(BUILD + "interests/", {"q": "旅游", "media": "toutiao"})
    assert shelf.asked == ["interests"]


def test_a_media_without_an_account_says_why_it_offers_no_interests(admin: Client, account: Any, shelf: Shelf) -> None:
    html = admin.get(BUILD + "interests/", {"media": "kuaishou"}).content.decode()
    assert "No account of this media can be asked now." in html
    assert shelf.asked == []


def test_files_are_shown_with_their_pictures_page_after_page_and_found_by_name(
    admin: Client, account: Any, shelf: Shelf
) -> None:
    make_plan(account, materials=[{"kind": "video", "remote_id": "old", "cover_remote_id": "c"}], titles=["旧标题"])
    html = admin.get(BUILD + "materials/", {"account": account.pk}).content.decode()
    assert "https://p.example/doctor-2.mp4.jpg" in html
    assert f'value="{account.remote_id}|video|old|c"' in html  # in use, but not among the newest of the library
    assert shelf.asked == ["videos None", "videos 2", "images None"]
    html = admin.get(BUILD + "materials/", {"account": account.pk, "q": "Family"}).content.decode()
    assert "family.mp4" in html
    assert "doctor" not in html
    assert shelf.asked == ["videos None", "videos 2", "images None"]


def test_every_file_that_is_known_of_an_account_is_offered_with_its_picture(
    admin: Client, account: Any, shelf: Shelf
) -> None:
    keep_library(account, [LibraryMaterial("v9", MaterialKind.VIDEO, "first-film.mp4", "", 720, 1280, 9_000)])
    make_plan(account, titles=["少儿重疾险"], materials=[{"kind": "video", "remote_id": "old", "cover_remote_id": "c"}])
    html = admin.get(BUILD + "materials/", {"account": account.pk, "q": "first"}).content.decode()
    assert f'value="{account.remote_id}|video|v9|"' in html
    assert f"/plans/build/picture/?account={account.remote_id}&amp;kind=video&amp;id=v9" in html
    assert "720×1280" in html
    html = admin.get(BUILD + "materials/", {"account": account.pk, "q": "少儿"}).content.decode()  # a title beside it
    assert f'value="{account.remote_id}|video|old|c"' in html
    assert "v9" not in html
    assert "v9" not in admin.get(BUILD + "materials/", {"account": account.pk, "kind": "image"}).content.decode()


def test_a_media_that_refuses_is_told_and_files_in_use_are_still_offered(
    admin: Client, account: Any, shelf: Shelf
) -> None:
    shelf.trouble = RateLimited("slow down")
    make_plan(account, materials=[{"kind": "video", "remote_id": "old", "cover_remote_id": ""}])
    html = admin.get(BUILD + "materials/", {"account": account.pk}).content.decode()
    assert "rate limit is reached" in html
    assert "|video|old|" in html


def test_a_picture_is_where_the_media_keeps_it_now(admin: Client, account: Any, shelf: Shelf) -> None:
    where = {"account": account.remote_id, "kind": "video_vertical", "id": "v20"}
    answer = admin.get(BUILD + "picture/", where)
    assert answer.status_code == 302
    assert answer["Location"] == "https://p.example/doctor-2.mp4.jpg"
    assert shelf.asked == ["videos None", "videos 2"]
    older = admin.get(BUILD + "picture/", where | {"id": "old"})  # further down than the library is read
    assert older["Location"] == "https://p.example/old.jpg"
    assert admin.get(BUILD + "picture/", where | {"id": "absent"}).status_code == 204
    assert admin.get(BUILD + "picture/", where | {"account": "1"}).status_code == 204


def test_files_of_an_account_outside_ones_agency_are_not_shown(
    organization: Organization, account: Any, shelf: Shelf, client: Client
) -> None:
    agency = make_agency(organization)
    client.force_login(
        make_member(organization, role=Role.OPTIMIZER, agency=agency),
        backend="allauth.account.auth_backends.AuthenticationBackend",
    )
    html = client.get(BUILD + "materials/", {"account": account.pk}).content.decode()
    assert "Choose accounts first" in html
    assert client.get(BUILD + "picture/", {"account": account.remote_id, "id": "v10"}).status_code == 204
    assert shelf.asked == []


def test_titles_in_use_are_offered_the_most_used_first(admin: Client, account: Any) -> None:
    make_plan(account, titles=["甲标题", "乙标题"])
    make_plan(account, titles=["乙标题"])
    html = admin.get(BUILD + "titles/", {"account": account.pk}).content.decode()
    assert html.index("乙标题") < html.index("甲标题")
    assert "in 2 plans" in html


def keep_library(account: Any, files: list[LibraryMaterial]) -> None:
    """The files as the sync of the account's library keeps them."""
    with organization_scope(account.organization_id), transaction.atomic():
        keep_files(account.pk, files, now=timezone.now())


def audiences(organization: Organization) -> list[SavedAudience]:
    with organization_scope(organization.pk), transaction.atomic():
        return list(SavedAudience.objects.order_by("id"))


PACK = {
    "audience": ["a1"], "save_audience": "a1", "audience.a1.name": "Young drivers", "audience.a1.ages": ["18-23"],
    "audience.a1.region": ["440000", "310000"], "audience.a1.interest": ["oceanengine|21|车险", "kuaishou|7|车险"],
}  # fmt: skip


def test_an_audience_is_saved_offered_and_put_back_whole(admin: Client, organization: Organization) -> None:
    answer = admin.post(BUILD + "audiences/save/", PACK)
    assert "saved for everybody" in json.loads(answer["HX-Trigger"])["toast"]["message"]
    (kept,) = audiences(organization)
    html = admin.get(BUILD + "audiences/").content.decode()
    assert "Young drivers" in html
    assert "18-23 · Guangdong, Shanghai · 车险" in html
    block = admin.get(f"{BUILD}audiences/{kept.pk}/").content.decode()
    assert 'value="440000"' in block
    assert 'value="kuaishou|7|车险"' in block
    assert admin.get(f"/o/{organization.slug}/templates/").content.decode().count("Young drivers") == 1
    admin.post(BUILD + "audiences/save/", PACK | {"audience.a1.ages": ["24-30"]})
    (kept,) = audiences(organization)
    assert kept.content["ages"] == ["24-30"]
    admin.post(f"{BUILD}audiences/{kept.pk}/delete/")
    assert audiences(organization) == []


def test_an_audience_without_a_name_is_not_saved(admin: Client, organization: Organization) -> None:
    answer = admin.post(BUILD + "audiences/save/", PACK | {"audience.a1.name": " "})
    assert json.loads(answer["HX-Trigger"])["toast"]["level"] == "warning"
    assert audiences(organization) == []


def test_picked_interests_go_to_the_media_that_numbers_them(
    admin: Client, organization: Organization, account: Any
) -> None:
    kuaishou = make_account(organization, platform="kuaishou", name="Life Kuaishou")
    files = [f"{one.remote_id}|video_vertical|v{one.pk}|c" for one in (account, kuaishou)]
    form = PACK | {
        "account": [account.pk, kuaishou.pk], "landing_url": "https://life.example/a", "creative": ["c1"],
        "creative.c1.material": files, "title": ["t1"], "title.t1.texts": "百万医疗险首月一元起", "bids": "40",
        "budgets": "500", "naming": "{audience}-{n:3}", "client_ref_prefix": "pick1234",
    }  # fmt: skip
    assert "This will create exactly 2 plans" in admin.post(BUILD + "preview/", form).content.decode()
    admin.post(BUILD + "submit/", form)
    assert [(row["media"], row["interests"]) for row in rows_of(organization)] == [
        ("douyin", ["21"]), ("kuaishou", ["7"]),
    ]  # fmt: skip
    assert {tuple(row["regions"]) for row in rows_of(organization)} == {("440000", "310000")}


def test_a_plans_page_names_its_regions(admin: Client, organization: Organization) -> None:
    plan = make_plan(make_account(organization), targeting={"regions": [310000, 440300, 1_000_000_471_039]})
    for language, names in (("en", "Shanghai, Shenzhen (Guangdong), 1000000471039"), ("zh-hans", "上海, 深圳")):
        admin.cookies["language"] = language
        assert f"<dd>{names}" in admin.get(f"/o/sunrise/plans/{plan.pk}/").content.decode()


def test_a_silent_media_is_waited_for_once_and_not_by_everybody(
    organization: Organization, admin: Client, shelf: Shelf
) -> None:
    account = make_account(organization)
    shelf.trouble = Transient("no answer")
    for _person in range(3):
        html = admin.get(f"{BUILD}materials/", {"account": account.pk}).content.decode()
        assert "The media does not answer now" in html
    assert shelf.asked == ["videos None"]
