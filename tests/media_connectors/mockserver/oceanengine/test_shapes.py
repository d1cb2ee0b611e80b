"""The shapes themselves: complete, strict, and served."""

import pytest

from media_connectors.mockserver.dialect import Refused
from media_connectors.mockserver.dialects import oceanengine
from media_connectors.mockserver.dialects.oceanengine.schema import Shape, shapes


def served() -> set[tuple[str, str]]:
    endpoints = oceanengine.OceanEngine().endpoints()
    return {(method, e.path) for e in endpoints for method in e.methods if not e.is_page}


def test_every_described_endpoint_is_served_and_the_other_way_round() -> None:
    assert served() == set(shapes())
    assert all(path.startswith("/open_api/") and path.endswith("/") for _, path in served())


def test_a_strict_decoder_sees_wrong_types() -> None:
    shape = shapes()["GET", "/open_api/v3.0/promotion/list/"][1]
    assert isinstance(shape, Shape)
    good = {"list": [{"promotion_id": 2**60, "budget": 300, "status_second": ["AUDIT"]}]}
    assert list(shape.faults(good)) == []
    for row, fault in (
        ({"promotion_id": "1"}, "is not int"),
        ({"promotion_id": 2**63}, "is not int"),
        ({"budget": "300"}, "is not float"),
        ({"status_second": "AUDIT"}, "is not a list"),
        ({"learning_phase": "UNKNOWN"}, "is not a documented value"),
        ({"moon": 1}, "not documented"),
    ):
        assert fault in next(iter(shape.faults({"list": [row]})))


def test_requests_are_read_into_documented_types() -> None:
    shape = shapes()["POST", "/open_api/v3.0/promotion/bid/update/"][0]
    given = {"advertiser_id": "17", "data": [{"promotion_id": "1830000000000055434", "bid": 5, "moon": 1}]}
    assert shape.read(given) == {"advertiser_id": 17, "data": [{"promotion_id": 1830000000000055434, "bid": 5.0}]}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([{"promotion_id": 1}], "data.0.bid: Missing data for required field."),
        ([{"promotion_id": 1, "bid": None}], "data.0.bid: Value is not nullable"),
        ([{"promotion_id": 1, "bid": "x"}], "data.0.bid: Not a valid number."),
        ([{"promotion_id": 1, "bid": "nan"}], "data.0.bid: Not a valid number."),
        ([{"promotion_id": True, "bid": 1}], "data.0.promotion_id: Not a valid integer."),
        ({"promotion_id": 1}, "data: Not a valid list."),
        (["x"], "data.0: Not a valid object."),
    ],
)
def test_a_refusal_names_the_field(data: object, message: str) -> None:
    shape = shapes()["POST", "/open_api/v3.0/promotion/bid/update/"][0]
    with pytest.raises(Refused) as refusal:
        shape.read({"advertiser_id": 1, "data": data})
    assert (refusal.value.code, refusal.value.message) == (40000, message)
