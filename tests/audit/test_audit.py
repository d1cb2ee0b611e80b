"""The audit log cannot be changed, and shows it when somebody did."""

import time

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.utils import ProgrammingError
from django.test.utils import CaptureQueriesContext

from tests.factories import OrganizationFactory, make_actor
from xmagnet.audit.models import AuditEvent, AuditSeal
from xmagnet.audit.sealing import seal, verify
from xmagnet.audit.services import Entry, record, record_many
from xmagnet.core.scope import organization_scope


@pytest.mark.django_db
def test_an_event_holds_actor_errand_and_values():
    organization = OrganizationFactory()
    actor = make_actor(organization, user_id=7, user_name="Li", via="api", request_id="req_x", job_id="job_x")
    with organization_scope(organization.pk):
        record(actor, Entry("plan.changed", "plan", 5, "A", before={"bid_fen": 1}, after={"bid_fen": 2}, reason="why"))
        event = AuditEvent.objects.get()
    assert (event.user_id, event.user_name, event.via, event.request_id, event.job_id) == (
        7, "Li", "api", "req_x", "job_x",
    )  # fmt: skip
    assert (event.object_type, event.object_id, event.before, event.after, event.reason) == (
        "plan", "5", {"bid_fen": 1}, {"bid_fen": 2}, "why",
    )  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_auditevent SET action = 'x'",
        "DELETE FROM audit_auditevent",
        "TRUNCATE audit_auditevent",
        "UPDATE audit_auditseal SET sha256 = 'x'",
    ],
)
def test_the_log_is_append_only(statement: str):
    organization = OrganizationFactory()
    with organization_scope(organization.pk):
        record(make_actor(organization), Entry("a", "b", 1))
        AuditSeal(up_to_transaction=1, event_count=0, sha256="x").save()
        with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
        assert AuditEvent.objects.count() == 1


def seal_in_the_end(count: int) -> None:
    """Seal until ``count`` events are sealed: transactions of other tests on this server hold the horizon back."""
    sealed = 0
    for _attempt in range(600):
        sealed += seal()
        if sealed == count:
            return
        time.sleep(0.05)
    pytest.fail(f"{sealed} of {count} events were sealed")


@pytest.mark.django_db(transaction=True)
def test_the_chain_holds_over_several_seals_and_counts_what_is_not_sealed_yet():
    organization = OrganizationFactory()
    actor = make_actor(organization)
    with organization_scope(organization.pk):
        with transaction.atomic():
            record_many(actor, [Entry("a", "b", number) for number in range(3)])
        seal_in_the_end(3)
        with transaction.atomic():
            record(actor, Entry("a", "b", 4))
        seal_in_the_end(1)
        with transaction.atomic():
            record(actor, Entry("a", "b", 5))
        result = verify()
    assert (result.seals, result.events, result.unsealed, result.broken_seal_id) == (2, 4, 1, None)


@pytest.mark.django_db(transaction=True)
def test_events_are_sealed_and_verified_a_chunk_at_a_time(monkeypatch: pytest.MonkeyPatch):
    organization = OrganizationFactory()
    actor = make_actor(organization)
    with organization_scope(organization.pk):
        for count in (5, 1, 4):  # chunks end within transactions, between them and at the end
            with transaction.atomic():
                record_many(actor, [Entry("a", "b", number) for number in range(count)])
        monkeypatch.setattr("xmagnet.audit.sealing.CHUNK", 2)
        seal_in_the_end(10)
        with CaptureQueriesContext(connection) as captured:
            assert verify().events == 10
        readings = [query["sql"] for query in captured if "object_name" in query["sql"]]
        assert len(readings) >= 5
        assert all("LIMIT 2" in sql for sql in readings)
        monkeypatch.setattr("xmagnet.audit.sealing.CHUNK", 1_000)
        assert verify().broken_seal_id is None  # the size of the chunks is no part of the chain


@pytest.mark.django_db(transaction=True)
def test_a_forged_event_breaks_the_chain(database_server):
    organization = OrganizationFactory()
    with organization_scope(organization.pk):
        with transaction.atomic():
            record(make_actor(organization), Entry("a", "b", 1, reason="true"))
        seal_in_the_end(1)
        with database_server.connect(connection.settings_dict["NAME"]) as superuser:
            superuser.execute("ALTER TABLE audit_auditevent DISABLE TRIGGER ALL")
            superuser.execute("UPDATE audit_auditevent SET reason = 'forged'")
            superuser.execute("ALTER TABLE audit_auditevent ENABLE ALWAYS TRIGGER audit_auditevent_append_only_rows")
        with transaction.atomic():
            broken = AuditSeal.objects.get().pk
        assert verify().broken_seal_id == broken


def audit_command(capsys, *arguments: str) -> str:
    call_command("verify_audit", *arguments)
    return capsys.readouterr().out


@pytest.mark.django_db(transaction=True)
def test_the_command_says_what_holds_and_which_seal_to_keep(capsys):
    organization = OrganizationFactory()
    with organization_scope(organization.pk):
        with transaction.atomic():
            record_many(make_actor(organization), [Entry("a", "b", number) for number in range(3)])
        seal_in_the_end(3)
        with transaction.atomic():
            sha256 = AuditSeal.objects.get().sha256
    told = f"{organization.slug}: 3 events in 1 seals hold, 0 not sealed yet; latest seal {sha256}\n"
    assert audit_command(capsys, "--organization", organization.slug) == told
    assert audit_command(capsys, "--organization", organization.slug, "--seal", sha256) == told
    assert told in audit_command(capsys)


@pytest.mark.django_db(transaction=True)
def test_the_command_fails_over_a_forged_event_and_over_a_chain_cut_short(capsys, database_server):
    organization, other = OrganizationFactory(), OrganizationFactory()
    with organization_scope(organization.pk):
        with transaction.atomic():
            record(make_actor(organization), Entry("a", "b", 1))
        seal_in_the_end(1)
    with pytest.raises(CommandError, match=organization.slug):
        call_command("verify_audit", "--organization", organization.slug, "--seal", "0" * 64)
    with database_server.connect(connection.settings_dict["NAME"]) as superuser:
        superuser.execute("ALTER TABLE audit_auditevent DISABLE TRIGGER ALL")
        superuser.execute("DELETE FROM audit_auditevent")
        superuser.execute("ALTER TABLE audit_auditevent ENABLE ALWAYS TRIGGER audit_auditevent_append_only_rows")
    with pytest.raises(CommandError, match=organization.slug) as failure:
        call_command("verify_audit")
    assert other.slug not in str(failure.value)
    assert "BROKEN at seal" in capsys.readouterr().out


@pytest.mark.django_db
def test_the_command_knows_only_real_organizations():
    with pytest.raises(CommandError, match="no active organization"):
        call_command("verify_audit", "--organization", "nobody")
    with pytest.raises(CommandError, match="needs --organization"):
        call_command("verify_audit", "--seal", "0" * 64)


@pytest.mark.django_db(transaction=True)
def test_a_chain_is_the_same_in_whatever_pieces_it_is_read(monkeypatch: pytest.MonkeyPatch):
    organization = OrganizationFactory()
    with organization_scope(organization.pk):
        for number in range(3):
            with transaction.atomic():
                record_many(make_actor(organization), [Entry("a", "b", number) for _ in range(3)])
        seal_in_the_end(9)
        monkeypatch.setattr("xmagnet.audit.sealing.CHUNK", 2)
        monkeypatch.setattr("xmagnet.core.batches.ROWS", 2)
        found = verify()
    assert (found.events, found.broken_seal_id, found.unsealed) == (9, None, 0)
