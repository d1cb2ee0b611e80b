"""What the examples share: call the API, wait for a job, take a row after a plan that exists. Standard library only.

Set XMAGNET_URL (https://ads.example.com), XMAGNET_ORG (the organization's short name) and XMAGNET_TOKEN (adk_…).
"""

import json
import os
import time
import urllib.error
import urllib.request
import uuid

BASE = f"{os.environ['XMAGNET_URL'].rstrip('/')}/api/v1/o/{os.environ['XMAGNET_ORG']}/"
FINISHED = {"succeeded", "partially_succeeded", "failed", "errored", "cancelled", "expired", "lost"}


def send(method, path, body=None, content_type="application/json", key=None):
    """Return the answer's bytes. A 429 is waited for; any other problem is raised as SystemExit with its sentence."""
    headers = {"Authorization": f"Bearer {os.environ['XMAGNET_TOKEN']}", "Content-Type": content_type}
    if method != "GET":
        headers["Idempotency-Key"] = key or str(uuid.uuid4())  # one key for all tries of this call
    while True:
        request = urllib.request.Request(BASE + path, body, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            if error.code == 429:
                time.sleep(int(error.headers["Retry-After"]))
                continue
            problem = json.load(error)
            raise SystemExit(f"{problem['title']}: {problem['detail']} {problem.get('errors', '')}") from None


def call(method, path, body=None, key=None):
    """Send and read JSON."""
    return json.loads(send(method, path, None if body is None else json.dumps(body).encode(), key=key))


def wait_for(job):
    """Look at the job until it is finished; what it waits for is said in waiting_for."""
    while job["state"] not in FINISHED:
        time.sleep(1)
        job = call("GET", f"jobs/{job['id']}")
    return job


def row_like_an_existing_plan(client_ref):
    """A row with the account, landing page, titles and materials of some plan of yours."""
    plan_id = call("GET", "plans?limit=1&fields=id&sort=name")["plans"][0]["id"]
    plan = call("GET", f"plans/{plan_id}")
    return {
        "client_ref": client_ref,
        "media": plan["media"],
        "account_id": plan["account"]["remote_id"],
        "name": client_ref,
        "goal": plan["goal"],
        "bid": float(plan["bid"] or 50),
        "budget": 500,
        "landing_url": plan["landing_url"],
        "titles": plan["titles"],
        "materials": [
            {"kind": one["kind"], "id": one["remote_id"], "cover_id": one.get("cover_remote_id", "")}
            for one in plan["materials"]
        ],
        "brand_name": "安心保险",
        "call_to_action": "立即咨询",
    }
