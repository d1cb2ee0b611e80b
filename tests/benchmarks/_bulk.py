"""A whole running stack with an organization on it, for the benchmarks of bulk jobs."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import django
import httpx
import psutil

from tests.benchmarks.harness import tell
from tests.stacks import RunningStack, throw_away_stack

PLATFORMS = ("douyin", "toutiao", "kuaishou")


@dataclass
class BulkStack:
    """A stack, a caller with a token, and accounts on all three media."""

    stack: RunningStack
    media: Any
    organization: Any
    token: str
    accounts: dict[str, list[tuple[int, str]]]

    def restart(self, **variables: str) -> None:
        """The same stack and data again, with other variables in its environment."""
        self.stack.stop()
        self.stack.variables.update(variables)
        self.stack.start()

    def cpu_seconds(self) -> dict[str, float]:
        """CPU seconds so far by service, children included."""
        used = {}
        for name in ("postgres", "media", "worker", "beat", "web"):
            parent = psutil.Process(self.stack.pid(name))
            used[name] = sum(sum(one.cpu_times()[:2]) for one in [parent, *parent.children(recursive=True)])
        return used

    def rows(self, count: int, *, prefix: str = "row", each: int = 1) -> list[dict[str, Any]]:
        """Rows spread evenly over the media and the first ``each`` accounts of every one."""
        rows = []
        for number in range(count):
            platform = PLATFORMS[number % len(PLATFORMS)]
            pairs = self.accounts[platform][:each]
            remote_id = pairs[number // len(PLATFORMS) % len(pairs)][1]
            row = self.media.row(platform, remote_id, number % 4000)
            rows.append(row | {"client_ref": f"{prefix}-{number}", "name": f"{prefix} {number}"})
        return rows

    def post(self, content: bytes, *, key: str, query: str = "", content_type: str = "application/json") -> Any:
        """POST one bulk request; the answer must be an acceptance."""
        answer = self.http.post(
            f"/plans/bulk{query}", content=content, headers={"Idempotency-Key": key, "Content-Type": content_type}
        )
        assert answer.status_code in {200, 202}, answer.text[:500]
        return answer.json()

    def wait(self, job_id: str, *, seconds: float) -> Any:
        """Poll the job until it is finished, as a client would."""
        ends_at = time.monotonic() + seconds
        while time.monotonic() < ends_at:
            job = self.http.get(f"/jobs/{job_id}").json()
            if job["finished_at"]:
                return job
            time.sleep(0.25)
        raise AssertionError(f"not finished in {seconds} s: {job['state']} {job['counts']}")

    def __post_init__(self) -> None:
        self.http = httpx.Client(
            base_url=f"{self.stack.url}/api/v1/o/{self.organization.slug}",
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=120,
            trust_env=False,
        )


@contextmanager
def bulk_stack(*, accounts: int = 1, **variables: str) -> Iterator[BulkStack]:
    """Start a stack of its own and put an organization with ``accounts`` media accounts a platform on it."""
    with throw_away_stack(**variables) as stack:
        stack.start()
        tell("stack is up")
        os.environ.update(stack.environment(), DJANGO_SETTINGS_MODULE="xmagnet.settings.profile")
        django.setup()
        from tests.campaigns.bulk.media import Media, open_media_accounts
        from tests.factories import OrganizationFactory, make_api_token, make_member

        organization = OrganizationFactory(slug="bench")
        token = make_api_token(organization, make_member(organization))
        media = Media(stack.media_url)
        opened = open_media_accounts(organization, media, each=accounts)
        yield BulkStack(stack, media, organization, token, opened)
        from django.db import connections

        connections.close_all()


def missing_and_double(names: list[str], expected: list[str]) -> tuple[int, int]:
    """Plans that are not there, and plans that are there too often, by the name without our key."""
    plain = [name.rpartition("#")[0] for name in names]
    missing = len(set(expected) - set(plain))
    return missing, len(plain) - len(set(plain))
