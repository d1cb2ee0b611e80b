"""The full connector over Ocean Engine; a platform only says which placement is its own."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial

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
from media_connectors.errors import Malformed, OutcomeUnknown, Rejected
from media_connectors.http import MediaHttp, UploadFile
from media_connectors.platforms.changes import field_of_change
from media_connectors.platforms.oceanengine import contents, drafts, mapping, reports
from media_connectors.platforms.oceanengine.auth import OceanEngineAuthorizer
from media_connectors.platforms.oceanengine.client import OceanEngineClient
from media_connectors.platforms.oceanengine.library import OceanEngineLibrary
from media_connectors.platforms.paging import chunks, require_whole_page, unique_by
from media_connectors.platforms.wire import (
    JsonObject,
    as_id,
    as_int,
    as_object,
    as_objects,
    as_text,
    instant_text,
)

PROJECT_PAGE = 100
PROMOTION_PAGE = 20
REPORT_PAGE = 100
LIST_ROWS = REPORT_ROWS = 10_000  # page × page_size may not go beyond
MODIFIED_SPAN = timedelta(days=30)
IDS_A_READ = {"accounts": 100, "rejects": 10, "materials": 100}
HOURS_A_DAY = 24


class OceanEngineConnector(OceanEngineLibrary, OceanEngineAuthorizer):
    """Projects are our campaigns, promotions our plans."""

    platform: Platform
    inventory_type: str
    has_separate_creatives = False
    change_batch_size = 10
    hourly_days: int | None = None

    def __init__(self, http: MediaHttp, *, authorize_page: str) -> None:
        client = OceanEngineClient(http)
        super().__init__(client, authorize_page)
        self._client = client

    # -- accounts and funds -------------------------------------------------------------------------------------

    def list_accounts(self, access: AccountAccess, *, secret: str) -> tuple[RemoteAccount, ...]:
        """Ad accounts that the login granted, those below its agencies and customer centres included."""
        grants = self._client.get_by_query_token(access, "oauth2/advertiser/get/")
        found = list(mapping.accounts_from_grants(grants))
        for manager_remote_id, account_type in mapping.managers_from_grants(grants):
            found.extend(self._accounts_below(access, manager_remote_id, account_type))
        return unique_by(found, lambda account: account.remote_id)

    def read_accounts(self, access: AccountAccess, account_remote_ids: Sequence[str]) -> tuple[RemoteAccount, ...]:
        """Names and companies; accounts that the media does not know are missing from the answer."""
        found: list[RemoteAccount] = []
        for ids in chunks(account_remote_ids, IDS_A_READ["accounts"]):
            params = {"advertiser_ids": _numbers(ids), "fields": ["id", "name", "company", "status"]}
            found += self._client.get_array(
                access,
                "2/advertiser/info/",
                params,
                lambda items: [mapping.account_from_info(item) for item in as_objects(items)],
            )
        return tuple(found)

    def read_balance(self, access: AccountAccess) -> FundBalance:
        """The account's money now."""
        params = {"advertiser_id": access.account_remote_id}
        return self._client.get(access, "2/advertiser/fund/get/", params, mapping.balance_from_fund)

    def _accounts_below(
        self, access: AccountAccess, manager_remote_id: str, account_type: str
    ) -> Iterator[RemoteAccount]:
        if account_type in {"CUSTOMER_ADMIN", "CUSTOMER_OPERATOR"}:
            path, params = (
                "2/customer_center/advertiser/list/",
                {"cc_account_id": manager_remote_id, "account_source": "AD"},
            )
        else:
            path, params = "2/agent/advertiser/select/", {"advertiser_id": manager_remote_id}
        page = 1
        while True:
            query: JsonObject = {**params, "page": page, "page_size": PROJECT_PAGE}
            data = self._client.get(access, path, query, _whole_page(page, PROJECT_PAGE))
            yield from (mapping.account_from_listing(item) for item in as_objects(data.get("list")))
            if page >= as_int(as_object(data.get("page_info")).get("total_page")):
                return
            page += 1

    # -- delivery, read -----------------------------------------------------------------------------------------

    def list_campaigns(
        self, access: AccountAccess, *, cursor: str | None = None, modified_since: datetime | None = None
    ) -> Page[RemoteCampaign]:
        """One page of the projects with our placement; the cursor is a page number."""
        filtering = {"status": "PROJECT_STATUS_ALL", **_modified("project", modified_since)}
        return self._project_page(access, filtering, page=int(cursor or 1))

    def list_plans(
        self, access: AccountAccess, *, cursor: str | None = None, modified_since: datetime | None = None
    ) -> Page[RemotePlan]:
        """One page of all promotions, deleted ones too; by page number up to 10,000 rows, beyond that by cursor.

        Page numbers come with a total, which tells a page that is not whole. The media cannot filter promotions by
        placement: those of other placements belong to projects that ``list_campaigns`` left out.
        """
        filtering = {"status_first": "PROMOTION_STATUS_ALL", **_modified("promotion", modified_since)}
        mode, _, position = (cursor or "page:1").partition(":")
        if mode == "cursor":
            return self._promotions_after(access, filtering, position)
        page = self._promotions(access, filtering, page=int(position))
        if page.total is not None and page.total > LIST_ROWS:
            return self._promotions_after(access, filtering, "0")
        return replace(page, next_cursor=page.next_cursor and f"page:{page.next_cursor}")

    def read_plans(self, access: AccountAccess, plan_remote_ids: Sequence[str]) -> tuple[RemotePlan, ...]:
        """Promotions by id, deleted ones too."""
        found: list[RemotePlan] = []
        for ids in chunks(plan_remote_ids, PROMOTION_PAGE):
            filtering = {"ids": _numbers(ids), "status_first": "PROMOTION_STATUS_ALL"}
            found += self._promotions(access, filtering, page=1).items
        return tuple(found)

    def read_contents(self, access: AccountAccess, plan_remote_ids: Sequence[str]) -> dict[str, PlanContent]:
        """Materials of the promotions, the audience of their projects."""
        plans = self.read_plans(access, plan_remote_ids)
        projects: dict[str, JsonObject] = {}
        for ids in chunks(sorted({plan.campaign_remote_id for plan in plans}), PROJECT_PAGE):
            filtering = {"ids": _numbers(ids), "status": "PROJECT_STATUS_ALL"}
            page = self._project_page(access, filtering, page=1)
            projects |= {campaign.remote_id: dict(campaign.settings) for campaign in page.items}
        return {
            plan.remote_id: contents.content_from(dict(plan.settings), projects.get(plan.campaign_remote_id, {}))
            for plan in plans
        }

    def find_campaign(self, access: AccountAccess, *, name: str) -> RemoteCampaign | None:
        """The oldest live project of exactly that name. The media's own filter is not exact, so all pages are read."""
        page: int | None = 1
        found: list[RemoteCampaign] = []
        while page:
            answer = self._project_page(access, {"name": name}, page=page)
            found += (campaign for campaign in answer.items if _is_live(campaign, name))
            page = int(answer.next_cursor) if answer.next_cursor else None
        return min(found, key=lambda campaign: int(campaign.remote_id), default=None)

    def find_plan(self, access: AccountAccess, *, campaign_remote_id: str, name: str) -> RemotePlan | None:
        """The oldest live promotion of exactly that name in the project."""
        page: int | None = 1
        found: list[RemotePlan] = []
        filtering = {"project_id": int(campaign_remote_id), "name": name}
        while page:
            answer = self._promotions(access, filtering, page=page)
            found += (plan for plan in answer.items if _is_live(plan, name))
            page = int(answer.next_cursor) if answer.next_cursor else None
        return min(found, key=lambda plan: int(plan.remote_id), default=None)

    def has_creative(self, access: AccountAccess, *, plan_remote_id: str, name: str) -> str | None:
        """Always None: a promotion carries its materials itself."""
        return None

    def reject_reasons(self, access: AccountAccess, plan_remote_ids: Sequence[str]) -> tuple[RejectReason, ...]:
        """What the review refused, and what it suggests."""
        found: list[RejectReason] = []
        for ids in chunks(plan_remote_ids, IDS_A_READ["rejects"]):
            params = {"advertiser_id": access.account_remote_id, "promotion_ids": _numbers(ids)}
            found += self._client.get(access, "v3.0/promotion/reject_reason/get/", params, mapping.reject_reasons_from)
        return tuple(found)

    def _project_page(self, access: AccountAccess, filtering: JsonObject, *, page: int) -> Page[RemoteCampaign]:
        params: JsonObject = {
            "advertiser_id": access.account_remote_id,
            "page": page,
            "page_size": PROJECT_PAGE,
        }
        if filtering:
            params["filtering"] = filtering
        return self._client.get(
            access, "v3.0/project/list/", params, partial(_campaigns, page=page, inventory_type=self.inventory_type)
        )

    def _promotions(self, access: AccountAccess, filtering: JsonObject, *, page: int) -> Page[RemotePlan]:
        params = {
            "advertiser_id": access.account_remote_id,
            "filtering": filtering,
            "page": page,
            "page_size": PROMOTION_PAGE,
        }
        return self._client.get(access, "v3.0/promotion/list/", params, partial(_plans, page=page))

    def _promotions_after(self, access: AccountAccess, filtering: JsonObject, position: str) -> Page[RemotePlan]:
        params = {
            "advertiser_id": access.account_remote_id,
            "filtering": filtering,
            "cursor": int(position),
            "count": PROMOTION_PAGE,
        }
        return self._client.get(access, "v3.0/promotion/list/", params, _promotions_at_cursor)

    # -- delivery, write ----------------------------------------------------------------------------------------

    def create_campaign(self, access: AccountAccess, draft: CampaignDraft) -> str:
        """Create a project; its id."""
        body = drafts.project_body(access.account_remote_id, draft, inventory_type=self.inventory_type)
        return _created(self._client.post(access, "v3.0/project/create/", body), "project_id")

    def create_plan(self, access: AccountAccess, draft: PlanDraft) -> str:
        """Create a promotion; its id."""
        body = drafts.promotion_body(access.account_remote_id, draft)
        return _created(self._client.post(access, "v3.0/promotion/create/", body), "promotion_id")

    def create_creative(self, access: AccountAccess, draft: CreativeDraft) -> str:
        """Refused: a promotion carries its materials itself."""
        raise Rejected("this media takes materials with the plan", field="materials")

    def split_changes(self, changes: Sequence[PlanChange]) -> tuple[tuple[PlanChange, ...], ...]:
        """By field, deletions apart, names one by one, the rest in tens."""
        groups: dict[str, list[PlanChange]] = {}
        for change in changes:
            key = field_of_change(change)
            groups.setdefault("deleted" if change.status is SwitchStatus.DELETED else key, []).append(change)
        return tuple(
            tuple(batch)
            for key, group in groups.items()
            for batch in chunks(group, 1 if key == "name" else self.change_batch_size)
        )

    def change_plans(self, access: AccountAccess, changes: Sequence[PlanChange]) -> tuple[ItemResult, ...]:
        """Send one batch of ``split_changes``."""
        path, body = drafts.change_request(access.account_remote_id, changes)
        data = self._client.post(access, path, body)
        asked = tuple(change.plan_remote_id for change in changes)
        return mapping.item_results(data, asked=asked, id_field="promotion_id", ids_field="promotion_ids")

    # -- reports ------------------------------------------------------------------------------------------------

    def read_hourly(self, access: AccountAccess, *, first_on: date, last_on: date) -> Iterator[Sequence[MetricRow]]:
        """All plans by the hour. A day beyond the media's 10,000 rows is cut into hours, and an hour by projects."""
        day = first_on
        while day <= last_on:
            yield from self._report_window(access, day, range(HOURS_A_DAY), None)
            day += timedelta(days=1)

    def _report_window(
        self, access: AccountAccess, day: date, hours: range, project_ids: Sequence[str] | None
    ) -> Iterator[Sequence[MetricRow]]:
        page, total = 1, 0
        while page == 1 or (page - 1) * REPORT_PAGE < total:
            data = self._report_page(access, day, hours, project_ids, page=page)
            total = as_int(as_object(data.get("page_info")).get("total_number"))
            if total > REPORT_ROWS:
                for narrower in self._narrower(access, hours, project_ids):
                    yield from self._report_window(access, day, *narrower)
                return
            rows = reports.rows_from_report(data)
            if rows:
                yield rows
            page += 1

    def _report_page(
        self, access: AccountAccess, day: date, hours: range, project_ids: Sequence[str] | None, *, page: int
    ) -> JsonObject:
        filters = []
        if project_ids is not None:
            filters = [{"field": "cdp_project_id", "type": 2, "operator": 10, "values": list(project_ids)}]
        params = {
            "advertiser_id": access.account_remote_id,
            "dimensions": reports.DIMENSIONS,
            "metrics": reports.METRICS,
            "filters": filters,
            "start_time": f"{day} {hours[0]:02}:00:00",
            "end_time": f"{day} {hours[-1]:02}:59:59",
            "order_by": reports.ORDER,
            "page": page,
            "page_size": REPORT_PAGE,
        }
        parse = _whole_page(page, REPORT_PAGE, rows_field="rows", key=lambda row: repr(row.get("dimensions")))
        return self._client.get(access, "v3.0/report/custom/get/", params, parse)

    def _narrower(
        self, access: AccountAccess, hours: range, project_ids: Sequence[str] | None
    ) -> list[tuple[range, Sequence[str] | None]]:
        if len(hours) > 1:
            middle = len(hours) // 2
            return [(hours[:middle], project_ids), (hours[middle:], project_ids)]
        if project_ids is None:
            project_ids = self._project_ids(access)
        if len(project_ids) <= 1:
            raise Malformed(f"more than {REPORT_ROWS} promotions of one project in one hour")
        middle = len(project_ids) // 2
        return [(hours, project_ids[:middle]), (hours, project_ids[middle:])]

    def _project_ids(self, access: AccountAccess) -> list[str]:
        page: int | None = 1
        found: list[str] = []
        while page:
            answer = self._project_page(access, {"status": "PROJECT_STATUS_ALL"}, page=page)
            found += (campaign.remote_id for campaign in answer.items)
            page = int(answer.next_cursor) if answer.next_cursor else None
        return found

    # -- materials ----------------------------------------------------------------------------------------------

    def upload(
        self, access: AccountAccess, *, kind: MaterialKind, filename: str, content: bytes, md5: str
    ) -> UploadedMaterial:
        """Put a file into the account's library; the same bytes give the same material again."""
        form = {"advertiser_id": access.account_remote_id, "upload_type": "UPLOAD_BY_FILE", "filename": filename}
        if kind in drafts.VIDEO_KINDS:
            form["video_signature"] = md5
            file = UploadFile("video_file", filename, content)
            material = mapping.material_from_video(self._client.upload(access, "2/file/video/ad/", form, file), kind)
        else:
            form["image_signature"] = md5
            file = UploadFile("image_file", filename, content)
            material = mapping.material_from_image(self._client.upload(access, "2/file/image/ad/", form, file), kind)
        if not material.remote_id:
            raise OutcomeUnknown("an upload was answered without an id")
        return material

    def read_materials(
        self, access: AccountAccess, *, kind: MaterialKind, remote_ids: Sequence[str]
    ) -> tuple[UploadedMaterial, ...]:
        """Materials of the library by id; absent ones are missing from the answer."""
        is_video = kind in drafts.VIDEO_KINDS
        path, ids_field = ("2/file/video/get/", "video_ids") if is_video else ("2/file/image/get/", "image_ids")
        convert = mapping.material_from_video if is_video else mapping.material_from_image
        found: list[UploadedMaterial] = []
        for ids in chunks(remote_ids, IDS_A_READ["materials"]):
            params = {
                "advertiser_id": access.account_remote_id,
                "filtering": {ids_field: list(ids)},
                "page": 1,
                "page_size": IDS_A_READ["materials"],
            }
            found += self._client.get(
                access, path, params, lambda data: [convert(item, kind) for item in as_objects(data.get("list"))]
            )
        return unique_by(found, lambda material: material.remote_id)


def _numbers(ids: Sequence[str]) -> list[int]:
    return [int(remote_id) for remote_id in ids]


def _is_live(found: RemoteCampaign | RemotePlan, name: str) -> bool:
    return found.name == name and found.status is not SwitchStatus.DELETED


def _created(data: JsonObject, id_field: str) -> str:
    remote_id = as_id(data.get(id_field))
    if not remote_id:
        raise OutcomeUnknown("created, but answered without an id")
    return remote_id


def _modified(noun: str, since: datetime | None) -> JsonObject:
    """The filter for what changed since; empty, so everything, when the media's span of 30 days is exceeded."""
    now = datetime.now(MEDIA_TIMEZONE)
    if since is None or now - since >= MODIFIED_SPAN:
        return {}
    return {
        f"{noun}_modify_start_time": instant_text(since),
        f"{noun}_modify_end_time": instant_text(now + timedelta(minutes=1)),
    }


def _whole_page(
    page: int, page_size: int, *, rows_field: str = "list", key: Callable[[JsonObject], Hashable] = repr
) -> Callable[[JsonObject], JsonObject]:
    """A parser that takes only a page with as many different rows as its total promises."""

    def parse(data: JsonObject) -> JsonObject:
        total = as_int(as_object(data.get("page_info")).get("total_number"))
        rows = {key(row) for row in as_objects(data.get(rows_field))}
        require_whole_page(rows, page=page, page_size=page_size, total=min(total, REPORT_ROWS))
        return data

    return parse


def _next_page(data: JsonObject, page: int) -> str | None:
    return str(page + 1) if page < as_int(as_object(data.get("page_info")).get("total_page")) else None


def _campaigns(data: JsonObject, *, page: int, inventory_type: str) -> Page[RemoteCampaign]:
    _whole_page(page, PROJECT_PAGE)(data)
    ours = (
        item
        for item in as_objects(data.get("list"))
        if not (inventory := mapping.inventory_of(item)) or inventory_type in inventory
    )
    return Page(
        items=unique_by((mapping.campaign_from_project(item) for item in ours), lambda campaign: campaign.remote_id),
        next_cursor=_next_page(data, page),
        total=as_int(as_object(data.get("page_info")).get("total_number")),
    )


def _plans(data: JsonObject, *, page: int) -> Page[RemotePlan]:
    _whole_page(page, PROMOTION_PAGE)(data)
    return Page(
        items=unique_by(
            (mapping.plan_from_promotion(item) for item in as_objects(data.get("list"))), lambda plan: plan.remote_id
        ),
        next_cursor=_next_page(data, page),
        total=as_int(as_object(data.get("page_info")).get("total_number")),
    )


def _promotions_at_cursor(data: JsonObject) -> Page[RemotePlan]:
    cursor_info = as_object(data.get("cursor_info"))
    items = unique_by(
        (mapping.plan_from_promotion(item) for item in as_objects(data.get("list"))), lambda plan: plan.remote_id
    )
    has_more = cursor_info.get("has_more") is True
    if has_more and len(items) < PROMOTION_PAGE:
        raise Malformed(f"{len(items)} of {PROMOTION_PAGE} rows before the next cursor")
    return Page(items=items, next_cursor=f"cursor:{as_text(cursor_info.get('cursor'))}" if has_more else None)
