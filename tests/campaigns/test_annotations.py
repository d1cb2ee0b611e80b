"""Labels and notes: ours alone, logged, and only where one sees."""

from dataclasses import replace

import pytest

from campaigns.models import Plan
from campaigns.selectors.series import plan_history
from campaigns.services.annotations import change_labels, set_note
from campaigns.services.changes.annotations import preview_annotation_undo, undo_annotations
from media_connectors.services.health import assign_agency
from tests.factories import make_actor
from xmagnet.audit.models import AuditEvent
from xmagnet.audit.selectors import AuditQuery, search_events
from xmagnet.core.errors import Forbidden, InvalidInput, NotFound
from xmagnet.core.scope import organization_scope


@pytest.fixture
def scope(world):
    with organization_scope(world.organization.pk):
        yield


def test_labels_are_added_and_removed_once_and_logged(world, scope):
    plan = world.blue_plan
    assert change_labels(world.admin, plan_ids=[plan.pk], add=["new  idea", "video"]).count == 1
    assert change_labels(world.admin, plan_ids=[plan.pk], add=["video"]).count == 0
    assert change_labels(world.admin, plan_ids=[plan.pk], remove=["video"]).count == 1
    assert Plan.objects.get(pk=plan.pk).labels == ["new idea"]
    event = AuditEvent.objects.filter(action="plan.annotated").last()
    assert (event.before, event.after) == ({"labels": ["new idea", "video"]}, {"labels": ["new idea"]})


def test_labels_of_plans_out_of_sight_are_not_touched(world, scope):
    with pytest.raises(NotFound):
        change_labels(world.blue_actor, plan_ids=[world.blue_plan.pk, world.red_plan.pk], add=["x"])
    with pytest.raises(Forbidden):
        change_labels(make_actor(world.organization, "analyst"), plan_ids=[world.blue_plan.pk], add=["x"])
    assert not Plan.objects.exclude(labels=[]).exists()
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize("labels", [[], [""], ["x" * 41], [f"label {n}" for n in range(21)]])
def test_labels_have_limits(world, scope, labels):
    with pytest.raises(InvalidInput):
        change_labels(world.admin, plan_ids=[world.blue_plan.pk], add=labels)


def test_a_note_is_kept_and_logged(world, scope):
    set_note(world.admin, plan_id=world.blue_plan.pk, note=" Watch the evening. ")
    set_note(world.admin, plan_id=world.blue_plan.pk, note="Watch the evening.")
    assert Plan.objects.get(pk=world.blue_plan.pk).note == "Watch the evening."
    assert AuditEvent.objects.count() == 1
    with pytest.raises(NotFound):
        set_note(world.blue_actor, plan_id=world.red_plan.pk, note="x")


def test_a_note_is_told_to_who_runs_the_account_now_and_not_to_who_made_the_plan(world, scope):
    red_actor = make_actor(world.organization, "optimizer", agency_id=world.red.pk)
    assign_agency(world.admin, account_id=world.blue_account.pk, agency_id=world.red.pk)
    set_note(world.admin, plan_id=world.blue_plan.pk, note="Ask Red why.")
    query = AuditQuery(actions=("plan.annotated",))
    assert [event.after for event in search_events(red_actor, query)] == [{"note": "Ask Red why."}]
    assert not search_events(world.blue_actor, query).exists()


def asked(world, request_id):
    return replace(world.admin, request_id=request_id)


def test_labels_given_in_one_go_are_taken_back_together_but_not_over_a_later_change(world, scope):
    plans = [world.blue_plan, world.red_plan]
    change_labels(asked(world, "1"), plan_ids=[plans[1].pk], add=["kept"])
    given = change_labels(asked(world, "2"), plan_ids=[plan.pk for plan in plans], add=["sale"])
    change_labels(asked(world, "3"), plan_ids=[plans[1].pk], add=["later"])
    found = preview_annotation_undo(world.admin, event_ids=[given.event_id], is_together=True)
    assert [(change.state, change.before, change.after) for change in found.changes] == [
        ("change", ["sale"], []),
        ("skipped", ["kept", "sale", "later"], ["kept", "sale", "later"]),
    ]
    assert undo_annotations(world.admin, event_ids=[given.event_id], is_together=True) == 1
    assert [Plan.objects.get(pk=plan.pk).labels for plan in plans] == [[], ["kept", "sale", "later"]]
    event = AuditEvent.objects.latest("id")
    assert (event.action, event.before, event.after) == ("plan.undone", {"labels": ["sale"]}, {"labels": []})
    assert undo_annotations(world.admin, event_ids=[given.event_id], is_together=True) == 0
    assert undo_annotations(world.admin, event_ids=[event.pk]) == 1  # and back again
    assert Plan.objects.get(pk=plans[0].pk).labels == ["sale"]


def test_one_plans_label_and_note_are_taken_back_alone(world, scope):
    plans = [world.blue_plan, world.red_plan]
    given = change_labels(world.admin, plan_ids=[plan.pk for plan in plans], add=["sale"])
    assert undo_annotations(world.admin, event_ids=[given.event_id]) == 1
    assert sorted(len(Plan.objects.get(pk=plan.pk).labels) for plan in plans) == [0, 1]
    set_note(world.admin, plan_id=plans[0].pk, note="one")
    two = set_note(world.admin, plan_id=plans[0].pk, note="two")
    assert [entry.is_undoable for entry in plan_history(world.admin, plans[0].pk)][:2] == [True, False]
    undo_annotations(world.admin, event_ids=[two.event_id])
    assert Plan.objects.get(pk=plans[0].pk).note == "one"


def test_labels_of_plans_out_of_sight_are_not_taken_back(world, scope):
    given = change_labels(world.admin, plan_ids=[world.blue_plan.pk, world.red_plan.pk], add=["sale"])
    events = {event.object_id: event.pk for event in AuditEvent.objects.filter(action="plan.annotated")}
    with pytest.raises(NotFound):
        undo_annotations(world.blue_actor, event_ids=[events[str(world.red_plan.pk)]], is_together=True)
    assert undo_annotations(world.blue_actor, event_ids=[events[str(world.blue_plan.pk)]], is_together=True) == 1
    assert Plan.objects.get(pk=world.red_plan.pk).labels == ["sale"]
    with pytest.raises(Forbidden):
        undo_annotations(make_actor(world.organization, "analyst"), event_ids=[given.event_id])
