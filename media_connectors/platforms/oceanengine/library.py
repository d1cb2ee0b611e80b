"""What an Ocean Engine account can choose from: files of its library and categories of interest."""

from __future__ import annotations

from media_connectors.contracts import AccountAccess, InterestOption, LibraryMaterial, Page
from media_connectors.platforms.library import interests_from, kind_of
from media_connectors.platforms.oceanengine.client import OceanEngineClient
from media_connectors.platforms.paging import unique_by
from media_connectors.platforms.wire import (
    JsonObject,
    as_int,
    as_object,
    as_objects,
    as_text,
    milliseconds_from_seconds,
)

LIBRARY_PAGE = 50


class OceanEngineLibrary:
    """Reading only; uploads stand in the connector."""

    _client: OceanEngineClient

    def list_materials(
        self, access: AccountAccess, *, is_video: bool, cursor: str | None = None
    ) -> Page[LibraryMaterial]:
        """Videos or images of the account's library, newest first."""
        page = int(cursor or 1)
        path = "2/file/video/get/" if is_video else "2/file/image/get/"
        params = {"advertiser_id": access.account_remote_id, "page": page, "page_size": LIBRARY_PAGE}
        return self._client.get(access, path, params, lambda data: _page(data, is_video=is_video, page=page))

    def list_interests(self, access: AccountAccess) -> tuple[InterestOption, ...]:
        """Every category of interest, a group before its parts."""
        params = {"advertiser_id": access.account_remote_id}
        return self._client.get_array(access, "2/tools/interest_action/interest/category/", params, interests_from)


def _page(data: JsonObject, *, is_video: bool, page: int) -> Page[LibraryMaterial]:
    info = as_object(data.get("page_info"))
    rows = (_material(item, is_video) for item in as_objects(data.get("list")))
    return Page(
        items=unique_by(rows, lambda material: material.remote_id),
        next_cursor=str(page + 1) if page < as_int(info.get("total_page")) else None,
        total=as_int(info.get("total_number")),
    )


def _material(item: JsonObject, is_video: bool) -> LibraryMaterial:
    width, height = as_int(item.get("width")), as_int(item.get("height"))
    return LibraryMaterial(
        remote_id=as_text(item.get("id")),
        kind=kind_of(width, height, is_video=is_video),
        name=as_text(item.get("filename")),
        image_url=as_text(item.get("poster_url") if is_video else item.get("url")),
        width=width,
        height=height,
        duration_ms=milliseconds_from_seconds(item.get("duration")),
    )
