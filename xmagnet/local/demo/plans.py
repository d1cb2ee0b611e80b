"""Plans as an agency's people would have made them in the media's own managers."""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from random import Random

from media_connectors.contracts import (
    AccountAccess,
    AgeBand,
    BidType,
    CampaignDraft,
    ConversionGoal,
    CreativeDraft,
    DeviceSystem,
    Gender,
    MaterialKind,
    MaterialRef,
    Objective,
    PlanDraft,
    Targeting,
)
from media_connectors.protocols import Connector
from media_connectors.services.lines import AccountLine

PRODUCTS = ("百万医疗险", "重疾险", "少儿教育金", "意外险", "防癌险")
HOOKS = ("每月几元起步", "三分钟测保额", "爸妈也能投保", "住院费用可报销", "在线咨询不等待", "先看清楚再投保")
AUDIENCES = (
    ("宝妈", Targeting(Gender.FEMALE, (AgeBand.AGE_24_30, AgeBand.AGE_31_40))),
    ("中年男性", Targeting(Gender.MALE, (AgeBand.AGE_31_40, AgeBand.AGE_41_49), systems=(DeviceSystem.ANDROID,))),
    ("父母", Targeting(Gender.ANY, (AgeBand.AGE_41_49, AgeBand.AGE_50_UP))),
    ("通投", Targeting()),
)
LANDING_URL = "https://www.anxin.example/quote"
WORKING_HOURS = ("0" * 14 + "1" * 32 + "0" * 2) * 7  # 07:00-23:00 every day, half hours
PICTURES = 3


@dataclass(frozen=True, slots=True)
class Draft:
    """What one plan takes."""

    campaign: CampaignDraft
    plan: PlanDraft


def make_plans(line: AccountLine, *, count: int, week: int, today: date, seed: int) -> int:
    """Make ``count`` plans in the account, each in a campaign of its own; how many were made."""
    random = Random(f"{seed}:{line.access.account_remote_id}:{week}")  # noqa: S311 - demo data, not a secret
    materials = [_upload(line, number, random) for number in range(PICTURES)]
    for draft in _drafts(count, week, today, materials, random):
        line.call(lambda connector, access, draft=draft: _create(connector, access, draft))  # type: ignore[misc]
    return count


def _create(connector: Connector, access: AccountAccess, draft: Draft) -> None:
    campaign_id = connector.create_campaign(access, draft.campaign)
    plan = replace(draft.plan, campaign_remote_id=campaign_id)
    plan_id = connector.create_plan(access, plan)
    if connector.has_separate_creatives:
        creative = CreativeDraft(plan_id, f"{plan.name}-创意", plan.titles, plan.materials, plan.call_to_action)
        connector.create_creative(access, creative)


def _drafts(count: int, week: int, today: date, materials: list[MaterialRef], random: Random) -> Iterator[Draft]:
    for number in range(count):
        product, hook = random.choice(PRODUCTS), random.choice(HOOKS)
        audience, targeting = random.choice(AUDIENCES)
        name = f"{product}-{audience}-W{week + 1}-{number + 1:02}"
        bid_fen = random.randrange(6_000, 14_000, 500)
        campaign = CampaignDraft(
            name=name,
            objective=Objective.LEADS,
            goal=ConversionGoal.FORM,
            bid_type=BidType.TARGET_CPA,
            targeting=targeting,
            landing_url=LANDING_URL,
            daily_budget_fen=None,
            start_on=today,
        )
        plan = PlanDraft(
            campaign_remote_id="",
            name=name,
            objective=Objective.LEADS,
            goal=ConversionGoal.FORM,
            bid_type=BidType.TARGET_CPA,
            bid_fen=bid_fen,
            daily_budget_fen=random.choice((50_000, 80_000, 120_000, 200_000)),
            schedule=random.choice(("", "", WORKING_HOURS)),
            start_on=today,
            end_on=None,
            targeting=targeting,
            landing_url=LANDING_URL,
            titles=(f"{product}，{hook}", f"{hook}，{product}在线了解"),
            materials=(random.choice(materials),),
            brand_name="安心保险",
            call_to_action="立即咨询",
            is_enabled=random.random() < 0.9,
        )
        yield Draft(campaign, plan)


def _upload(line: AccountLine, number: int, random: Random) -> MaterialRef:
    picture = _picture(1280, 720, random.randbytes(3))
    kind = MaterialKind.IMAGE
    md5 = hashlib.md5(picture, usedforsecurity=False).hexdigest()
    uploaded = line.call(
        lambda connector, access: connector.upload(
            access, kind=kind, filename=f"demo-{number + 1}.png", content=picture, md5=md5
        )
    )
    return MaterialRef(kind, uploaded.remote_id)


def _picture(width: int, height: int, colour: bytes) -> bytes:
    """A PNG of one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress((b"\0" + colour * width) * height, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
