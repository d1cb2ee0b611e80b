"""The page where targets are set, and what the overview then says."""

from collections.abc import Callable, Iterator

import pytest
import time_machine
from django.db import transaction
from django.test import Client

from campaigns.models import DeliveryTarget
from tests.campaigns.conftest import NOW
from tests.campaigns.rows import hour, ingest
from tests.factories import make_account, make_agency, make_plan
from xmagnet.accounts.models import Organization
from xmagnet.accounts.roles import Role
from xmagnet.audit.models import AuditEvent
from xmagnet.core.scope import organization_scope

HOME, PAGE = "/o/sunrise/", "/o/sunrise/targets/"


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def delivery(organization: Organization) -> object:
    """Blue's account beside an idle one: half of yesterday's cost by now; today 200 yuan, 4 conversions, ROI 2."""
    account = make_account(organization, name="Blue Douyin", agency=make_agency(organization, "Blue"))
    plan = make_plan(account, name="A plan")
    ingest(
        account,
        hour(plan, 0, 12, cost_fen=200_00, conversions=4, revenue_fen=400_00),
        hour(plan, 1, 12, cost_fen=100_00),
        hour(plan, 1, 20, cost_fen=100_00),
    )
    make_account(organization, name="Idle", platform="kuaishou", agency=make_agency(organization, "Red"))
    return account


def kept(organization: Organization) -> list[tuple[object, ...]]:
    with organization_scope(organization.pk), transaction.atomic():
        rows = DeliveryTarget.objects.order_by("platform")
        return [(row.platform, row.daily_cost_fen, row.cpa_fen, row.roi and str(row.roi)) for row in rows]


def test_targets_are_set_shown_again_and_audited(organization: Organization, admin: Client) -> None:
    sent = {"daily_cost": "500", "cpa": "60.5", "roi": "2.5", "douyin_cpa": "70"}
    answer = admin.post(PAGE, sent, follow=True)
    assert answer.redirect_chain == [(PAGE, 302)]
    assert kept(organization) == [("", 500_00, 60_50, "2.50"), ("douyin", None, 70_00, None)]
    html = answer.content.decode()
    assert 'value="60.50"' in html
    assert 'value="2.5"' in html
    log = admin.get("/o/sunrise/audit/").content.decode()
    assert log.count("Targets changed") >= 2
    assert "¥60.50" in log


def test_emptied_fields_set_no_target(organization: Organization, admin: Client) -> None:
    admin.post(PAGE, {"cpa": "60", "roi": "2"})
    admin.post(PAGE, {"cpa": "", "roi": "2"})
    assert kept(organization) == [("", None, None, "2.00")]


@pytest.mark.parametrize(
    ("sent", "field"),
    [({"cpa": "0"}, "cpa"), ({"douyin_roi": "-1"}, "douyin_roi"), ({"daily_cost": "1.234"}, "daily_cost"),
     ({"kuaishou_daily_cost": "much"}, "kuaishou_daily_cost"), ({"roi": "NaN"}, "roi")],
)  # fmt: skip
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_kept(
    organization: Organization, admin: Client, sent: dict[str, str], field: str
) -> None:
    answer = admin.post(PAGE, {"toutiao_cpa": "50", **sent})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert f'id="id_{field}_error"' in answer.content.decode()
    assert kept(organization) == []


@pytest.mark.parametrize("role", [role for role in Role if role != Role.ADMIN])
def test_nobody_else_opens_the_page_or_changes_anything(
    organization: Organization, as_role: Callable[..., Client], role: str
) -> None:
    client = as_role(role)
    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE, {"cpa": "1"}).status_code == 403
    assert PAGE not in client.get(HOME).content.decode()
    assert kept(organization) == []
    with organization_scope(organization.pk), transaction.atomic():
        assert not AuditEvent.objects.filter(action="target.changed").exists()


def test_the_overview_measures_today_by_the_targets(admin: Client, delivery: object) -> None:
    admin.post(PAGE, {"daily_cost": "500", "cpa": "40", "roi": "2.5"})
    html = admin.get(HOME).content.decode()
    assert 'target <span title="¥500.00">¥500.00</span> a day' in html
    assert "vs due by now" in html
    assert "20.0%</span> vs due by now" in html  # 200 yuan of the 250 that are due
    assert "target ¥40.00" in html
    assert "target 2.50" in html
    assert html.count("20.0%</span> vs target") == 2  # ROI 2 of 2.5, by media and by agency


def test_without_targets_the_bids_stand_in_and_the_page_says_so(admin: Client, delivery: object) -> None:
    html = admin.get(HOME).content.decode()
    assert "mean bid ¥50.00, no target set" in html
    assert "vs target" not in html


def test_the_tables_name_the_matured_cpa_and_explain_their_columns(admin: Client, delivery: object) -> None:
    html = admin.get(HOME).content.decode()
    assert '<th scope="col" class="number" title="Cost ÷ matured conversions · booked on the day' in html
    assert '<th scope="col" class="number" title="Revenue ÷ cost · booked when the conversion is reported">ROI' in html
    assert ">CPA<" not in html


def test_an_agencys_people_are_told_the_rates_but_not_the_cost_of_the_whole(
    admin: Client, as_role: Callable[..., Client], delivery: object
) -> None:
    admin.post(PAGE, {"daily_cost": "987654", "douyin_daily_cost": "876543", "cpa": "40"})
    html = as_role(Role.OPTIMIZER, agency=delivery.agency).get(HOME).content.decode()  # type: ignore[attr-defined]
    assert "target ¥40.00" in html
    assert "987" not in html
    assert "due by now" not in html


def test_chinese_readers_get_both_pages_in_chinese(admin: Client, delivery: object) -> None:
    admin.post(PAGE, {"daily_cost": "500", "cpa": "40", "roi": "2.5"})
    admin.cookies["language"] = "zh-hans"
    page, home = admin.get(PAGE).content.decode(), admin.get(HOME).content.decode()
    assert "全部媒体合计" in page
    assert "目标 ¥40.00" in home
    assert "较目标" in home
    assert "成熟 CPA" in home
