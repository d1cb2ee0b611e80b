"""How parameters travel: JSON in the query, numbers as text, what is refused."""

import pytest

from .conftest import Ocean, project_body

INFO = "/open_api/2/advertiser/info/"
LIST = "/open_api/v3.0/promotion/list/"


def raw(ocean: Ocean, path: str, query: str, **headers: str) -> dict:
    return ocean.http.get(f"{path}?{query}", headers={"Access-Token": ocean.token, **headers}).json()


def test_data_of_advertiser_info_is_an_array_and_absent_when_refused(ocean: Ocean) -> None:
    rows = ocean.get(INFO, advertiser_ids=[ocean.account, ocean.other])
    assert [row["id"] for row in rows] == [ocean.account, ocean.other]
    assert ocean.call("GET", INFO, advertiser_ids=[ocean.account], fields=["id", "name"])["data"][0].keys() == {
        "id",
        "name",
    }
    body = ocean.call("GET", INFO, advertiser_ids=[1])
    assert body.keys() == {"code", "message", "request_id"}
    assert body["code"] == 40002


@pytest.mark.parametrize("query", ["", "advertiser_ids[]=1", "advertiser_ids=1,2", "advertiser_ids=x"])
def test_arrays_that_are_not_json_are_refused(ocean: Ocean, query: str) -> None:
    body = raw(ocean, INFO, query)
    assert (body["code"], body["message"]) == (40000, "The advertiser ID is required and must be an integer")


def test_repeated_keys_are_not_an_array(ocean: Ocean) -> None:
    body = raw(ocean, INFO, f"advertiser_ids={ocean.account}&advertiser_ids={ocean.other}")
    assert body["code"] == 40000


def test_the_vendors_typescript_port_may_join_arrays_with_commas(ocean: Ocean) -> None:
    node = {"X-Sdk-Language": "node"}
    body = raw(ocean, INFO, f"advertiser_ids={ocean.account}%2C{ocean.other}&fields=id%2Cname", **node)
    assert [row["id"] for row in body["data"]] == [ocean.account, ocean.other]


@pytest.mark.parametrize("joined", ["{0}", "{0}%2C{0}", "%5B{0}%5D"])
def test_the_typescript_ports_lists_of_one_have_no_comma(ocean: Ocean, joined: str) -> None:
    body = raw(ocean, INFO, f"advertiser_ids={joined.format(ocean.account)}", **{"X-Sdk-Language": "node"})
    assert {row["id"] for row in body["data"]} == {ocean.account}
    order = "%7B%22field%22%3A%22stat_cost%22%2C%22type%22%3A%22DESC%22%7D"
    asked = "dimensions=stat_time_day&metrics=stat_cost&filters=&start_time=2026-11-16&end_time=2026-11-16"
    path = "/open_api/v3.0/report/custom/get/"
    body = raw(ocean, path, f"advertiser_id={ocean.account}&{asked}&order_by={order}", **{"X-Sdk-Language": "node"})
    assert body["code"] == 0
    assert raw(ocean, path, f"advertiser_id={ocean.account}&{asked}&order_by={order}")["code"] == 40000


def test_the_typescript_ports_texts_stay_texts(ocean: Ocean) -> None:
    """An id of digits only is no number where the vendor has a text, nor is one that begins with zeros."""
    path = "/open_api/2/file/image/ad/get/"
    for ids in ("12345678901234567890123456789012", "007,1e5"):
        body = raw(ocean, path, f"advertiser_id={ocean.account}&image_ids={ids}", **{"X-Sdk-Language": "node"})
        assert (body["code"], body["data"]["list"]) == (0, [])


def test_filters_are_json_objects(ocean: Ocean) -> None:
    body = raw(ocean, LIST, f"advertiser_id={ocean.account}&filtering=project")
    assert (body["code"], body["message"]) == (40000, "filtering: Not a valid JSON value.")


def test_numbers_may_come_as_text(ocean: Ocean) -> None:
    path = "/open_api/v3.0/project/create/"
    data = ocean.post(path, **{**project_body(), "advertiser_id": str(ocean.account)})
    assert data["project_id"] > 0
    assert ocean.refused("POST", path, **{**project_body("x"), "advertiser_id": "1.5"})[0] == 40000


def test_a_broken_body_is_a_parameter_error(ocean: Ocean) -> None:
    headers = {"Access-Token": ocean.token, "Content-Type": "application/json"}
    answer = ocean.http.post("/open_api/v3.0/project/create/", content=b"{", headers=headers)
    assert answer.status_code == 200
    assert answer.json()["code"] == 40000


def test_a_form_without_a_boundary_is_a_parameter_error(ocean: Ocean) -> None:
    headers = {"Access-Token": ocean.token, "Content-Type": "multipart/form-data"}
    answer = ocean.http.post("/open_api/2/file/image/ad/", content=b"x", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (200, 40000)


def test_paths_end_with_a_slash_and_methods_matter(ocean: Ocean) -> None:
    headers = {"Access-Token": ocean.token}
    assert ocean.http.get("/open_api/v3.0/promotion/list", headers=headers).status_code == 404
    assert ocean.http.post(LIST, headers=headers, json={}).status_code == 405
