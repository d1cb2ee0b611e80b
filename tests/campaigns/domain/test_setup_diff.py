"""What differs between two versions of a template, piece by piece."""

from dataclasses import asdict, replace

from campaigns.domain.setup import AudiencePack, BuilderSetup, MediaSettings
from campaigns.domain.setup_diff import SetupChange, setup_changes

OLD = BuilderSetup(
    bids="40", audiences=(AudiencePack(key="a", name="Young", ages=("18-23",)), AudiencePack(key="b", name="Wide")),
    per_media={"kuaishou": MediaSettings(bids="30")},
)  # fmt: skip


def test_equal_setups_and_those_of_another_session_do_not_differ() -> None:
    assert setup_changes(asdict(OLD), asdict(replace(OLD, client_ref_prefix="other"))) == ()


def test_fields_blocks_and_media_are_told_apart() -> None:
    new = replace(
        OLD, bids="45", audiences=(replace(OLD.audiences[0], key="z", ages=("18-23", "24-30")),),
        per_media={"kuaishou": MediaSettings(bids="35")},
    )  # fmt: skip
    assert setup_changes(asdict(OLD), asdict(new)) == (
        SetupChange("audiences", "Young", "gender: any; ages: 18-23", "gender: any; ages: 18-23, 24-30"),
        SetupChange("audiences", "Wide", "gender: any", ""),
        SetupChange("bids", "", "40", "45"),
        SetupChange("per_media", "kuaishou", "bids: 30", "bids: 35"),
    )


def test_fields_that_are_gone_or_new_are_told() -> None:
    assert setup_changes({"old": "x"}, {"bids": "4"}) == (
        SetupChange("old", "", "x", ""),
        SetupChange("bids", "", "", "4"),
    )
