"""Labels and notes: ours alone, logged, and only where one sees."""

import pytest

from campaigns.models import Plan
from campaigns.services.annotations import change_labels, set_note
from tests.factories import make_actor
from xmagnet.audit.models import AuditEvent
from xmagnet.core.errors import Forbidden, InvalidInput, NotFound
from xmagnet.core.scope import organization_scope


@pytest.fixture
def scope(world):
    with organization_scope(world.organization.pk):
        yield


def test_labels_are_added_and_removed_once_and_logged(world, scope):
    plan = world.blue_plan
    assert change_labels(world.admin, plan_ids=[plan.pk], add=["new  idea", "video"]) == 1
    assert change_labels(world.admin, plan_ids=[plan.pk], add=["video"]) == 0
    assert change_labels(world.admin, plan_ids=[plan.pk], remove=["video"]) == 1
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
