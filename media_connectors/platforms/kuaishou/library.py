"""What a Kuaishou account can choose from: videos and images of its library and labels of interest."""

from __future__ import annotations

from media_connectors.contracts import AccountAccess, InterestOption, LibraryMaterial, Page
from media_connectors.platforms.kuaishou.client import KuaishouClient
from media_connectors.platforms.library import interests_from, kind_of
from media_connectors.platforms.paging import unique_by
from media_connectors.platforms.wire import JsonObject, as_id, as_int, as_list, as_object, as_objects, as_text

LIBRARY_PAGE = 50
#: ``new_status`` of a video that creatives may use
READY = 1


class KuaishouLibrary:
    """Reading only; uploads stand in the connector."""

    _client: KuaishouClient

    def list_materials(
        self, access: AccountAccess, *, is_video: bool, cursor: str | None = None
    ) -> Page[LibraryMaterial]:
        """Videos or images of the account's library, newest first."""
        page = int(cursor or 1)
        path = "v1/file/ad/video/list" if is_video else "v1/file/ad/image/list"
        body = {"advertiser_id": int(access.account_remote_id), "page": page, "page_size": LIBRARY_PAGE}
        return self._client.read(access, path, body, lambda data: _page(data, is_video=is_video, page=page))

    def list_interests(self, access: AccountAccess) -> tuple[InterestOption, ...]:
        """Every label of interest, a group before its parts; labels of behaviour are another kind of targeting."""
        body = {"advertiser_id": int(access.account_remote_id)}
        return self._client.read(access, "v1/tool/label/behavior_interest", body, _interests)


def _interests(data: JsonObject) -> tuple[InterestOption, ...]:
    return interests_from(as_list(as_object(data.get("behavior_interest")).get("interest")))


def _page(data: JsonObject, *, is_video: bool, page: int) -> Page[LibraryMaterial]:
    total = as_int(data.get("total_count"))
    show = _video if is_video else _image
    return Page(
        items=unique_by((show(item) for item in as_objects(data.get("details"))), lambda one: one.remote_id),
        next_cursor=str(page + 1) if page * LIBRARY_PAGE < total else None,
        total=total,
    )


def _video(item: JsonObject) -> LibraryMaterial:
    width, height = as_int(item.get("width")), as_int(item.get("height"))
    return LibraryMaterial(
        remote_id=as_id(item.get("photo_id")),
        kind=kind_of(width, height, is_video=True),
        name=as_text(item.get("photo_name")),
        image_url=as_text(item.get("cover_url")),
        width=width,
        height=height,
        duration_ms=as_int(item.get("duration")),
        is_ready=as_int(item.get("new_status")) == READY,
    )


def _image(item: JsonObject) -> LibraryMaterial:
    width, height = as_int(item.get("width")), as_int(item.get("height"))
    return LibraryMaterial(
        remote_id=as_text(item.get("image_token")),
        kind=kind_of(width, height, is_video=False),
        name=as_text(item.get("name")) or as_text(item.get("image_token")),
        image_url=as_text(item.get("url")),
        width=width,
        height=height,
    )
