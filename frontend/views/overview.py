"""The first page: how delivery does today, and what needs a person."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.contracts import Aim, Targets
from campaigns.contracts import Overview as Board
from campaigns.selectors.overview import BALANCE_HORIZON_HOURS, overview
from frontend.charts import Figure, Series, time_chart
from frontend.overview_words import ALARM_SEVERITY, ATTENTION_HINTS, ATTENTION_LABELS
from frontend.tables.plan_columns import metric_hint
from frontend.templatetags.kit import platform_name
from frontend.views.base import Page
from frontend.views.jobs import described
from media_connectors.choices import AccountHealth
from media_connectors.selectors.directory import AccountFacts
from xmagnet.jobs.selectors import list_jobs

JOBS_SHOWN = 5
ATTENTION_SHOWN = 10
#: after “Show more”; whoever has more than these to do begins at the top
ATTENTION_MOST = 200
ACCOUNTS_SHOWN = 8
REFRESH_SECONDS = 60
HINTED = ("cost", "conversions", "matured_cpa", "roi")


class Overview(Page):
    """Home of an organization. The board inside it is fetched anew every minute."""

    permission = "overview:read"
    template_name = "frontend/overview/page.html"
    title = gettext_lazy("Overview")
    menu_item = "overview"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        shows_all = self.request.GET.get("attention") == "all"
        board = overview(self.actor, attention_limit=ATTENTION_MOST if shows_all else ATTENTION_SHOWN)
        jobs = list_jobs(self.actor)[:JOBS_SHOWN] if self.actor.can("jobs:read") else ()
        late = [one for one in board.freshness if one.is_late]
        return super().get_context_data(
            board=board,
            has_accounts=bool(board.by_account),
            hours_chart=hours_chart(board),
            media_rows=[(platform_name(row.key), row, board.aims_by_media[row.key]) for row in board.by_media],
            agency_rows=[
                (row.label or _("The advertiser itself"), row, agency_aim(board.aim.targets)) for row in board.by_agency
            ],
            hints={key: metric_hint(key) for key in HINTED},
            shows_all=shows_all,
            attention=[described_attention(item) for item in board.attention],
            balances=board.balances[:ACCOUNTS_SHOWN],
            soon_hours=BALANCE_HORIZON_HOURS,
            logins=logins_that_end(board)[:ACCOUNTS_SHOWN],
            late=late[:ACCOUNTS_SHOWN],
            late_count=len(late),
            data_until=min((one.metrics_until for one in board.freshness if one.metrics_until), default=None),
            jobs=[described(job) for job in jobs],
            refresh_seconds=REFRESH_SECONDS,
            **kwargs,
        )


def agency_aim(whole: Targets) -> Aim:
    """What an agency is measured by: the advertiser's CPA and ROI. Nobody says which part of the cost is its own."""
    return Aim(Targets(None, whole.cpa_fen, whole.roi), cpa_fen=whole.cpa_fen)


def logins_that_end(board: Board) -> list[AccountFacts]:
    """Accounts in use whose login has ended or will within days, the ended ones first."""
    accounts = [one.account for one in board.freshness]
    ended = [account for account in accounts if account.health == AccountHealth.NEEDS_AUTHORIZATION]
    ending = [account for account in accounts if account.ends_soon(board.at)]
    return ended + sorted(ending, key=lambda account: account.authorized_until or board.at)


def described_attention(item: Any) -> dict[str, Any]:
    """An attention item with its words."""
    return {
        "item": item,
        "label": ATTENTION_LABELS.get(item.reason, item.reason),
        "hint": ATTENTION_HINTS.get(item.reason, ""),
        "tone": "bad" if item.severity >= ALARM_SEVERITY else "warn",
    }


def hours_chart(board: Board) -> Figure:
    """Cost and conversions by the hour, today over yesterday; hours to come are empty, not zero."""
    today = [point.today or {} for point in board.hours]
    yesterday = [point.yesterday for point in board.hours]
    return time_chart(
        _("Cost and conversions by the hour"),
        label_heading=_("Hour"),
        labels=[f"{point.hour:02}:00" for point in board.hours],
        series=[
            Series(_("Cost today"), [hour.get("cost") for hour in today], unit="money"),
            Series(_("Cost yesterday"), [hour.get("cost") for hour in yesterday], unit="money", is_comparison=True),
            Series(_("Conversions today"), [hour.get("conversions") for hour in today], kind="bar", axis=1),
        ],
    )
