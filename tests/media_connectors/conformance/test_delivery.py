"""What all three media do alike when nothing goes wrong."""

from datetime import timedelta

import pytest

from media_connectors.contracts import (
    FOREIGN_REGION,
    AgeBand,
    BidType,
    DeliveryStatus,
    DeviceSystem,
    Gender,
    PlanChange,
    ReviewState,
    SwitchStatus,
    Targeting,
    Vendor,
)
from media_connectors.errors import NotFound, Rejected
from media_connectors.platforms.oceanengine import connector as oceanengine
from media_connectors.protocols import Connector

WEEKDAYS_8_TO_22 = (("0" * 16 + "1" * 28 + "0" * 4) * 5) + "0" * 96


def all_pages(read):
    found, cursor = [], None
    while True:
        page = read(cursor)
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            return found


def change(media, **fields):
    batches = media.connector.split_changes([PlanChange(**fields)])
    (results,) = [media.connector.change_plans(media.access, batch) for batch in batches]
    return results


def test_it_is_a_connector(media):
    assert isinstance(media.connector, Connector)
    assert media.connector.platform is media.platform


def test_accounts_and_their_money(media):
    accounts = media.connector.list_accounts(media.access, secret=media.secret)
    assert {account.remote_id for account in accounts} == set(media.account_ids)
    assert all(account.name for account in accounts)
    (known,) = media.connector.read_accounts(media.access, [media.access.account_remote_id])
    assert known.company
    balance = media.connector.read_balance(media.access)
    assert balance.balance_fen == balance.cash_fen + balance.grant_fen > 0


def test_a_campaign_is_found_by_its_exact_name(media):
    remote_id = media.campaign(name="春季投放")
    media.campaign(name="春季投放 2")
    found = media.connector.find_campaign(media.access, name="春季投放")
    assert (found.remote_id, found.name, found.status) == (remote_id, "春季投放", SwitchStatus.ENABLED)
    assert found.daily_budget_fen == 500_000
    assert media.connector.find_campaign(media.access, name="春季") is None


def test_an_unlimited_budget_stays_unlimited(media):
    media.campaign(name="不限", daily_budget_fen=None)
    assert media.connector.find_campaign(media.access, name="不限").daily_budget_fen is None


def test_a_plan_comes_back_as_it_was_drafted(media):
    campaign = media.campaign()
    remote_id = media.plan(
        campaign=campaign, bid_fen=8_050, daily_budget_fen=50_000, schedule=WEEKDAYS_8_TO_22, is_enabled=False
    )
    plan = media.connector.find_plan(media.access, campaign_remote_id=campaign, name="计划 #k7f3q")
    assert plan == media.read(remote_id)
    assert (plan.remote_id, plan.campaign_remote_id, plan.name) == (remote_id, campaign, "计划 #k7f3q")
    assert (plan.bid_fen, plan.daily_budget_fen, plan.schedule) == (8_050, 50_000, WEEKDAYS_8_TO_22)
    assert plan.status is SwitchStatus.PAUSED
    assert plan.created_at is not None
    assert media.names() == ["计划 #k7f3q"]


def test_absent_plans_are_absent(media):
    campaign = media.campaign()
    assert media.connector.find_plan(media.access, campaign_remote_id=campaign, name="nobody") is None


def test_a_narrow_target_is_understood(media):
    targeting = Targeting(
        gender=Gender.FEMALE,
        ages=(AgeBand.AGE_31_40, AgeBand.AGE_50_UP),
        region_codes=(110_000, 440_300),
        systems=(DeviceSystem.ANDROID,),
        is_expansion_on=True,
    )
    campaign = media.campaign(targeting=targeting)
    plan_remote_id = media.plan(campaign=campaign, targeting=targeting)
    assert media.read(plan_remote_id).campaign_remote_id == campaign
    assert media.connector.read_contents(media.access, [plan_remote_id])[plan_remote_id].targeting == targeting


def test_a_region_of_another_media_is_refused_and_blames_the_audience(media):
    targeting = Targeting(region_codes=(FOREIGN_REGION + 1, 310_000))
    with pytest.raises(Rejected) as raised:
        media.plan(campaign=media.campaign(targeting=targeting), targeting=targeting)
    assert raised.value.field == "targeting"
    assert media.names() == []


def test_a_plan_without_bid_spends_for_most_conversions(media):
    campaign = media.campaign(bid_type=BidType.MAX_CONVERSION)
    plan = media.read(media.plan(campaign=campaign, bid_type=BidType.MAX_CONVERSION, bid_fen=None))
    assert plan.bid_fen is None


def test_creatives_are_found_where_they_are_separate(media):
    plan_remote_id = media.plan()
    found = media.connector.has_creative(media.access, plan_remote_id=plan_remote_id, name="创意 #k7f3q")
    assert bool(found) is media.connector.has_separate_creatives
    assert media.connector.has_creative(media.access, plan_remote_id=plan_remote_id, name="nobody") is None


def test_many_titles_are_one_creative(media):
    titles = ("三分钟了解保障", "百万医疗险怎么选")
    plan_remote_id = media.plan(titles=titles)
    found = media.connector.has_creative(media.access, plan_remote_id=plan_remote_id, name="创意 #k7f3q")
    assert bool(found) is media.connector.has_separate_creatives


def test_every_change_stands_afterwards(media):
    remote_id = media.plan(bid_fen=8_000, daily_budget_fen=50_000)
    changes = {
        "status": SwitchStatus.PAUSED,
        "bid_fen": 9_010,
        "daily_budget_fen": 80_000,
        "schedule": WEEKDAYS_8_TO_22,
        "name": "改名 #k7f3q",
    }
    for name, value in changes.items():
        (result,) = change(media, plan_remote_id=remote_id, **{name: value})
        assert (result.remote_id, result.is_accepted, result.message) == (remote_id, True, "")
    plan = media.read(remote_id)
    assert {name: getattr(plan, name) for name in changes} == changes
    change(media, plan_remote_id=remote_id, schedule="")
    assert media.read(remote_id).schedule == ""


def test_a_deleted_plan_is_gone_but_told(media):
    campaign = media.campaign()
    remote_id = media.plan(campaign=campaign)
    (result,) = change(media, plan_remote_id=remote_id, status=SwitchStatus.DELETED)
    assert result.is_accepted
    assert media.read(remote_id).status is SwitchStatus.DELETED
    assert media.read(remote_id).delivery_status is DeliveryStatus.DELETED
    assert media.connector.find_plan(media.access, campaign_remote_id=campaign, name="计划 #k7f3q") is None
    assert media.names() == []


def test_changes_are_split_into_the_calls_the_media_takes(media):
    campaign, materials = media.campaign(), (media.material(),)
    ids = [media.plan(f"计划 {number}", campaign=campaign, materials=materials) for number in range(12)]
    changes = [PlanChange(remote_id, status=SwitchStatus.PAUSED) for remote_id in ids]
    batches = media.connector.split_changes(changes)
    assert [len(batch) for batch in batches] == [10, 2]
    for batch in batches:
        assert all(result.is_accepted for result in media.connector.change_plans(media.access, batch))
    assert {plan.status for plan in media.connector.read_plans(media.access, ids)} == {SwitchStatus.PAUSED}


def test_all_pages_are_walked(media):
    campaign, materials = media.campaign(), (media.material(),)
    ids = {media.plan(f"计划 {number}", campaign=campaign, materials=materials) for number in range(45)}
    plans = all_pages(lambda cursor: media.connector.list_plans(media.access, cursor=cursor))
    assert sorted(plan.remote_id for plan in plans) == sorted(ids)
    campaigns = all_pages(lambda cursor: media.connector.list_campaigns(media.access, cursor=cursor))
    assert [found.remote_id for found in campaigns] == [campaign]


def test_what_changed_lately_is_listed(media):
    media.advance(days=3)  # the media's today is ours now
    remote_id = media.plan()
    since = media.read(remote_id).created_at - timedelta(hours=1)
    plans = all_pages(lambda cursor: media.connector.list_plans(media.access, cursor=cursor, modified_since=since))
    assert remote_id in {plan.remote_id for plan in plans}


def test_a_taken_name_is_refused_and_blames_the_name(media):
    campaign, materials = media.campaign(), (media.material(),)
    media.plan(campaign=campaign, materials=materials)
    with pytest.raises(Rejected) as raised:
        media.connector.create_plan(media.access, media.plan_draft(campaign, materials=materials))
    assert raised.value.field == "name"
    assert media.names() == ["计划 #k7f3q"]


def test_a_budget_below_the_floor_is_refused_and_blames_the_budget(media):
    draft = media.plan_draft(media.campaign(), daily_budget_fen=5_000, bid_fen=1_000)
    with pytest.raises(Rejected) as raised:
        media.connector.create_plan(media.access, draft)
    assert raised.value.field == "daily_budget_fen"
    assert media.names() == []


def test_a_plan_in_an_absent_campaign_is_refused(media):
    with pytest.raises((Rejected, NotFound)):
        media.connector.create_plan(media.access, media.plan_draft("7300000000000000099"))
    assert media.names() == []


def test_a_plan_is_reviewed_and_delivers(media):
    remote_id = media.plan()
    assert media.read(remote_id).review_state is ReviewState.PENDING
    assert media.read(remote_id).delivery_status is DeliveryStatus.IN_REVIEW
    media.advance(minutes=30)
    plan = media.read(remote_id)
    assert (plan.review_state, plan.delivery_status) == (ReviewState.APPROVED, DeliveryStatus.DELIVERING)
    assert media.connector.reject_reasons(media.access, [remote_id]) == ()


def test_materials_can_be_read_back(media):
    material = media.material()
    for _ in range(5):  # transcoding goes on from poll to poll
        (found,) = media.connector.read_materials(media.access, kind=material.kind, remote_ids=[material.remote_id])
        if found.is_ready:
            break
    assert (found.remote_id, found.is_ready, len(found.md5)) == (material.remote_id, True, 32)
    cover = media.cover()
    (image,) = media.connector.read_materials(media.access, kind=material.kind.IMAGE_VERTICAL, remote_ids=[cover])
    assert image.remote_id == cover


def test_a_wrong_checksum_is_refused(media):
    with pytest.raises(Rejected):
        media.connector.upload(
            media.access, kind=media.material().kind, filename="x.mp4", content=b"\x00" * 64, md5="0" * 32
        )


def test_more_promotions_than_pages_reach_are_walked_by_cursor(media, monkeypatch):
    if media.vendor is not Vendor.OCEANENGINE:
        pytest.skip("only Ocean Engine ends its pages at 10,000 rows")
    campaign, materials = media.campaign(), (media.material(),)
    ids = {media.plan(f"计划 {number}", campaign=campaign, materials=materials) for number in range(45)}
    monkeypatch.setattr(oceanengine, "LIST_ROWS", 40)
    plans = all_pages(lambda cursor: media.connector.list_plans(media.access, cursor=cursor))
    assert sorted(plan.remote_id for plan in plans) == sorted(ids)
    assert media.connector.list_plans(media.access).next_cursor.startswith("cursor:")
