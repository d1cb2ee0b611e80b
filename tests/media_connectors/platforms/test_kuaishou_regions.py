"""Our region codes and Kuaishou's own ids: matched by name, read once, never widened."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import orjson
import pytest

from media_connectors import errors
from media_connectors.contracts import FOREIGN_REGION, Platform, Targeting, Vendor
from media_connectors.errors import Malformed, Rejected, Transient
from media_connectors.http import READ_ATTEMPTS
from media_connectors.platforms.kuaishou.client import KuaishouClient
from media_connectors.platforms.kuaishou.connector import KuaishouConnector
from media_connectors.platforms.kuaishou.regions import RegionBook, table_from
from tests.media_connectors.fakes import AnsweringMachine, access_to, media_http, ok, refused
from tests.media_connectors.rows import plan_draft

ACCESS = access_to(Platform.KUAISHOU, "20000800")
PUDONG = 471043


def listed(*regions):
    """A list as the media answers it, of (id, level, name, parent)."""
    names = ("id", "level", "name", "parent")
    return {str(region[0]): dict(zip(names, region, strict=True), children=None) for region in regions}


REGIONS = listed(
    (471038, 1, "上海", 0),
    (471039, 2, "上海", 471038),
    (PUDONG, 3, "浦东新区", 471039),
    (471252, 1, "吉林省", 0),
    (471254, 2, "吉林市", 471252),
    (471262, 2, "延边朝鲜族自治州", 471252),
    (471451, 1, "海南", 0),
    (471452, 2, "海口", 471451),
    (471541, 1, "青海", 0),
    (471546, 2, "海南藏族自治州", 471541),
    (471556, 1, "新疆维吾尔自治区", 0),
)


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


def book(*answers):
    machine, clock = AnsweringMachine(*answers), Clock()
    return RegionBook(KuaishouClient(media_http(Vendor.KUAISHOU, machine)), clock=clock), machine, clock


def test_provinces_and_cities_are_matched_by_name_and_level_whatever_their_endings():
    table = table_from(REGIONS)
    assert [table.id_of(code) for code in (310_000, 31, 220_000, 220_200, 222_400, 460_000, 632_500, 650_000)] == [
        471038,
        471038,
        471252,
        471254,
        471262,
        471451,
        471546,
        471556,
    ]
    assert [table.code_of(region_id) for region_id in (471038, 471254, 471546)] == [310_000, 220_200, 632_500]


@pytest.mark.parametrize("code", [110_000, 440_300, 440_305, 471_038, 310_101, 0, FOREIGN_REGION, FOREIGN_REGION + 7])
def test_a_code_without_a_region_is_refused_and_not_dropped(code):
    book_of_regions, _, _ = book(ok(REGIONS))
    with pytest.raises(Rejected) as raised:
        book_of_regions.ids_for_write(ACCESS, (310_000, code))
    assert raised.value.field == "targeting"
    assert str(code) in raised.value.message


def test_two_regions_of_one_name_are_not_guessed_between():
    table = table_from(REGIONS | listed((471600, 2, "延边地区", 471252)))
    assert 222_400 not in table.ids
    assert table_from(REGIONS | listed((471600, 2, "延边", 471252))).id_of(222_400) == 471600


def test_a_district_is_read_as_itself_and_goes_back_as_itself():
    table = table_from(REGIONS)
    code = table.code_of(PUDONG)
    assert code == FOREIGN_REGION + PUDONG
    assert table.id_of(code) == PUDONG
    assert table.code_of(999_999) == FOREIGN_REGION + 999_999


@pytest.mark.parametrize("data", [{}, {"details": []}, listed((1, 1, "Atlantis", 0)), {"1": None, "x": "y"}])
def test_a_list_without_provinces_is_no_list(data):
    with pytest.raises(Malformed):
        table_from(data)


def test_sixteen_threads_read_the_list_once():
    regions, machine, _ = book(ok(REGIONS))
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda _: regions.ids_for_write(ACCESS, (220_200, 220_000)), range(64)))
    assert found == [[471254, 471252]] * 64
    assert [request.url.path for request in machine.requests] == ["/rest/openapi/v1/region/list"]
    assert orjson.loads(machine.requests[0].content) == {"advertiser_id": 20000800}


def test_no_regions_cost_no_call():
    regions, machine, _ = book(ok(REGIONS))
    assert regions.ids_for_write(ACCESS, ()) == []
    assert regions.codes_of(ACCESS, ()) == ()
    assert machine.requests == []


def test_a_list_is_read_again_after_a_day_and_the_old_one_serves_while_the_media_fails():
    regions, machine, clock = book(ok(REGIONS), refused(401000, "?"), ok(REGIONS | listed((471001, 1, "北京", 0))))
    regions.ids_for_write(ACCESS, (31,))
    clock.now += 86_399
    regions.ids_for_write(ACCESS, (31,))
    assert len(machine.requests) == 1
    clock.now += 1
    assert regions.ids_for_write(ACCESS, (31,)) == [471038]
    assert regions.ids_for_write(ACCESS, (31,)) == [471038]
    assert len(machine.requests) == 2
    clock.now += 600
    assert regions.ids_for_write(ACCESS, (11,)) == [471001]


def test_a_failed_read_is_not_repeated_by_everybody():
    regions, machine, clock = book(*[httpx.Response(503)] * READ_ATTEMPTS, ok(REGIONS))
    for _ in range(5):
        with pytest.raises(Transient):
            regions.ids_for_write(ACCESS, (31,))
    assert len(machine.requests) == READ_ATTEMPTS
    clock.now += 5
    assert regions.ids_for_write(ACCESS, (31,)) == [471038]


def test_an_expired_token_is_told_as_such_and_the_next_may_ask():
    regions, _, _ = book(refused(402000, "access_token 已过期"), ok(REGIONS))
    with pytest.raises(errors.AuthExpired):
        regions.ids_for_write(ACCESS, (31,))
    assert regions.ids_for_write(ACCESS, (31,)) == [471038]


def test_an_unreadable_list_leaves_no_doubt_that_nothing_was_sent():
    machine = AnsweringMachine(ok({}))
    phone = KuaishouConnector(media_http(Vendor.KUAISHOU, machine), authorize_page="https://media.test/authorize")
    draft = plan_draft(campaign_remote_id="1", targeting=Targeting(region_codes=(31,)))
    with pytest.raises(Transient):
        phone.create_plan(ACCESS, draft)
    assert {request.url.path for request in machine.requests} == {"/rest/openapi/v1/region/list"}


def test_after_a_slow_read_of_the_list_nothing_is_written_until_the_next_try():
    def slow(request):
        clock.now += 4
        return ok(REGIONS)

    regions, machine, clock = book(slow)
    with pytest.raises(Transient):
        regions.ids_for_write(ACCESS, (31,))
    assert regions.ids_for_write(ACCESS, (31,)) == [471038]
    assert len(machine.requests) == 1
