"""What an Ocean Engine promotion shows and to whom: materials stand on the promotion, the audience on its project."""

from __future__ import annotations

from collections.abc import Mapping

from media_connectors.contracts import (
    AgeBand,
    DeviceSystem,
    Gender,
    MaterialKind,
    MaterialRef,
    PlanContent,
    Targeting,
)
from media_connectors.platforms.oceanengine.drafts import AGES, EXTERNAL_ACTIONS, GENDERS, IMAGE_MODES, SYSTEMS
from media_connectors.platforms.wire import (
    JsonObject,
    as_ints,
    as_list,
    as_object,
    as_objects,
    as_text,
    inverse,
)


def content_from(promotion: JsonObject, project: JsonObject) -> PlanContent:
    """A row of ``v3.0/promotion/list/`` with its project's; what we have no word for is left out."""
    shown = as_object(promotion.get("promotion_materials"))
    goals = inverse(EXTERNAL_ACTIONS)
    urls = as_list(shown.get("external_url_material_list"))
    buttons = as_list(shown.get("call_to_action_buttons"))
    return PlanContent(
        goal=goals.get(as_text(as_object(project.get("optimize_goal")).get("external_action"))),
        targeting=targeting_from(as_object(project.get("audience")), project),
        titles=tuple(as_text(title.get("title")) for title in as_objects(shown.get("title_material_list"))),
        materials=_materials(shown),
        landing_url=as_text(urls[0]) if urls else "",
        brand_name=as_text(promotion.get("source")),
        call_to_action=as_text(buttons[0]) if buttons else "",
    )


def targeting_from(audience: JsonObject, project: JsonObject) -> Targeting:
    """The audience of a project. Fine age bands, which Kuaishou does not know, are left out."""
    ages: Mapping[str, AgeBand] = inverse(AGES)
    genders: Mapping[str, Gender] = inverse(GENDERS)
    systems: Mapping[str, DeviceSystem] = inverse(SYSTEMS)
    return Targeting(
        gender=genders.get(as_text(audience.get("gender")), Gender.ANY),
        ages=tuple(ages[as_text(age)] for age in as_list(audience.get("age")) if as_text(age) in ages),
        region_codes=as_ints(audience.get("city")),
        systems=tuple(systems[as_text(name)] for name in as_list(audience.get("platform")) if as_text(name) in systems),
        interest_ids=as_ints(audience.get("interest_categories")),
        include_audience_ids=as_ints(audience.get("retargeting_tags_include")),
        exclude_audience_ids=as_ints(audience.get("retargeting_tags_exclude")),
        is_expansion_on=as_text(project.get("audience_extend")) == "ON",
    )


def _materials(shown: JsonObject) -> tuple[MaterialRef, ...]:
    kinds: Mapping[str, MaterialKind] = inverse(IMAGE_MODES)
    found = [
        MaterialRef(
            kinds.get(as_text(video.get("image_mode")), MaterialKind.VIDEO),
            as_text(video.get("video_id")),
            as_text(video.get("video_cover_id")),
        )
        for video in as_objects(shown.get("video_material_list"))
    ]
    for group in as_objects(shown.get("image_material_list")):
        kind = kinds.get(as_text(group.get("image_mode")), MaterialKind.IMAGE)
        found += [MaterialRef(kind, as_text(image.get("image_id"))) for image in as_objects(group.get("images"))]
    return tuple(material for material in found if material.remote_id)
