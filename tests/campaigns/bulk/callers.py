"""A caller of the bulk API, and rows as JSON, lines, CSV and workbook."""

from __future__ import annotations

import csv
import io
from typing import Any

import orjson
from django.db import transaction
from django.test import Client
from openpyxl import Workbook

from campaigns.domain.rows.reading import FIELDS
from campaigns.models import BulkRow
from campaigns.selectors.bulk.results import cell_text
from campaigns.services.bulk.preparing import prepare_job
from tests.campaigns.bulk.engine import POLICY
from tests.campaigns.bulk.media import Media
from tests.factories import make_api_token, make_member
from xmagnet.core.scope import organization_scope

ACCOUNT = "1700000000000000007"


class Api:
    """A caller with a token."""

    def __init__(
        self, organization: Any, *, role: str = "admin", scopes: list[str] | None = None, **member: Any
    ) -> None:
        self.organization = organization
        self.base = f"/api/v1/o/{organization.slug}/"
        self.token = make_api_token(organization, make_member(organization, role, **member), scopes)
        self.client = Client()

    def call(self, method: str, path: str, body: Any = b"", content_type: str = "application/json", **headers: str):
        data = body if isinstance(body, bytes) else orjson.dumps(body)
        headers = {"Authorization": f"Bearer {self.token}", **{k.replace("_", "-"): v for k, v in headers.items()}}
        return self.client.generic(method, self.base + path, data, content_type=content_type, headers=headers)

    def post(self, body: Any, query: str = "", *, key: str = "k1", **more: Any):
        if key:
            more["Idempotency_Key"] = key
        return self.call("POST", f"plans/bulk{query}", body, **more)

    def get(self, path: str, **headers: str):
        return self.call("GET", path, **headers)

    def count(self, model: Any) -> int:
        with organization_scope(self.organization.pk), transaction.atomic():
            return model.objects.count()

    def prepare(self, job_id: str) -> None:
        prepare_job(self.organization.pk, job_id, POLICY)


def row(number: int = 0, **changes: Any) -> dict[str, Any]:
    media = Media("", {ACCOUNT: [{"kind": "video_vertical", "id": "v1", "cover_id": "c1"}]})
    return media.row("douyin", ACCOUNT, number, **changes)


def rows(count: int) -> list[dict[str, Any]]:
    return [row(number) for number in range(count)]


def as_csv(items: list[dict[str, Any]], *, note: bool = False) -> bytes:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(FIELDS)
    if note:
        writer.writerow(["# explained", *[""] * (len(FIELDS) - 1)])
    writer.writerows([cell_text(item.get(name)) for name in FIELDS] for item in items)
    return buffer.getvalue().encode()


def as_xlsx(items: list[dict[str, Any]]) -> bytes:
    book = Workbook()
    book.active.append(list(FIELDS))
    for item in items:
        book.active.append([cell_text(item.get(name)) for name in FIELDS])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def as_ndjson(items: list[dict[str, Any]]) -> bytes:
    return b"\n".join(map(orjson.dumps, items))


def specs(api: Api, job_id: str) -> list[dict[str, Any] | None]:
    with organization_scope(api.organization.pk), transaction.atomic():
        return list(BulkRow.objects.filter(job_id=job_id).order_by("row_index").values_list("spec", flat=True))


def slug(answer: Any) -> str:
    assert answer["Content-Type"] == "application/problem+json"
    return answer.json()["type"].rpartition("/")[2]
