"""One walk through all of Ocean Engine's endpoints: each succeeds once and decodes into the official SDK's types.

``Ocean`` checks every answer against the shapes of ``schemas.txt``; the shapes are the official SDK's models.
"""

import hashlib
import json

from media_connectors.mockserver.dialects.oceanengine.schema import shapes

from .conftest import Ocean, check_envelope, project_body, promotion_body
from .test_files import mp4, png

DAY = "2026-11-16"
ALWAYS = "1" * 336


class Walk:
    """Calls endpoints by their short path and notes them."""

    def __init__(self, ocean: Ocean) -> None:
        self.ocean = ocean
        self.called: set[tuple[str, str]] = set()

    def get(self, path: str, **given: object) -> dict:
        self.called.add(("GET", "/open_api/" + path))
        return self.ocean.get("/open_api/" + path, **given)

    def post(self, path: str, **given: object) -> dict:
        self.called.add(("POST", "/open_api/" + path))
        return self.ocean.post("/open_api/" + path, **given)

    def batch(self, path: str, key: str, object_id: int, **change: object) -> None:
        """One good item and one unknown id: code 0 and one error."""
        answer = self.post(path, data=[{key: object_id, **change}, {key: 5, **change}])
        assert [error[key] for error in answer["errors"]] == [5]

    def upload(self, path: str, part: str, content: bytes, **form: str) -> dict:
        """Parts and fields as the Go SDK writes them: lists as JSON, the file as octet-stream."""
        route = ("POST", "/open_api/" + path)
        self.called.add(route)
        fields = {"advertiser_id": str(self.ocean.account), **form}
        files = {part: ("a b.bin", content, "application/octet-stream")}
        headers = {"Access-Token": self.ocean.token}
        body = self.ocean.http.post(route[1], data=fields, files=files, headers=headers).json()
        check_envelope(*route, body)
        assert body["code"] == 0, body
        return body["data"]


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def test_every_endpoint_succeeds_once_and_decodes(ocean: Ocean) -> None:
    walk = Walk(ocean)
    walk_accounts(walk)
    video, image = walk_files(walk)
    project, promotion = walk_delivery(walk, video, image)
    ocean.advance(3 * 3600)
    walk_older(walk, promotion)
    walk_reports(walk, promotion)
    walk.post("v3.0/promotion/delete/", promotion_ids=[promotion])
    walk.post("v3.0/project/delete/", project_ids=[project])
    assert walk.called == set(shapes())


def walk_accounts(walk: Walk) -> None:
    ocean = walk.ocean
    app = {"app_id": ocean.minted["app_id"], "secret": ocean.minted["secret"]}
    pair = walk.post("oauth2/refresh_token/", **app, refresh_token=ocean.minted["refresh_token"])
    pair = walk.post("oauth2/renew_token/", **app, refresh_token=pair["refresh_token"])
    page = {"app_id": str(app["app_id"]), "state": "s", "redirect_uri": "https://x.example/cb"}
    back = ocean.http.post("/openapi/audit/oauth.html", params=page, data=page).headers["Location"]
    pair = walk.post("oauth2/access_token/", **app, auth_code=back.split("auth_code=")[1].split("&")[0])
    ocean.token = pair["access_token"]
    walk.post("oauth2/app_access_token/", **app)
    walk.get("oauth2/advertiser/get/", access_token=ocean.token)
    walk.get("2/user/info/")
    walk.get("2/advertiser/info/", advertiser_ids=[ocean.account, ocean.other])
    walk.get("2/advertiser/fund/get/", grant_type_split="ON")
    walk.get("v3.0/account/fund/get/", account_ids=[ocean.account], account_type="AD", grant_type_split="ON")
    walk.get("2/advertiser/fund/daily_stat/", start_date=DAY, end_date=DAY)
    walk.get("2/advertiser/fund/transaction/get/", start_date=DAY, end_date=DAY, transaction_type="RECHARGE")
    walk.get("2/advertiser/budget/get/", advertiser_ids=[ocean.account])
    walk.post("2/advertiser/update/budget/", budget_mode="BUDGET_MODE_DAY", budget=500_000)
    walk.get("2/customer_center/advertiser/list/", cc_account_id=1, account_source="AD")
    walk.get("v3.0/customer_center/account/list/", account_id=1, filter={"account_type": "AD"})
    walk.get("2/majordomo/advertiser/select/")


def walk_files(walk: Walk) -> tuple[str, str]:
    picture, film = png(720, 1280), mp4()
    image = walk.upload("2/file/image/ad/", "image_file", picture, image_signature=md5(picture))["id"]
    video = walk.upload(
        "2/file/video/ad/", "video_file", film, video_signature=md5(film), labels=json.dumps(["医疗"]), is_aigc="false"
    )["video_id"]
    walk.get("2/file/image/get/", filtering={"image_ids": [image]})
    walk.get("2/file/video/get/", filtering={"video_ids": [video], "labels": ["医疗"]})
    walk.get("2/file/image/ad/get/", image_ids=[image])
    walk.get("2/file/video/ad/get/", video_ids=[video])
    owner = {"account_id": walk.ocean.account, "account_type": "ADVERTISER"}
    task = walk.post("2/file/upload_task/create/", **owner, filename="u.mp4", video_url="https://x.example/u.mp4")
    walk.get("2/file/video/upload_task/list/", **owner, task_ids=[task["task_id"]])
    return video, image


def walk_delivery(walk: Walk, video: str, image: str) -> tuple[int, int]:
    project = walk.post("v3.0/project/create/", **project_body("甲"))["project_id"]
    free = walk.post("v3.0/project/create/", **project_body("乙"))["project_id"]
    materials = {
        "video_material_list": [
            {"image_mode": "CREATIVE_IMAGE_MODE_VIDEO_VERTICAL", "video_id": video, "video_cover_id": image}
        ],
        "title_material_list": [{"title": "百万医疗险每月只需几元"}],
        "external_url_material_list": ["https://l.example/?a=1&b=<2>"],
    }
    body = promotion_body(project, "单元甲", promotion_materials=materials)
    promotion = walk.post("v3.0/promotion/create/", **body)["promotion_id"]
    walk.post("v3.0/project/update/", project_id=free, name="丙")
    walk.post("v3.0/project_name/update/", project_id=free, project_name="丁")
    walk.post("v3.0/promotion_name/update/", promotion_id=promotion, promotion_name="单元乙")
    walk.post("v3.0/promotion/update/", promotion_id=promotion, name="单元丙", promotion_materials=materials)
    assert len(walk.get("v3.0/project/list/", filtering={"ids": [project, free]})["list"]) == 2
    assert walk.get("v3.0/promotion/list/", cursor=0, count=20)["list"][0]["promotion_id"] == promotion
    walk.batch("v3.0/project/status/update/", "project_id", project, opt_status="ENABLE")
    walk.batch("v3.0/project/budget/update/", "project_id", free, budget_mode="BUDGET_MODE_DAY", budget=40_000)
    walk.batch("v3.0/project/cpa_bid/update/", "project_id", free, cpa_bid=50)
    walk.batch("v3.0/project/deep_cpa_bid/update/", "project_id", free, deepbid=150)
    walk.batch("v3.0/project/roigoal/update/", "project_id", free, roi_goal=1.5)
    walk.batch("v3.0/project/schedule_time/update/", "project_id", free, schedule_type="SCHEDULE_FROM_NOW")
    walk.batch(
        "v3.0/project/week_schedule/update/", "project_id", free, schedule_time=ALWAYS, schedule_scene="REALTIME"
    )
    walk.batch("v3.0/promotion/status/update/", "promotion_id", promotion, opt_status="ENABLE")
    walk.batch("v3.0/promotion/budget/update/", "promotion_id", promotion, budget=4_000)
    walk.batch("v3.0/promotion/bid/update/", "promotion_id", promotion, bid=99.5)
    walk.batch("v3.0/promotion/deepbid/update/", "promotion_id", promotion, deepbid=199.5)
    walk.batch("v3.0/promotion/schedule_time/update/", "promotion_id", promotion, schedule_time=ALWAYS)
    walk.get("v3.0/promotion/reject_reason/get/", promotion_ids=[promotion])
    return project, promotion


def walk_older(walk: Walk, promotion: int) -> None:
    body = {"campaign_name": "组", "budget_mode": "BUDGET_MODE_DAY", "landing_type": "LINK", "budget": 300}
    campaign = walk.post("2/campaign/create/", **body)["campaign_id"]
    walk.post("2/campaign/update/", campaign_id=campaign, campaign_name="新组")
    walk.post("2/campaign/update/status/", campaign_ids=[campaign], opt_status="disable")
    walk.get("2/campaign/get/", filtering={"ids": [campaign]})
    assert walk.get("2/ad/get/", filtering={"ids": [promotion]})["ad_id"] == promotion
    walk.batch("2/ad/update/bid/", "ad_id", promotion, bid=90)
    walk.batch("2/ad/update/budget/", "ad_id", promotion, budget=5_000)
    walk.get("2/ad/reject_reason/", ad_ids=[promotion])
    walk.get("2/ad/cost_protect_status/get/", ad_ids=[promotion])
    creative = walk.get("2/creative/get/", filtering={"ad_id": promotion})["list"][0]["creative_id"]
    walk.get("2/creative/reject_reason/", creative_ids=[creative])


def walk_reports(walk: Walk, promotion: int) -> None:
    span = {"start_date": DAY, "end_date": DAY, "group_by": ["STAT_GROUP_BY_FIELD_ID"]}
    for level in ("advertiser", "campaign", "ad", "creative"):
        assert walk.get(f"2/report/{level}/get/", **span)["list"]
    asked = {"dimensions": ["stat_time_day"], "metrics": ["stat_cost", "show_cnt"], "filters": [], "order_by": []}
    asked |= {"start_time": DAY, "end_time": DAY}
    assert walk.get("v3.0/report/custom/get/", **asked)["rows"]
    walk.get("v3.0/report/custom/config/get/", data_topics=["BASIC_DATA", "MATERIAL_DATA"])
    create = "v3.0/report/custom/async_task/create/"
    task = walk.post(create, **asked, task_name="任务", data_topic="BASIC_DATA")["task_id"]
    walk.ocean.advance(300)
    listed = walk.get("v3.0/report/custom/async_task/get/", task_ids=[task])["list"]
    assert [row["task_status"] for row in listed] == ["ASYNC_TASK_STATUS_COMPLETED"]
    # A file: newer SDKs keep its bytes, whatever its type.
    route = ("GET", "/open_api/v3.0/report/custom/async_task/download/")
    query = {"advertiser_id": str(walk.ocean.account), "task_id": str(task)}
    answer = walk.ocean.http.get(route[1], params=query, headers={"Access-Token": walk.ocean.token})
    assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (200, "text/csv")
    assert "stat_cost" in answer.text
    walk.called.add(route)
    walk.get("2/tools/log_search/", object_id=[promotion])
    walk.get("2/tools/interest_action/interest/category/")
    walk.get("2/tools/quota/get/", campaign_type="FEED", delivery_range="DEFAULT")
