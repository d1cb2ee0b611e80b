"""Reading Kuaishou's parameters: numbers or their text, lists of either, JSON in a query value.

A parameter that is absent, null or (where documented) empty reads as ``None``. Whatever cannot be read raises
``Refused`` with the medium's general business code.
"""

from collections.abc import Collection, Mapping
from typing import Any

import orjson

from ...clock import parse as parse_moment
from ...dialect import Refused

BUSINESS_ERROR = 401000
TRANSIENT_ERROR = 400001
TOKEN_EXPIRED = 402000
TOKEN_INVALID = 402004

LI_PER_YUAN = 1000
Params = Mapping[str, Any]


def refused(message: str) -> Refused:
    """A business error with its (Chinese) explanation."""
    return Refused(BUSINESS_ERROR, message)


def whole(params: Params, name: str) -> int | None:
    """An integer given as a number or as text; absent, null and "" are ``None``."""
    value = params.get(name)
    if value is None or value == "":
        return None
    return _as_whole(name, value)


def required_whole(params: Params, name: str) -> int:
    value = whole(params, name)
    if value is None:
        raise refused(f"参数错误：{name} 不能为空")
    return value


def whole_in(params: Params, name: str, allowed: Collection[int], default: int | None = None) -> int:
    """An integer out of a closed set; required when there is no default."""
    value = whole(params, name)
    if value is None:
        if default is None:
            raise refused(f"参数错误：{name} 不能为空")
        return default
    if value not in allowed:
        raise refused(f"参数错误：{name} 的取值 {value} 不合法")
    return value


def decimal(params: Params, name: str) -> float | None:
    """A real number given as a number or as text."""
    value = params.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        raise refused(f"参数错误：{name} 必须为数字")
    try:
        return float(value)
    except (TypeError, ValueError):
        raise refused(f"参数错误：{name} 必须为数字") from None


def text(params: Params, name: str) -> str | None:
    """A string; a number is taken for its text, because ids arrive either way."""
    value = params.get(name)
    if value is None:
        return None
    if isinstance(value, bool | list | dict):
        raise refused(f"参数错误：{name} 必须为字符串")
    return str(value)


def required_text(params: Params, name: str, longest: int) -> str:
    """A string of 1 to ``longest`` characters."""
    value = text(params, name)
    if value is None or not value.strip():
        raise refused(f"参数错误：{name} 不能为空")
    if len(value) > longest:
        raise refused(f"参数错误：{name} 长度不能超过 {longest} 个字符")
    return value


def items(params: Params, name: str) -> list[Any] | None:
    """A list, as JSON, as the JSON text of a query value, or as one bare value."""
    value = params.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, str):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            value = [value]
    return value if isinstance(value, list) else [value]


def wholes(params: Params, name: str, most: int | None = None) -> list[int] | None:
    """A list of integers, each a number or text."""
    found = items(params, name)
    if found is None:
        return None
    if most is not None and len(found) > most:
        raise refused(f"参数错误：{name} 数量不能超过 {most} 个")
    return [_as_whole(name, value) for value in found]


def texts(params: Params, name: str, most: int, longest: int) -> list[str]:
    """A list of strings of 1 to ``longest`` characters; absent is empty."""
    found = [str(value) for value in items(params, name) or []]
    if len(found) > most:
        raise refused(f"参数错误：{name} 数量不能超过 {most} 个")
    for value in found:
        if not value or len(value) > longest:
            raise refused(f"参数错误：{name} 每项长度为 1-{longest} 个字符")
    return found


def batch_texts(params: Params, name: str, most: int) -> list[str]:
    """Texts of a batch call, each once and in order: at least one, at most ``most``."""
    found = list(dict.fromkeys(str(value) for value in items(params, name) or []))
    if not found:
        raise refused(f"参数错误：{name} 不能为空")
    if len(found) > most:
        raise refused(f"参数错误：{name} 数量不能超过 {most} 个")
    return found


def batch_ids(params: Params, singular: str, plural: str, most: int) -> list[int]:
    """Ids of a batch call: one field, the other, or both; no repetition, at most ``most``."""
    single = whole(params, singular)
    found = ([] if single in {None, 0} else [single]) + (wholes(params, plural) or [])
    unique = list(dict.fromkeys(found))
    if not unique:
        raise refused(f"参数错误：{singular} 与 {plural} 不能同时为空")
    many = wholes(params, plural) or []
    if len(many) != len(set(many)):
        raise refused(f"参数错误：{plural} 不得重复")
    if len(unique) > most:
        raise refused(f"参数错误：{plural} 数量不能超过 {most} 个")
    return unique


def day(params: Params, name: str) -> str | None:
    """A date ``yyyy-MM-dd``."""
    value = text(params, name)
    if not value:
        return None
    try:
        parse_moment(value)
    except ValueError:
        raise refused(f"参数错误：{name} 格式应为 yyyy-MM-dd") from None
    if len(value) != 10:
        raise refused(f"参数错误：{name} 格式应为 yyyy-MM-dd")
    return value


def yuan(li: float) -> str:
    """An amount of 厘 as people read it."""
    return f"{li / LI_PER_YUAN:g}"


def _as_whole(name: str, value: Any) -> int:
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        raise refused(f"参数错误：{name} 必须为整数")
    try:
        return int(value)
    except (TypeError, ValueError):
        raise refused(f"参数错误：{name} 必须为整数") from None
