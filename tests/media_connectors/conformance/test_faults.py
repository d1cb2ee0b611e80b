"""One suite, three connectors, every fault the media can have."""

import httpx
import pytest

from media_connectors.contracts import PlanChange, SwitchStatus, Vendor
from media_connectors.errors import AuthExpired, AuthRevoked, OutcomeUnknown, RateLimited, Rejected, Transient

NAME = "计划 #k7f3q"


@pytest.fixture
def campaign(media):
    return media.campaign()


@pytest.fixture
def draft(media, campaign):
    return media.plan_draft(campaign, NAME)


def create(media, draft):
    return media.connector.create_plan(media.access, draft)


def find(media, campaign, name=NAME):
    return media.connector.find_plan(media.access, campaign_remote_id=campaign, name=name)


def calls(media, kind):
    """How often the media was called on that kind of endpoint, refused calls included."""
    path = media.path(kind)
    return sum(call["path"].endswith(path) for call in media.control("GET", "calls")["latest"])


# -- tokens ------------------------------------------------------------------------------------------------------


def test_an_expired_token_is_told_on_writes_and_nothing_happened(media, campaign, draft):
    media.fault("expired_token", "create_plan")
    with pytest.raises(AuthExpired):
        create(media, draft)
    assert media.names() == []
    assert calls(media, "create_plan") == 1


def test_an_expired_token_is_told_on_reads_without_trying_again(media, campaign):
    media.fault("expired_token", "list_plans")
    with pytest.raises(AuthExpired):
        media.connector.list_plans(media.access)
    assert calls(media, "list_plans") == 1


def test_a_refresh_rotates_both_tokens(media):
    keys = {"application_id": media.access.application_id, "secret": media.secret}
    pair = media.connector.refresh(**keys, refresh_token=media.refresh_token)
    assert pair.access_token != media.access.access_token
    assert pair.refresh_token != media.refresh_token
    assert pair.access_expires_in > 3600
    assert pair.refresh_expires_in > pair.access_expires_in
    with pytest.raises(AuthExpired):
        media.connector.read_balance(media.access)
    with pytest.raises(AuthRevoked):
        media.connector.refresh(**keys, refresh_token=media.refresh_token)
    media.use(pair.access_token)
    assert media.connector.read_balance(media.access).balance_fen > 0


def test_a_wrong_code_is_refused(media):
    with pytest.raises(Rejected):
        media.connector.exchange_code(
            application_id=media.access.application_id, secret=media.secret, auth_code="never-issued"
        )


# -- limits ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layer", ["limit_account", "limit_developer", "limit_endpoint"])
def test_each_limit_layer_refuses_a_write_definitely(media, draft, layer):
    media.fault(layer, "create_plan", retry_in=3.0)
    with pytest.raises(RateLimited) as raised:
        create(media, draft)
    assert raised.value.is_definite
    assert raised.value.retry_after == pytest.approx(3.0)
    if media.vendor is Vendor.OCEANENGINE:  # Kuaishou does not say whose limit it was
        assert (raised.value.scope == "account") is (layer == "limit_account")
    assert [notice.scope for notice in media.limiter.notices if notice.is_refused] == [raised.value.scope]
    assert media.names() == []


@pytest.mark.parametrize("layer", ["limit_account", "limit_developer", "limit_endpoint"])
def test_a_read_waits_for_a_limit_and_succeeds(media, campaign, layer):
    media.fault(layer, "list_plans", retry_in=0.2)
    assert media.connector.list_plans(media.access).items == ()
    assert calls(media, "list_plans") == 2


def test_a_read_does_not_wait_for_a_penalty(media, campaign):
    media.fault("limit_developer", "list_plans", count=None, retry_in=300.0)
    with pytest.raises(RateLimited):
        media.connector.list_plans(media.access)
    assert calls(media, "list_plans") == 1


def test_the_limiter_is_asked_for_every_call_with_its_endpoint(media, draft):
    media.limiter.acquired.clear()
    create(media, draft)
    ((application_id, endpoint, account_remote_id),) = media.limiter.acquired
    assert (application_id, account_remote_id) == (media.access.application_id, media.access.account_remote_id)
    assert endpoint.endswith(media.path("create_plan"))


# -- servers and lines that break --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    ["server_error", "system_error", "reset_before", "reset_after", "malformed_json", "half_page", "duplicate_ids"],
)
def test_a_read_survives_two_troubles_and_is_whole(media, campaign, draft, fault):
    remote_ids = {media.plan(f"{NAME} {number}", campaign=campaign, materials=draft.materials) for number in range(4)}
    media.fault(fault, "list_plans", count=2)
    page = media.connector.list_plans(media.access)
    assert {plan.remote_id for plan in page.items} == remote_ids
    assert calls(media, "list_plans") == 3


@pytest.mark.parametrize("fault", ["server_error", "system_error", "reset_before"])
def test_a_read_gives_up_after_three_tries(media, campaign, fault):
    media.fault(fault, "list_plans", count=None)
    with pytest.raises(Transient):
        media.connector.list_plans(media.access)
    assert calls(media, "list_plans") == 3


@pytest.mark.parametrize("fault", ["server_error", "system_error", "reset_before"])
def test_a_write_that_broke_before_it_took_effect_is_unknown_until_read_back(media, campaign, draft, fault):
    media.fault(fault, "create_plan")
    with pytest.raises(OutcomeUnknown):
        create(media, draft)
    assert calls(media, "create_plan") == 1
    assert find(media, campaign) is None
    assert create(media, draft) == find(media, campaign).remote_id
    assert media.names() == [NAME]


@pytest.mark.parametrize("fault", ["reset_after", "malformed_json"])
def test_a_write_whose_answer_was_lost_is_found_by_reading_back(media, campaign, draft, fault):
    media.fault(fault, "create_plan")
    with pytest.raises(OutcomeUnknown):
        create(media, draft)
    assert calls(media, "create_plan") == 1
    assert find(media, campaign).name == NAME
    assert media.names() == [NAME]


@pytest.mark.parametrize("fault", ["reset_after", "malformed_json"])
def test_a_lost_campaign_is_found_by_reading_back(media, fault):
    media.fault(fault, "create_campaign")
    with pytest.raises(OutcomeUnknown):
        media.campaign(name="春季投放")
    assert media.connector.find_campaign(media.access, name="春季投放") is not None


def test_a_lost_creative_is_found_by_reading_back(media, campaign, draft):
    if not media.connector.has_separate_creatives:
        with pytest.raises(Rejected):
            media.connector.create_creative(media.access, media.creative_draft("7300000000000000001", draft))
        return
    plan_remote_id = create(media, draft)
    media.fault("reset_after", "*creative/create")
    with pytest.raises(OutcomeUnknown):
        media.connector.create_creative(media.access, media.creative_draft(plan_remote_id, draft))
    assert media.connector.has_creative(media.access, plan_remote_id=plan_remote_id, name="创意 #k7f3q")


@pytest.mark.parametrize("fault", ["reset_before", "reset_after"])
def test_a_connection_that_is_reset_on_a_real_socket_is_unknown(media, campaign, draft, fault):
    media.fault(fault, "create_plan")
    with media.over_the_wire(timeout=10.0) as connector, pytest.raises(OutcomeUnknown):
        connector.create_plan(media.access, draft)
    assert (find(media, campaign) is not None) is (fault == "reset_after")


def test_a_slow_write_times_out_and_is_unknown(media, campaign, draft):
    media.fault("slow", "create_plan", ms=600)
    with media.over_the_wire(timeout=0.2) as connector, pytest.raises(OutcomeUnknown):
        connector.create_plan(media.access, draft)
    assert find(media, campaign).name == NAME


def test_a_slow_read_is_tried_again(media, campaign):
    media.fault("slow", "list_plans", ms=600)
    with media.over_the_wire(timeout=0.2) as connector:
        assert connector.list_plans(media.access).items == ()


def test_a_media_that_is_down_got_nothing(media, draft):
    def refuse(request):
        raise httpx.ConnectError("connection refused")

    connector = media.connector_over(httpx.MockTransport(refuse))
    with pytest.raises(Transient) as raised:
        connector.create_plan(media.access, draft)
    assert raised.value.is_definite


# -- lists and numbers that are not what they seem ---------------------------------------------------------------


def test_a_half_page_is_never_taken_for_a_whole_one(media, campaign, draft):
    for number in range(4):
        media.plan(f"{NAME} {number}", campaign=campaign, materials=draft.materials)
    media.fault("half_page", "list_plans", count=None)
    with pytest.raises(Exception, match="of 4 rows"):
        media.connector.find_plan(media.access, campaign_remote_id=campaign, name=NAME)


def test_what_was_just_created_may_not_be_listed_yet(media, campaign, draft):
    media.fault("read_lag", "list_plans", count=1, ms=5000)
    create(media, draft)
    assert find(media, campaign) is None
    assert find(media, campaign).name == NAME


def test_partial_failure_behind_code_zero_is_told_item_by_item(media, campaign, draft):
    ids = [media.plan(f"{NAME} {number}", campaign=campaign, materials=draft.materials) for number in range(6)]
    media.fault("partial_failure", "change_status", share=0.5)
    changes = tuple(PlanChange(remote_id, status=SwitchStatus.PAUSED) for remote_id in ids)
    results = media.connector.change_plans(media.access, changes)
    assert [result.remote_id for result in results] == ids
    accepted = {result.remote_id for result in results if result.is_accepted}
    assert 0 < len(accepted) < 6
    assert all(result.message for result in results if not result.is_accepted)
    paused = {
        plan.remote_id
        for plan in media.connector.read_plans(media.access, ids)
        if plan.status is not SwitchStatus.ENABLED
    }
    assert paused == accepted
