#!/usr/bin/env bash
# Plans that are paused and bid more than 50 yuan, dearest first, a page at a time, as lines of JSON.
set -eu
base="$XMAGNET_URL/api/v1/o/$XMAGNET_ORG"
after=

while :; do
  page=$(curl -sS --fail-with-body --get "$base/plans" -H "Authorization: Bearer $XMAGNET_TOKEN" \
    --data-urlencode "status=paused" --data-urlencode "bid__gt=50" \
    --data-urlencode "period=last_7_days" --data-urlencode "metrics=cost,conversions,cpa" \
    --data-urlencode "fields=id,name,bid,metrics" --data-urlencode "sort=-bid" \
    --data-urlencode "limit=${PAGE:-100}" --data-urlencode "after=$after")
  python3 -c 'import json, sys; [print(json.dumps(plan, ensure_ascii=False)) for plan in json.load(sys.stdin)["plans"]]' \
    <<<"$page"
  after=$(python3 -c 'import json, sys; print(json.load(sys.stdin)["next"] or "")' <<<"$page")
  [ -n "$after" ] || break
done
