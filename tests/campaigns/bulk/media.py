"""The mock media from outside: its control API, accounts connected to it, rows that it accepts."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

import httpx

from media_connectors.contracts import VENDOR_OF, MaterialKind, Platform
from media_connectors.services.lines import line_to
from tests.media_connectors.rows import make_credential, make_media_account
from xmagnet.accounts.models import Organization
from xmagnet.core.scope import organization_scope

VIDEO = b"\x00\x00\x00\x18ftypmp42" + b"frames" * 400
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c6360000002000001e221bc330000000049454e44ae426082"
)
#: one for all calls: each client reads the machine's certificates, which takes longer than a call
_HTTP = httpx.Client(timeout=30, trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))


@dataclass
class Media:
    """A running mock media."""

    url: str
    materials: dict[str, list[dict[str, str]]] = field(default_factory=dict)  # by the media's account id

    def control(self, method: str, call: str, /, **given: Any) -> Any:
        answer = _HTTP.request(
            method,
            f"{self.url}/control/api/{call}",
            json=given if method != "GET" else None,
            params=given if method == "GET" else None,
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    def fault(self, name: str, path: str, *, count: int | None = 1, **more: Any) -> None:
        """From now on ``count`` calls of that path meet the fault."""
        self.control("POST", "faults", name=name, path=path, count=count, **more)

    def names(self) -> list[str]:
        """Names of all live plans, as often as they exist."""
        return list(self.control("GET", "names")["names"])

    def calls_of(self, ending: str) -> int:
        """How many calls of paths with this ending were answered."""
        log = self.control("GET", "calls", limit=100_000)
        return sum(entry["path"].rstrip("/").endswith(ending) for entry in log["latest"])

    def row(self, platform: str, account_remote_id: str, number: int, **changes: Any) -> dict[str, Any]:
        """One row of a bulk job."""
        row: dict[str, Any] = {
            "client_ref": f"{platform}-{number}",
            "media": platform,
            "account_id": account_remote_id,
            "name": f"车险 {number}",
            "campaign": f"春季 {platform}",
            "goal": "form",
            "bid": f"{50 + number / 100:.2f}",
            "budget": 500,
            "landing_url": "https://example.com/form",
            "titles": ["三分钟了解保障"],
            "materials": self.materials[account_remote_id],
            "brand_name": "安心保险",
            "call_to_action": "立即咨询",
        }
        return row | changes


def open_media_accounts(
    organization: Organization, media: Media, *, platforms: tuple[str, ...] = tuple(Platform), each: int = 1
) -> dict[str, list[tuple[int, str]]]:
    """Accounts authorised at the mock media, with a video in each library; our ids and the media's by platform.

    One credential a vendor: a second token for the same login would end the first.
    """
    credentials = {}
    accounts: dict[str, list[tuple[int, str]]] = {}
    for platform in platforms:
        vendor = str(VENDOR_OF[Platform(platform)])
        remote_ids = media.control("POST", "accounts", medium=vendor, count=each)["account_ids"]
        if vendor not in credentials:
            grant = media.control("POST", "tokens", medium=vendor)
            credentials[vendor] = make_credential(
                organization,
                vendor=vendor,
                application_id=str(grant["app_id"]),
                access_token=grant["access_token"],
                refresh_token=grant["refresh_token"],
                secret=grant["secret"],
            )
        accounts[platform] = []
        for remote_id in map(str, remote_ids):
            account = make_media_account(
                organization, platform=platform, remote_id=remote_id, credential=credentials[vendor]
            )
            media.materials[remote_id] = [_upload_video(organization, account.pk)]
            accounts[platform].append((account.pk, remote_id))
    return accounts


def _upload_video(organization: Organization, account_id: int) -> dict[str, str]:
    files = (
        (MaterialKind.VIDEO_VERTICAL, "first.mp4", VIDEO),
        (MaterialKind.IMAGE_VERTICAL, "cover.png", PNG),
    )
    with organization_scope(organization.pk):
        line = line_to(account_id)
        video, cover = (
            line.call(
                lambda connector, access, kind=kind, name=name, content=content: connector.upload(
                    access, kind=kind, filename=name, content=content, md5=hashlib.md5(content).hexdigest()
                )
            ).remote_id
            for kind, name, content in files
        )
    return {"kind": "video_vertical", "id": video, "cover_id": cover}
