"""Setting targets, and measuring today by them."""

from dataclasses import replace

import pytest
from django.db import transaction

from campaigns.contracts import Targets
from campaigns.domain.targets import cost_due
from campaigns.models import DeliveryTarget
from campaigns.selectors.overview import overview
from campaigns.selectors.targets import targets_as_set
from campaigns.services.targets import MAX_FEN, set_targets
from tests.campaigns.rows import hour, ingest
from xmagnet.audit.models import AuditEvent
from xmagnet.core.errors import Forbidden, InvalidInput
from xmagnet.core.scope import organization_scope

WHOLE = Targets(daily_cost_fen=1_000_00, cpa_fen=60_00, roi=2.5)


@pytest.fixture
def scope(world):
    """Yesterday spent 120 of 300 yuan by this minute on Blue's Douyin, and nothing on Red's Kuaishou."""
    ingest(
        world.blue_account,
        hour(world.blue_plan, 0, 12, cost_fen=200_00),
        hour(world.blue_plan, 1, 12, cost_fen=120_00),
        hour(world.blue_plan, 1, 20, cost_fen=180_00),
    )
    ingest(world.red_account, hour(world.red_plan, 0, 13, cost_fen=100_00))
    with organization_scope(world.organization.pk), transaction.atomic():
        yield


@pytest.mark.parametrize(
    ("yesterday", "by_now", "expected"),
    [(300_00, 120_00, 400_00), (300_00, 0, 0), (0, 0, 600_00)],
)
def test_cost_is_due_as_yesterday_spent_it_else_by_the_clock(yesterday, by_now, expected):
    due = cost_due(1_000_00, yesterday_fen=yesterday, yesterday_by_now_fen=by_now, clock_share=0.6)
    assert due == pytest.approx(expected)


def test_without_a_target_no_cost_is_due():
    assert cost_due(None, yesterday_fen=300_00, yesterday_by_now_fen=120_00, clock_share=0.6) is None


def test_a_media_inherits_cpa_and_roi_but_never_the_cost_of_a_day():
    assert Targets().or_from(WHOLE) == Targets(None, 60_00, 2.5)
    assert Targets(500_00, 70_00).or_from(WHOLE) == Targets(500_00, 70_00, 2.5)


def test_the_board_measures_the_whole_and_each_media(world, scope):
    set_targets(world.admin, {"": WHOLE, "kuaishou": Targets(240_00, 80_00)})
    board = overview(world.admin)
    assert board.aim.cost_due_fen == pytest.approx(400_00)
    assert (board.aim.cpa_fen, board.aim.is_cpa_from_bids, board.aim.targets.roi) == (60_00, False, 2.5)
    douyin, kuaishou = board.aims_by_media["douyin"], board.aims_by_media["kuaishou"]
    assert (douyin.cost_due_fen, douyin.cpa_fen, douyin.targets.roi) == (None, 60_00, 2.5)
    assert kuaishou.cost_due_fen == pytest.approx(240_00 * 14.5 / 24)  # no cost yesterday: by the clock, 14:30
    assert (kuaishou.cpa_fen, kuaishou.targets.roi) == (80_00, 2.5)


def test_a_cpa_that_nobody_set_falls_back_to_the_bids_and_says_so(world, scope):
    set_targets(world.admin, {"": replace(WHOLE, cpa_fen=None)})
    board = overview(world.admin)
    assert (board.aim.cpa_fen, board.aim.is_cpa_from_bids) == (50_00, True)
    assert board.aims_by_media["douyin"].cpa_fen is None


@pytest.mark.parametrize("who", ["blue_actor", "limited_actor"])
def test_who_sees_a_part_is_not_measured_by_the_cost_of_the_whole(world, scope, who):
    set_targets(world.admin, {"": WHOLE, "douyin": Targets(500_00), "kuaishou": Targets(500_00)})
    board = overview(getattr(world, who))
    assert board.aim.targets == Targets(None, 60_00, 2.5)
    assert board.aim.cost_due_fen is None
    assert [aim.cost_due_fen for aim in board.aims_by_media.values()] == [None]


def test_targets_of_another_organization_are_unknown(world, scope):
    set_targets(world.admin, {"": WHOLE})
    with organization_scope(world.other.pk), transaction.atomic():
        assert targets_as_set(world.other_admin) == {}
        assert overview(world.other_admin).aim.targets == Targets()


def test_setting_is_audited_once_for_what_changed(world, scope):
    assert set_targets(world.admin, {"": WHOLE, "douyin": Targets()}) is True
    assert set_targets(world.admin, {"": WHOLE, "douyin": Targets()}) is False
    assert set_targets(world.admin, {"": replace(WHOLE, cpa_fen=None)}) is True
    first, second = AuditEvent.objects.filter(action="target.changed").order_by("id")
    assert first.after == {"daily_cost_fen": 1_000_00, "cpa_fen": 60_00, "roi": 2.5}
    assert (second.before["cpa_fen"], second.after["cpa_fen"]) == (60_00, None)
    assert targets_as_set(world.admin) == {"": replace(WHOLE, cpa_fen=None)}


@pytest.mark.parametrize(
    ("platform", "targets", "pointer"),
    [
        ("", Targets(daily_cost_fen=0), "/daily_cost"),
        ("", Targets(cpa_fen=-1), "/cpa"),
        ("douyin", Targets(cpa_fen=MAX_FEN + 1), "/douyin_cpa"),
        ("kuaishou", Targets(roi=0.0), "/kuaishou_roi"),
        ("", Targets(roi=1_000.01), "/roi"),
        ("", Targets(roi=float("nan")), "/roi"),
    ],
)
def test_a_number_out_of_range_is_named_and_nothing_is_kept(world, scope, platform, targets, pointer):
    with pytest.raises(InvalidInput) as refused:
        set_targets(world.admin, {"toutiao": WHOLE, platform: targets})
    assert [error.pointer for error in refused.value.errors] == [pointer]
    assert not DeliveryTarget.objects.exists()
    assert not AuditEvent.objects.exists()


def test_only_who_manages_the_organization_sets_or_reads_them_all(world, scope):
    with pytest.raises(Forbidden):
        set_targets(world.blue_actor, {"": WHOLE})
    with pytest.raises(Forbidden):
        targets_as_set(world.blue_actor)
    assert not DeliveryTarget.objects.exists()
    assert not AuditEvent.objects.exists()
