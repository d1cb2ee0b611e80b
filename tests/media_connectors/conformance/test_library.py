"""What a person can pick from: files with a picture of each, and interests by name. Alike on the three media."""

import hashlib

import httpx

from media_connectors.contracts import VENDOR_OF, MaterialKind, Vendor

from .conftest import PNG, Media


def picture(media: Media, number: int) -> str:
    """An image of its own in the library; its id."""
    content = PNG + number.to_bytes(2, "big")
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    kind = MaterialKind.IMAGE_VERTICAL
    uploaded = media.connector.upload(media.access, kind=kind, filename=f"{number}.png", content=content, md5=md5)
    return uploaded.remote_id


def test_videos_and_images_are_listed_with_a_picture_that_can_be_fetched(media: Media) -> None:
    ref = media.material()
    listed = media.connector.list_materials(media.access, is_video=True)
    video = next(one for one in listed.items if one.remote_id == ref.remote_id)
    assert video.kind is MaterialKind.VIDEO_VERTICAL
    assert (video.width, video.height) > (0, 0)
    assert video.duration_ms > 0
    image = next(
        one
        for one in media.connector.list_materials(media.access, is_video=False).items
        if one.remote_id == ref.cover_remote_id
    )
    for url in (video.image_url, image.image_url):
        answer = httpx.Client(transport=httpx.WSGITransport(app=media.app)).get(url)
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("image/")


def test_the_library_is_read_page_by_page(media: Media) -> None:
    files = {picture(media, number) for number in range(60)}
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = media.connector.list_materials(media.access, is_video=False, cursor=cursor)
        seen += [one.remote_id for one in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert files <= set(seen)
    assert len(seen) == len(set(seen)) == page.total


def test_interests_have_names_groups_and_the_vendors_own_numbers(media: Media) -> None:
    found = {one.name: one for one in media.connector.list_interests(media.access)}
    assert found["车险"].group == "汽车"
    assert found["汽车"].group == ""
    assert found["车险"].id == {Vendor.OCEANENGINE: 2403, Vendor.KUAISHOU: 503}[VENDOR_OF[media.platform]]
