import json

import pytest

from frontend.charts import Marker, Series, time_chart


def chart_of(*series: Series, **more: object):
    return time_chart("Cost", label_heading="Hour", labels=["00", "01"], series=series, **more)


def test_an_option_is_plain_json() -> None:
    figure = chart_of(Series("Cost", [100, None], unit="money"), markers=[Marker("01", "bid 30 → 33")])
    assert json.loads(json.dumps(figure.option))["series"][0]["data"] == [100, None]


def test_units_go_to_the_axis_and_the_series() -> None:
    figure = chart_of(Series("Cost", [1, 2], unit="money"), Series("CTR", [0.1, 0.2], unit="percent", axis=1))
    assert [axis["unit"] for axis in figure.option["yAxis"]] == ["money", "percent"]
    assert [one["yAxisIndex"] for one in figure.option["series"]] == [0, 1]
    assert figure.option["yAxis"][1]["splitLine"] == {"show": False}


def test_the_table_twin_holds_the_same_numbers() -> None:
    figure = chart_of(Series("Cost", [100, None], unit="money"), Series("Clicks", [3, 4]))
    assert figure.headings == ("Cost", "Clicks")
    assert figure.rows == (("00", ((100, "money"), (3, "count"))), ("01", ((None, "money"), (4, "count"))))


def test_a_comparison_is_dashed_and_without_dots() -> None:
    figure = chart_of(Series("Today", [1, 2]), Series("Yesterday", [1, 2], is_comparison=True))
    today, yesterday = figure.option["series"]
    assert today["lineStyle"] == {"width": 2}
    assert yesterday["lineStyle"]["type"] == "dashed"
    assert yesterday["showSymbol"] is False


def test_markers_stand_on_the_first_series_only() -> None:
    figure = chart_of(Series("A", [1, 2]), Series("B", [1, 2]), markers=[Marker("01", "launched")])
    first, second = figure.option["series"]
    assert first["markLine"]["data"] == [{"xAxis": "01", "name": "launched"}]
    assert "markLine" not in second


def test_a_series_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(ValueError, match="'Short' has 1 values for 2 labels"):
        chart_of(Series("Short", [1]))
