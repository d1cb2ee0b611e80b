"""Regions are found by the names that people know."""

from xmagnet.core.regions import all_regions, find_regions


def names(text: str) -> list[str]:
    return [region.english for region in find_regions(text)]


def test_the_table_holds_every_province_and_cities_inside_their_province() -> None:
    regions = all_regions()
    assert sum(region.province is None for region in regions.values()) == 34
    shenzhen = regions[440300]
    assert (shenzhen.chinese, shenzhen.english, shenzhen.province) == ("深圳", "Shenzhen", regions[440000])
    assert all(region.province is not None for code, region in regions.items() if code % 10_000)


def test_chinese_english_and_codes_find_the_same_region() -> None:
    assert names("深圳")[0] == names("shenz")[0] == names("440300")[0] == "Shenzhen"
    assert names("xian")[0] == "Xi'an"
    assert names("luliang") == ["Lüliang"]
    assert names("inner") == ["Inner Mongolia"]
    assert names("nowhere") == []


def test_a_city_says_its_province_because_names_repeat() -> None:
    found = [region.name("en") for region in find_regions("suzhou")]
    assert found == ["Suzhou (Jiangsu)", "Suzhou (Anhui)"]
    assert [region.name("zh-hans") for region in find_regions("suzhou")] == ["苏州 (江苏)", "宿州 (安徽)"]


def test_without_a_text_the_provinces_are_offered() -> None:
    assert len(find_regions(" ")) == 34
