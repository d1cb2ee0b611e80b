"""Create 1,000 plans in one request and wait for the job: create_plans.py [count] [prefix]."""

import sys

from client import call, row_like_an_existing_plan, wait_for

count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
prefix = sys.argv[2] if len(sys.argv) > 2 else "example"

template = row_like_an_existing_plan("")
rows = [
    # client_ref is yours: a row whose client_ref a live plan has makes no second plan
    {
        **template,
        "client_ref": f"{prefix}-{number}",
        "name": f"{prefix} {number}",
        "bid": template["bid"] + number / 100,
    }
    for number in range(count)
]
job = call("POST", "plans/bulk", {"rows": rows}, key=f"create-{prefix}-{count}")
job = wait_for(job)
print(job["id"], job["state"], f"{job['counts']['succeeded']} of {job['counts']['total']} created")
