import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.utils import translation

from frontend.audit_words import ACTION_GROUPS, ACTIONS, FieldChange, action_label, changes, verification_words
from frontend.views.base import ROWS_PER_PAGE
from tests.factories import OrganizationFactory, make_actor, make_member
from tests.frontend.rows import reload, row_of, rows_of
from xmagnet.accounts.models import Organization
from xmagnet.accounts.roles import Role
from xmagnet.audit.services import Entry, record_many
from xmagnet.core.scope import organization_scope
from xmagnet.jobs.models import Job
from xmagnet.jobs.task import run_job

LOG = "/o/sunrise/audit/"


def happened(organization: Organization, *entries: Entry) -> None:
    with organization_scope(organization.pk), transaction.atomic():
        record_many(make_actor(organization, user_name="Han Mei"), entries)


def test_the_log_shows_who_what_and_the_change(organization: Organization, admin: Client) -> None:
    entry = Entry("plan.changed", "plan", 5, "春节 <放量>", before={"bid": 3000}, after={"bid": 3300}, reason="CPA low")
    happened(organization, entry)
    html = admin.get(LOG).content.decode()
    assert "Han Mei" in html
    assert "春节 &lt;放量&gt;" in html
    assert "<del>3000</del> → 3300" in html
    assert "CPA low" in html


def test_a_media_is_named_and_not_its_code(organization: Organization, admin: Client) -> None:
    with organization_scope(organization.pk), transaction.atomic():
        found = Entry("plan.discovered", "plan", 5, "春节")
        record_many(make_actor(organization, user_name="kuaishou", via="media"), [found])
    html = admin.get(LOG).content.decode()
    assert "<td>Kuaishou<div" in html
    assert "<td>kuaishou" not in html


def test_a_plans_state_is_told_in_words() -> None:
    with translation.override("zh-hans"):
        (told,) = changes({"status": "paused"}, {"status": "enabled"})
    assert (told.name, told.before, told.after) == ("状态", "已暂停", "启用")


def test_the_search_narrows_by_text_group_and_day(organization: Organization, admin: Client) -> None:
    happened(organization, Entry("plan.changed", "plan", 1, "alpha"), Entry("member.invited", "invitation", 2, "beta"))
    assert "beta" not in admin.get(LOG, {"q": "alpha"}).content.decode()
    assert "alpha" not in admin.get(LOG, {"action": "member."}).content.decode()
    assert "No events" in admin.get(LOG, {"since": "2999-01-01"}).content.decode()
    assert "alpha" in admin.get(LOG, {"since": "no day", "until": "2999-13-45"}).content.decode()


def test_pages_go_by_id(organization: Organization, admin: Client) -> None:
    happened(organization, *(Entry("plan.changed", "plan", n, f"plan-{n:03}") for n in range(ROWS_PER_PAGE + 3)))
    response = admin.get(LOG)
    html = response.content.decode()
    assert "plan-052" in html
    assert "plan-002" not in html
    older = admin.get(LOG, {"before": response.context["next_before"]}).content.decode()
    assert "plan-002" in older
    assert "plan-003" not in older
    assert 'rel="next"' not in older


@pytest.mark.parametrize("wanted", [{"q": "needle"}, {"person": "77"}])
def test_a_search_without_an_index_says_how_far_it_looked_and_goes_on(
    wanted: dict[str, str], organization: Organization, admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with organization_scope(organization.pk), transaction.atomic():
        searched = make_actor(organization, user_id=77, user_name="Li")
        record_many(searched, [Entry("plan.changed", "plan", 1, "the needle")])
    happened(organization, *(Entry("plan.changed", "plan", n, f"hay-{n}") for n in range(6)))
    monkeypatch.setattr("xmagnet.audit.selectors.LOOKED_AT", 4)
    monkeypatch.setattr("frontend.views.audit.LOOKED_AT", 4)
    first = admin.get(LOG, wanted)
    html = first.content.decode()
    assert "the needle" not in html
    assert "looks at 4 events at a time" in html
    assert "There are older ones" in html
    second = admin.get(LOG, wanted | {"before": first.context["next_before"]}).content.decode()
    assert "the needle" in second
    assert "hay-" not in second
    assert "at a time" not in second
    assert "at a time" not in admin.get(LOG).content.decode()  # by id alone nothing has to be looked for


def test_another_organizations_events_stay_there(organization: Organization, admin: Client) -> None:
    happened(OrganizationFactory(), Entry("plan.changed", "plan", 1, "CANARY"))
    assert "CANARY" not in admin.get(LOG).content.decode()
    assert b"CANARY" not in b"".join(admin.get(f"{LOG}export.csv").streaming_content)


@pytest.mark.parametrize("role", [Role.OPTIMIZER, Role.AGENCY_MANAGER, Role.FINANCE])
def test_only_administrators_read_the_log(
    organization: Organization, as_role: Callable[..., Client], role: str
) -> None:
    client = as_role(role)
    for path in (LOG, f"{LOG}export.csv"):
        assert client.get(path).status_code == 403
    assert client.post(f"{LOG}verify/").status_code == 403
    assert rows_of(organization, Job) == []


def test_the_export_is_csv_that_no_spreadsheet_runs(organization: Organization, admin: Client) -> None:
    happened(organization, Entry("plan.changed", "plan", 1, "=HYPERLINK(1)", after={"bid": 1}))
    response = admin.get(f"{LOG}export.csv")
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert text.splitlines()[0].startswith("at,action,object_type")
    assert ",'=HYPERLINK(1)," in text
    assert '"{""bid"": 1}"' in text


def test_verifying_is_a_job_that_tells_the_outcome(
    organization: Organization, admin: Client, django_capture_on_commit_callbacks: Callable[..., object]
) -> None:
    happened(organization, Entry("plan.changed", "plan", 1, "alpha"))
    response = admin.post(f"{LOG}verify/")
    job = row_of(organization, Job)
    assert response["Location"] == f"/o/sunrise/jobs/{job.pk}/"
    assert admin.post(f"{LOG}verify/")["Location"] == response["Location"]
    assert len(rows_of(organization, Job)) == 1
    run_job("audit.verify", organization.pk, job.pk)
    job = reload(job)
    assert job.state == "succeeded"
    told = {"seals": 0, "events": 0, "unsealed": 1, "broken_seal_id": None}
    assert told.items() <= job.result.items()


def test_changes_are_the_fields_that_differ() -> None:
    assert changes({"a": 1, "b": 2}, {"b": 3, "c": [1, 2]}) == (
        FieldChange("a", "1", ""),
        FieldChange("b", "2", "3"),
        FieldChange("c", "", "1, 2"),
    )
    assert changes(None, None) == ()


def recorded_actions() -> set[str]:
    """Every action code that the sources can record: arguments of ``Entry`` and whatever is called ``action``."""
    root = Path(settings.BASE_DIR)
    found: set[str] = set()

    def texts(node: ast.AST | None) -> Iterator[str]:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "." in node.value:
            yield node.value
        elif isinstance(node, ast.IfExp):
            yield from texts(node.body)
            yield from texts(node.orelse)

    for top in ("xmagnet", "media_connectors", "campaigns", "creatives", "agencies"):
        for path in (root / top).rglob("*.py"):
            if "migrations" in path.parts or "mockserver" in path.parts:
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call):
                    name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                    if name in {"Entry", "_entry", "plan_entry"} and node.args:
                        found |= set(texts(node.args[0]))
                    for keyword in node.keywords:
                        if keyword.arg == "action":
                            found |= set(texts(keyword.value))
                elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "action":
                    found |= set(texts(node.value))
    return found


def test_every_recorded_action_has_words_and_a_group() -> None:
    recorded = recorded_actions()
    assert {"plan.changed", "member.suspended", "member.restored", "channel.created", "plan.undone"} <= recorded
    assert recorded <= set(ACTIONS), sorted(recorded - set(ACTIONS))
    for action in ACTIONS:
        assert any(action.startswith(group) for group in ACTION_GROUPS), action
        with translation.override("zh-hans"):
            assert any("一" <= letter <= "鿿" for letter in action_label(action)), action


def test_the_search_narrows_by_exact_action_person_and_object(organization: Organization, admin: Client) -> None:
    with organization_scope(organization.pk), transaction.atomic():
        li = make_actor(organization, user_id=make_member(organization).pk, user_name="Li Lei")
        record_many(li, [Entry("plan.changed", "plan", 77, "alpha"), Entry("plan.undone", "plan", 78, "beta")])
    happened(organization, Entry("plan.changed", "plan", 79, "gamma"))
    assert shown(admin, action="plan.undone") == {"beta"}
    assert shown(admin, person=str(li.user_id)) == {"alpha", "beta"}
    assert shown(admin, object="79") == {"gamma"}
    assert shown(admin, action="plan.nothing", person="x") == {"alpha", "beta", "gamma"}
    page = admin.get(LOG, {"action": "plan.undone"}).content.decode()
    assert "Change of a plan undone" in page


def shown(client: Client, **values: str) -> set[str]:
    html = client.get(LOG, values).content.decode()
    return {name for name in ("alpha", "beta", "gamma") if f">{name}<" in html}


def test_verifying_tells_what_it_found(organization: Organization, admin: Client) -> None:
    happened(organization, Entry("plan.changed", "plan", 1, "alpha"))
    response = admin.post(f"{LOG}verify/")
    run_job("audit.verify", organization.pk, row_of(organization, Job).pk)
    assert "The chain holds: 0 events under 0 seals" in admin.get(response["Location"]).content.decode()
    words, tone = verification_words({"broken_seal_id": 7, "events": 3})
    assert (tone, "seal 7" in words) == ("bad", True)
