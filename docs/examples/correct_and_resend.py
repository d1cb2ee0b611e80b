"""Download the rows of a job that failed, correct them in the same columns, send them again: … <job id> <budget>."""

import csv
import io
import json
import sys

from client import call, send, wait_for

job_id, budget = sys.argv[1], sys.argv[2]

for row in call("GET", f"jobs/{job_id}/rows?state=failed,invalid&limit=1000")["items"]:
    print(f"line {row['line']} {row['client_ref']}: {row['error']['code']}: {row['error']['detail']}")

text = send("GET", f"jobs/{job_id}/results?format=csv&state=failed,invalid").decode("utf-8-sig")
rows = list(csv.DictReader(io.StringIO(text)))
if not rows:
    raise SystemExit("nothing failed")

corrected = io.StringIO()
writer = csv.DictWriter(corrected, rows[0].keys())  # the result columns may stay: they are ignored
writer.writeheader()
for row in rows:
    if row["result_error_field"] == "budget":
        row["budget"] = budget
    writer.writerow(row)

job = json.loads(
    send("POST", "plans/bulk", corrected.getvalue().encode(), "text/csv", key=f"correct-{job_id}-{budget}")
)
job = wait_for(job)
print(job["id"], job["state"], f"{job['counts']['succeeded']} of {job['counts']['total']} created")
