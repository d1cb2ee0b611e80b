"""A Kuaishou account in a fresh world whose clock stands still until a test moves it."""

import hashlib
import io

import pytest
from werkzeug.test import Client

from media_connectors.mockserver.app import create_app
from media_connectors.mockserver.clock import parse
from media_connectors.mockserver.config import MockConfig

APP_ID, SECRET = 165900001, "mock-kuaishou-secret"
LOGIN_ID = 2600000001
MORNING = "2026-07-23 08:00"  # a Thursday
VIDEO = b"\x00\x00\x00\x18ftypmp42" + b"frame" * 40
PICTURE = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + (720).to_bytes(4) + (1280).to_bytes(4) + b"\x08\x02\x00\x00\x00"


class Media:
    """Speaks Kuaishou's wire to a mock and knows how to make things quickly."""

    def __init__(self, **config):
        settings = {"clock": "stepped", "start": parse(MORNING), "deny_share": 0.0} | config
        self.app = create_app(MockConfig(**settings))
        self.world = self.app.world
        self.http = Client(self.app)
        self.account_id = next(a.id for a in self.world.store.accounts.values() if a.medium == "kuaishou")
        accounts = list(self.world.store.logins[LOGIN_ID].account_ids)
        self.token = self._minted = self.world.mint_token(APP_ID, LOGIN_ID, accounts).id

    def call(self, path, /, _method="POST", _headers=None, **body):
        """The raw answer as JSON; ``advertiser_id`` and the token are added."""
        headers = {"Access-Token": self.token} | (_headers or {})
        body = {"advertiser_id": self.account_id} | body
        return self.http.open(f"/rest/openapi/{path}", method=_method, json=body, headers=headers).get_json()

    def ok(self, path, /, **body):
        """``data`` of a call that must succeed."""
        answer = self.call(path, **body)
        assert answer["code"] == 0, answer
        assert answer["message"] == "OK"
        assert isinstance(answer["request_id"], str)
        return answer["data"]

    def refusal(self, path, /, **body):
        """The message of a call that must be refused with the general business code, without data."""
        answer = self.call(path, **body)
        assert answer["code"] == 401000, answer
        assert "data" not in answer
        return answer["message"]

    def upload(self, path, content, name="a.bin", **form):
        fields = {"advertiser_id": self.account_id, "file": (io.BytesIO(content), name)} | form
        return self.http.post(f"/rest/openapi/{path}", data=fields, headers={"Access-Token": self.token}).get_json()

    def video(self, content=VIDEO):
        md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
        return self.upload("v2/file/ad/video/upload", content, "clip.mp4", type="1", signature=md5)["data"]["photo_id"]

    def image(self, content=PICTURE):
        md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
        form = {"type": "5", "upload_type": "1", "signature": md5}
        return self.upload("v2/file/ad/image/upload", content, "cover.png", **form)["data"]["image_token"]

    def campaign(self, name="保险-表单", **more):
        body = {"campaign_name": name, "type": 5} | more
        return self.ok("gw/dsp/campaign/create", **body)["campaign_id"]

    def unit_body(self, campaign_id, name="单元-1", **more):
        body = {
            "campaign_id": campaign_id,
            "unit_name": name,
            "bid_type": 10,
            "cpa_bid": 80_000,
            "ocpx_action_type": 53,
            "scene_id": [6],
            "unit_type": 4,
            "begin_time": "2026-07-23",
            "day_budget": 2_000_000,
            "target": {"ages_range": [24, 31], "gender": 0},
        }
        return body | more

    def unit(self, campaign_id, name="单元-1", **more):
        return self.ok("gw/dsp/unit/create", **self.unit_body(campaign_id, name, **more))["unit_id"]

    def creative_body(self, unit_id, name="创意-1", **more):
        body = {
            "unit_id": unit_id,
            "creative_name": name,
            "creative_material_type": 1,
            "description": "百万医疗，一年仅需几百元",
            "action_bar_text": "立即投保",
        }
        if "photo_id" not in more:
            body["photo_id"] = self.video()
        return body | more

    def creative(self, unit_id, name="创意-1", **more):
        return self.ok("gw/dsp/creative/create", **self.creative_body(unit_id, name, **more))["creative_id"]

    def running_unit(self, name="单元-1", **more):
        """A reviewed unit with one creative, half an hour after its creation."""
        campaign_id = next((c.id for c in self.world.store.campaigns_of(self.account_id)), None) or self.campaign()
        unit_id = self.unit(campaign_id, name, **more)
        self.creative(unit_id, photo_id=self.video())
        self.advance(minutes=30)
        return unit_id

    def unit_row(self, unit_id):
        rows = self.ok("gw/dsp/unit/list", unit_ids=[unit_id], status=-2)["details"]
        assert len(rows) == 1
        return rows[0]

    def advance(self, *, days=0, hours=0, minutes=0):
        """Let media time pass; the token that the fixture minted is renewed when it has died of age."""
        self.world.clock.advance(days * 86_400 + hours * 3_600 + minutes * 60)
        self.world.tick(force=True)
        pair = self.world.store.tokens[self._minted]
        if self.token == self._minted and self.world.clock.lifetime_now() >= pair.access_expires_at:
            self.token = self._minted = self.world.mint_token(APP_ID, LOGIN_ID, pair.account_ids).id


@pytest.fixture
def media():
    media = Media()
    yield media
    assert media.world.calls.failures == 0


def decodes(value, shape, where="data"):
    """Fail where a decoder with static types would: null is always accepted, unknown fields are ignored.

    ``shape`` is int, float, str, bool, a list of one shape, or a dict of field → shape.
    """
    if value is None:
        return
    if isinstance(shape, list):
        assert isinstance(value, list), where
        for position, item in enumerate(value):
            decodes(item, shape[0], f"{where}[{position}]")
    elif isinstance(shape, dict):
        assert isinstance(value, dict), where
        for name, item in value.items():
            if name in shape:
                decodes(item, shape[name], f"{where}.{name}")
    elif shape is float:
        assert isinstance(value, float | int) and not isinstance(value, bool), where
    else:
        assert type(value) is shape, f"{where}: {value!r} is not {shape.__name__}"
