from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import time_machine
from django.db import transaction
from django.test import Client

from tests.campaigns.conftest import NOW
from tests.campaigns.rows import hour, ingest
from tests.factories import make_account, make_agency, make_plan
from tests.media_connectors.rows import make_credential
from xmagnet.accounts.models import Organization
from xmagnet.accounts.roles import Role
from xmagnet.core.scope import organization_scope

HOME = "/o/sunrise/"


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def delivery(organization: Organization) -> tuple[object, object]:
    """Two agencies' accounts: one spends in vain today, the other converts."""
    blue = make_account(organization, name="Blue <Douyin>", agency=make_agency(organization, "Blue"))
    red = make_account(organization, name="Red Kuaishou", agency=make_agency(organization, "Red"), platform="kuaishou")
    vain, good = make_plan(blue, name="Vain <plan>"), make_plan(red, name="Good plan")
    ingest(blue, hour(vain, 0, 12, cost_fen=200_00, impressions=10), hour(vain, 1, 12, cost_fen=100_00))
    ingest(red, hour(good, 0, 13, cost_fen=12_345_00, conversions=200, billed_conversions=200, revenue_fen=50_000_00))
    return blue, red


def test_the_board_shows_today_against_yesterday(admin: Client, delivery: object) -> None:
    html = admin.get(HOME).content.decode()
    assert '<span title="¥12,545.00">¥12.5K</span>' in html
    assert 'data-direction="up"' in html
    assert "vs yesterday by now" in html
    assert "ROI" in html


def test_chinese_readers_get_wan(admin: Client, delivery: object) -> None:
    admin.cookies["language"] = "zh-hans"
    html = admin.get(HOME).content.decode()
    assert '<span title="¥12,545.00">¥1.25万</span>' in html
    assert "需要处理的计划" in html


def test_plans_that_need_somebody_come_with_reason_and_hint(admin: Client, delivery: object) -> None:
    html = admin.get(HOME).content.decode()
    assert "Vain &lt;plan&gt;" in html
    assert "Spends without conversions" in html
    assert "Good plan" not in html


def test_the_chart_has_24_hours_and_leaves_those_to_come_empty(admin: Client, delivery: object) -> None:
    option = admin.get(HOME).context["hours_chart"].option
    assert len(option["xAxis"]["data"]) == 24
    cost_today, cost_yesterday, conversions = (series["data"] for series in option["series"])
    assert (cost_today[12], cost_today[13], cost_today[15]) == (200_00, 12_345_00, None)
    assert cost_yesterday[12] == 100_00
    assert conversions[13] == 200


def test_an_agencys_user_sees_the_own_numbers_only(
    organization: Organization, as_role: Callable[..., Client], delivery: tuple[object, object]
) -> None:
    client = as_role(Role.OPTIMIZER, agency=delivery[0].agency)
    html = client.get(HOME).content.decode()
    assert "¥200.00" in html
    assert "¥12.5K" not in html
    assert "Red" not in html


def test_finance_is_shown_no_plans(as_role: Callable[..., Client], delivery: object) -> None:
    html = as_role(Role.FINANCE).get(HOME).content.decode()
    assert "Vain" not in html
    assert "Live plans" not in html


def test_an_empty_organization_is_told_how_to_begin(admin: Client, as_role: Callable[..., Client]) -> None:
    assert "/o/sunrise/accounts/connect/" in admin.get(HOME).content.decode()
    html = as_role(Role.ANALYST).get(HOME).content.decode()
    assert "Nothing is connected yet" in html
    assert "accounts/connect/" not in html


def test_money_and_late_data_are_told(organization: Organization, admin: Client) -> None:
    account = make_account(organization, name="Poor", balance_fen=10_00, low_balance_fen=500_00)
    html = admin.get(HOME).content.decode()
    assert "Money that will run out" in html
    assert "below its alarm" in html
    assert "1 late" in html
    assert account.name in html


def test_logins_that_end_are_told_beside_the_money(organization: Organization, admin: Client) -> None:
    credential = make_credential(organization)
    make_account(organization, name="Ending", credential=credential)
    make_account(organization, name="Ended", health="needs_authorization")
    make_account(organization, name="Well", credential=make_credential(organization))
    with organization_scope(organization.pk), transaction.atomic():
        type(credential).objects.filter(pk=credential.pk).update(refresh_expires_at=NOW + timedelta(days=2))
    accounts = admin.get(HOME).context["logins"]
    assert [account.name for account in accounts] == ["Ended", "Ending"]
    html = admin.get(HOME).content.decode()
    assert html.count("must be authorized again") == html.count("expires soon") == 1


def test_the_board_costs_few_queries(
    admin: Client, delivery: object, django_assert_max_num_queries: Callable[..., object]
) -> None:
    admin.get(HOME)  # the first page of a minute notes the session, too
    with django_assert_max_num_queries(24):
        assert admin.get(HOME).status_code == 200


def test_more_plans_that_need_somebody_are_shown_when_asked_for(
    admin: Client, delivery: tuple[object, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    blue, _red = delivery
    for number in range(3):
        make_plan(blue, name=f"Refused {number}", status="enabled", review_state="rejected")
    monkeypatch.setattr("frontend.views.overview.ATTENTION_SHOWN", 2)
    html = admin.get(HOME).content.decode()
    assert "the 2 worst of 4" in html
    assert '<a href="?attention=all">Show more</a>' in html
    html = admin.get(HOME, {"attention": "all"}).content.decode()
    assert {f"Refused {number}" in html for number in range(3)} == {True}
    assert "Show more" not in html
    assert f'hx-get="{HOME}?attention=all"' in html  # the board that is fetched anew stays long
