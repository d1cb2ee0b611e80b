"""What a Kuaishou unit shows and to whom: the audience stands on the unit, texts and materials on its creatives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from media_connectors.contracts import (
    AgeBand,
    ConversionGoal,
    DeviceSystem,
    Gender,
    MaterialKind,
    MaterialRef,
    PlanContent,
    Targeting,
)
from media_connectors.platforms.kuaishou.drafts import AGES, GENDERS, MATERIAL_TYPES, OCPX_ACTIONS, SYSTEMS
from media_connectors.platforms.wire import (
    JsonObject,
    as_id,
    as_int,
    as_ints,
    as_list,
    as_object,
    as_objects,
    as_text,
    inverse,
)


def content_from(
    unit: JsonObject,
    customs: Iterable[JsonObject],
    programs: Iterable[JsonObject],
    *,
    region_codes: tuple[int, ...],
) -> PlanContent:
    """A unit of ``gw/dsp/unit/list`` with its custom and program creatives; each text and material once.

    ``region_codes`` are ours for the unit's ``region_ids``.
    """
    goals: Mapping[int, ConversionGoal] = inverse(OCPX_ACTIONS)
    titles: dict[str, None] = {}
    materials: dict[MaterialRef, None] = {}
    action = ""
    for creative in customs:
        shown = as_object(creative.get("display_info"))
        titles[as_text(creative.get("description")) or as_text(shown.get("description"))] = None
        action = action or as_text(creative.get("action_bar_text")) or as_text(shown.get("action_bar_text"))
        materials |= dict.fromkeys(_custom_materials(creative))
    for program in programs:
        titles |= dict.fromkeys(as_text(caption) for caption in as_list(program.get("captions")))
        action = action or as_text(program.get("action_bar"))
        materials |= dict.fromkeys(_program_materials(program))
    return PlanContent(
        goal=goals.get(as_int(unit.get("ocpx_action_type"))),
        targeting=targeting_from(as_object(unit.get("target")), region_codes=region_codes),
        titles=tuple(title for title in titles if title),
        materials=tuple(material for material in materials if material.remote_id),
        landing_url=as_text(unit.get("url")),
        call_to_action=action,
    )


def region_ids(unit: Mapping[str, object]) -> tuple[int, ...]:
    """Kuaishou's own ids of the regions that a unit is shown in."""
    return as_ints(as_object(unit.get("target")).get("region"))


def targeting_from(target: JsonObject, *, region_codes: tuple[int, ...]) -> Targeting:
    """The audience of a unit; what the media leaves out or calls null is no restriction."""
    ages: Mapping[int, AgeBand] = inverse(AGES)
    systems: Mapping[int, DeviceSystem] = inverse(SYSTEMS)
    genders: Mapping[int, Gender] = inverse(GENDERS)
    interest = as_object(as_object(target.get("behavior_interest")).get("interest"))
    system = systems.get(as_int(target.get("platform_os")))
    return Targeting(
        gender=genders.get(as_int(target.get("gender")), Gender.ANY),
        ages=tuple(ages[as_int(age)] for age in as_list(target.get("ages_range")) if as_int(age) in ages),
        region_codes=region_codes,
        systems=(system,) if system else (),
        # A label is the path from the group down; our id is its last number.
        interest_ids=tuple(as_int(str(label).rpartition("-")[2]) for label in as_list(interest.get("label"))),
        include_audience_ids=as_ints(target.get("population")),
        exclude_audience_ids=as_ints(target.get("exclude_population")),
        is_expansion_on=as_int(target.get("intelli_extend_option")) == 1,
    )


def _custom_materials(creative: JsonObject) -> Iterable[MaterialRef]:
    kinds: Mapping[int, MaterialKind] = inverse(MATERIAL_TYPES)
    kind = kinds.get(as_int(creative.get("creative_material_type")))
    photo = as_id(creative.get("photo_id"))
    if photo and photo != "0":
        yield MaterialRef(kind or MaterialKind.VIDEO, photo, as_text(creative.get("image_token")))
    for token in as_list(creative.get("image_tokens")):
        yield MaterialRef(kind or MaterialKind.IMAGE, as_text(token))


def _program_materials(program: JsonObject) -> Iterable[MaterialRef]:
    kinds: Mapping[int, MaterialKind] = inverse(MATERIAL_TYPES)
    for photo in as_objects(program.get("photo_list")):
        kind = kinds.get(as_int(photo.get("creative_material_type")), MaterialKind.VIDEO)
        yield MaterialRef(kind, as_id(photo.get("photo_id")), as_text(photo.get("cover_image_token")))
    for token in as_list(program.get("pic_list")):
        yield MaterialRef(MaterialKind.IMAGE, as_text(token))
