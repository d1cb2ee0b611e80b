"""One walk through all of Kuaishou's endpoints: each succeeds once and decodes into the community SDK's types.

Requests are written as that SDK writes them: its names, its omitted zeros, GET where it uses GET.
"""

import io
from typing import Any
from urllib.parse import parse_qs, urlsplit

from media_connectors.mockserver.dialects.kuaishou import ROOT, Kuaishou

from ..sdk_decoder import unmarshal
from ..test_sdk_decode_kuaishou import ENVELOPE, TABLES, md5, target
from .conftest import APP_ID, LOGIN_ID, PICTURE, SECRET, VIDEO, Media

DAY = "2026-07-23"
SERVED = {endpoint.path: endpoint.handler for endpoint in Kuaishou().endpoints() if not endpoint.is_page}
# Endpoints whose answer is a file.
FILES = {"v1/async_task/download"}


class Walk:
    """Calls endpoints and notes them; an older path decodes by the table of the one that serves it."""

    def __init__(self, media: Media) -> None:
        self.media = media
        self.called: set[str] = set()

    def post(self, path: str, /, **given: Any) -> Any:
        return self._decoded(path, self._open(path, "POST", json={"advertiser_id": self.media.account_id} | given))

    def get_on_body(self, path: str, /, **given: Any) -> Any:
        return self._decoded(path, self._open(path, "GET", json={"advertiser_id": self.media.account_id} | given))

    def get(self, path: str, /, **given: str) -> Any:
        query = {"advertiser_id": str(self.media.account_id)} | given
        return self._decoded(path, self._open(path, "GET", query_string=query))

    def upload(self, path: str, content: bytes, /, **form: Any) -> Any:
        fields = {"advertiser_id": str(self.media.account_id), "file": (io.BytesIO(content), "file")} | form
        return self._decoded(path, self._open(path, "POST", data=fields))

    def file(self, path: str, /, **given: str) -> str:
        query = {"advertiser_id": str(self.media.account_id)} | given
        return self._open(path, "GET", query_string=query).text

    def _open(self, path: str, method: str, **given: Any) -> Any:
        self.called.add(ROOT + path)
        return self.media.http.open(ROOT + path, method=method, headers={"Access-Token": self.media.token}, **given)

    @staticmethod
    def _decoded(path: str, answer: Any) -> Any:
        assert answer.status_code == 200
        body = unmarshal(answer.data, ENVELOPE | {"data": table_of(path)})
        assert (body["code"], body["message"]) == (0, "OK"), (path, body)
        return body["data"]


def table_of(path: str) -> Any:
    """The SDK's types of an endpoint; of an older path those of its successor, which has the same handler."""
    if path in TABLES:
        return TABLES[path]
    return next(TABLES[known] for known in TABLES if SERVED[ROOT + known] is SERVED[ROOT + path])


def test_every_endpoint_succeeds_once_and_decodes(media: Media) -> None:
    walk = Walk(media)
    walk_accounts(walk)
    image, video = walk_files(walk)
    campaign, unit = walk_delivery(walk)
    walk_creatives(walk, unit, campaign, image, video)
    media.advance(hours=3)
    walk_reports(walk)
    walk.post("v1/campaign/update/status", campaign_id=campaign, put_status=3)
    assert walk.called == set(SERVED)


def walk_accounts(walk: Walk) -> None:
    media = walk.media
    app = {"app_id": APP_ID, "secret": SECRET}
    query = {"app_id": str(APP_ID), "redirect_uri": "https://x.example/cb", "state": "s", "oauth_type": "advertiser"}
    back = media.http.post("/tools/authorize", data=query).headers["Location"]
    code = parse_qs(urlsplit(back).query)["auth_code"][0]
    pair = walk.post("oauth2/authorize/access_token", **app, auth_code=code)
    media.token = walk.post("oauth2/authorize/refresh_token", **app, refresh_token=pair["refresh_token"])[
        "access_token"
    ]
    found = walk.post("oauth2/authorize/approval/list", **app, access_token=media.token, page_no=1, page_size=100)
    assert found["details"] == pair["advertiser_ids"]
    walk.post("v1/advertiser/info")
    walk.get_on_body("v1/advertiser/fund/get")
    walk.get("v1/advertiser/fund/daily_flows", start_date=DAY, end_date=DAY)
    walk.post("v1/advertiser/update/budget", day_budget=900_000_000)
    walk.post("v1/advertiser/budget/get")
    walk.post("gw/uc/v1/advertisers")


def walk_files(walk: Walk) -> tuple[str, str]:
    neighbour = walk.media.world.store.logins[LOGIN_ID].account_ids[1]
    image = walk.upload(
        "v2/file/ad/image/upload", PICTURE, type="5", upload_type="1", signature=md5(PICTURE)
    )["image_token"]  # fmt: skip
    walk.upload("v1/file/ad/image/upload", PICTURE + b"1", type="0")
    flags = {"type": "1", "shield_backward_switch": "false", "native_pic_switch": "false"}
    tags = {"[]photo_tag": ["医疗", "保险"]}
    video = walk.upload("v2/file/ad/video/upload", VIDEO, **flags, sync="1", signature=md5(VIDEO), **tags)["photo_id"]
    other = walk.upload("v1/file/ad/video/upload", VIDEO, **flags)["photo_id"]
    walk.get("v1/file/ad/image/get", image_token=image)
    assert walk.get_on_body("v1/file/ad/image/list", page=1, page_size=10)["total_count"] == 2
    assert walk.post("v1/file/ad/video/get", photo_ids=[video])[0]["photo_tag"] == ["医疗", "保险"]
    assert walk.post("v1/file/ad/video/list", photo_ids=[video], page=1)["total_count"] == 1
    walk.post("v1/file/ad/video/update", photo_ids=[other], photo_name="改名")
    walk.post("v1/file/ad/video/tag/delete", photo_tag=["医疗"])
    walk.post("v1/file/ad/video/share", photo_ids=[video], share_advertiser_ids=[neighbour])
    walk.post("gw/dsp/v1/file/ad/video/share/new", photo_ids=[video], account_ids=[neighbour])
    walk.post("gw/dsp/v1/pic/share", image_tokens=[image], share_advertiser_ids=[neighbour])
    walk.post("gw/dsp/file/ad/video/delete", photo_ids=[other])
    return image, video


def walk_delivery(walk: Walk) -> tuple[int, int]:
    # The SDK writes the budget of a new campaign as daily_budget.
    created = walk.post("gw/dsp/campaign/create", campaign_name="甲", type=5, daily_budget=600_000_000)
    campaign = created["campaign_id"]
    walk.post("v2/campaign/create", campaign_name="乙", type=5)
    walk.post("gw/dsp/campaign/update", campaign_id=campaign, campaign_name="丙")
    for path in ("v1/campaign/update", "v2/campaign/update"):
        walk.post(path, campaign_id=campaign, day_budget=700_000_000)
    for path in ("gw/dsp/campaign/list", "dsp/campaign/list", "v1/campaign/list"):
        assert walk.post(path, campaign_ids=[campaign])["details"][0]["day_budget"] == 700_000_000
    walk.post("v1/campaign/update/status", campaign_ids=[campaign], put_status=1)
    body = walk.media.unit_body(
        campaign, target=target(), web_url_type=1, schema_url="app://x", url="https://l.example/"
    )
    unit = walk.post("gw/dsp/unit/create", **body)["unit_id"]
    spare = walk.post("v2/ad_unit/create", **body | {"unit_name": "旧"})["unit_id"]
    for path in ("gw/dsp/unit/update", "v2/ad_unit/update"):
        walk.post(path, unit_id=spare, bid_type=10, cpa_bid=70_000)
    for path in ("gw/dsp/unit/list", "v1/ad_unit/list"):
        row = walk.post(path, unit_ids=[unit])["details"][0]
        assert (row["schema_uri"], row["target"]["exclude_population"]) == ("app://x", [2**60])
    walk.post("v1/ad_unit/update/status", unit_ids=[unit, spare], put_status=1)
    walk.post("v1/ad_unit/update/bid", unit_id=unit, bid=85_000)
    walk.post("v1/ad_unit/update/day_budget", unit_id=unit, day_budget=400_000_000)
    return campaign, unit


def walk_creatives(walk: Walk, unit: int, campaign: int, image: str, video: str) -> None:
    media = walk.media
    made = walk.post("gw/dsp/creative/create", **media.creative_body(unit, "甲", photo_id=video))["creative_id"]
    walk.post("v2/creative/create", **media.creative_body(unit, "乙", photo_id=video, image_token=image))
    for number, path in enumerate(("gw/dsp/creative/update", "v2/creative/update")):
        walk.post(path, creative_id=made, unit_id=unit, description=f"百万医疗险{number}")
    for path in ("gw/dsp/creative/batch_update", "v2/creative/batch/update"):
        walk.post(path, unit_id=unit, creative_id=made, description="百万医疗")
    for path in ("gw/dsp/creative/list", "v1/creative/list"):
        assert walk.post(path, unit_id=unit)["total_count"] == 2
    walk.post("v1/creative/update/status", creative_ids=[made], put_status=1)
    walk.post("v1/creative/preview", unit_type=4, creative_id=made, user_ids=["1"])
    walk.get("v1/creative/action_bar_text/list", campaign_type="5", consult_type="0")
    walk.get("v1/creative/creative_tag/advise")
    creators = ("gw/dsp/advanced_creative/create", "v2/creative/advanced/program/create",
                "creative/advanced/program/create")  # fmt: skip
    photo = {"photo_id": int(video), "cover_image_token": image, "creative_material_type": 1}
    package = {"action_bar": "立即投保", "captions": ["百万医疗"], "photo_list": [photo], "pic_list": [image]}
    for number, path in enumerate(creators):
        program = media.unit(campaign, f"程序{number}", unit_type=7)
        walk.post(path, unit_id=program, package_name=f"包{number}", **package)
    waiting = walk.get("v2/creative/advanced/program/review_detail", unit_ids=f"[{program}]")["details"]
    assert len(waiting[0]["combine_detail_views"]) == 2
    for path in ("gw/dsp/advanced_creative/update", "v2/creative/advanced/program/update",
                 "creative/advanced/program/update"):  # fmt: skip
        walk.post(path, unit_id=program, captions=["百万医疗险"])
    for path in ("gw/dsp/advanced_creative/list", "v2/creative/advanced/program/list"):
        assert walk.post(path, unit_ids=[program])["total_count"] == 1
    found = walk.post("v1/file/ad/video/relate/creatives", photo_ids=[video])["related_creatives"][0]
    assert (found["creative_count"], found["advanced_creative_count"]) == (2, 3)


def walk_reports(walk: Walk) -> None:
    span = {"start_date": DAY, "end_date": DAY}
    charges = {}
    for view in ("account", "campaign", "unit", "creative", "program_creative", "material"):
        details = walk.post(f"v1/report/{view}_report", **span, page_size=2000)["details"]
        charges[view] = sum(row["charge"] for row in details)
    assert charges["account"] > 0
    assert round(charges["creative"] + charges["program_creative"], 2) == round(charges["account"], 2)
    task = walk.post("v1/async_task/create", task_name="t", task_params=span | {"view_type": 3})["task_id"]
    states = [walk.post("v1/async_task/list", task_ids=[task])["details"][0]["task_status"] for _ in range(3)]
    assert states == [0, 1, 2]
    assert "charge" in walk.file("v1/async_task/download", task_id=str(task))
    assert walk.post("v1/tool/operation_record/list", page=1, page_size=100)["total_count"] > 0
    walk.get_on_body("gw/dsp/quota/info")
    walk.post("v1/tool/label/behavior_interest")
    walk.get_on_body("v1/region/list")
    walk.post("gw/dsp/v1/ocpx/ocpxTypes")
    walk.post("gw/dsp/v1/ocpx/deepTypes")


def test_every_endpoint_has_the_sdks_types() -> None:
    known = {SERVED[ROOT + path] for path in (*TABLES, *FILES)}
    assert {path for path, handler in SERVED.items() if handler not in known} == set()
