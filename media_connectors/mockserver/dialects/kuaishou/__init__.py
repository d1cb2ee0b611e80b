"""Kuaishou (磁力引擎): the wire of docs/connectors/kuaishou.md over the shared model.

Account → campaign → unit (the plan) → creative. Money in requests is integer 厘, in funds and reports yuan.
"""

from collections.abc import Iterable
from typing import Any

import orjson

from ...dialect import Call, Dialect, Endpoint, Handler, Refused
from . import (
    accounts,
    campaigns,
    creatives,
    files,
    library,
    oauth,
    programs,
    reports,
    tasks,
    tools,
    unit_batches,
    units,
)
from .values import BUSINESS_ERROR, TOKEN_EXPIRED, TOKEN_INVALID, TRANSIENT_ERROR, refused

ROOT = "/rest/openapi/"
APPROVALS = ROOT + "oauth2/authorize/approval/list"

_OPEN: dict[str, Handler] = {
    "oauth2/authorize/access_token": oauth.exchange_code,
    "oauth2/authorize/refresh_token": oauth.refresh_token,
    "oauth2/authorize/approval/list": oauth.list_approvals,
}
_GUARDED: dict[str, Handler] = {
    "v1/advertiser/info": accounts.advertiser_info,
    "v1/advertiser/fund/get": accounts.fund,
    "v1/advertiser/fund/daily_flows": accounts.daily_flows,
    "v1/advertiser/budget/get": accounts.get_budget,
    "v1/advertiser/update/budget": accounts.update_budget,
    "gw/uc/v1/advertisers": accounts.list_advertisers,
    "gw/dsp/campaign/create": campaigns.create_campaign,
    "gw/dsp/campaign/update": campaigns.update_campaign,
    "gw/dsp/campaign/list": campaigns.list_campaigns,
    "v1/campaign/update/status": campaigns.update_campaign_status,
    "gw/dsp/unit/create": units.create_unit,
    "gw/dsp/unit/update": units.update_unit,
    "gw/dsp/unit/list": units.list_units,
    "v1/ad_unit/update/status": unit_batches.update_unit_status,
    "v1/ad_unit/update/bid": unit_batches.update_unit_bid,
    "v1/ad_unit/update/day_budget": unit_batches.update_unit_budget,
    "gw/dsp/creative/create": creatives.create_creative,
    "gw/dsp/creative/update": creatives.update_creative,
    "gw/dsp/creative/batch_update": creatives.batch_update_creatives,
    "gw/dsp/creative/list": creatives.list_creatives,
    "v1/creative/update/status": creatives.update_creative_status,
    "v1/creative/preview": creatives.preview_creative,
    "v1/creative/action_bar_text/list": tools.action_texts,
    "v1/creative/creative_tag/advise": tools.tag_advice,
    "gw/dsp/advanced_creative/create": programs.create_program,
    "gw/dsp/advanced_creative/update": programs.update_program,
    "gw/dsp/advanced_creative/list": programs.list_programs,
    "v2/creative/advanced/program/review_detail": programs.review_programs,
    "v2/file/ad/image/upload": files.upload_image,
    "v2/file/ad/video/upload": files.upload_video,
    "v1/file/ad/image/get": files.get_image,
    "v1/file/ad/video/get": files.get_videos,
    "v1/file/ad/image/upload": files.upload_image_unsigned,
    "v1/file/ad/image/list": library.list_images,
    "v1/file/ad/video/list": library.list_videos,
    "v1/file/ad/video/update": library.update_videos,
    "v1/file/ad/video/tag/delete": library.delete_tags,
    "v1/file/ad/video/relate/creatives": library.related_creatives,
    "v1/file/ad/video/share": library.share_videos,
    "gw/dsp/v1/file/ad/video/share/new": library.share_videos_where_possible,
    "gw/dsp/file/ad/video/delete": library.delete_videos,
    "gw/dsp/v1/pic/share": library.share_images,
    "v1/report/account_report": reports.account_report,
    "v1/report/campaign_report": reports.campaign_report,
    "v1/report/unit_report": reports.unit_report,
    "v1/report/creative_report": reports.creative_report,
    "v1/report/program_creative_report": reports.program_creative_report,
    "v1/report/material_report": reports.material_report,
    "v1/async_task/create": tasks.create_task,
    "v1/async_task/list": tasks.list_tasks,
    "v1/async_task/download": tasks.download_task,
    "v1/tool/operation_record/list": tools.list_operations,
    "v1/tool/label/behavior_interest": tools.behavior_interest,
    "v1/region/list": tools.list_regions,
    "gw/dsp/quota/info": tools.quota,
    "gw/dsp/v1/ocpx/ocpxTypes": tools.goal_types,
    "gw/dsp/v1/ocpx/deepTypes": tools.deep_goal_types,
}

# Paths of the older families, which clients still use, answer like their successors.
_OLDER = {
    "dsp/campaign/list": "gw/dsp/campaign/list",
    "v1/campaign/list": "gw/dsp/campaign/list",
    "v2/campaign/create": "gw/dsp/campaign/create",
    "v1/campaign/update": "gw/dsp/campaign/update",
    "v2/campaign/update": "gw/dsp/campaign/update",
    "v1/ad_unit/list": "gw/dsp/unit/list",
    "v2/ad_unit/create": "gw/dsp/unit/create",
    "v2/ad_unit/update": "gw/dsp/unit/update",
    "v1/creative/list": "gw/dsp/creative/list",
    "v2/creative/create": "gw/dsp/creative/create",
    "v2/creative/update": "gw/dsp/creative/update",
    "v2/creative/batch/update": "gw/dsp/creative/batch_update",
    "v2/creative/advanced/program/create": "gw/dsp/advanced_creative/create",
    "v2/creative/advanced/program/update": "gw/dsp/advanced_creative/update",
    "v2/creative/advanced/program/list": "gw/dsp/advanced_creative/list",
    # The community SDK forgets the version of these two.
    "creative/advanced/program/create": "gw/dsp/advanced_creative/create",
    "creative/advanced/program/update": "gw/dsp/advanced_creative/update",
    "v1/file/ad/video/upload": "v2/file/ad/video/upload",
}


class Kuaishou(Dialect):
    """POST with JSON nearly everywhere; GET (query, or JSON in the body) is accepted on all paths."""

    medium = "kuaishou"

    def endpoints(self) -> Iterable[Endpoint]:
        yield Endpoint("/tools/authorize", oauth.authorize_page, needs_token=False, is_page=True)
        for path, handler in _OPEN.items():
            yield Endpoint(ROOT + path, handler, needs_token=False)
        for path, handler in _GUARDED.items():
            yield Endpoint(ROOT + path, handler)
        for path, successor in _OLDER.items():
            yield Endpoint(ROOT + path, _GUARDED[successor])

    def parse(self, call: Call) -> dict[str, Any]:
        """Query, form fields and JSON body together; the body wins."""
        params: dict[str, Any] = dict(call.query())
        if call.content_type.startswith(("multipart/form-data", "application/x-www-form-urlencoded")):
            try:
                return params | call.form()
            except ValueError:
                raise refused("请求体不是合法的表单") from None
        try:
            body = call.json_body()
        except orjson.JSONDecodeError:
            raise refused("请求体不是合法的 JSON") from None
        if not isinstance(body, dict):
            raise refused("请求体必须为 JSON 对象")
        return params | body

    def answer(self, call: Call, data: Any) -> dict[str, Any]:
        code = call.world.config.approval_code if call.path == APPROVALS else 0
        return {"code": code, "message": "OK", "data": data, "request_id": call.world.new_request_id()}

    def token_refusal(self, reason: str) -> Refused:
        if reason == "expired":
            return Refused(TOKEN_EXPIRED, "access_token 已过期")
        return Refused(TOKEN_INVALID, "access_token 无效")

    def account_refusal(self, account_id: int) -> Refused:
        return Refused(BUSINESS_ERROR, f"没有广告主 {account_id} 的操作权限")

    def funds_refusal(self) -> Refused:
        return Refused(BUSINESS_ERROR, "账户余额不足")

    def limit_refusal(self, layer: str) -> Refused:
        return Refused(TRANSIENT_ERROR, "请求过于频繁，请稍后重试")

    def system_refusal(self) -> Refused:
        return Refused(TRANSIENT_ERROR, "系统繁忙，请稍后重试")


DIALECT = Kuaishou
