"""Nobody is told of what they may not see: in the list, by the bell, by email, in a chat."""

from __future__ import annotations

import pytest

from tests.factories import make_account, make_agency
from tests.notices.conftest import member_actor
from xmagnet.accounts.models import Organization
from xmagnet.accounts.roles import Role
from xmagnet.notices import selectors, services
from xmagnet.notices.choices import Channel, Event
from xmagnet.notices.models import Notice
from xmagnet.notices.sending import may_hear

LOW = {"account_name": "A", "remote_id": "1", "balance_fen": 100, "limit_fen": 200}


def tell(event: Event = Event.BALANCE_LOW, **fields: object) -> Notice:
    services.notify(event, data=LOW, **fields)  # type: ignore[arg-type]
    return Notice.objects.order_by("-id")[0]


def seen(actor) -> list[int]:
    found = list(selectors.visible_notices(actor).values_list("pk", flat=True))
    both = [notice.pk for notice in Notice.objects.order_by("-id") if may_hear(actor, notice)]
    assert found == both, "the list and the messages follow one rule"
    return found


def test_an_agencys_people_hear_of_their_agency_only(organization: Organization, scope: None):
    blue, red = make_agency(organization, "Blue"), make_agency(organization, "Red")
    ours, theirs, general = tell(agency_id=blue.pk), tell(agency_id=red.pk), tell()
    assert seen(member_actor(organization, Role.OPTIMIZER, agency=blue)) == [ours.pk]
    assert seen(member_actor(organization, Role.OPTIMIZER)) == [general.pk, theirs.pk, ours.pk]


def test_account_limited_people_hear_of_their_accounts_only(organization: Organization, scope: None):
    account = make_account(organization)
    mine, other, none = tell(account_id=account.pk), tell(account_id=account.pk + 1), tell()
    assert seen(member_actor(organization, Role.OPTIMIZER, account_ids=[account.pk])) == [mine.pk]
    assert seen(member_actor(organization, Role.ADMIN)) == [none.pk, other.pk, mine.pk]


def test_one_persons_affair_is_nobody_elses(organization: Organization, scope: None):
    blue = make_agency(organization, "Blue")
    maker = member_actor(organization, Role.OPTIMIZER, agency=blue, account_ids=[])
    services.notify(Event.JOB_FAILED, data={"kind": "plans.create"}, object_id="job_1", for_user_id=maker.user_id)
    assert len(seen(maker)) == 1
    assert seen(member_actor(organization, Role.ADMIN)) == []


@pytest.mark.parametrize(
    ("role", "events"),
    [
        (Role.REVIEWER, {Event.JOB_FINISHED}),
        (Role.FINANCE, {Event.JOB_FINISHED, Event.BALANCE_LOW}),
        (Role.ANALYST, {Event.JOB_FINISHED, Event.BALANCE_LOW, Event.PLAN_REJECTED}),
        (Role.ADMIN, {Event.JOB_FINISHED, Event.BALANCE_LOW, Event.PLAN_REJECTED, Event.MEMBER_JOINED}),
    ],
)
def test_a_role_hears_what_it_may_read(organization: Organization, scope: None, role: str, events: set[Event]):
    for event in (Event.JOB_FINISHED, Event.BALANCE_LOW, Event.PLAN_REJECTED, Event.MEMBER_JOINED):
        tell(event)
    actor = member_actor(organization, role)
    seen(actor)
    assert {notice.event for notice in selectors.visible_notices(actor)} == events


def test_reading_one_and_reading_all(organization: Organization, scope: None):
    actor, other = member_actor(organization, Role.ADMIN), member_actor(organization, Role.ADMIN)
    first, second = tell(), tell()

    def unread(who) -> list[int]:
        wishes = selectors.wishes_of(who)
        return [n.pk for n in selectors.bell_notices(who, wishes).filter(is_unread=True)]

    services.mark_read(actor, [first.pk, 10**9])
    services.mark_read(actor, [first.pk])
    assert unread(actor) == [second.pk]
    assert unread(other) == [second.pk, first.pk]
    services.mark_all_read(actor)
    assert unread(actor) == []
    third = tell()
    assert unread(actor) == [third.pk]


def test_nobody_reads_what_is_not_theirs(organization: Organization, scope: None):
    blue, red = make_agency(organization, "Blue"), make_agency(organization, "Red")
    services.mark_read(member_actor(organization, Role.OPTIMIZER, agency=blue), [tell(agency_id=red.pk).pk])
    assert not services.NoticeRead.objects.exists()


def test_wishes_decide_what_the_bell_tells(organization: Organization, scope: None):
    actor = member_actor(organization, Role.ADMIN)
    tell(Event.BALANCE_LOW)
    services.change_wishes(actor, {Event.BALANCE_LOW: [Channel.EMAIL]})
    wishes = selectors.wishes_of(actor)
    assert list(selectors.bell_notices(actor, wishes)) == []
    assert len(selectors.list_notices(actor, selectors.NoticeQuery(), wishes)) == 1
    assert wishes.channels[Event.PLAN_REJECTED] == {Channel.BELL}


def test_the_same_thing_is_told_once(organization: Organization, scope: None):
    for _ in range(3):
        services.notify(Event.SYNC_STALLED, data=LOW | {"minutes": 40}, dedupe_key="sync.stalled:5:1")
    assert Notice.objects.count() == 1
