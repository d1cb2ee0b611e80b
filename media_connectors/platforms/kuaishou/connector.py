"""The full connector over Kuaishou: campaigns, units (our plans) and their creatives."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import TypeVar

from media_connectors.contracts import (
    MEDIA_TIMEZONE,
    AccountAccess,
    CampaignDraft,
    CreativeDraft,
    FundBalance,
    ItemResult,
    MaterialKind,
    MetricRow,
    Page,
    PlanChange,
    PlanContent,
    PlanDraft,
    Platform,
    RejectReason,
    RemoteAccount,
    RemoteCampaign,
    RemotePlan,
    SwitchStatus,
    UploadedMaterial,
)
from media_connectors.errors import NotFound, OutcomeUnknown
from media_connectors.http import MediaHttp, UploadFile
from media_connectors.platforms.changes import field_of_change
from media_connectors.platforms.kuaishou import contents, drafts, mapping, reports
from media_connectors.platforms.kuaishou.auth import KuaishouAuthorizer, application_number
from media_connectors.platforms.kuaishou.client import KuaishouClient
from media_connectors.platforms.kuaishou.library import KuaishouLibrary
from media_connectors.platforms.kuaishou.regions import RegionBook
from media_connectors.platforms.paging import chunks, require_whole_page, unique_by
from media_connectors.platforms.wire import (
    JsonObject,
    as_id,
    as_int,
    as_objects,
    as_text,
    media_day,
)

LIST_PAGE = 100
APPROVAL_PAGE = 200
REPORT_PAGE = 2000
UNIT_IDS_A_READ = 100
PROGRAM_IDS_A_READ = 20
VIDEO_IDS_A_READ = 100
REPORT_DAYS = 7  # the media shows hours of about the last week
ALL_STATUSES = -2  # the default leaves deleted objects out

T = TypeVar("T")


class KuaishouConnector(KuaishouLibrary, KuaishouAuthorizer):
    """Kuaishou wants the creative in a call of its own after the unit."""

    platform = Platform.KUAISHOU
    has_separate_creatives = True
    change_batch_size = 10
    hourly_days: int | None = REPORT_DAYS

    def __init__(self, http: MediaHttp, *, authorize_page: str) -> None:
        client = KuaishouClient(http)
        super().__init__(client, authorize_page)
        self._client = client
        self._regions = RegionBook(client)

    # -- accounts and funds -------------------------------------------------------------------------------------

    def list_accounts(self, access: AccountAccess, *, secret: str) -> tuple[RemoteAccount, ...]:
        """Accounts that the login granted."""
        found: list[str] = []
        page, is_end = 1, False
        while not is_end:
            body = {
                "app_id": application_number(access.application_id),
                "secret": secret,
                "access_token": access.access_token,
                "page_no": page,
                "page_size": APPROVAL_PAGE,
            }
            data = self._client.read_approvals(access.application_id, body)
            ids = mapping.approved_ids(data)
            found += ids
            is_end = data.get("isEnd") is not False or not ids
            page += 1
        return self.read_accounts(access, unique_by(found, str))

    def read_accounts(self, access: AccountAccess, account_remote_ids: Sequence[str]) -> tuple[RemoteAccount, ...]:
        """Names and companies, one call an account; accounts that the media does not know are left out."""
        found: list[RemoteAccount] = []
        for remote_id in account_remote_ids:
            try:
                data = self._client.read(access, "v1/advertiser/info", {"advertiser_id": int(remote_id)}, dict)
            except NotFound:
                continue
            found.append(mapping.account_from_info(remote_id, data))
        return tuple(found)

    def read_balance(self, access: AccountAccess) -> FundBalance:
        """The account's money now."""
        body = {"advertiser_id": int(access.account_remote_id)}
        return self._client.read(access, "v1/advertiser/fund/get", body, mapping.balance_from_fund)

    # -- delivery, read -----------------------------------------------------------------------------------------

    def list_campaigns(
        self, access: AccountAccess, *, cursor: str | None = None, modified_since: datetime | None = None
    ) -> Page[RemoteCampaign]:
        """One page of all campaigns, deleted ones too; the cursor is a page number."""
        body = {"status": ALL_STATUSES, **_modified(modified_since)}
        return self._campaigns(access, body, page=int(cursor or 1))

    def list_plans(
        self, access: AccountAccess, *, cursor: str | None = None, modified_since: datetime | None = None
    ) -> Page[RemotePlan]:
        """One page of all units, deleted ones too; the cursor is a page number."""
        body = {"status": ALL_STATUSES, **_modified(modified_since)}
        return self._units(access, body, page=int(cursor or 1))

    def read_plans(self, access: AccountAccess, plan_remote_ids: Sequence[str]) -> tuple[RemotePlan, ...]:
        """Units by id, deleted ones too."""
        found: list[RemotePlan] = []
        for ids in chunks(plan_remote_ids, UNIT_IDS_A_READ):
            found += self._units(access, {"status": ALL_STATUSES, "unit_ids": _numbers(ids)}, page=1).items
        return tuple(found)

    def read_contents(self, access: AccountAccess, plan_remote_ids: Sequence[str]) -> dict[str, PlanContent]:
        """The audience of the units, texts and materials of their custom and program creatives."""
        plans = self.read_plans(access, plan_remote_ids)
        programs: dict[str, list[JsonObject]] = {}
        for ids in chunks([plan.remote_id for plan in plans], PROGRAM_IDS_A_READ):
            for program in self._details(access, "gw/dsp/advanced_creative/list", {"unit_ids": _numbers(ids)}):
                programs.setdefault(as_id(program.get("unit_id")), []).append(program)
        return {
            plan.remote_id: contents.content_from(
                dict(plan.settings),
                self._custom_creatives(access, {"unit_id": int(plan.remote_id)}),
                programs.get(plan.remote_id, ()),
                region_codes=self._regions.codes_of(access, contents.region_ids(plan.settings)),
            )
            for plan in plans
        }

    def find_campaign(self, access: AccountAccess, *, name: str) -> RemoteCampaign | None:
        """The oldest live campaign of exactly that name."""
        pages = _all_pages(lambda page: self._campaigns(access, {"campaign_name": name}, page=page))
        found = [item for item in pages if item.name == name and item.status is not SwitchStatus.DELETED]
        return min(found, key=lambda campaign: int(campaign.remote_id), default=None)

    def find_plan(self, access: AccountAccess, *, campaign_remote_id: str, name: str) -> RemotePlan | None:
        """The oldest live unit of exactly that name in the campaign."""
        body = {"campaign_id": int(campaign_remote_id), "unit_name": name}
        pages = _all_pages(lambda page: self._units(access, body, page=page))
        found = [item for item in pages if item.name == name and item.status is not SwitchStatus.DELETED]
        return min(found, key=lambda plan: int(plan.remote_id), default=None)

    def has_creative(self, access: AccountAccess, *, plan_remote_id: str, name: str) -> str | None:
        """Remote id of the unit's creative of that name, custom or program; a program's id is its unit's."""
        for item in self._custom_creatives(access, {"unit_id": int(plan_remote_id), "creative_name": name}):
            if as_text(item.get("creative_name")) == name:
                return as_id(item.get("creative_id"))
        body = {"unit_ids": [int(plan_remote_id)], "package_name": name}
        for item in self._details(access, "gw/dsp/advanced_creative/list", body):
            if as_text(item.get("package_name")) == name:
                return plan_remote_id
        return None

    def reject_reasons(self, access: AccountAccess, plan_remote_ids: Sequence[str]) -> tuple[RejectReason, ...]:
        """What the review refused on units, custom creatives and program creatives."""
        found: list[RejectReason] = []
        for plan in self.read_plans(access, plan_remote_ids):
            found += mapping.reasons_from_units([dict(plan.settings)])
            creatives = self._custom_creatives(access, {"unit_id": int(plan.remote_id)})
            found += mapping.reasons_from_creatives(creatives)
        for ids in chunks(plan_remote_ids, PROGRAM_IDS_A_READ):
            body = {"advertiser_id": int(access.account_remote_id), "unit_ids": _numbers(ids)}
            path = "v2/creative/advanced/program/review_detail"
            found += self._client.read(access, path, body, mapping.reasons_from_programs)
        return tuple(found)

    def _campaigns(self, access: AccountAccess, filtering: JsonObject, *, page: int) -> Page[RemoteCampaign]:
        def parse(data: JsonObject) -> Page[RemoteCampaign]:
            items = (mapping.campaign_from_details(item) for item in as_objects(data.get("details")))
            return _page(data, unique_by(items, lambda campaign: campaign.remote_id), page)

        return self._client.read(access, "gw/dsp/campaign/list", _listing(access, filtering, page), parse)

    def _units(self, access: AccountAccess, filtering: JsonObject, *, page: int) -> Page[RemotePlan]:
        def parse(data: JsonObject) -> Page[RemotePlan]:
            items = (mapping.plan_from_unit(item) for item in as_objects(data.get("details")))
            return _page(data, unique_by(items, lambda plan: plan.remote_id), page)

        return self._client.read(access, "gw/dsp/unit/list", _listing(access, filtering, page), parse)

    def _custom_creatives(self, access: AccountAccess, filtering: JsonObject) -> list[JsonObject]:
        return self._details(access, "gw/dsp/creative/list", filtering)

    def _details(self, access: AccountAccess, path: str, filtering: JsonObject) -> list[JsonObject]:
        def parse(data: JsonObject, page: int) -> Page[JsonObject]:
            return _page(data, tuple(as_objects(data.get("details"))), page)

        return list(
            _all_pages(
                lambda page: self._client.read(
                    access, path, _listing(access, filtering, page), lambda data: parse(data, page)
                )
            )
        )

    # -- delivery, write ----------------------------------------------------------------------------------------

    def create_campaign(self, access: AccountAccess, draft: CampaignDraft) -> str:
        """Create a campaign; its id."""
        body = drafts.campaign_body(access.account_remote_id, draft)
        return _created(self._client.write(access, "gw/dsp/campaign/create", body), "campaign_id")

    def create_plan(self, access: AccountAccess, draft: PlanDraft) -> str:
        """Create a unit, still without its creative; its id."""
        region_ids = self._regions.ids_for_write(access, draft.targeting.region_codes)
        body = drafts.unit_body(access.account_remote_id, draft, region_ids=region_ids)
        return _created(self._client.write(access, "gw/dsp/unit/create", body), "unit_id")

    def create_creative(self, access: AccountAccess, draft: CreativeDraft) -> str:
        """Create the unit's creative; its id, or the unit's for a program creative."""
        if drafts.is_program(draft.titles, draft.materials):
            body = drafts.program_creative_body(access.account_remote_id, draft)
            return _created(self._client.write(access, "gw/dsp/advanced_creative/create", body), "unit_id")
        body = drafts.custom_creative_body(access.account_remote_id, draft)
        return _created(self._client.write(access, "gw/dsp/creative/create", body), "creative_id")

    def split_changes(self, changes: Sequence[PlanChange]) -> tuple[tuple[PlanChange, ...], ...]:
        """By field and value in tens, because a call carries one value; names and schedules one by one."""
        groups: dict[Hashable, list[PlanChange]] = {}
        for change in changes:
            groups.setdefault(drafts.change_key(change), []).append(change)
        return tuple(
            tuple(batch)
            for group in groups.values()
            for batch in chunks(group, 1 if _is_single(group[0]) else self.change_batch_size)
        )

    def change_plans(self, access: AccountAccess, changes: Sequence[PlanChange]) -> tuple[ItemResult, ...]:
        """Send one batch of ``split_changes``."""
        asked = tuple(change.plan_remote_id for change in changes)
        if _is_single(changes[0]):
            return (self._change_unit(access, changes[0]),)
        path, body = drafts.batch_change_request(access.account_remote_id, changes)
        return mapping.item_results(self._client.write(access, path, body), asked=asked)

    def _change_unit(self, access: AccountAccess, change: PlanChange) -> ItemResult:
        plans = self.read_plans(access, [change.plan_remote_id])
        if not plans:
            raise NotFound(f"no unit {change.plan_remote_id}")
        # The update call wants the bid type again, though it may not change.
        bid_type = as_int(plans[0].settings.get("bid_type"))
        body = drafts.unit_change_body(access.account_remote_id, change, bid_type=bid_type)
        self._client.write(access, "gw/dsp/unit/update", body)
        return ItemResult(change.plan_remote_id, is_accepted=True)

    # -- reports ------------------------------------------------------------------------------------------------

    def read_hourly(self, access: AccountAccess, *, first_on: date, last_on: date) -> Iterator[Sequence[MetricRow]]:
        """All units by the hour; days older than the media's week are left out, because it refuses them."""
        today = datetime.now(MEDIA_TIMEZONE).date()
        day = max(first_on, today - timedelta(days=REPORT_DAYS - 1))
        while day <= last_on:
            yield from self._report_day(access, day)
            day += timedelta(days=1)

    def _report_day(self, access: AccountAccess, day: date) -> Iterator[Sequence[MetricRow]]:
        page, total = 1, 1
        while (page - 1) * REPORT_PAGE < total:
            body = {
                "advertiser_id": int(access.account_remote_id),
                "start_date": day.isoformat(),
                "end_date": day.isoformat(),
                "temporal_granularity": "HOURLY",
                "page": page,
                "page_size": REPORT_PAGE,
            }
            total, rows = self._client.read(access, "v1/report/unit_report", body, _report_parser(page))
            if rows:
                yield rows
            page += 1

    # -- materials ----------------------------------------------------------------------------------------------

    def upload(
        self, access: AccountAccess, *, kind: MaterialKind, filename: str, content: bytes, md5: str
    ) -> UploadedMaterial:
        """Put a file into the account's library; a video is ready only after its transcoding."""
        form = {"advertiser_id": access.account_remote_id, "signature": md5}
        file = UploadFile("file", filename, content)
        if kind in drafts.VIDEO_KINDS:
            form["type"] = "1" if kind is MaterialKind.VIDEO_VERTICAL else "2"
            form["photo_name"] = filename
            data = self._client.upload(access, "v2/file/ad/video/upload", form, file)
            remote_id = as_id(data.get("photo_id")) or as_id(data.get("photoId"))
            material = UploadedMaterial(remote_id, kind, md5, 0, 0, len(content), "", is_ready=False)
        else:
            form["type"] = "5" if kind is MaterialKind.IMAGE_VERTICAL else "6"
            form["upload_type"] = "1"
            form["name"] = filename
            data = self._client.upload(access, "v2/file/ad/image/upload", form, file)
            material = mapping.material_from_image(data, kind)
        if not material.remote_id:
            raise OutcomeUnknown("an upload was answered without an id")
        return material

    def read_materials(
        self, access: AccountAccess, *, kind: MaterialKind, remote_ids: Sequence[str]
    ) -> tuple[UploadedMaterial, ...]:
        """Videos by id and images by token; absent ones are missing from the answer."""
        advertiser_id = int(access.account_remote_id)
        found: list[UploadedMaterial] = []
        if kind in drafts.VIDEO_KINDS:
            for ids in chunks(remote_ids, VIDEO_IDS_A_READ):
                found += self._client.read_array(
                    access,
                    "v1/file/ad/video/get",
                    {"advertiser_id": advertiser_id, "photo_ids": list(ids)},
                    lambda items: [mapping.material_from_video(item, kind) for item in as_objects(items)],
                )
        else:
            for token in remote_ids:
                found += self._read_image(access, token, kind)
        return unique_by(found, lambda material: material.remote_id)

    def _read_image(self, access: AccountAccess, token: str, kind: MaterialKind) -> list[UploadedMaterial]:
        body = {"advertiser_id": int(access.account_remote_id), "image_token": token}
        try:
            data = self._client.read(access, "v1/file/ad/image/get", body, dict)
        except NotFound:
            return []
        return [mapping.material_from_image(data, kind)]


def _numbers(ids: Sequence[str]) -> list[int]:
    return [int(remote_id) for remote_id in ids]


def _is_single(change: PlanChange) -> bool:
    return field_of_change(change) in {"name", "schedule"}


def _created(data: JsonObject, id_field: str) -> str:
    remote_id = as_id(data.get(id_field))
    if not remote_id:
        raise OutcomeUnknown("created, but answered without an id")
    return remote_id


def _modified(since: datetime | None) -> JsonObject:
    """The filter by the day of the last change; the media knows no finer one."""
    if since is None:
        return {}
    today = datetime.now(MEDIA_TIMEZONE).date()
    return {"start_date": media_day(since).isoformat(), "end_date": today.isoformat()}


def _listing(access: AccountAccess, filtering: JsonObject, page: int) -> JsonObject:
    return {"advertiser_id": int(access.account_remote_id), **filtering, "page": page, "page_size": LIST_PAGE}


def _page(data: JsonObject, items: tuple[T, ...], page: int) -> Page[T]:
    total = as_int(data.get("total_count"))
    require_whole_page(items, page=page, page_size=LIST_PAGE, total=total)
    return Page(items=items, next_cursor=str(page + 1) if page * LIST_PAGE < total else None, total=total)


def _all_pages(read: Callable[[int], Page[T]]) -> Iterator[T]:
    page: int | None = 1
    while page:
        answer = read(page)
        yield from answer.items
        page = int(answer.next_cursor) if answer.next_cursor else None


def _report_parser(page: int) -> Callable[[JsonObject], tuple[int, list[MetricRow]]]:
    def parse(data: JsonObject) -> tuple[int, list[MetricRow]]:
        total = as_int(data.get("total_count"))
        rows = {
            (row.get("unit_id"), row.get("stat_date"), row.get("stat_hour")) for row in as_objects(data.get("details"))
        }
        require_whole_page(rows, page=page, page_size=REPORT_PAGE, total=total)
        return total, reports.rows_from_report(data)

    return parse
