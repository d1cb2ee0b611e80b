#!/usr/bin/env bash
# Raise the budgets of all paused plans by 20 %, to 2,000 yuan at most: first the preview, then, with "send", the job.
set -eu
base="$XMAGNET_URL/api/v1/o/$XMAGNET_ORG"
token="Authorization: Bearer $XMAGNET_TOKEN"
json="Content-Type: application/json"

ids=$(curl -sS --fail-with-body "$base/plans?status=paused&fields=id&limit=1000&sort=name" -H "$token" |
  python3 -c 'import json, sys; print([plan["id"] for plan in json.load(sys.stdin)["plans"]])')
body="{\"plan_ids\": $ids, \"changes\": {\"budget\": {\"percent\": 20, \"most\": 2000}}, \"reason\": \"weekend\"}"

# What would become of each plan, what the media would refuse, and why. Nothing is written.
curl -sS --fail-with-body "$base/plans/bulk-update?validate_only=true" -H "$token" -H "$json" -d "$body"
echo
[ "${1:-}" = send ] || exit 0
curl -sS --fail-with-body "$base/plans/bulk-update" -H "$token" -H "$json" \
  -H "Idempotency-Key: budgets-$(date +%F)" -d "$body"
echo
