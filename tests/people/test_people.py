"""Members, invitations, tokens and agencies: who may, what is recorded, what can never happen."""

import pytest
from django.utils import timezone

from tests.factories import PASSWORD, OrganizationFactory, UserFactory, make_actor, make_agency, make_member
from xmagnet.accounts.guard import authorized
from xmagnet.accounts.models import Invitation, Membership, User
from xmagnet.accounts.roles import Role
from xmagnet.audit.models import AuditEvent
from xmagnet.core.errors import Conflict, Forbidden, InvalidInput, NotFound
from xmagnet.core.scope import organization_scope
from xmagnet.people import agencies, api_tokens, members
from xmagnet.people.members import MemberAccess

pytestmark = pytest.mark.django_db


@pytest.fixture
def organization():
    organization = OrganizationFactory(slug="acme")
    with organization_scope(organization.pk):
        yield organization


@pytest.fixture
def admin(organization):
    return make_actor(organization, user_id=make_member(organization).pk)


def codes(caught) -> set[str]:
    return {error.code for error in caught.value.errors}


def test_an_invited_agency_user_joins_and_sees_only_the_agency(organization, admin):
    agency = make_agency(organization)
    made = members.invite_member(admin, email=" New@Example.com ", access=MemberAccess(Role.OPTIMIZER, agency.pk))
    person = members.accept_invitation("acme", made.secret, user=None, name="Wang", password="long enough 12345")
    assert person.email == "new@example.com"
    with authorized(person, "acme", "plans:read") as actor:
        assert (actor.role, actor.agency_id) == (Role.OPTIMIZER, agency.pk)
    assert set(AuditEvent.objects.values_list("action", flat=True)) == {"member.invited", "member.joined"}


def test_the_invitations_secret_is_not_stored_and_works_once(organization, admin):
    made = members.invite_member(admin, email="a@example.com", access=MemberAccess(Role.ANALYST))
    assert made.secret not in str(Invitation.objects.values().get())
    members.accept_invitation("acme", made.secret, user=None, name="A", password="long enough 12345")
    with pytest.raises(NotFound):
        members.accept_invitation("acme", made.secret, user=None, name="B", password="long enough 12345")
    assert Membership.objects.filter(role=Role.ANALYST).count() == 1


def test_a_revoked_or_expired_invitation_opens_nothing(organization, admin):
    made = members.invite_member(admin, email="a@example.com", access=MemberAccess(Role.ANALYST))
    members.revoke_invitation(admin, made.invitation_id)
    late = members.invite_member(admin, email="b@example.com", access=MemberAccess(Role.ANALYST))
    Invitation.objects.filter(pk=late.invitation_id).update(expires_at=timezone.now())
    for secret in (made.secret, late.secret, "guess"):
        with pytest.raises(NotFound):
            members.accept_invitation("acme", secret, user=None, name="A", password="long enough 12345")
    assert not User.objects.filter(email__in=["a@example.com", "b@example.com"]).exists()


def test_an_existing_person_must_be_signed_in_as_the_one_invited(organization, admin):
    invited, other = UserFactory(email="known@example.com"), UserFactory()
    made = members.invite_member(admin, email=invited.email, access=MemberAccess(Role.FINANCE))
    for user in (None, other):
        with pytest.raises(Conflict):
            members.accept_invitation("acme", made.secret, user=user, name="X", password=PASSWORD)
    assert members.accept_invitation("acme", made.secret, user=invited) == invited
    assert Membership.objects.get(user=invited).role == Role.FINANCE


def test_all_errors_of_an_invitation_are_told_at_once(organization, admin):
    agency = make_agency(organization)
    with pytest.raises(InvalidInput) as caught:
        members.invite_member(admin, email="nonsense", access=MemberAccess(Role.ADMIN, agency.pk))
    assert codes(caught) == {"invalid_email", "role_not_for_agency"}
    with pytest.raises(InvalidInput) as caught:
        members.invite_member(admin, email="a@example.com", access=MemberAccess("king", agency.pk + 1))
    assert codes(caught) == {"unknown_role", "role_not_for_agency", "unknown_agency"}
    assert not Invitation.objects.exists()


def test_a_weak_password_is_refused_and_the_invitation_stays_open(organization, admin):
    made = members.invite_member(admin, email="a@example.com", access=MemberAccess(Role.ANALYST))
    with pytest.raises(InvalidInput) as caught:
        members.accept_invitation("acme", made.secret, user=None, name="", password="short")
    assert codes(caught) == {"required", "weak_password"}
    assert members.open_invitation("acme", made.secret)[1].accepted_at is None


def test_the_last_administrator_can_neither_step_down_nor_be_suspended(organization, admin):
    membership = Membership.objects.get(user_id=admin.user_id)
    with pytest.raises(Conflict):
        members.change_member(admin, membership.pk, MemberAccess(Role.ANALYST))
    second = make_member(organization)
    members.change_member(admin, membership.pk, MemberAccess(Role.ANALYST))
    with pytest.raises(Conflict):
        members.set_member_active(
            make_actor(organization, user_id=1_000_000), Membership.objects.get(user=second).pk, is_active=False
        )


def test_members_are_changed_only_by_those_who_may_and_only_in_their_organization(organization, admin):
    analyst = make_actor(organization, Role.ANALYST)
    target = Membership.objects.get(user=make_member(organization, Role.OPTIMIZER))
    with pytest.raises(Forbidden):
        members.change_member(analyst, target.pk, MemberAccess(Role.ADMIN))
    other = OrganizationFactory()
    theirs = make_member(other)
    with organization_scope(other.pk):
        theirs_membership = Membership.objects.get(user=theirs).pk
    with pytest.raises(NotFound):
        members.set_member_active(admin, theirs_membership, is_active=False)
    assert Membership.objects.get(pk=target.pk).role == Role.OPTIMIZER


def test_a_token_never_exceeds_its_maker(organization):
    actor = make_actor(organization, Role.ANALYST, user_id=make_member(organization, Role.ANALYST).pk)
    with pytest.raises(InvalidInput) as caught:
        api_tokens.create_token(actor, name="", scopes=["plans:write"], lifetime_days=400, allowed_networks=["x"])
    assert codes(caught) == {"required", "scope_not_allowed", "out_of_range", "invalid_network"}
    token = api_tokens.create_token(actor, name="script", scopes=["plans:read"], lifetime_days=30)
    assert token.text.startswith("adk_live_")
    (row,) = api_tokens.list_tokens(actor)
    api_tokens.revoke_token(actor, row.pk)
    assert api_tokens.list_tokens(actor).get().revoked_at is not None
    assert token.text not in str(list(AuditEvent.objects.values()))


def test_somebody_elses_token_cannot_be_revoked_without_the_right(organization, admin):
    api_tokens.create_token(admin, name="script", scopes=["plans:read"], lifetime_days=30)
    token = api_tokens.list_tokens(admin).get()
    stranger = make_actor(organization, Role.OPTIMIZER, user_id=make_member(organization, Role.OPTIMIZER).pk)
    with pytest.raises(NotFound):
        api_tokens.revoke_token(stranger, token.pk)
    assert api_tokens.list_tokens(admin).get().revoked_at is None


def test_agencies_have_unique_names_and_changes_are_recorded(organization, admin):
    agency = agencies.create_agency(admin, name="蓝标代理")
    with pytest.raises(InvalidInput):
        agencies.create_agency(admin, name="蓝标代理")
    agencies.change_agency(admin, agency.pk, is_active=False)
    event = AuditEvent.objects.order_by("-id").first()
    assert (event.action, event.before["is_active"], event.after["is_active"]) == ("agency.changed", True, False)
    narrowed = make_actor(organization, Role.AGENCY_LEAD, agency_id=agency.pk + 1)
    assert list(agencies.list_agencies(narrowed)) == []
