"""``make screenshots``: current pictures of the ten main pages, in both languages, into docs/images.

They are taken of the demo world on a stack of its own, in the middle of a day's work: plans were built, some rows were
refused, budgets were changed, an account runs low, and a large job is running. A page that answers with an error ends
it, and the pictures that stand there stay.
"""

from __future__ import annotations

import json
import sys
import urllib.request
import uuid
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browsers import CHROMIUM, FLAGS
from tests.stacks import RunningStack, throw_away_stack, wait_until

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / "docs" / "images"
ORGANIZATION = "/o/anxin/"
LOOKS = (("light", "en"), ("dark", "zh-hans"))
#: the pages that an optimizer uses; the plan and the job are found when they exist
SHOWN = {
    "overview": "", "plans": "plans/", "plan": "plans/{plan}/", "build": "plans/build/", "jobs": "jobs/",
    "job": "jobs/{job}/", "changes": "changes/?action=plan.changed", "accounts": "accounts/",
    "agencies": "agencies/", "audit": "audit/",
}  # fmt: skip
MOST_BYTES = 150_000
QUALITIES = (80, 70, 60, 50, 40)
DONE = {"succeeded", "partially_succeeded", "failed"}


class Office:
    """Somebody at work over the API of the stack."""

    def __init__(self, stack: RunningStack) -> None:
        known = json.loads((stack.var / "demo.json").read_text(encoding="utf-8"))
        self.password = str(known["password"])
        self._base = f"{stack.url}/api/v1{ORGANIZATION}"
        self._headers = {"Authorization": f"Bearer {known['api_token']}", "Content-Type": "application/json"}

    def call(self, path: str, body: Any = None) -> Any:
        """GET, or POST with a body."""
        headers = self._headers | ({} if body is None else {"Idempotency-Key": str(uuid.uuid4())})
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._base + path, data, headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def plans(self, count: int) -> list[int]:
        """The plans that cost most today."""
        found = self.call(f"plans?fields=id&sort=-cost&limit={count}")["plans"]
        return [plan["id"] for plan in found]

    def build(self, series: str, count: int) -> str:
        """Build plans after one that exists; every thirtieth row asks for a budget that the media refuses."""
        plan = self.call(f"plans/{self.plans(1)[0]}")
        taken = ("media", "goal", "landing_url", "titles")
        materials = [
            {"kind": one["kind"], "id": one["remote_id"], "cover_id": one.get("cover_remote_id", "")}
            for one in plan["materials"]
        ]
        row = {name: plan[name] for name in taken} | {
            "account_id": plan["account"]["remote_id"], "materials": materials, "brand_name": "安心保险",
            "call_to_action": "立即咨询",
        }  # fmt: skip
        rows = [
            row | {
                "client_ref": f"{series}-{number}", "name": f"{series}-{number:03}", "bid": 40 + number % 20,
                "budget": 20 if number % 30 == 7 else 500,
            }
            for number in range(count)
        ]  # fmt: skip
        return str(self.call("plans/bulk", {"rows": rows})["id"])

    def finish(self, job: str) -> None:
        """Wait until a job has come to rest."""
        wait_until(lambda: self.call(f"jobs/{job}")["state"] in DONE)

    def work(self) -> str:
        """A morning: two series built, budgets and bids changed; the id of the large job that still runs."""
        self.finish(self.build("双十一-重疾-放量", 120))
        self.finish(self.build("双十一-医疗-测试", 40))
        dear = self.plans(40)
        raise_budget = {"budget": {"percent": 15, "most": 5000}}
        changed = self.call("plans/bulk-update", {"plan_ids": dear[:25], "changes": raise_budget, "reason": "放量"})
        self.finish(changed["id"])
        lower_bid = {"bid": {"percent": -5}}
        changed = self.call("plans/bulk-update", {"plan_ids": dear[25:], "changes": lower_bid, "reason": "成本偏高"})
        self.finish(changed["id"])
        return self.build("春节-年金-新客", 3_000)


def sign_in(browser: Browser, stack: RunningStack, password: str, theme: str, language: str) -> Page:
    """A page of the administrator."""
    context = browser.new_context(
        base_url=stack.url, viewport={"width": 1440, "height": 900}, locale="en-GB", reduced_motion="reduce"
    )
    kept = {"theme": theme, "language": language}
    context.add_cookies([{"name": name, "value": value, "url": stack.url} for name, value in kept.items()])
    page = context.new_page()
    page.goto("/account/login/")
    page.fill("[name=login]", "admin@anxin.example")
    page.fill("[name=password]", password)
    page.press("[name=password]", "Enter")
    page.wait_for_url(f"**{ORGANIZATION}")
    return page


def set_alarm(page: Page) -> None:
    """Let one account run low."""
    page.goto(f"{ORGANIZATION}accounts/")
    page.locator("a[href$='/alarm/']").nth(2).click()
    page.fill("[name=low_balance]", "5000000")
    page.press("[name=low_balance]", "Enter")
    page.wait_for_url(f"**{ORGANIZATION}accounts/")


def picture(page: Page) -> bytes:
    """What is seen, as small as it has to be."""
    taken = b""
    for quality in QUALITIES:
        taken = page.screenshot(type="jpeg", quality=quality)
        if len(taken) <= MOST_BYTES:
            break
    return taken


def take(browser: Browser, stack: RunningStack) -> dict[str, bytes]:
    """Every picture by its file's name."""
    office = Office(stack)
    running = office.work()
    found = {"plan": office.plans(1)[0], "job": running}
    pictures = {}
    for theme, language in LOOKS:
        page = sign_in(browser, stack, office.password, theme, language)
        set_alarm(page)
        for name, address in SHOWN.items():
            answer = page.goto(ORGANIZATION + address.format(**found))
            assert answer is not None, name
            assert answer.ok, name
            page.wait_for_load_state("networkidle")
            pictures[f"{name}-1440-{theme}-{language}.jpg"] = picture(page)
        page.context.close()
    return pictures


def main() -> int:
    """Take all of them, then put them in the place of the old ones."""
    with throw_away_stack() as stack:
        stack.options = ()  # with the demo world
        stack.start()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
            pictures = take(browser, stack)
            browser.close()
    TARGET.mkdir(parents=True, exist_ok=True)
    for old in TARGET.glob("*.jpg"):
        old.unlink()
    for name, content in pictures.items():
        (TARGET / name).write_bytes(content)
    return 0


if __name__ == "__main__":
    sys.exit(main())
