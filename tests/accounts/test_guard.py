"""THE gate: who may enter which organization, with which permission."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories import OrganizationFactory, UserFactory, make_agency, make_api_token, make_member
from xmagnet.accounts.guard import JobPrincipal, SystemPrincipal, TokenPrincipal, authorized
from xmagnet.accounts.models import ApiToken, Membership
from xmagnet.accounts.roles import AGENCY_ROLES, PERMISSIONS, ROLE_PERMISSIONS, Role
from xmagnet.core.errors import Forbidden, NotFound, Unauthenticated
from xmagnet.core.scope import current_scope, organization_scope

pytestmark = pytest.mark.django_db


def test_a_member_enters_with_the_permissions_of_the_role():
    organization = OrganizationFactory()
    user = make_member(organization, Role.ANALYST)
    with authorized(user, organization.slug, "plans:read") as actor:
        assert actor.permissions == ROLE_PERMISSIONS[Role.ANALYST]
        assert (actor.user_id, actor.agency_id, actor.account_ids) == (user.pk, None, None)
        assert current_scope().organization_id == organization.pk
    assert current_scope().organization_id is None


def test_a_missing_permission_is_forbidden_and_opens_no_scope():
    organization = OrganizationFactory()
    user = make_member(organization, Role.ANALYST)
    with pytest.raises(Forbidden), authorized(user, organization.slug, "plans:write"):
        pytest.fail("the block must not run")
    assert current_scope().organization_id is None


@pytest.mark.parametrize("slug", ["theirs", "nowhere"])
def test_another_tenants_organization_looks_like_one_that_does_not_exist(slug: str):
    OrganizationFactory(slug="theirs")
    user = make_member(OrganizationFactory(slug="mine"))
    with pytest.raises(NotFound), authorized(user, slug, "plans:read"):
        pytest.fail("the block must not run")


def test_an_inactive_membership_person_or_organization_opens_nothing():
    organization = OrganizationFactory()
    user = make_member(organization)
    with organization_scope(organization.pk):
        Membership.objects.update(is_active=False)
    with pytest.raises(NotFound), authorized(user, organization.slug, "plans:read"):
        pytest.fail("the block must not run")

    sleeping = OrganizationFactory(is_active=False)
    member = make_member(sleeping)
    with pytest.raises(NotFound), authorized(member, sleeping.slug, "plans:read"):
        pytest.fail("the block must not run")

    third = OrganizationFactory()
    gone = make_member(third)
    gone.is_active = False
    gone.save()
    with pytest.raises(NotFound), authorized(gone, third.slug, "plans:read"):
        pytest.fail("the block must not run")


def test_an_agency_users_sight_is_narrowed_to_the_agency():
    organization = OrganizationFactory()
    agency = make_agency(organization)
    user = make_member(organization, Role.OPTIMIZER, agency=agency)
    with authorized(user, organization.slug, "plans:read") as actor:
        assert actor.agency_id == agency.pk
        assert actor.is_narrowed


def test_a_token_acts_for_its_maker_within_its_scopes():
    organization = OrganizationFactory()
    user = make_member(organization, Role.OPTIMIZER)
    text = make_api_token(organization, user, ["plans:read", "members:manage"])
    with authorized(TokenPrincipal(text), organization.slug, "plans:read", via="api") as actor:
        assert actor.permissions == {"plans:read"}  # members:manage is not the role's
        assert actor.token_id is not None
        assert actor.via == "api"
    with pytest.raises(Forbidden), authorized(TokenPrincipal(text), organization.slug, "plans:write"):
        pytest.fail("the block must not run")
    with organization_scope(organization.pk):
        assert ApiToken.objects.get().last_used_at is not None


@pytest.mark.parametrize(
    "fields",
    [
        {"revoked_at": timezone.now()},
        {"expires_at": timezone.now() - timedelta(seconds=1)},
        {"allowed_networks": ["10.0.0.0/8"]},
    ],
)
def test_a_dead_or_misplaced_token_is_not_accepted(fields: dict):
    organization = OrganizationFactory()
    text = make_api_token(organization, make_member(organization), **fields)
    with (
        pytest.raises(Unauthenticated),
        authorized(TokenPrincipal(text, address="192.0.2.1"), organization.slug, "plans:read"),
    ):
        pytest.fail("the block must not run")


def test_a_token_of_another_organization_is_not_accepted():
    mine, theirs = OrganizationFactory(), OrganizationFactory()
    text = make_api_token(mine, make_member(mine))
    with pytest.raises(Unauthenticated), authorized(TokenPrincipal(text), theirs.slug, "plans:read"):
        pytest.fail("the block must not run")


def test_the_tokens_text_is_not_stored():
    organization = OrganizationFactory()
    text = make_api_token(organization, make_member(organization))
    with organization_scope(organization.pk):
        row = ApiToken.objects.values().get()
    assert text not in str(row)
    assert text.rsplit("_", 1)[1] not in str(row)


def test_a_jobs_rights_are_looked_up_when_it_runs():
    organization = OrganizationFactory()
    user = make_member(organization, Role.OPTIMIZER)
    principal = JobPrincipal(user.pk, None, "job_1", "req_1")
    with authorized(principal, organization.pk, "plans:write") as actor:
        assert (actor.via, actor.job_id, actor.request_id) == ("job", "job_1", "req_1")
    with organization_scope(organization.pk):
        Membership.objects.update(role=Role.ANALYST)
    with pytest.raises(Forbidden), authorized(principal, organization.pk, "plans:write"):
        pytest.fail("the block must not run")


def test_a_job_of_a_revoked_token_does_not_run():
    organization = OrganizationFactory()
    user = make_member(organization)
    make_api_token(organization, user)
    with organization_scope(organization.pk):
        token = ApiToken.objects.get()
        ApiToken.objects.update(revoked_at=timezone.now())
    with pytest.raises(NotFound), authorized(JobPrincipal(user.pk, token.pk, "j", "r"), organization.pk, "plans:read"):
        pytest.fail("the block must not run")


def test_the_system_has_every_permission_in_an_existing_organization_only():
    organization = OrganizationFactory()
    with authorized(SystemPrincipal(), organization.pk, "plans:write") as actor:
        assert actor.permissions == frozenset(PERMISSIONS)
        assert actor.user_id is None
    with pytest.raises(NotFound), authorized(SystemPrincipal(), organization.pk + 1, "plans:write"):
        pytest.fail("the block must not run")


def test_the_role_table_names_only_known_permissions_and_every_role():
    assert set(ROLE_PERMISSIONS) == set(Role)
    assert set().union(*ROLE_PERMISSIONS.values()) <= set(PERMISSIONS)
    assert ROLE_PERMISSIONS[Role.ADMIN] == frozenset(PERMISSIONS)
    for role in AGENCY_ROLES:
        assert not ROLE_PERMISSIONS[role] & {"members:manage", "organization:manage", "audit:read", "agencies:manage"}


def test_an_unknown_permission_is_a_programming_error():
    organization = OrganizationFactory()
    with pytest.raises(LookupError), authorized(UserFactory(), organization.slug, "plans:fly"):
        pytest.fail("the block must not run")
