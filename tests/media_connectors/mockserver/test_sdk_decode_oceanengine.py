"""What the official Go SDK and its TypeScript port send and decode, without Go: a regression of types fails here."""

import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote_plus

import httpx
import pytest

from media_connectors.mockserver.app import create_app
from media_connectors.mockserver.dialects.oceanengine.schema import shapes

from .oceanengine.conftest import CONFIG, Ocean
from .sdk_decoder import Undecodable, check, unmarshal

PAGE = {"page": int, "page_size": int, "total_number": int, "total_page": int}
CURSOR = {"cursor": int, "count": int, "has_more": bool}
ENVELOPE = {"code": int, "message": str, "request_id": str}
TOKEN = {"access_token": str, "refresh_token": str, "expires_in": int, "refresh_token_expires_in": int}
IMAGE = {"id": str, "material_id": int, "size": int, "width": int, "height": int, "url": str, "format": str,
         "signature": str}  # fmt: skip
SETTING = {"bid_type": str, "budget": float, "budget_mode": str, "cpa_bid": float, "deep_cpabid": float,
           "schedule_type": str, "schedule_time": str, "start_time": str, "end_time": str}  # fmt: skip
AUDIENCE = {"district": str, "region_version": str, "city": [int], "gender": str, "age": [str], "platform": [str],
            "launch_price": [int], "action_days": int, "retargeting_tags_exclude": [int],
            "filter_aweme_fans_count": int,
            "geolocation": [{"lat": float, "long": float, "name": str, "radius": int}]}  # fmt: skip
PROJECT = {"project_id": int, "advertiser_id": int, "name": str, "status_first": str, "status_second": [str],
           "landing_page_stay_time": int, "project_create_time": str, "pricing": str, "delivery_setting": SETTING,
           "audience": AUDIENCE, "delivery_range": {"inventory_catalog": str, "inventory_type": [str]},
           "optimize_goal": {"asset_ids": [int], "external_action": str, "convert_id": int},
           "related_product": {"product_id": str, "product_platform_id": int, "unique_product_id": int}}  # fmt: skip
VIDEO = {"image_mode": str, "video_id": str, "video_cover_id": str, "item_id": int, "material_id": int}
PICTURES = {"image_mode": str, "images": [{"image_id": str, "template_id": int}]}
MATERIALS = {"video_material_list": [VIDEO], "image_material_list": [PICTURES],
             "title_material_list": [{"title": str, "material_id": int, "word_list": [int]}],
             "external_url_material_list": [str], "call_to_action_buttons": [str],
             "product_info": {"titles": [str], "image_ids": [str], "selling_points": [str]}}  # fmt: skip
PROMOTION = {"promotion_id": int, "project_id": int, "advertiser_id": int, "promotion_name": str, "budget": float,
             "budget_mode": str, "cpa_bid": float, "bid": float, "roi_goal": float, "status_first": str,
             "status_second": [str], "learning_phase": str, "opt_status": str, "schedule_time": str, "source": str,
             "promotion_create_time": str, "promotion_modify_time": str, "promotion_materials": MATERIALS,
             "native_setting": {"aweme_id": str}, "brand_info": {"brand_name_id": int},
             "promotion_related_product": [{"unique_product_id": int, "video_material_list": [VIDEO]}]}  # fmt: skip
REJECTS = {"promotion_id": int, "promotion_reject": [{"content": str, "reject_reason": [str], "suggestion": [str]}],
           "material_reject": [{"type": str, "item": str, "reject_reason": [str], "suggestion": [str],
                                "audit_platform": str}]}  # fmt: skip
LEGACY = {"stat_datetime": str, "advertiser_id": int, "ad_id": int, "cost": float, "show": int, "click": int,
          "ctr": float, "convert": int, "convert_cost": float, "attribution_convert": int}  # fmt: skip


def batch(key: str) -> dict[str, Any]:
    return {f"{key}s": [int], "errors": [{key: int, "error_message": str}]}


# The types of ``data`` by method and path.
TABLES: dict[str, Any] = {
    "POST oauth2/access_token/": TOKEN | {"advertiser_ids": [int]},
    "POST oauth2/refresh_token/": TOKEN,
    "GET oauth2/advertiser/get/": {"list": [{"account_id": int, "account_string_id": str, "advertiser_id": int,
                                             "advertiser_name": str, "advertiser_role": int, "is_valid": bool}]},
    "GET 2/user/info/": {"id": int, "display_name": str, "email": str, "token_scope_list": [int]},
    # An array: the SDK cannot decode an object here, not even an empty one in an error.
    "GET 2/advertiser/info/": [{"id": int, "name": str, "role": str, "status": str, "create_time": str}],
    "GET 2/advertiser/fund/get/": {"advertiser_id": int, "balance": float, "cash": float, "valid_grant": float},
    "GET v3.0/account/fund/get/": {"list": [{"account_id": int, "balance": int, "valid_balance": int, "grant": int}]},
    "POST 2/file/image/ad/": IMAGE,
    "POST 2/file/video/ad/": {"video_id": str, "size": int, "width": int, "height": int, "video_url": str,
                              "duration": float, "material_id": int, "video_signature": str},
    "GET 2/file/image/ad/get/": {"list": [IMAGE]},
    "POST v3.0/project/create/": {"project_id": int},
    "GET v3.0/project/list/": {"list": [PROJECT], "page_info": PAGE},
    "POST v3.0/project/status/update/": batch("project_id"),
    "POST v3.0/project_name/update/": {"project_id": int},
    "POST v3.0/promotion/create/": {"promotion_id": int},
    "POST v3.0/promotion/update/": {"promotion_id": int, "error_list": [{"object_type": str, "error_code": int}]},
    "GET v3.0/promotion/list/": {"list": [PROMOTION], "page_info": PAGE, "cursor_info": CURSOR},
    "POST v3.0/promotion/status/update/": batch("promotion_id"),
    "POST v3.0/promotion/bid/update/": batch("promotion_id"),
    "POST v3.0/promotion/budget/update/": batch("promotion_id"),
    "GET v3.0/promotion/reject_reason/get/": {"list": [REJECTS]},
    "GET 2/creative/get/": {"list": [{"creative_id": int, "ad_id": int, "image_ids": [str], "video_id": str}]},
    "GET v3.0/report/custom/get/": {"rows": [{"dimensions": {str: str}, "metrics": {str: str}}],
                                    "total_metrics": {str: str}, "page_info": PAGE},
    "GET 2/report/ad/get/": {"list": [LEGACY], "page_info": PAGE},
}  # fmt: skip


class Sdk:
    """Speaks as the official Go SDK puts its requests on the wire."""

    def __init__(self, ocean: Ocean) -> None:
        self.ocean = ocean
        self.account = ocean.account

    def headers(self) -> dict[str, str]:
        return {"Access-Token": self.ocean.token, "X-Sdk-Language": "go", "User-Agent": "Bytedance Ads Openapi SDK"}

    def send(self, route: str, **given: Any) -> httpx.Response:
        method, path = route.split()
        if method == "GET":
            # url.Values: sorted keys, spaces as plus, JSON for whatever is not a string.
            texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in given.items()}
            query = "&".join(f"{name}={quote_plus(texts[name])}" for name in sorted(texts))
            return self.ocean.http.get(f"/open_api/{path}?{query}", headers=self.headers())
        return self.ocean.http.post(f"/open_api/{path}", json=given, headers=self.headers())

    def decode(self, route: str, answer: httpx.Response) -> Any:
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith("application/json")
        return unmarshal(answer.content, ENVELOPE | {"data": TABLES[route]})

    def ok(self, route: str, **given: Any) -> Any:
        body = self.decode(route, self.send(route, **given))
        assert (body["code"], body["message"]) == (0, "OK"), body
        return body["data"]

    def upload(self, route: str, content: bytes, name: str, part: str, **form: str) -> Any:
        fields = {"advertiser_id": str(self.account), **form}
        files = {part: (name, io.BytesIO(content), "application/octet-stream")}
        path = "/open_api/" + route.split()[1]
        body = self.decode(route, self.ocean.http.post(path, data=fields, files=files, headers=self.headers()))
        assert body["code"] == 0, body
        return body["data"]


@pytest.fixture
def sdk() -> Iterator[Sdk]:
    ocean = Ocean(create_app(CONFIG))
    yield Sdk(ocean)
    ocean.http.close()
    ocean.app.close()


PIXEL = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + (1).to_bytes(4) + (1).to_bytes(4) + b"\x08\x02\x00\x00\x00"
CLIP = b"\x00\x00\x00\x18ftypmp42" + b"frame" * 40


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def new_project(sdk: Sdk) -> int:
    """A project that uses every nested structure whose types the SDK fixes."""
    return sdk.ok(
        "POST v3.0/project/create/",
        advertiser_id=sdk.account,
        name="SDK <项目> & 1",
        ad_type="ALL",
        landing_type="LINK",
        marketing_goal="VIDEO_AND_IMAGE",
        landing_page_stay_time=5000,
        delivery_range={"inventory_catalog": "MANUAL", "inventory_type": ["INVENTORY_AWEME_FEED"]},
        delivery_setting={
            "bid_type": "CUSTOM", "budget_mode": "BUDGET_MODE_DAY", "budget": 30000, "pricing": "PRICING_OCPM",
            "schedule_type": "SCHEDULE_FROM_NOW",
        },
        optimize_goal={"external_action": "AD_CONVERT_TYPE_FORM", "asset_ids": [1780000000000000001]},
        related_product={"product_setting": "SINGLE", "product_id": "7", "product_platform_id": 2**60},
        audience={
            "district": "REGION", "region_version": "2.3.2", "city": [11, 12], "gender": "GENDER_FEMALE",
            "age": ["AGE_BETWEEN_24_30"], "launch_price": [2000, 11000], "action_days": 30,
            "retargeting_tags_exclude": [1780000000000000002], "filter_aweme_fans_count": 1000,
            "geolocation": [{"lat": 1, "long": 2.5, "name": "x", "radius": 500}],
        },
    )["project_id"]  # fmt: skip


def materials(video: str, image: str) -> dict[str, Any]:
    return {
        "video_material_list": [
            {"image_mode": "CREATIVE_IMAGE_MODE_VIDEO_VERTICAL", "video_id": video, "video_cover_id": image,
             "item_id": 7234567890123456789},
        ],
        "image_material_list": [{"image_mode": "CREATIVE_IMAGE_MODE_LARGE", "images": [{"image_id": image}]}],
        "title_material_list": [{"title": "百万医疗险每月只需几元", "word_list": [1]}],
        "external_url_material_list": ["https://l.example/?a=1&b=2"],
        "call_to_action_buttons": ["立即投保"],
        "product_info": {"titles": ["医疗险"], "image_ids": [image], "selling_points": ["便宜的保险"]},
    }  # fmt: skip


def new_promotion(sdk: Sdk, project_id: int, name: str, **more: Any) -> int:
    given = {"budget": 3000, "cpa_bid": 80, "source": "安和保险", "promotion_materials": materials("v1", "i1")}
    return sdk.ok(
        "POST v3.0/promotion/create/",
        advertiser_id=sdk.account, project_id=project_id, name=name, **(given | more),
    )["promotion_id"]  # fmt: skip


def test_tokens_and_accounts_decode(sdk: Sdk) -> None:
    minted = sdk.ocean.minted
    pair = sdk.ok(
        "POST oauth2/refresh_token/",
        app_id=minted["app_id"], secret=minted["secret"], refresh_token=minted["refresh_token"],
    )  # fmt: skip
    sdk.ocean.token = pair["access_token"]
    listed = sdk.ok("GET oauth2/advertiser/get/", access_token=pair["access_token"])["list"]
    assert sdk.account in [row["advertiser_id"] for row in listed]
    sdk.ok("GET 2/user/info/")
    assert len(sdk.ok("GET 2/advertiser/info/", advertiser_ids=[sdk.account, sdk.ocean.other])) == 2
    yuan = sdk.ok("GET 2/advertiser/fund/get/", advertiser_id=sdk.account)["balance"]
    fen = sdk.ok("GET v3.0/account/fund/get/", account_ids=[sdk.account], account_type="AD")["list"][0]["balance"]
    assert fen == round(yuan * 100) > 0


def test_uploads_decode_and_keep_their_names(sdk: Sdk) -> None:
    image = sdk.upload("POST 2/file/image/ad/", PIXEL, "a b.png", "image_file", image_signature=md5(PIXEL),
                       upload_type="UPLOAD_BY_FILE", is_aigc="false")  # fmt: skip
    assert image["signature"] == md5(PIXEL)
    video = sdk.upload("POST 2/file/video/ad/", CLIP, "v.mp4", "video_file", video_signature=md5(CLIP))
    assert video["size"] == len(CLIP)
    listed = sdk.ok("GET 2/file/image/ad/get/", advertiser_id=sdk.account, image_ids=[image["id"]])["list"]
    assert [row["id"] for row in listed] == [image["id"]]


def test_a_project_reads_back_in_the_sdks_types(sdk: Sdk) -> None:
    project_id = new_project(sdk)
    found = sdk.ok("GET v3.0/project/list/", advertiser_id=sdk.account, filtering={"name": "SDK <项目> & 1"})
    assert [row["project_id"] for row in found["list"]] == [project_id]
    row = found["list"][0]
    assert row["landing_page_stay_time"] == 5000
    assert row["audience"]["filter_aweme_fans_count"] == 1000
    assert row["related_product"]["product_platform_id"] == 2**60
    assert sdk.ok("GET v3.0/project/list/", advertiser_id=sdk.account, filtering={"ids": [1]})["list"] == []
    done = sdk.ok(
        "POST v3.0/project/status/update/",
        advertiser_id=sdk.account,
        data=[{"project_id": project_id, "opt_status": "DISABLE"}, {"project_id": 5, "opt_status": "DISABLE"}],
    )
    assert done["project_ids"] == [project_id]
    assert [error["project_id"] for error in done["errors"]] == [5]
    name = "SDK 项目 2"
    assert sdk.ok("POST v3.0/project_name/update/", advertiser_id=sdk.account, project_id=project_id,
                  project_name=name) == {"project_id": project_id}  # fmt: skip


def test_promotions_read_back_by_page_and_by_cursor(sdk: Sdk) -> None:
    project_id = new_project(sdk)
    ids = [new_promotion(sdk, project_id, f"单元 {number}") for number in range(3)]
    pages = sdk.ok("GET v3.0/promotion/list/", advertiser_id=sdk.account, page=1, page_size=20)
    assert [row["promotion_id"] for row in pages["list"]] == ids[::-1]
    assert pages["list"][0]["promotion_materials"]["video_material_list"][0]["item_id"] == 7234567890123456789
    first = sdk.ok("GET v3.0/promotion/list/", advertiser_id=sdk.account, cursor=0, count=2)
    assert first["cursor_info"] == {"cursor": ids[1], "count": 2, "has_more": True}
    last = sdk.ok("GET v3.0/promotion/list/", advertiser_id=sdk.account, cursor=ids[1], count=2)
    assert [row["promotion_id"] for row in last["list"]] == ids[:1]
    assert last["cursor_info"]["has_more"] is False
    frozen = {"status_first": "PROMOTION_STATUS_FROZEN"}
    none = sdk.ok("GET v3.0/promotion/list/", advertiser_id=sdk.account, filtering=frozen)
    assert (none["list"], none["page_info"]["total_number"]) == ([], 0)


def test_promotion_edits_decode(sdk: Sdk) -> None:
    promotion = new_promotion(sdk, new_project(sdk), "单元")
    both = [{"promotion_id": promotion}, {"promotion_id": 7}]
    for route, change in (
        ("POST v3.0/promotion/status/update/", {"opt_status": "DISABLE"}),
        ("POST v3.0/promotion/bid/update/", {"bid": 85.25}),
        ("POST v3.0/promotion/budget/update/", {"budget": 4000}),
    ):
        done = sdk.ok(route, advertiser_id=sdk.account, data=[item | change for item in both])
        assert done["promotion_ids"] == [promotion]
        assert [error["promotion_id"] for error in done["errors"]] == [7]


def test_an_edit_keeps_the_images_it_was_given(sdk: Sdk) -> None:
    promotion = new_promotion(sdk, new_project(sdk), "单元")
    given = materials("v2", "i2")
    given["image_material_list"].append(
        {"image_mode": "CREATIVE_IMAGE_MODE_LARGE", "images": [{"template_id": 9, "template_data_list": []}]}
    )
    sdk.ok("POST v3.0/promotion/update/", advertiser_id=sdk.account, promotion_id=promotion, name="单元",
           promotion_materials=given)  # fmt: skip
    row = sdk.ok("GET v3.0/promotion/list/", advertiser_id=sdk.account, filtering={"ids": [promotion]})["list"][0]
    assert row["promotion_materials"]["image_material_list"] == given["image_material_list"]
    creatives = sdk.ok("GET 2/creative/get/", advertiser_id=sdk.account)["list"]
    assert [(row["video_id"], row["image_ids"]) for row in creatives] == [("v2", []), ("", ["i2"])]


def test_item_ids_of_products_are_sent_as_texts_and_read_as_numbers(sdk: Sdk) -> None:
    video = {"image_mode": "CREATIVE_IMAGE_MODE_VIDEO", "item_id": "7234567890123456789"}
    product = {"unique_product_id": 2**60, "video_material_list": [video]}
    new_promotion(sdk, new_project(sdk), "单元", promotion_related_product=[product])
    row = sdk.ok("GET v3.0/promotion/list/", advertiser_id=sdk.account)["list"][0]
    assert row["promotion_related_product"][0]["video_material_list"][0]["item_id"] == 7234567890123456789


def test_reject_reasons_decode() -> None:
    ocean = Ocean(create_app(replace(CONFIG, deny_share=1.0)))
    sdk = Sdk(ocean)
    promotion = new_promotion(sdk, new_project(sdk), "单元")
    ocean.advance(3600)
    found = sdk.ok("GET v3.0/promotion/reject_reason/get/", advertiser_id=sdk.account, promotion_ids=[promotion])
    assert [row["promotion_id"] for row in found["list"]] == [promotion]
    ocean.http.close()
    ocean.app.close()


def test_reports_are_texts_in_the_current_one_and_numbers_in_the_older(sdk: Sdk) -> None:
    new_promotion(sdk, new_project(sdk), "单元 a+b")
    sdk.ocean.advance(3 * 3600)
    asked = {
        "advertiser_id": sdk.account, "dimensions": ["stat_time_hour", "cdp_promotion_id", "cdp_promotion_name"],
        "metrics": ["stat_cost", "show_cnt", "convert_cnt"], "filters": [],
        "order_by": [{"field": "stat_cost", "type": "DESC"}], "data_topic": "BASIC_DATA",
        "start_time": "2026-11-16 00:00:00", "end_time": "2026-11-16 23:59:59",
    }  # fmt: skip
    report = sdk.ok("GET v3.0/report/custom/get/", **asked)
    assert int(report["total_metrics"]["show_cnt"]) > 0
    assert report["rows"][0]["dimensions"]["cdp_promotion_name"] == "单元 a+b"
    empty = sdk.ok("GET v3.0/report/custom/get/", **asked | {"start_time": "2026-11-01 00:00:00",
                                                             "end_time": "2026-11-02 00:00:00"})  # fmt: skip
    assert empty["rows"] == []
    older = sdk.ok(
        "GET 2/report/ad/get/", advertiser_id=sdk.account, start_date="2026-11-16", end_date="2026-11-16",
        group_by=["STAT_GROUP_BY_FIELD_ID", "STAT_GROUP_BY_FIELD_STAT_TIME"],
    )  # fmt: skip
    assert sum(row["show"] for row in older["list"]) == int(report["total_metrics"]["show_cnt"])


@pytest.mark.parametrize(("method", "path"), sorted(shapes()))
def test_refusals_of_every_endpoint_decode(sdk: Sdk, method: str, path: str) -> None:
    """Data is absent, whatever its documented type: nothing given, a foreign account, a dead token."""
    route = f"{method} {path.removeprefix('/open_api/')}"
    foreign = {"advertiser_id": 1, "advertiser_ids": [1], "account_ids": [1], "account_id": 1}
    for token, given in ((sdk.ocean.token, foreign), ("dead", {}), ("dead", foreign)):
        sdk.ocean.token = token
        answer = sdk.send(route, **given)
        assert answer.status_code == 200
        if path.endswith("download/"):
            assert answer.headers["Content-Type"].startswith("application/json")
        body = unmarshal(answer.content, ENVELOPE)
        if "data" in body:
            assert body["code"] == 0
        else:
            assert body["code"] >= 40000


@pytest.mark.parametrize(
    ("value", "table"),
    [
        ("1", int), (300.0, int), (2**63, int), (True, int), (1, str), ("1", float), (True, float), (0, bool),
        ({}, [int]), ([], {"a": int}), ({"a": "x"}, {"a": int}), ([{"a": 1}, {"a": 1.5}], [{"a": int}]),
        ({"m": 1}, {str: str}),
    ],
)  # fmt: skip
def test_the_decoder_refuses_what_go_refuses(value: Any, table: Any) -> None:
    with pytest.raises(Undecodable):
        check(value, table, "$")


def test_the_decoder_takes_what_go_takes() -> None:
    check({"a": None, "b": 1, "unknown": []}, {"a": int, "b": float}, "$")
