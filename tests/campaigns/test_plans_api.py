"""The plans API: pages, fields, filters, changes as jobs, previews, and nothing for strangers."""

import pytest

from campaigns.models import BulkRow
from campaigns.services.materials import keep_materials
from tests.campaigns.rows import hour, ingest
from tests.factories import make_api_token, make_campaign, make_member
from xmagnet.audit.models import AuditEvent
from xmagnet.core.scope import organization_scope
from xmagnet.jobs.models import Job


@pytest.fixture
def api(world, client):
    """Ask as a member of the first organization; ``role`` and narrowing by keyword."""
    ingest(world.blue_account, hour(world.blue_plan, 0, 9, cost_fen=1000, clicks=10, conversions=2))

    def ask(method, path, body=None, *, role="admin", key="k1", organization=None, scopes=None, **narrowing):
        owner = organization or world.organization
        text = make_api_token(owner, make_member(owner, role, **narrowing), scopes)
        headers = {"authorization": f"Bearer {text}", "idempotency-key": key}
        more = {"content_type": "application/json", "data": body} if body is not None else {}
        return getattr(client, method)(f"/api/v1/o/{world.organization.slug}/{path}", headers=headers, **more)

    return ask


def jobs(world):
    with organization_scope(world.organization.pk):
        return Job.objects.count()


def test_plans_come_with_metrics_in_yuan(world, api):
    body = api("get", "plans?metrics=cost,cpa,conversions").json()
    first, second = body["plans"]
    assert (first["name"], first["bid"], first["budget"]) == ("Blue plan", "50.00", "1000.00")
    assert first["metrics"] == {"cost": "10.00", "cpa": "5.00", "conversions": 2}
    assert second["metrics"] == {"cost": "0.00", "cpa": None, "conversions": 0}
    assert first["remote_id"] == world.blue_plan.remote_id
    assert body["next"] is None


def test_pages_follow_the_cursor_with_chosen_fields(world, api):
    first = api("get", "plans?limit=1&sort=name&fields=id,name").json()
    assert first["plans"] == [{"id": world.blue_plan.pk, "name": "Blue plan"}]
    second = api("get", f"plans?limit=1&sort=name&fields=id,name&after={first['next']}").json()
    assert (second["plans"], second["next"]) == ([{"id": world.red_plan.pk, "name": "Red plan"}], None)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("media=douyin", ["Blue plan"]),
        ("media__any_of=douyin|kuaishou&sort=name", ["Blue plan", "Red plan"]),
        ("bid__between=70|90", ["Red plan"]),
        ("cost__gt=5", ["Blue plan"]),
        ("search=red", ["Red plan"]),
        ("labels__is_set=", []),
    ],
)
def test_any_field_filters(world, api, query, expected):
    assert [plan["name"] for plan in api("get", f"plans?{query}").json()["plans"]] == expected


@pytest.mark.parametrize(
    "query",
    [
        "luck=1",
        "media__luck=1",
        "sort=luck",
        "period=luck",
        "first_on=x",
        "metrics=luck",
        "after=x",
        "limit=0",
        "bid=x",
    ],
)
def test_what_makes_no_sense_is_a_problem(world, api, query):
    response = api("get", f"plans?{query}")
    assert (response.status_code, response["Content-Type"]) == (422, "application/problem+json")


def test_a_plan_shows_its_settings_and_numbers(world, api):
    body = api("get", f"plans/{world.blue_plan.pk}?metrics=cost").json()
    assert (body["metrics"], body["settings"], body["titles"]) == ({"cost": "10.00"}, {}, [])
    points = api("get", f"plans/{world.blue_plan.pk}/metrics?period=today&granularity=hour&metrics=cost").json()[
        "points"
    ]
    assert points[9] == {"at": "2026-11-22T09", "metrics": {"cost": "10.00"}}
    assert api("get", f"plans/{world.blue_plan.pk}/metrics?granularity=week").status_code == 422


@pytest.mark.parametrize("path", ["plans/{id}", "plans/{id}/metrics"])
def test_a_plan_of_another_agency_or_organization_is_404(world, api, path):
    own = path.format(id=world.red_plan.pk)
    assert api("get", own, role="optimizer", agency=world.blue).status_code == 404
    assert api("get", own, role="optimizer", account_ids=[world.blue_account.pk]).status_code == 404
    assert api("get", path.format(id=world.other_plan.pk)).status_code == 404
    assert api("get", own, organization=world.other).status_code in {401, 404}
    assert api("patch", f"plans/{world.other_plan.pk}", {"changes": {"bid": 60}}).status_code == 404
    assert jobs(world) == 0


def test_lists_are_narrowed(world, api):
    narrowed = {"role": "optimizer", "agency": world.blue}
    assert [plan["name"] for plan in api("get", "plans", **narrowed).json()["plans"]] == ["Blue plan"]
    assert [one["name"] for one in api("get", "accounts", **narrowed).json()["accounts"]] == ["Blue Douyin"]
    make_campaign(world.red_account)
    assert api("get", "campaigns", **narrowed).json()["campaigns"] == []
    assert len(api("get", "campaigns").json()["campaigns"]) == 1


def test_patch_makes_a_job_of_one_row_once_for_a_key(world, api):
    path, body = f"plans/{world.blue_plan.pk}", {"changes": {"bid": {"percent": 10}}}
    response = api("patch", path, body)
    assert (response.status_code, response.json()["kind"]) == (202, "plans.update")
    assert response["Location"].endswith(response.json()["id"])
    again = api("patch", path, body)
    assert (again["Idempotency-Replayed"], again.json()["id"], jobs(world)) == ("true", response.json()["id"], 1)
    other = api("patch", path, {"changes": {"bid": 61}})
    assert (other.status_code, other.json()["type"].rsplit("/", 1)[1]) == (422, "idempotency-key-reused")


def test_a_preview_tells_every_change_and_makes_no_job(world, api):
    body = {
        "plan_ids": [world.blue_plan.pk, world.red_plan.pk],
        "changes": {"budget": {"amount": -5_000}, "status": "paused"},
    }
    answer = api("post", "plans/bulk-update?validate_only=true", body, key="").json()
    assert answer["counts"] == {"change": 3, "unchanged": 1}
    first = answer["changes"][0]
    assert (first["before"], first["after"], first["codes"]) == ("1000.00", "300.00", ["budget_out_of_range"])
    assert first["reasons"] == [
        "The media takes a daily budget between ¥300 and ¥9,999,999.99 now (today's cost included)."
    ]
    assert jobs(world) == 0


def test_changes_by_filter_need_the_count_that_was_seen(world, api):
    body = {"filter": {"media": "douyin"}, "expected_count": 1, "changes": {"status": "paused"}}
    assert api("post", "plans/bulk-update", body).status_code == 202
    refused = api("post", "plans/bulk-update", {**body, "expected_count": 2}, key="k2")
    assert (refused.status_code, refused.json()["type"].rsplit("/", 1)[1], jobs(world)) == (409, "selection-moved", 1)


@pytest.mark.parametrize(
    "body",
    [
        {"changes": {"bid": 1}},
        {"plan_ids": [1], "filter": {}, "changes": {"bid": 1}},
        {"plan_ids": ["1"], "changes": {"bid": 1}},
        {"plan_ids": [], "changes": {"bid": 1}},
        {"plan_ids": [1]},
        {"plan_ids": [1], "changes": {"luck": 1}},
        {"plan_ids": [1], "changes": {"bid": {"set": 1, "percent": 2}}},
        {"plan_ids": [1], "changes": {"bid": "dear"}},
        {"plan_ids": [1], "changes": {"status": {"percent": 2}}},
        {"plan_ids": [1], "changes": {"budget": {"percent": 5000}}},
        {"filter": {"media": "douyin"}, "changes": {"bid": 1}},
        {"plan_ids": [1], "changes": {"bid": 1}, "luck": 1},
        [],
    ],
)
def test_an_unclear_change_is_refused_whole(world, api, body):
    assert api("post", "plans/bulk-update", body).status_code == 422
    assert jobs(world) == 0


def test_rights_are_needed(world, api):
    body = {"plan_ids": [world.blue_plan.pk], "changes": {"status": "paused"}}
    assert api("post", "plans/bulk-update", body, role="analyst").status_code == 403
    assert api("post", "plans/bulk-update", body, scopes=["plans:read", "plans:write"]).status_code == 403
    assert api("post", "plans/labels", {"plan_ids": [1], "add": ["x"]}, role="analyst").status_code == 403
    assert api("get", "plans", role="finance").status_code == 403
    missing = api("post", "plans/bulk-update", {**body, "changes": {"bid": 60}}, key="")
    assert (missing.status_code, jobs(world)) == (400, 0)


def test_labels_change_at_once(world, api):
    ids = [world.blue_plan.pk]
    assert api("post", "plans/labels", {"plan_ids": ids, "add": ["hot"]}).json() == {"changed": 1}
    assert api("get", "plans?labels__has_any=hot").json()["plans"][0]["labels"] == ["hot"]


def test_nothing_to_undo_is_said(world, api):
    assert api("post", "plans/undo", {"job_id": "job_x"}).status_code == 422
    assert api("post", "plans/undo", {}).status_code == 422


def labelling(world, fields):
    with organization_scope(world.organization.pk):
        return list(
            AuditEvent.objects.filter(action="plan.annotated", after__has_key=fields)
            .order_by("id")
            .values_list("id", flat=True)
        )


def test_labels_and_notes_are_taken_back_at_once(world, api):
    ids = [world.blue_plan.pk, world.red_plan.pk]
    api("post", "plans/labels", {"plan_ids": ids, "add": ["hot"]})
    first, _second = labelling(world, "labels")
    body = {"event_ids": [first]}
    preview = api("post", "plans/undo?validate_only=true", body | {"together": True}, key="").json()
    assert preview["counts"] == {"change": 2}
    assert [(one["plan_id"], one["field"], one["before"], one["after"]) for one in preview["changes"]] == [
        (plan_id, "labels", ["hot"], []) for plan_id in ids
    ]
    skipped = {"skip": [{"plan_id": world.blue_plan.pk, "field": "labels"}]}
    done = api("post", "plans/undo", body | {"together": True} | skipped, key="")
    assert (done.status_code, done.json()) == (200, {"changed": 1})
    assert [one["id"] for one in api("get", "plans?labels__has_any=hot").json()["plans"]] == [world.blue_plan.pk]
    assert api("post", "plans/undo", body, key="").json() == {"changed": 1}
    assert api("post", "plans/undo", body, key="").json() == {"changed": 0}  # it is so already
    assert jobs(world) == 0


def test_labels_are_not_taken_back_together_with_what_needs_a_job(world, api):
    api("post", "plans/labels", {"plan_ids": [world.blue_plan.pk], "add": ["hot"]})
    (event,) = labelling(world, "labels")
    for body in ({"event_ids": [event], "job_id": "job_x"}, {"event_ids": [event, event + 1_000]}):
        refused = api("post", "plans/undo", body)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/event_ids")
    assert api("get", "plans?labels__has_any=hot").json()["plans"]


def test_labels_of_another_agency_cannot_be_taken_back(world, api):
    api("post", "plans/labels", {"plan_ids": [world.red_plan.pk], "add": ["hot"]})
    (event,) = labelling(world, "labels")
    refused = api("post", "plans/undo", {"event_ids": [event]}, role="optimizer", agency=world.blue)
    assert refused.status_code == 422
    assert api("get", "plans?labels__has_any=hot").json()["plans"]


def test_every_change_of_a_long_preview_can_be_read_found_and_left_alone(world, api, monkeypatch):
    monkeypatch.setattr("campaigns.api.plan_schemas.PREVIEWED", 2)
    ids = [world.blue_plan.pk, world.red_plan.pk]
    body = {"plan_ids": ids, "changes": {"status": "paused", "budget": {"percent": 10}}}
    path = "plans/bulk-update?validate_only=true"
    first = api("post", path, body, key="").json()
    assert (len(first["changes"]), first["next_offset"], first["is_truncated"]) == (2, 2, True)
    second = api("post", f"{path}&offset=2", body, key="").json()
    assert (len(second["changes"]), second["next_offset"], second["counts"]) == (2, None, first["counts"])
    told = [(one["plan_id"], one["field"]) for one in first["changes"] + second["changes"]]
    assert sorted(told) == sorted((plan_id, field) for plan_id in ids for field in ("budget", "status"))
    found = api("post", f"{path}&search=RED", body, key="").json()
    assert ({one["plan_id"] for one in found["changes"]}, found["next_offset"]) == ({world.red_plan.pk}, None)
    kept = (world.blue_plan.pk, "budget")
    left = body | {
        "skip": [{"plan_id": plan_id, "field": field} for plan_id, field in told if (plan_id, field) != kept]
    }
    assert sum(api("post", path, left, key="").json()["counts"].values()) == 1
    job = api("post", "plans/bulk-update", left).json()
    with organization_scope(world.organization.pk):
        assert [row.client_ref for row in BulkRow.objects.filter(job_id=job["id"])] == [f"{kept[0]}-budget"]


@pytest.mark.parametrize(
    ("query", "skip"),
    [
        ("offset=x", []), ("offset=-1", []), ("", "x"), ("", [1]), ("", [{"plan_id": "1", "field": "bid"}]),
        ("", [{"plan_id": 1}]), ("", [{"plan_id": 1, "field": "bid", "luck": 1}]),
        ("", [{"plan_id": True, "field": "bid"}]),
    ],
)  # fmt: skip
def test_an_unclear_part_of_a_preview_is_refused(world, api, query, skip):
    body = {"plan_ids": [world.blue_plan.pk], "changes": {"bid": 60}, "skip": skip}
    assert api("post", f"plans/bulk-update?validate_only=true&{query}", body, key="").status_code == 422


@pytest.mark.parametrize("word", ["1", "True", "TRUE"])
def test_every_spelling_of_a_preview_previews(world, api, word):
    body = {"plan_ids": [world.blue_plan.pk], "changes": {"bid": 55}}
    answer = api("post", f"plans/bulk-update?validate_only={word}", body)
    assert (answer.status_code, answer.json()["validate_only"], jobs(world)) == (200, True, 0)


@pytest.mark.parametrize("query", ["validate_only=yes", "validate_only=", "validateonly=true", "dry_run=1"])
def test_a_preview_that_is_not_understood_changes_nothing(world, api, query):
    body = {"plan_ids": [world.blue_plan.pk], "changes": {"bid": 55}}
    answer = api("post", f"plans/bulk-update?{query}", body)
    assert (answer.status_code, jobs(world)) == (422, 0)


def test_a_schedule_may_be_written_in_words_as_in_bulk_rows(world, api):
    body = {"plan_ids": [world.blue_plan.pk], "changes": {"schedule": "mon 00:00-01:00"}}
    (change,) = api("post", "plans/bulk-update?validate_only=true", body).json()["changes"]
    assert change["after"] == "11" + "0" * 334


@pytest.mark.parametrize(
    ("changes", "more"),
    [
        ({"schedule": "someday"}, {}),
        ({"schedule": ["1"]}, {}),
        ({"bid": {"percent": True}}, {}),
        ({"bid": 55}, {"callback_id": "7"}),
    ],
)
def test_values_that_mean_nothing_change_nothing(world, api, changes, more):
    answer = api("post", "plans/bulk-update", {"plan_ids": [world.blue_plan.pk], "changes": changes, **more})
    assert (answer.status_code, jobs(world)) == (422, 0)


def test_files_in_use_are_listed_for_accounts_that_one_may_see(world, api):
    account = world.blue_plan.account_id
    with organization_scope(world.organization.pk):
        type(world.blue_plan).objects.filter(pk=world.blue_plan.pk).update(
            materials=[{"kind": "image", "remote_id": "tos-1", "cover_remote_id": ""}], titles=["每月几元起"]
        )
        keep_materials([world.blue_plan.pk])
    (one,) = api("get", f"materials?account={account}").json()["materials"]
    assert (one["kind"], one["id"], one["title"], one["plan_count"]) == ("image", "tos-1", "每月几元起", 1)
    narrowed = api("get", f"materials?account={account}", role="optimizer", account_ids=[world.red_plan.account_id])
    assert narrowed.json() == {"materials": []}
    assert api("get", "materials?account=x").status_code == 422
    assert api("get", f"materials?account={account}&kind=film").status_code == 422
    assert api("get", f"materials?account={account}&kind=video").json() == {"materials": []}
    assert api("get", f"materials?account={account}&q=几元").json()["materials"] == [one]
    assert [plan["name"] for plan in api("get", "plans?creative__contains=几元").json()["plans"]] == ["Blue plan"]
