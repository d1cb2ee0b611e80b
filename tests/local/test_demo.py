"""The demo's own parts; that it runs as a whole is seen by the stack's end-to-end test."""

import hashlib
import zlib
from datetime import date
from random import Random

from media_connectors.contracts import MaterialKind, MaterialRef
from xmagnet.accounts.roles import AGENCY_ROLES, Role
from xmagnet.local.demo import plans
from xmagnet.local.demo.people import AGENCIES, PEOPLE, DemoAccess, keep_access, read_access


def test_there_is_a_login_for_every_role_and_agencies_people_hold_agency_roles():
    assert {person.role for person in PEOPLE} == set(Role)
    assert {person.role for person in PEOPLE if person.agency is not None} <= AGENCY_ROLES
    assert all(person.agency is None or person.agency < len(AGENCIES) for person in PEOPLE)


def test_access_is_kept_for_the_owner_only(tmp_path):
    assert read_access(tmp_path) is None
    keep_access(tmp_path, DemoAccess("secret", "token"))
    assert read_access(tmp_path) == DemoAccess("secret", "token")
    assert (tmp_path / "demo.json").stat().st_mode & 0o077 == 0


def test_pictures_are_pngs_that_differ_by_colour():
    one, two = plans._picture(4, 2, b"\1\2\3"), plans._picture(4, 2, b"\3\2\1")
    assert one.startswith(b"\x89PNG\r\n\x1a\n")
    assert hashlib.sha256(one).digest() != hashlib.sha256(two).digest()
    start = one.index(b"IDAT") + 4
    assert zlib.decompress(one[start : one.index(b"IEND") - 8]) == (b"\0" + b"\1\2\3" * 4) * 2


def test_drafts_are_the_same_for_a_seed_and_have_names_of_their_own():
    materials = [MaterialRef(MaterialKind.IMAGE, "1")]

    def drafts():
        return list(plans._drafts(20, 0, date(2026, 1, 5), materials, Random(1)))

    assert drafts() == drafts()
    assert len({draft.plan.name for draft in drafts()}) == 20
    assert all(draft.plan.bid_fen < draft.plan.daily_budget_fen for draft in drafts())
    assert len(plans.WORKING_HOURS) == 336
