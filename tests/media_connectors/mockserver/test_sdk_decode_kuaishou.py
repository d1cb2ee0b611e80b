"""What the community Go SDK of Kuaishou sends and decodes, without Go: a regression of types fails here."""

import hashlib
import io
from typing import Any

import pytest

from media_connectors.mockserver.dialects.kuaishou import Kuaishou

from .kuaishou.conftest import APP_ID, PICTURE, SECRET, VIDEO, Media
from .sdk_decoder import unmarshal

ENVELOPE = {"code": int, "message": str, "request_id": str}
TOKEN = {"access_token": str, "refresh_token": str, "advertiser_ids": [int], "access_token_expires_in": int,
         "refresh_token_expires_in": int, "advertiser_id": int, "user_id": int}  # fmt: skip
CAMPAIGN = {"campaign_id": int, "campaign_name": str, "put_status": int, "status": int, "day_budget": int,
            "day_budget_schedule": [int], "campaign_type": int, "campaign_sub_type": int, "ad_type": int,
            "bid_type": int, "auto_adjust": int, "auto_build": int, "auto_build_name_rule": {"unit_name_rule": str},
            "auto_manage": int, "cap_roi_ratio": float, "cap_bid": int, "constraint_cpa": int, "create_time": str,
            "update_time": str, "create_channel": int}  # fmt: skip
INTEREST = {"behavior": {"keyword": [{"id": int, "name": str}], "label": [str], "time_type": int},
            "interest": {"label": [str], "strength_type": int}}  # fmt: skip
TARGET = {"region": [int], "district_ids": [int], "user_type": int, "age": {"min": int, "max": int}, "age_range": [int],
          "ages_range": [int], "gender": int, "platform_os": int, "android_osv": int, "ios_osv": int, "network": int,
          "device_brand_ids": [int], "device_brand": [int], "device_price": [int], "app_interest_ids": [int],
          "app_ids": [int], "filter_converted_level": int, "population": [int], "exclude_population": [int],
          "paid_audience": [int], "behavior_type": int, "behavior_interest": INTEREST, "filter_time_range": int,
          "disable_installed_app_switch": int, "media": [int], "exclude_media": [int], "media_source_type": int,
          "celebrity": {"behaviors": [int], "fans_stars": [{"id": str, "type": int}]}}  # fmt: skip
UNIT = {"campaign_id": int, "unit_id": int, "unit_name": str, "put_status": int, "status": int, "review_detail": str,
        "study_status": int, "compensate_status": int, "bid_type": int, "bid": int, "cpa_bid": int,
        "ocpx_action_type": int, "deep_conversion_type": int, "deep_conversion_bid": int, "roi_ratio": float,
        "scene_id": [int], "unit_type": int, "begin_time": str, "end_time": str, "schedule": str, "schedule_time": str,
        "day_budget": int, "day_budget_schedule": [int], "convert_id": int, "url_type": int, "web_uri_type": int,
        "url": str, "site_id": int, "schema_uri": str, "schema_id": str, "app_id": int, "use_app_market": int,
        "app_icon_url": str, "show_mode": int, "speed": int, "site_type": int, "smart_cover": bool,
        "asset_mining": bool, "consult_id": int, "adv_card_option": int, "playable_id": int,
        "playable_orientation": int, "library_id": int, "extend_search": bool, "template_id": int,
        "outer_loop_native": int, "quick_search": int, "target_explore": int, "ad_type": int, "unit_source": int,
        "create_channel": int, "create_time": str, "update_time": str, "package_id": int, "target": TARGET}  # fmt: skip
CREATIVE = {"campaign_id": int, "unit_id": int, "creative_id": int, "creative_name": str, "creative_category": int,
            "creative_material_type": int, "creative_tag": [str], "photo_id": str, "photo_md5": str,
            "material_url": [str], "image_tokens": [str], "status": int, "put_status": int, "review_detail": str,
            "review_video_snapshot": [str], "cover_url": str, "image_token": str, "cover_width": int,
            "cover_height": int, "display_info": {"description": str, "action_bar_text": str},
            "new_expose_tag": [{"text": str, "url": str}], "click_track_url": str, "impression_url": str,
            "actionbar_click_url": str, "ad_photo_played_t3s_url": str, "recommendation": str, "pic_id": str,
            "app_grade_type": int, "ad_type": int, "outer_loop_native": int, "kol_user_type": int,
            "kol_user_id": int, "high_light_flash": int, "create_time": str, "update_time": str}  # fmt: skip
PHOTO = {"photo_id": int, "cover_image_token": str, "creative_material_type": int}
PROGRAM = {"unit_id": int, "package_name": str, "horizontal_photo_ids": [str], "vertical_photo_ids": [str],
           "cover_image_tokens": [str], "cover_image_urls": [str], "sticker_styles": [int], "cover_slogans": [str],
           "action_bar": str, "captions": [str], "click_url": str, "put_status": int, "view_status": int,
           "view_status_reason": str, "creatives": [CREATIVE], "pic_ids": [str], "pic_list": [str],
           "pic_url_list": [str], "photo_list": [PHOTO], "creative_tag": [str], "kol_user_id": int,
           "new_expose_tag": [{"text": str, "url": str}], "create_time": str, "update_time": str}  # fmt: skip
REVIEW = {"unit_id": int, "slogans": [str],
          "combine_detail_views": [{"id": int, "photo_id": int, "cover_url": str, "caption": str, "review_status": int,
                                    "review_detail": [str], "put_status": int}]}  # fmt: skip
VALUATION = {"simLabel": str, "qualityLabel": str, "quotaMsg": str, "isDupPhoto": bool, "runningScore": int}
PHOTO_INFO = {"photo_id": str, "width": int, "height": int, "url": str, "cover_url": str, "signature": str,
              "upload_time": str, "photo_name": str, "photo_tag": [str], "new_status": int, "duration": int,
              "source": int, "adPhotoValuateInfo": VALUATION, "outer_loop_native": int}  # fmt: skip
IMAGE = {"url": str, "width": int, "height": int, "size": int, "format": str, "signature": str, "image_token": str}
COUNTS = ("campaign_id", "unit_id", "creative_id", "photo_id", "status", "stat_hour", "show", "photo_click", "aclick",
          "bclick", "played_three_seconds", "share", "comment", "like", "follow", "submit", "activation", "event_pay",
          "form_count", "event_valid_clues", "conversion_num", "deep_conversion_num", "unit_source",
          "conversion_num_by_impression_7d", "deep_conversion_num_by_impression_7d")  # fmt: skip
AMOUNTS = ("charge", "photo_click_ratio", "play_3s_ratio", "action_ratio", "impression_1k_cost", "photo_click_cost",
           "action_cost", "event_pay_purchase_amount", "event_pay_roi", "form_cost", "form_action_ratio",
           "event_pay_weighted_purchase_amount", "event_valid_clues_cost", "click_1k_cost", "play_5s_ratio",
           "play_end_ratio", "conversion_cost", "conversion_num_cost", "conversion_ratio")  # fmt: skip
TEXTS = ("campaign_name", "unit_name", "creative_name", "photo_url", "cover_url", "image_token", "description",
         "ad_scene", "adScene", "placement_type", "stat_date")  # fmt: skip
STAT = dict.fromkeys(COUNTS, int) | dict.fromkeys(AMOUNTS, float) | dict.fromkeys(TEXTS, str)
FLOW = {"date": str, "daily_charge": float, "real_charged": float, "balance": float, "daily_transfer_in": float}
TASK = {"advertiser_id": int, "task_id": int, "task_name": str, "create_time": str, "task_status": int,
        "file_size": int}  # fmt: skip

LABEL = {"id": int, "name": str, "level": int, "children": [{"id": int, "name": str}]}
SHARED = {"account_id": int, "photo_id": str, "original_photo_id": str, "share_result": str}
RELATED = {"photo_id": str, "creatives": [{"creative_id": int, "creative_name": str}], "creative_count": int,
           "advanced_creative_ids": [int], "advanced_creative_count": int}  # fmt: skip
RECORD = {"object_id": str, "operation_type": int, "operation_target": int, "role_type": int, "object_name": str,
          "operation_time": str,
          "content_log": [{"field_name": str, "original_data": str, "update_data": str}]}  # fmt: skip


def pages(row: dict[str, Any]) -> dict[str, Any]:
    return {"total_count": int, "details": [row]}


# The types of ``data`` by path.
TABLES: dict[str, Any] = {
    "oauth2/authorize/refresh_token": TOKEN,
    "oauth2/authorize/approval/list": {"details": [int], "isEnd": bool},
    "v1/advertiser/info": {"user_id": int, "user_name": str, "corporation_name": str, "industry_id": int,
                           "industry_name": str, "primary_industry_id": int, "primary_industry_name": str},
    "v1/advertiser/fund/get": {"balance": float},
    "v1/advertiser/fund/daily_flows": pages(FLOW),
    "v1/advertiser/budget/get": {"day_budget": int, "day_budget_schedule": [int]},
    "gw/uc/v1/advertisers": {"details": [{"advertiser_id": int, "advertiser_name": str, "corporation_name": str}]},
    "gw/dsp/campaign/create": {"campaign_id": int},
    "gw/dsp/campaign/list": pages(CAMPAIGN),
    "v1/campaign/update/status": {"campaign_ids": [int]},
    "gw/dsp/unit/create": {"unit_id": int},
    "gw/dsp/unit/list": pages(UNIT),
    "v1/ad_unit/update/status": {"unit_ids": [int]},
    "v1/ad_unit/update/bid": {},
    "v1/ad_unit/update/day_budget": {},
    "gw/dsp/creative/create": {"creative_id": int},
    "gw/dsp/creative/list": pages(CREATIVE),
    "v1/creative/update/status": {"creative_ids": [int]},
    "gw/dsp/creative/batch_update": {"update_creative_ids": [int], "add_creative_ids": [int]},
    "gw/dsp/advanced_creative/create": {"unit_id": int},
    "gw/dsp/advanced_creative/list": pages(PROGRAM),
    "v2/creative/advanced/program/review_detail": {"details": [REVIEW]},
    "v2/file/ad/image/upload": IMAGE,
    "v2/file/ad/video/upload": PHOTO_INFO,
    "v1/file/ad/image/get": IMAGE,
    "v1/file/ad/video/get": [PHOTO_INFO],
    "v1/file/ad/video/list": pages(PHOTO_INFO),
    "v1/report/account_report": pages(STAT),
    "v1/report/campaign_report": pages(STAT),
    "v1/report/unit_report": pages(STAT),
    "v1/report/creative_report": pages(STAT),
    "v1/report/program_creative_report": pages(STAT),
    "v1/report/material_report": pages(STAT),
    "oauth2/authorize/access_token": TOKEN,
    "v1/advertiser/update/budget": object,
    "gw/dsp/campaign/update": {"campaign_id": int},
    "gw/dsp/unit/update": {"unit_id": int},
    "gw/dsp/creative/update": {"creative_id": int},
    "gw/dsp/advanced_creative/update": {"unit_id": int},
    "v1/creative/preview": object,
    "v1/creative/action_bar_text/list": {"action_bar_text": [str]},
    "v1/creative/creative_tag/advise": {"industry": str, "secondIndustry": str, "tags": [str]},
    "v1/file/ad/image/upload": IMAGE,
    "v1/file/ad/image/list": pages(IMAGE),
    "v1/file/ad/video/update": object,
    "v1/file/ad/video/tag/delete": object,
    "v1/file/ad/video/relate/creatives": {"related_creatives": [RELATED]},
    "v1/file/ad/video/share": {"details": [{"advertiser_id": int, "photo_id": int, "original_photo_id": int}]},
    "gw/dsp/v1/file/ad/video/share/new": {"share_status": int, "share_photo_exists": bool,
                                          "not_supported_internal_photo": bool, "mismatched_account_list": [int],
                                          "need_to_try_list": [SHARED], "share_success_list": [SHARED]},
    "gw/dsp/v1/pic/share": {"details": [{"advertiser_id": int, "image_token": str, "pic_id": str}]},
    "gw/dsp/file/ad/video/delete": {"photo_ids": [str]},
    "v1/tool/operation_record/list": pages(RECORD),
    "gw/dsp/quota/info": {"quota_definition": str, "is_in_quota_scope": bool, "available_count": int,
                          "quota_count": int, "quota_msg_list": [{"msg": str, "type": str}]},
    "v1/tool/label/behavior_interest": {"behavior_interest": {"behavior": [LABEL], "interest": [LABEL]}},
    "v1/region/list": object,  # a map by id
    "gw/dsp/v1/ocpx/ocpxTypes": object,
    "gw/dsp/v1/ocpx/deepTypes": object,
    "v1/async_task/create": {"advertiser_id": int, "task_id": int},
    "v1/async_task/list": pages(TASK),
}  # fmt: skip


class Sdk:
    """Sends as the SDK does, and reads an envelope whose data decodes only after the code was looked at."""

    def __init__(self, media: Media) -> None:
        self.media = media

    def post(self, path: str, /, **given: Any) -> Any:
        given = {"advertiser_id": self.media.account_id} | given
        answer = self.media.http.post(f"/rest/openapi/{path}", json=given, headers=self._headers())
        return self._data(path, answer)

    def get(self, path: str, /, **given: str) -> Any:
        """Some reads go by query."""
        query = {"advertiser_id": str(self.media.account_id)} | given
        answer = self.media.http.get(f"/rest/openapi/{path}", query_string=query, headers=self._headers())
        return self._data(path, answer)

    def upload(self, path: str, /, content: bytes, **form: str) -> Any:
        fields = {"advertiser_id": str(self.media.account_id), "file": (io.BytesIO(content), "file"), **form}
        answer = self.media.http.post(f"/rest/openapi/{path}", data=fields, headers=self._headers())
        return self._data(path, answer)

    def _headers(self) -> dict[str, str]:
        return {"Access-Token": self.media.token}

    @staticmethod
    def _data(path: str, answer: Any) -> Any:
        body = unmarshal(answer.data, ENVELOPE | {"data": TABLES[path]})
        assert body["code"] == 0, body
        return body["data"]


@pytest.fixture
def sdk(media: Media) -> Sdk:
    return Sdk(media)


@pytest.fixture
def media() -> Media:
    return Media()


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def target() -> dict[str, Any]:
    """As the SDK sends it, its misspelt fields included."""
    return {
        "region": [471001, 471038], "gender": 1, "platform_os": 1, "age_range": [24, 31], "inteli_extend_option": 0,
        "behavior_type": 1, "exclude_population": [2**60], "filter_converted_level": 3,
        "behavior_interest": {
            "behavior": {"keyword": [{"id": 2**60, "name": "保险"}], "label": ["8-802"], "time_type": 2},
            "interest": {"label": ["3"], "strength_type": 0},
        },
        "celebrity": {"behaviors": [0], "fans_stars": [{"id": "33", "type": 1}]},
    }  # fmt: skip


def test_tokens_and_accounts_decode(sdk: Sdk) -> None:
    media = sdk.media
    app = {"app_id": APP_ID, "secret": SECRET}
    old = media.world.store.tokens[media.token]
    media.token = sdk.post("oauth2/authorize/refresh_token", **app, refresh_token=old.refresh_token)["access_token"]
    found = sdk.post("oauth2/authorize/approval/list", **app, access_token=media.token, page_no=1, page_size=100)
    assert media.account_id in found["details"]
    sdk.post("v1/advertiser/info")
    assert sdk.get("v1/advertiser/fund/get")["balance"] > 0
    flows = sdk.get("v1/advertiser/fund/daily_flows", start_date="2026-07-23", end_date="2026-07-23", page="1")
    assert [row["date"] for row in flows["details"]] == ["2026-07-23"]
    assert sdk.post("v1/advertiser/budget/get") == {"day_budget": 0, "day_budget_schedule": []}
    assert media.account_id in [row["advertiser_id"] for row in sdk.post("gw/uc/v1/advertisers")["details"]]


def test_files_decode(sdk: Sdk) -> None:
    form = {"type": "5", "upload_type": "1", "signature": md5(PICTURE)}
    image = sdk.upload("v2/file/ad/image/upload", PICTURE, **form)
    assert sdk.get("v1/file/ad/image/get", image_token=image["image_token"])["signature"] == md5(PICTURE)
    flags = {"type": "1", "sync": "0", "shield_backward_switch": "false", "native_pic_switch": "false"}
    video = sdk.upload("v2/file/ad/video/upload", VIDEO, **flags, signature=md5(VIDEO), **{"[]photo_tag": "保险"})
    shown = sdk.post("v1/file/ad/video/get", photo_ids=[video["photo_id"]])
    assert [(row["photo_id"], row["photo_tag"]) for row in shown] == [(video["photo_id"], ["保险"])]
    assert sdk.post("v1/file/ad/video/get", photo_ids=["1"]) == []
    assert sdk.post("v1/file/ad/video/list", page=1, page_size=20)["total_count"] == 1


def test_a_unit_reads_back_in_the_sdks_types(sdk: Sdk) -> None:
    campaign = sdk.post("gw/dsp/campaign/create", campaign_name="SDK", type=5, day_budget=50_000_000)["campaign_id"]
    assert [row["campaign_id"] for row in sdk.post("gw/dsp/campaign/list")["details"]] == [campaign]
    assert sdk.post("gw/dsp/campaign/list", campaign_name="nobody") == {"total_count": 0, "details": []}
    done = sdk.post("v1/campaign/update/status", campaign_ids=[campaign, 5], put_status=1)
    assert done["campaign_ids"] == [campaign]
    body = sdk.media.unit_body(campaign, target=target(), web_url_type=1, url="https://l.example/?a=1&b=<2>")
    unit = sdk.post("gw/dsp/unit/create", **body)["unit_id"]
    row = sdk.post("gw/dsp/unit/list", unit_ids=[unit], page=1)["details"][0]
    assert row["unit_id"] == unit > 2**53
    assert row["target"]["age_range"] == [24, 31]
    assert row["target"]["exclude_population"] == [2**60]
    assert row["web_uri_type"] == 1
    assert sdk.post("v1/ad_unit/update/status", unit_ids=[unit, 5], put_status=2)["unit_ids"] == [unit]
    sdk.post("v1/ad_unit/update/bid", unit_id=unit, bid=85_000)
    sdk.post("v1/ad_unit/update/day_budget", unit_id=unit, day_budget_schedule=[30_000_000] * 7)
    row = sdk.post("gw/dsp/unit/list")["details"][0]
    assert (row["cpa_bid"], row["day_budget_schedule"], row["put_status"]) == (85_000, [30_000_000] * 7, 2)


def test_creatives_decode_whatever_they_are_made_of(sdk: Sdk) -> None:
    media = sdk.media
    unit = media.unit(media.campaign())
    first = sdk.post("gw/dsp/creative/create", **media.creative_body(unit, new_expose_tag=[{"text": "正品"}]))
    picture = media.creative_body(unit, "图", creative_material_type=5, photo_id="", image_tokens=[media.image()])
    sdk.post("gw/dsp/creative/create", **picture)
    assert sdk.post("gw/dsp/creative/list", unit_id=unit)["total_count"] == 2
    ids = [first["creative_id"], 6]
    assert sdk.post("v1/creative/update/status", creative_ids=ids, put_status=2)["creative_ids"] == ids[:1]
    edited = sdk.post("gw/dsp/creative/batch_update", unit_id=unit, creative_id=ids[0], description="医疗百万")
    assert edited == {"add_creative_ids": [], "update_creative_ids": ids[:1]}


def test_programs_decode_with_and_without_pictures(sdk: Sdk) -> None:
    media = sdk.media
    unit = media.unit(media.campaign(), unit_type=7)
    photo = {"photo_id": int(media.video()), "cover_image_token": media.image(), "creative_material_type": 1}
    body = {"package_name": "程序化", "action_bar": "立即投保", "captions": ["百万医疗"], "photo_list": [photo]}
    assert sdk.post("gw/dsp/advanced_creative/create", unit_id=unit, **body) == {"unit_id": unit}
    assert sdk.post("gw/dsp/advanced_creative/list", unit_ids=[unit])["details"][0]["photo_list"][0]["photo_id"] > 2**53
    waiting = sdk.get("v2/creative/advanced/program/review_detail", unit_ids=f"[{unit}]")["details"]
    assert [view["review_status"] for view in waiting[0]["combine_detail_views"]] == [1]


def test_every_report_decodes_by_day_and_by_hour(sdk: Sdk) -> None:
    media = sdk.media
    media.running_unit()
    media.advance(hours=3)
    charges = set()
    for view in ("account", "campaign", "unit", "creative", "material"):
        for granularity in ("DAILY", "HOURLY"):
            found = sdk.post(
                f"v1/report/{view}_report", start_date="2026-07-23", end_date="2026-07-23", page_size=2000,
                temporal_granularity=granularity, report_dims=["adScene"],
            )  # fmt: skip
            charges.add(round(sum(row["charge"] for row in found["details"]), 2))
    assert len(charges) == 1
    assert charges.pop() > 0
    span = {"start_date": "2026-07-23", "end_date": "2026-07-23"}
    assert sdk.post("v1/report/program_creative_report", **span) == {"total_count": 0, "details": []}
    task = sdk.post("v1/async_task/create", task_name="t", task_params=span | {"view_type": 3})["task_id"]
    assert [row["task_id"] for row in sdk.post("v1/async_task/list", task_ids=[task])["details"]] == [task]


@pytest.mark.parametrize("path", sorted(endpoint.path for endpoint in Kuaishou().endpoints() if not endpoint.is_page))
def test_refusals_of_every_endpoint_decode(media: Media, path: str) -> None:
    """JSON with a code, a message and no data: nothing given, a foreign account, a dead token."""
    calls = [(media.token, {"advertiser_id": 1}), ("dead", {"advertiser_id": 1})]
    if not path.endswith("v1/region/list"):  # the only one that needs to be given nothing
        calls.append((media.token, {}))
    for token, given in calls:
        answer = media.http.post(path, json=given, headers={"Access-Token": token})
        assert answer.status_code == 200
        assert answer.content_type.startswith("application/json")
        body = unmarshal(answer.data, ENVELOPE)
        assert body["code"] in {401000, 402004}
        assert "data" not in body
