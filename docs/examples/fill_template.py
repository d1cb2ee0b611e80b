"""Download the CSV template, fill it, check it, then send it: fill_template.py [prefix]."""

import csv
import io
import json
import sys

from client import row_like_an_existing_plan, send, wait_for

prefix = sys.argv[1] if len(sys.argv) > 1 else "table"

template = send("GET", "plans/bulk/template?format=csv").decode("utf-8-sig")
header, explanations = csv.reader(io.StringIO(template))  # the line that starts with # is skipped by X-Magnet

file = io.StringIO()
writer = csv.DictWriter(file, header)
writer.writeheader()
for number in range(3):
    row = row_like_an_existing_plan(f"{prefix}-{number}")
    row["bid"] += number + 1
    row["titles"] = "|".join(row["titles"])  # lists have | between
    row["materials"] = "|".join(f"{one['kind']}:{one['id']}:{one['cover_id']}" for one in row["materials"])
    writer.writerow(row)
content = file.getvalue().encode()

check = json.loads(send("POST", "plans/bulk?validate_only=true", content, "text/csv"))
for row in check["rows"]:
    for error in row["errors"]:
        print(f"line {row['line']} column {error.get('column', '?')}: {error['detail']}")
if not check["valid"]:
    raise SystemExit("nothing was sent")

job = wait_for(json.loads(send("POST", "plans/bulk", content, "text/csv", key=f"fill-{prefix}")))
print(job["id"], job["state"], f"{job['counts']['succeeded']} of {job['counts']['total']} created")
