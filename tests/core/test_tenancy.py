"""The two fences between tenants: managers that fail closed, and row-level security behind them."""

import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError

from tests.factories import OrganizationFactory, UserFactory, make_agency, make_member
from xmagnet.accounts.models import Agency, Membership
from xmagnet.accounts.selectors import organizations_of
from xmagnet.core.scope import ScopeRequired, organization_scope

pytestmark = pytest.mark.django_db


def test_tenant_rows_cannot_be_asked_for_outside_a_scope():
    with pytest.raises(ScopeRequired):
        Agency.objects.all()


def test_inside_a_scope_only_that_organizations_rows_exist():
    first, second = OrganizationFactory(), OrganizationFactory()
    mine, theirs = make_agency(first, "Mine"), make_agency(second, "Theirs")
    with organization_scope(first.pk):
        assert list(Agency.objects.all()) == [mine]
        assert not Agency.all_tenants.filter(pk=theirs.pk).exists()


def test_row_level_security_shows_nothing_without_a_tenant():
    make_agency(OrganizationFactory())
    assert Agency.all_tenants.count() == 0


def test_row_level_security_refuses_another_tenants_row_in_raw_sql():
    first, second = OrganizationFactory(), OrganizationFactory()
    with (
        organization_scope(first.pk),
        pytest.raises(ProgrammingError, match="row-level security"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "INSERT INTO accounts_agency (organization_id, name, code, is_active, created_at) "
            "VALUES (%s, 'x', 'x', true, now())",
            [second.pk],
        )


def test_updates_do_not_reach_another_tenant():
    first, second = OrganizationFactory(), OrganizationFactory()
    theirs = make_agency(second)
    with organization_scope(first.pk):
        assert Agency.all_tenants.filter(pk=theirs.pk).update(name="taken") == 0


def test_a_row_of_another_organization_is_not_saved():
    first, second = OrganizationFactory(), OrganizationFactory()
    with organization_scope(first.pk), pytest.raises(ScopeRequired):
        Agency(organization=second, name="x", code="x").save()


def test_the_scope_is_restored_after_an_inner_scope_and_after_a_rolled_back_savepoint():
    first, second = OrganizationFactory(), OrganizationFactory()
    mine = make_agency(first)
    with organization_scope(first.pk):
        with organization_scope(second.pk):
            assert Agency.objects.count() == 0
        assert list(Agency.objects.all()) == [mine]
        with pytest.raises(RuntimeError), transaction.atomic():
            raise RuntimeError
        assert list(Agency.objects.all()) == [mine]


@pytest.mark.django_db(transaction=True)
def test_inside_a_scope_but_outside_a_transaction_nothing_is_silently_empty():
    organization = OrganizationFactory()
    with organization_scope(organization.pk):
        with pytest.raises(ScopeRequired, match="transaction"):
            Agency.objects.count()
        with pytest.raises(ScopeRequired, match="transaction"):
            Agency(name="x", code="x").save()


@pytest.mark.django_db(transaction=True)
def test_nothing_of_a_tenant_outlives_the_transaction():
    organization = OrganizationFactory()
    with organization_scope(organization.pk), transaction.atomic():
        Agency.objects.create(name="x", code="x")
        assert Agency.objects.count() == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('app.organization', true), count(*) FROM accounts_agency")
        assert cursor.fetchone() in {("", 0), (None, 0)}


def test_a_child_cannot_point_to_another_tenants_parent():
    first, second = OrganizationFactory(), OrganizationFactory()
    theirs = make_agency(second)
    user = UserFactory()
    with organization_scope(first.pk), pytest.raises(Exception, match=r"same_tenant|foreign key"), transaction.atomic():
        Membership.objects.create(user=user, role="optimizer", agency_id=theirs.pk)
        connection.check_constraints()


def test_a_person_sees_their_own_memberships_everywhere_and_nobody_elses():
    first, second, third = OrganizationFactory(), OrganizationFactory(), OrganizationFactory()
    user = make_member(first)
    make_member(second, user=user)
    make_member(third)
    assert {choice.slug for choice in organizations_of(user.pk)} == {first.slug, second.slug}


def test_every_tenant_table_has_forced_row_level_security():
    from django.apps import apps

    from xmagnet.core.tenancy import TenantModel

    tables = {model._meta.db_table for model in apps.get_models() if issubclass(model, TenantModel)}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace "
            "AND relrowsecurity AND relforcerowsecurity"
        )
        secured = {row[0] for row in cursor.fetchall()}
    assert tables - secured == set()


def test_the_application_role_is_neither_superuser_nor_above_row_level_security():
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (False, False)
