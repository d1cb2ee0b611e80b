"""A media server in the process, on a stepped clock, spoken to as a strict SDK would."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import orjson
import pytest

from media_connectors.mockserver.app import MockApp, create_app
from media_connectors.mockserver.clock import parse
from media_connectors.mockserver.config import MockConfig
from media_connectors.mockserver.dialects.oceanengine.schema import shapes

# A Monday morning in Shanghai.
START = parse("2026-11-16 09:00:00")
CONFIG = MockConfig(clock="stepped", start=START, deny_share=0.0, accounts=2)


class Ocean:
    """A client of the Ocean Engine dialect that refuses answers a strict decoder would refuse."""

    def __init__(self, app: MockApp) -> None:
        self.app = app
        self.world = app.world
        self.http = httpx.Client(transport=httpx.WSGITransport(app=app), base_url="http://media")
        self.mint()
        self.account, self.other = self.minted["account_ids"][:2]

    def mint(self) -> None:
        """A fresh token pair."""
        self.minted = self.http.post("/control/api/tokens", json={"medium": "oceanengine"}).json()
        self.token = self.minted["access_token"]

    def call(self, method: str, path: str, *, headers: dict[str, str] | None = None, **given: Any) -> dict[str, Any]:
        """The whole envelope, its types checked against the vendor's documented shapes."""
        headers = {"Access-Token": self.token, **(headers or {})}
        if method == "GET":
            query = {
                name: orjson.dumps(value).decode() if isinstance(value, list | dict) else value
                for name, value in given.items()
            }
            answer = self.http.get(path, params=query, headers=headers)
        else:
            answer = self.http.post(path, json=given, headers=headers)
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith("application/json")
        body = answer.json()
        check_envelope(method, path, body)
        return body

    def get(self, path: str, **given: Any) -> Any:
        """``data`` of a successful GET for the first account."""
        return self._data("GET", path, given)

    def post(self, path: str, **given: Any) -> Any:
        """``data`` of a successful POST for the first account."""
        return self._data("POST", path, given)

    def refused(self, method: str, path: str, **given: Any) -> tuple[int, str]:
        """Code and message of a refusal."""
        body = self.call(method, path, **{"advertiser_id": self.account, **given})
        assert body["code"] != 0
        assert "data" not in body
        return body["code"], body["message"]

    def _data(self, method: str, path: str, given: dict[str, Any]) -> Any:
        body = self.call(method, path, **{"advertiser_id": self.account, **given})
        assert body["code"] == 0, body
        return body["data"]

    def advance(self, seconds: float) -> None:
        answer = self.http.post("/control/api/clock", json={"advance": seconds})
        assert answer.status_code == 200
        self.mint()  # tokens age with the jump

    # -- shortcuts ----------------------------------------------------------------------------------------------

    def project(self, name: str = "项目", **changes: Any) -> int:
        return self.post("/open_api/v3.0/project/create/", **project_body(name, **changes))["project_id"]

    def promotion(self, project_id: int, name: str = "单元", **changes: Any) -> int:
        return self.post("/open_api/v3.0/promotion/create/", **promotion_body(project_id, name, **changes))[
            "promotion_id"
        ]

    def find(self, promotion_id: int, **filtering: Any) -> dict[str, Any]:
        """The promotion's row of the list."""
        data = self.get("/open_api/v3.0/promotion/list/", filtering={"ids": [promotion_id], **filtering})
        assert len(data["list"]) == 1
        return data["list"][0]


def check_envelope(method: str, path: str, body: dict[str, Any]) -> None:
    assert type(body["code"]) is int
    assert type(body["message"]) is str
    assert type(body["request_id"]) is str
    shape = shapes()[method, path][1]
    if "data" in body and shape is not None:
        assert list(shape.faults(body["data"])) == []


def project_body(name: str = "项目", **changes: Any) -> dict[str, Any]:
    setting = {
        "bid_type": "CUSTOM",
        "budget_mode": "BUDGET_MODE_INFINITE",
        "pricing": "PRICING_OCPM",
        "schedule_type": "SCHEDULE_FROM_NOW",
    }
    body = {
        "name": name,
        "ad_type": "ALL",
        "landing_type": "LINK",
        "marketing_goal": "VIDEO_AND_IMAGE",
        "delivery_range": {"inventory_catalog": "MANUAL", "inventory_type": ["INVENTORY_AWEME_FEED"]},
        "optimize_goal": {"external_action": "AD_CONVERT_TYPE_FORM", "asset_ids": [1780000000000000001]},
    }
    return {**body, **changes, "delivery_setting": {**setting, **changes.get("delivery_setting", {})}}


def promotion_body(project_id: int, name: str = "单元", **changes: Any) -> dict[str, Any]:
    return {
        "project_id": project_id,
        "name": name,
        "budget": 3000.0,
        "cpa_bid": 80.0,
        "promotion_materials": {
            "video_material_list": [{"image_mode": "CREATIVE_IMAGE_MODE_VIDEO_VERTICAL", "video_id": "v0001"}],
            "title_material_list": [{"title": "百万医疗险每月只需几元"}],
            "external_url_material_list": ["https://landing.example/insurance"],
        },
        **changes,
    }


@pytest.fixture
def ocean() -> Iterator[Ocean]:
    yield from started(CONFIG)


@pytest.fixture
def strict_ocean() -> Iterator[Ocean]:
    """Every review refuses."""
    yield from started(replace(CONFIG, deny_share=1.0))


def started(config: MockConfig) -> Iterator[Ocean]:
    client = Ocean(create_app(config))
    yield client
    client.http.close()
    client.app.close()
    assert client.world.calls.failures == 0
