#!/usr/bin/env bash
# Send a file of rows, one JSON object a line, compressed: upload_ndjson.sh rows.ndjson. Prints the finished job.
set -eu
base="$XMAGNET_URL/api/v1/o/$XMAGNET_ORG"
token="Authorization: Bearer $XMAGNET_TOKEN"

# The file's own digest as the key: sending the same file twice makes one job.
key=$(sha256sum "$1" | cut -c1-40)
job=$(gzip -c "$1" | curl -sS --fail-with-body "$base/plans/bulk?on_error=continue" \
  -H "$token" -H "Idempotency-Key: $key" \
  -H "Content-Type: application/x-ndjson" -H "Content-Encoding: gzip" --data-binary @-)
id=$(python3 -c 'import json, sys; print(json.load(sys.stdin)["id"])' <<<"$job")

while :; do
  job=$(curl -sS --fail-with-body "$base/jobs/$id" -H "$token")
  state=$(python3 -c 'import json, sys; print(json.load(sys.stdin)["state"])' <<<"$job")
  case $state in
    queued | validating | running | paused | cancelling) sleep 1 ;;
    *) break ;;
  esac
done
echo "$job"
