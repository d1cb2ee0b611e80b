"""What a person may be interested in, as both vendors offer it: a tree of categories under their own numbers."""

#: groups and their parts; the numbers of each vendor follow from the positions
TREE: dict[str, tuple[str, ...]] = {
    "金融理财": ("保险", "银行", "信用卡", "股票基金", "贷款", "记账理财"),
    "健康医疗": ("健康体检", "慢病管理", "养生", "医美", "口腔", "就医服务"),
    "母婴育儿": ("备孕怀孕", "婴儿用品", "早教", "儿童教育"),
    "教育培训": ("中小学教育", "职业考试", "语言学习", "兴趣培训"),
    "汽车": ("新车", "二手车", "车险", "用车养车", "新能源汽车"),
    "房产家居": ("买房", "租房", "装修", "家居用品"),
    "旅游出行": ("国内游", "出境游", "酒店", "机票火车票"),
    "运动户外": ("跑步", "健身", "骑行", "球类"),
    "美食": ("烹饪", "餐饮", "零食", "酒水"),
    "生活服务": ("家政", "养老", "宠物", "婚庆"),
}


def tree(first_id: int) -> list[tuple[int, str, list[tuple[int, str]]]]:
    """(id, name, [(id, name) of the parts]) from the vendor's first number; a group has a round number."""
    return [
        (first_id + group * 100, name, [(first_id + group * 100 + part, each) for part, each in enumerate(parts, 1)])
        for group, (name, parts) in enumerate(TREE.items())
    ]
