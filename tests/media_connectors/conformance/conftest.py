"""A mock media of its own for each test, and the three connectors that must behave alike on it."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

import httpx
import pytest

from media_connectors.contracts import (
    MEDIA_TIMEZONE,
    VENDOR_OF,
    AccountAccess,
    CampaignDraft,
    CreativeDraft,
    MaterialKind,
    MaterialRef,
    PlanDraft,
    Platform,
    RemotePlan,
    Vendor,
)
from media_connectors.http import MediaHttp
from media_connectors.mockserver.app import MockApp, create_app
from media_connectors.mockserver.config import MockConfig
from media_connectors.mockserver.server import Server
from media_connectors.platforms.douyin import DouyinConnector
from media_connectors.platforms.kuaishou.connector import KuaishouConnector
from media_connectors.platforms.toutiao import ToutiaoConnector
from media_connectors.protocols import Connector
from tests.media_connectors.fakes import OpenLimiter
from tests.media_connectors.rows import campaign_draft, creative_draft, plan_draft

CONNECTORS = {
    Platform.DOUYIN: DouyinConnector,
    Platform.TOUTIAO: ToutiaoConnector,
    Platform.KUAISHOU: KuaishouConnector,
}
AUTHORIZE_PAGES = {Vendor.OCEANENGINE: "/openapi/audit/oauth.html", Vendor.KUAISHOU: "/tools/authorize"}
PATHS = {
    Vendor.OCEANENGINE: {
        "create_campaign": "*/v3.0/project/create/",
        "create_plan": "*/v3.0/promotion/create/",
        "list_plans": "*/v3.0/promotion/list/",
        "change_status": "*/v3.0/promotion/status/update/",
        "report": "*/v3.0/report/custom/get/",
    },
    Vendor.KUAISHOU: {
        "create_campaign": "*/gw/dsp/campaign/create",
        "create_plan": "*/gw/dsp/unit/create",
        "list_plans": "*/gw/dsp/unit/list",
        "change_status": "*/v1/ad_unit/update/status",
        "report": "*/v1/report/unit_report",
    },
}


@dataclass
class Media:
    """One platform's connector on one mock media, with the media's control in hand."""

    platform: Platform
    app: MockApp
    limiter: OpenLimiter = field(default_factory=OpenLimiter)

    def __post_init__(self) -> None:
        self.vendor = VENDOR_OF[self.platform]
        self._control = httpx.Client(transport=httpx.WSGITransport(self.app), base_url="http://media.test")
        self.connector = self.connector_over(httpx.WSGITransport(self.app))
        self.authorize()

    def authorize(self) -> None:
        """A fresh token pair, without the browser."""
        grant = self.control("POST", "tokens", medium=str(self.vendor))
        self.secret, self.refresh_token = grant["secret"], grant["refresh_token"]
        self.account_ids = [str(account_id) for account_id in grant["account_ids"]]
        self.access = AccountAccess(self.platform, self.account_ids[0], str(grant["app_id"]), grant["access_token"])

    def connector_over(
        self, transport: httpx.BaseTransport | None, *, base_url: str = "http://media.test", timeout: float = 15.0
    ) -> Connector:
        http = MediaHttp(self.vendor, base_url, limiter=self.limiter, transport=transport, timeout_seconds=timeout)
        return CONNECTORS[self.platform](http, authorize_page=f"http://media.test{AUTHORIZE_PAGES[self.vendor]}")

    def control(self, method: str, call: str, /, **given: Any) -> Any:
        answer = self._control.request(method, f"/control/api/{call}", json=given if method != "GET" else None)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def fault(self, name: str, call: str = "*", *, count: int | None = 1, **params: float) -> None:
        """From now on ``count`` calls of that kind meet the fault."""
        path = PATHS[self.vendor].get(call, call)
        self.control("POST", "faults", name=name, path=path, count=count, params=params)

    def no_faults(self) -> None:
        self.control("DELETE", "faults")

    def path(self, call: str) -> str:
        """The end of the path of that kind of call."""
        return PATHS[self.vendor][call].lstrip("*")

    def use(self, access_token: str) -> None:
        """Call with this token from now on."""
        self.access = replace(self.access, access_token=access_token)

    def plans(self) -> list[dict[str, Any]]:
        """What the media itself knows of the account's plans."""
        answer = self._control.get(f"/control/api/plans?account={self.access.account_remote_id}")
        return list(answer.json()["plans"])

    def today(self) -> date:
        return datetime.fromtimestamp(self.control("GET", "clock")["epoch"], MEDIA_TIMEZONE).date()

    def advance(self, **time: float) -> None:
        """Let the media's time pass; tokens that would be old by then are renewed."""
        self.control("POST", "clock", advance=timedelta(**time).total_seconds())
        self.authorize()

    def names(self) -> list[str]:
        """Names of all live plans at the media, as often as they exist."""
        answer = self._control.get(f"/control/api/names?account={self.access.account_remote_id}")
        return list(answer.json()["names"])

    def material(self) -> MaterialRef:
        """A video that the media is ready to show."""
        content = b"\x00\x00\x00\x18ftypmp42" + b"frames" * 400
        uploaded = self.connector.upload(
            self.access,
            kind=MaterialKind.VIDEO_VERTICAL,
            filename="first.mp4",
            content=content,
            md5=hashlib.md5(content, usedforsecurity=False).hexdigest(),
        )
        return MaterialRef(MaterialKind.VIDEO_VERTICAL, uploaded.remote_id, self.cover())

    def cover(self) -> str:
        content = PNG
        uploaded = self.connector.upload(
            self.access,
            kind=MaterialKind.IMAGE_VERTICAL,
            filename="cover.png",
            content=content,
            md5=hashlib.md5(content, usedforsecurity=False).hexdigest(),
        )
        return uploaded.remote_id

    def campaign_draft(self, name: str = "春季投放", **fields: Any) -> CampaignDraft:
        return campaign_draft(name, **{"daily_budget_fen": 500_000, **fields})

    def plan_draft(self, campaign_remote_id: str, name: str = "计划 #k7f3q", **fields: Any) -> PlanDraft:
        if "materials" not in fields:
            fields["materials"] = (self.material(),)
        return plan_draft(name, campaign_remote_id, **{"start_on": self.today(), "is_enabled": True, **fields})

    def campaign(self, **fields: Any) -> str:
        return self.connector.create_campaign(self.access, self.campaign_draft(**fields))

    def plan(self, name: str = "计划 #k7f3q", *, campaign: str | None = None, **fields: Any) -> str:
        """A plan with everything it needs to deliver; its remote id."""
        draft = self.plan_draft(campaign or self.campaign(), name, **fields)
        plan_remote_id = self.connector.create_plan(self.access, draft)
        if self.connector.has_separate_creatives:
            self.connector.create_creative(self.access, self.creative_draft(plan_remote_id, draft))
        return plan_remote_id

    def creative_draft(self, plan_remote_id: str, draft: PlanDraft, name: str = "创意 #k7f3q") -> CreativeDraft:
        return creative_draft(name, plan_remote_id, titles=draft.titles, materials=draft.materials)

    def read(self, plan_remote_id: str) -> RemotePlan:
        (plan,) = self.connector.read_plans(self.access, [plan_remote_id])
        return plan

    @contextmanager
    def over_the_wire(self, *, timeout: float) -> Iterator[Connector]:
        """The same media behind a real socket, for what only a socket can do."""
        server = Server(self.app, "127.0.0.1", 0)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self.connector_over(None, base_url=f"http://127.0.0.1:{server.port}", timeout=timeout)
        finally:
            server.stop()
            thread.join(5)


PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c6360000002000001e221bc330000000049454e44ae426082"
)


@pytest.fixture
def config() -> MockConfig:
    """Three days ago by the media's clock, so that tests can step to the real today."""
    start = datetime.now(MEDIA_TIMEZONE) - timedelta(days=3)
    return MockConfig(seed=7, clock="stepped", start=start.timestamp(), audit_seconds=1.0, deny_share=0.0)


@pytest.fixture(params=list(Platform), ids=str)
def media(request: pytest.FixtureRequest, config: MockConfig) -> Iterator[Media]:
    app = create_app(config)
    yield Media(request.param, app)
    app.close()
