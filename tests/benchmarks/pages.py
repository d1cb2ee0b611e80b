"""How fast the three pages of the optimizer's day are at 100,000 plans × 30 days: overview, plan table, plan page.

Real requests over HTTP to the real stack (granian, two processes; PostgreSQL as `make run` configures it): session,
gate, queries, template, all of the HTML. Every request asks for something else: other filters, orders, ranges, plans.
Beside the keys of the page as one reader sees it alone: the islands that HTMX asks for, readers whose sight is
narrowed, twenty readers at once, and the CPU time of web server and database per request.
"""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import psycopg

from tests.benchmarks._browser import Address, Reader, cpu_seconds, most_queries, p95_ms
from tests.benchmarks._delivery import Delivery, make_delivery
from tests.benchmarks.harness import Result, tell
from tests.stacks import RunningStack, throw_away_stack

REQUESTS = 120  # of each page
NARROWED_REQUESTS = 40
READERS = 20
#: one click every so often, as somebody who reads; seconds
THINKS_FOR = 2.0
CROWD_SECONDS = 30.0

PERIODS = ("today", "yesterday", "last_3_days", "last_7_days", "last_14_days", "last_30_days", "lifetime")
SORTS = ("-cost", "-cpa", "cpa", "-roi", "-ctr", "-conversions", "-impressions", "cvr", "-matured_cpa", "-bid")
COLUMN_SETS = (
    "",
    "bid,budget,cost,conversions,cpa,matured_cpa,billed_cpa,cpm,cpc",
    "bid,cost,conversions,matured_conversions,cpa,matured_cpa,deep_conversions,deep_cvr,deep_cpa,revenue,roi",
    "cost,plays,play_rate_3s,completion_rate,mean_watch,engagement_rate,ctr,cvr",
)
WORDS = ("重疾险", "视频7", "30-45", "意外险 视频12", "年金险")


def run(*, seed: int, scale: float) -> Result:
    """p95 in milliseconds and queries of each page, and what is beside them."""
    with throw_away_stack() as stack:
        stack.start()
        os.environ.update(stack.environment(), DJANGO_SETTINGS_MODULE="xmagnet.settings.profile")
        import django

        django.setup()
        with _without_beat(stack):
            started = time.perf_counter()
            with psycopg.connect(_superuser(stack), autocommit=True) as superuser:
                world = make_delivery(superuser, seed=seed, scale=scale)
            seconds = time.perf_counter() - started
            tell(f"made {world.plan_count} plans and {world.metric_row_count} rows of numbers in {seconds:.0f} s")
            results: dict[str, Any] = {
                "plans": world.plan_count,
                "metric_rows": world.metric_row_count,
                "seed_seconds": seconds,
            }
            results |= _measure(stack, world, random.Random(seed), scale)
    return results


def _superuser(stack: RunningStack) -> str:
    from xmagnet.local.environment import embedded_server
    from xmagnet.local.postgres import SUPERUSER

    return embedded_server(stack.var).conninfo(SUPERUSER)


@contextmanager
def _without_beat(stack: RunningStack) -> Iterator[None]:
    """The accounts of this world are on no media: reading them every minute would only fail, and disturb."""
    beat = stack.pid("beat")
    os.kill(beat, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(beat, signal.SIGCONT)


@dataclass(frozen=True, slots=True)
class Pages:
    """Addresses of one world, drawn anew at each call."""

    slug: str
    plan_ids: Sequence[int]
    draw: random.Random

    def overview(self) -> Address:
        """The board; nothing in its address varies."""
        return Address(f"/o/{self.slug}/")

    def table(self, *, is_island: bool = False, is_narrowed: bool = False) -> Address:
        """A range, an order by a number, filters, a comparison, a page."""
        draw = self.draw
        period = draw.choice(PERIODS)
        query: list[tuple[str, str]] = [("period", period), ("sort", draw.choice(SORTS))]
        query += [("f", text) for text in draw.choice(self._filters())]
        if draw.random() < 0.25:
            query.append(("q", draw.choice(WORDS)))
        if draw.random() < 0.3 and period != "lifetime":
            query.append(("compare", "same_hours" if period == "today" and draw.random() < 0.5 else "previous"))
        if columns := draw.choice(COLUMN_SETS):
            query.append(("cols", columns))
        if draw.random() < 0.3:
            query.append(("page", str(draw.randint(2, 3 if is_narrowed else 40))))
        if draw.random() < 0.2:
            query.append(("size", "100"))
        return Address(f"/o/{self.slug}/plans/?{urlencode(query)}", is_island)

    def plan(self) -> Address:
        """Any plan."""
        return Address(f"/o/{self.slug}/plans/{self.draw.choice(self.plan_ids)}/")

    def chart(self) -> Address:
        """Its chart alone, for other numbers and days."""
        draw = self.draw
        period = draw.choice(("today", "yesterday", "last_7_days", "last_14_days", "last_30_days"))
        query = {
            "period": period,
            "first": draw.choice(("cost", "clicks", "ctr")),
            "second": draw.choice(("cpa", "roi")),
        }
        return Address(f"{self.plan().path}chart/?{urlencode(query)}", is_island=True)

    def suggestions(self) -> Address:
        """What drops down under the search box."""
        return Address(
            f"/o/{self.slug}/search/suggestions/?{urlencode({'q': self.draw.choice(WORDS)})}", is_island=True
        )

    def bell(self) -> Address:
        """The number at the bell, asked for by every page."""
        return Address(f"/o/{self.slug}/notifications/unread/", is_island=True)

    def _filters(self) -> tuple[tuple[str, ...], ...]:
        low = self.draw.randint(30, 60)
        return (
            (),
            ("media:is:douyin", "status:is:enabled"),
            ("learning:any_of:learned|learning",),
            (f"name:contains:视频{self.draw.randint(1, 49)}",),
            ("cost:gt:100", "status:is:enabled"),
            (f"bid:between:{low}|{low + 40}",),
            ("roi:lt:0.5", "conversions:gte:3"),
            ("delivery:any_of:delivering|out_of_budget",),
        )


def _measure(stack: RunningStack, world: Delivery, draw: random.Random, scale: float) -> dict[str, float]:
    pages = Pages(world.slug, _plan_ids(world, draw), draw)
    results: dict[str, float] = {}
    kinds: dict[str, Callable[[], Address]] = {
        "overview": pages.overview,
        "plan_table": pages.table,
        "plan_page": pages.plan,
        "plan_table_island": lambda: pages.table(is_island=True),
        "plan_chart": pages.chart,
        "search_suggestions": pages.suggestions,
        "bell": pages.bell,
    }
    count = max(20, int(REQUESTS * min(1.0, scale * 2)))
    reader = Reader(stack, world.admin_id)
    for name, address in kinds.items():
        results |= _page(stack, reader, name, address, count)
        results[f"{name}_queries"] = most_queries(world.admin_id, (address() for _ in range(8)))
        tell(
            f"{name}: p95 {results[f'{name}_p95_ms']:.0f} ms, CPU {results[f'{name}_cpu_ms']:.0f} ms,"
            f" {results[f'{name}_queries']} queries"
        )
    for who, user_id in (("agency", world.agency_user_id), ("limited", world.limited_user_id)):
        theirs = Pages(world.slug, (), draw)
        narrowed = Reader(stack, user_id)
        for name, address in (
            ("overview", theirs.overview),
            ("plan_table", lambda: theirs.table(is_narrowed=True)),  # noqa: B023 - called in this turn of the loop
        ):
            results |= _page(stack, narrowed, f"{who}_{name}", address, NARROWED_REQUESTS)
            results[f"{who}_{name}_queries"] = most_queries(user_id, (address() for _ in range(8)))
            tell(f"{who} {name}: p95 {results[f'{who}_{name}_p95_ms']:.0f} ms")
    results |= _crowd(stack, world, pages, max(5.0, CROWD_SECONDS * min(1.0, scale)))
    return results


def _page(
    stack: RunningStack, reader: Reader, name: str, address: Callable[[], Address], count: int
) -> dict[str, float]:
    for _ in range(6):  # both processes have loaded their templates by then
        reader.get(address())
    before = cpu_seconds(stack)
    asked = [address() for _ in range(count)]
    taken = [reader.get(one)[0] for one in asked]
    slowest = max(zip(taken, asked, strict=True), key=lambda pair: pair[0])
    tell(f"  slowest {slowest[0] * 1000:.0f} ms {slowest[1].path}")
    return {f"{name}_p95_ms": p95_ms(taken), f"{name}_cpu_ms": (cpu_seconds(stack) - before) / count * 1000}


def _crowd(stack: RunningStack, world: Delivery, pages: Pages, seconds: float) -> dict[str, float]:
    """Twenty readers who click every two seconds: mostly the table, now and then a plan or the board."""
    taken: list[float] = []
    until = time.perf_counter() + seconds
    users = (world.admin_id, world.admin_id, world.agency_user_id, world.limited_user_id)
    readers = [Reader(stack, users[number % 4]) for number in range(READERS)]

    def read(reader: Reader, number: int) -> None:
        own = Pages(pages.slug, pages.plan_ids, random.Random(number))
        time.sleep(THINKS_FOR * number / READERS)
        while time.perf_counter() < until:
            choice = own.draw.random()
            sees_all = number % 4 < 2
            if choice < 0.15:
                address = own.overview()
            elif choice < 0.4 and sees_all:
                address = own.plan()
            else:
                address = own.table(is_island=True, is_narrowed=not sees_all)
            taken.append(reader.get(address)[0])
            time.sleep(own.draw.expovariate(1 / THINKS_FOR))

    threads = [threading.Thread(target=read, args=(reader, number)) for number, reader in enumerate(readers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    result = {"crowd_readers": READERS, "crowd_requests": len(taken), "crowd_p95_ms": p95_ms(taken)}
    tell(f"{READERS} readers: {len(taken)} requests, p95 {result['crowd_p95_ms']:.0f} ms")
    return result


def _plan_ids(world: Delivery, draw: random.Random) -> list[int]:
    from django.db import transaction

    from campaigns.models import Plan
    from xmagnet.core.scope import organization_scope

    with organization_scope(world.organization_id), transaction.atomic():
        found = list(Plan.objects.exclude(status="deleted").order_by("id").values_list("id", flat=True))
    return draw.sample(found, min(len(found), 2000))
