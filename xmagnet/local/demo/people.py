"""The demo's organization, its people, and how they get in."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from django.db import transaction

from xmagnet.accounts.models import Membership, Organization, User
from xmagnet.accounts.roles import Role
from xmagnet.core.scope import organization_scope

SLUG = "anxin"
AGENCIES = ("蓝海互动", "星河传媒", "众合营销")


@dataclass(frozen=True, slots=True)
class Person:
    """``agency`` is an index of ``AGENCIES``."""

    login: str
    name: str
    role: Role
    agency: int | None = None

    @property
    def email(self) -> str:
        """What they sign in with."""
        return f"{self.login}@anxin.example"


PEOPLE = (
    Person("admin", "林悦 Lin Yue", Role.ADMIN),
    Person("optimizer", "陈昊 Chen Hao", Role.OPTIMIZER),
    Person("agency-manager", "赵敏 Zhao Min", Role.AGENCY_MANAGER),
    Person("agency-lead", "孙伟 Sun Wei", Role.AGENCY_LEAD, 0),
    Person("agency-optimizer", "吴芳 Wu Fang", Role.OPTIMIZER, 0),
    Person("creative", "何静 He Jing", Role.CREATIVE),
    Person("reviewer", "马丽 Ma Li", Role.REVIEWER),
    Person("analyst", "郭涛 Guo Tao", Role.ANALYST),
    Person("finance", "罗平 Luo Ping", Role.FINANCE),
)


@dataclass(frozen=True, slots=True)
class DemoAccess:
    """What a person needs to look around; kept beside the data, readable by its owner only."""

    password: str
    api_token: str


def keep_access(var_directory: Path, access: DemoAccess) -> None:
    """Write the demo's password and token where only the owner of the data reads them."""
    path = var_directory / "demo.json"
    path.touch(mode=0o600)
    path.write_text(json.dumps(asdict(access), indent=1))


def read_access(var_directory: Path) -> DemoAccess | None:
    """The demo's password and token, when there is a demo."""
    path = var_directory / "demo.json"
    return DemoAccess(**json.loads(path.read_text())) if path.exists() else None


def make_people(password: str) -> tuple[Organization, User]:
    """The organization with all its people, not yet placed in agencies; also its administrator."""
    with transaction.atomic():
        organization = Organization.objects.create(name="安心保险 Anxin Insurance", slug=SLUG)
        with organization_scope(organization.pk):
            for person in PEOPLE:
                user = User.objects.create_user(email=person.email, password=password, name=person.name)
                Membership.objects.create(organization=organization, user=user, role=person.role)
        return organization, User.objects.get(email=PEOPLE[0].email)


def place_people(agency_ids: Sequence[int]) -> None:
    """Put the agencies' people into their agencies, in the organization in scope."""
    for person in PEOPLE:
        if person.agency is not None:
            Membership.objects.filter(user__email=person.email).update(agency_id=agency_ids[person.agency])
