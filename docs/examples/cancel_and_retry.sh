#!/usr/bin/env bash
# Stop what a job has not sent yet, then try those rows again as a child job: cancel_and_retry.sh job_…
set -eu
job="$XMAGNET_URL/api/v1/o/$XMAGNET_ORG/jobs/$1"
token="Authorization: Bearer $XMAGNET_TOKEN"
json="Content-Type: application/json"

# Rows in flight finish, created plans stay; {"pause_created": true} would pause those as well.
curl -sS --fail-with-body "$job/cancel" -H "$token" -H "$json" -d '{}'
echo
# 409 while the outcome of a row is not known yet: ask again a little later.
curl -sS --fail-with-body --retry 5 --retry-delay 2 --retry-all-errors "$job/retry" -H "$token" -H "$json" \
  -H "Idempotency-Key: retry-$1" -d '{"only": "retryable"}'
echo
