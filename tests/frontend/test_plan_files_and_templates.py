"""Plans from a file, labels and notes, and the page of templates."""

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client

from campaigns.models import BulkRow, Plan, SettingTemplate
from tests.factories import make_account, make_plan
from xmagnet.accounts.models import Organization, User
from xmagnet.accounts.roles import Role
from xmagnet.core.scope import organization_scope
from xmagnet.jobs.models import Job

UPLOAD = "/o/sunrise/plans/upload/"


@pytest.fixture
def account(organization: Organization) -> Any:
    return make_account(organization, platform="douyin")


def table(account: Any, *budgets: str) -> SimpleUploadedFile:
    lines = ["client_ref,media,account_id,landing_url,bid,budget,titles,materials"]
    lines += [
        f"r{number},douyin,{account.remote_id},https://life.example/a,40,{budget},百万医疗险首月一元,video:v{number}"
        for number, budget in enumerate(budgets)
    ]
    return SimpleUploadedFile("plans.csv", "\n".join(lines).encode())


def row_count(organization: Organization) -> int:
    with organization_scope(organization.pk), transaction.atomic():
        return BulkRow.objects.count()


def test_a_file_is_checked_without_writing_and_errors_name_column_and_field(
    admin: Client, organization: Organization, account: Any
) -> None:
    html = admin.post(UPLOAD + "check/", {"file": table(account, "500", "20")}).content.decode()
    assert "This will create exactly 1 plan" in html
    assert "F: The daily budget may not be below ¥300." in html
    assert html.index("r1") < html.index("r0")  # what is wrong comes first
    assert row_count(organization) == 0


def fix(line: int, field: str, value: str) -> str:
    return json.dumps({"rule": {"line": str(line)}, "field": field, "value": value})


def test_a_line_is_corrected_or_left_out_in_the_preview_and_sent_so(
    admin: Client, organization: Organization, account: Any
) -> None:
    fixes = [fix(2, "budget", "350"), fix(4, "skip", "yes"), fix(3, "organization", "x"), "{"]
    html = admin.post(
        UPLOAD + "check/", {"file": table(account, "20", "500", "10"), "correction": fixes}
    ).content.decode()
    assert "This will create exactly 2 plans" in html
    assert "1 row is left out." in html
    admin.post(UPLOAD, {"file": table(account, "20", "500", "10"), "correction": fixes})
    with organization_scope(organization.pk), transaction.atomic():
        rows = [(row.line, row.source["budget"]) for row in BulkRow.objects.order_by("row_index")]
    assert rows == [(2, "350"), (3, "500")]
    with_other_fixes = {"file": table(account, "20", "500", "10"), "correction": fixes[:1]}
    admin.post(UPLOAD, with_other_fixes)
    assert row_count(organization) == 2 + 3  # another correction is another request


def test_whatever_is_wrong_can_be_corrected_in_the_preview(admin: Client, account: Any) -> None:
    text = f"client_ref,media,account_id,start_date\nr0,wechat,{account.remote_id},2020-01-01\n"
    file = SimpleUploadedFile("plans.csv", text.encode())
    html = admin.post(UPLOAD + "check/", {"file": file}).content.decode()
    assert 'data-edit-cell="media"' in html
    assert "goal" not in html  # nothing is wrong there
    file.seek(0)
    html = admin.post(UPLOAD + "check/", {"file": file, "correction": [fix(2, "media", "douyin")]}).content.decode()
    assert 'data-edit-cell="media"' in html  # what was corrected stays in sight
    assert 'data-edit-cell="start_date"' in html


def test_invalid_rows_come_back_as_a_file_to_correct(admin: Client, organization: Organization, account: Any) -> None:
    answer = admin.post(UPLOAD + "failed.csv", {"file": table(account, "500", "20")})
    text = answer.content.decode("utf-8-sig")
    header, row = list(csv.DictReader(io.StringIO(text)).fieldnames or ()), next(csv.DictReader(io.StringIO(text)))
    assert header[-2:] == ["result_error_field", "result_error_detail"]
    assert (row["client_ref"], row["result_error_field"]) == ("r1", "budget")
    again = SimpleUploadedFile("again.csv", text.replace(",20,", ",400,").encode())
    html = admin.post(UPLOAD + "check/", {"file": again}).content.decode()
    assert "This will create exactly 1 plan" in html
    assert row_count(organization) == 0


def test_a_file_makes_one_job_however_often_it_is_sent(admin: Client, organization: Organization, account: Any) -> None:
    first = admin.post(UPLOAD, {"file": table(account, "500", "600")})
    second = admin.post(UPLOAD, {"file": table(account, "500", "600")})
    assert first["Location"] == second["Location"]
    assert "/jobs/job_" in first["Location"]
    assert row_count(organization) == 2


@pytest.mark.parametrize(
    "form", [{}, {"file": SimpleUploadedFile("plans.pdf", b"x")}, {"file": SimpleUploadedFile("a.csv", b"a\n1")}]
)
def test_a_file_that_cannot_be_read_is_refused_with_the_reason(
    admin: Client, organization: Organization, form: dict[str, Any]
) -> None:
    answer = admin.post(UPLOAD, form)
    assert answer.status_code == 422
    assert "Nothing was sent." in answer.content.decode()
    assert row_count(organization) == 0


def test_the_templates_of_files_explain_every_column(admin: Client) -> None:
    assert b"client_ref" in admin.get(UPLOAD + "template.csv").content
    assert admin.get(UPLOAD + "template.xlsx").content[:2] == b"PK"


def test_people_who_only_read_upload_nothing(
    as_role: Callable[..., Client], organization: Organization, account: Any
) -> None:
    analyst = as_role(Role.ANALYST)
    assert analyst.post(UPLOAD, {"file": table(account, "500")}).status_code == 403
    assert row_count(organization) == 0


def test_labels_of_a_selection_are_changed_at_once(admin: Client, organization: Organization, account: Any) -> None:
    plan = make_plan(account, labels=["old"])
    assert "1 plan" in admin.post("/o/sunrise/plans/labels/", {"plan": plan.pk}).content.decode()
    form = {"plan": plan.pk, "apply": "yes", "add": "双十一，新品", "remove": "old"}
    assert admin.post("/o/sunrise/plans/labels/", form).status_code == 204
    with organization_scope(organization.pk), transaction.atomic():
        assert Plan.objects.get(pk=plan.pk).labels == ["双十一", "新品"]


def test_labels_and_notes_are_taken_back_from_the_toast_and_from_the_log(
    admin: Client, organization: Organization, account: Any
) -> None:
    plans = [make_plan(account, labels=["old"], note="before") for _number in range(2)]
    form = {"plan": [plan.pk for plan in plans], "apply": "yes", "add": "新品"}
    toast = json.loads(admin.post("/o/sunrise/plans/labels/", form)["HX-Trigger"])["toast"]
    answer = admin.post(toast["action"]["url"], headers={"HX-Request": "true"})
    assert json.loads(answer["HX-Trigger"])["toast"]["message"] == "2 changes are taken back."
    toast = json.loads(admin.post(f"/o/sunrise/plans/{plans[0].pk}/note/", {"note": "after"})["HX-Trigger"])["toast"]
    address = toast["action"]["url"].partition("?")[0]
    assert address in admin.get("/o/sunrise/changes/").content.decode()
    html = admin.get(address).content.decode()
    assert html.index("<del>after</del>") < html.index("<ins>before</ins>")
    key = f"{plans[0].pk}-note"
    assert admin.post(address, {"shown": key, "send": key})["Location"] == "/o/sunrise/changes/"
    with organization_scope(organization.pk), transaction.atomic():
        assert {(tuple(plan.labels), plan.note) for plan in Plan.objects.all()} == {(("old",), "before")}
        assert not Job.objects.exists()


def test_a_label_of_many_plans_offers_to_take_all_of_them_back(admin: Client, account: Any) -> None:
    plans = [make_plan(account) for _number in range(3)]
    form = {"plan": [plan.pk for plan in plans], "apply": "yes", "add": "新品"}
    toast = json.loads(admin.post("/o/sunrise/plans/labels/", form)["HX-Trigger"])["toast"]
    address = toast["action"]["url"]
    assert "the other 2 plans" in admin.get(address.partition("?")[0]).content.decode()
    assert "the other" not in admin.get(address).content.decode()
    assert admin.get(address).content.decode().count("<ins>—</ins>") == 3


def test_labels_that_say_nothing_are_refused(admin: Client, account: Any) -> None:
    plan = make_plan(account)
    assert admin.post("/o/sunrise/plans/labels/", {"plan": plan.pk, "apply": "yes"}).status_code == 422


def test_a_note_is_kept_and_shown(admin: Client, account: Any) -> None:
    plan = make_plan(account)
    assert admin.post(f"/o/sunrise/plans/{plan.pk}/note/", {"note": "watch <this>"}).status_code == 204
    assert "watch &lt;this&gt;" in admin.get(f"/o/sunrise/plans/{plan.pk}/").content.decode()


def test_templates_are_shared_and_deleted_by_their_maker(
    admin: Client, as_role: Callable[..., Client], organization: Organization
) -> None:
    colleague = as_role(Role.OPTIMIZER)
    for bids in ("30", "40"):
        admin.post("/o/sunrise/plans/build/templates/", {"template_name": "Spring", "bids": bids})
    with organization_scope(organization.pk), transaction.atomic():
        newest = SettingTemplate.objects.latest("version").pk
    page = "/o/sunrise/templates/"
    assert "Spring" not in colleague.get(page).content.decode()
    admin.post(f"{page}{newest}/share/", {"is_shared": "yes"})
    html = colleague.get(page).content.decode()
    assert "Spring" in html
    assert "v2" in html
    maker = User.objects.get(pk=admin.session["_auth_user_id"])
    assert f"<td>{maker}</td>" in html.replace("\n", "")
    assert "<td>Me</td>" in admin.get(page).content.decode().replace("\n", "")
    assert str(maker) in colleague.get("/o/sunrise/plans/build/templates/").content.decode()
    versions = colleague.get(f"{page}{newest}/").content.decode()
    assert "v1" in versions
    assert str(maker) in versions
    assert colleague.post(f"{page}{newest}/delete/").status_code == 404
    admin.post(f"{page}{newest}/delete/")
    assert "Spring" not in admin.get(page).content.decode()


def test_a_file_saved_by_excel_in_china_is_read_and_said_to_be_guessed(admin: Client, account: Any) -> None:
    text = table(account, "500").read().decode()

    def checked(content: bytes) -> str:
        return admin.post(UPLOAD + "check/", {"file": SimpleUploadedFile("plans.csv", content)}).content.decode()

    html = checked(text.encode("gb18030"))
    assert "百万医疗险首月一元" in html
    assert "it was read as GB18030" in html
    assert "it was read as GB18030" not in checked(text.encode("utf-8-sig"))
    assert "is not UTF-8" in checked(b"client_ref,name\nR-1,\xff\xff\xff")


def test_a_large_file_is_checked_whole_by_a_job_that_creates_nothing(
    admin: Client, organization: Organization, account: Any
) -> None:
    large = table(account, *["500"] * 1000, "20")
    html = admin.post(UPLOAD + "check/", {"file": large}).content.decode()
    assert "Check every row first" in html
    large.seek(0)
    answer = admin.post(UPLOAD, {"file": large, "intent": "check"})
    assert answer.status_code == 302
    with organization_scope(organization.pk), transaction.atomic():
        job = Job.objects.get()
        assert (job.kind, job.options["validate_only"], job.total_count) == ("plans.validate", True, 1001)
