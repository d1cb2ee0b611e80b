"""The unified row as a pydantic model: shapes, words and units, the same for all three media."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, NoReturn

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from campaigns.domain.rows.schedule import BadSchedule, read_schedule
from xmagnet.core.money import yuan_from_text

UNLIMITED = -1  # a budget without a limit, while the row is being read
LIST_SEPARATOR = "|"
MOST_ID = 2**63 - 1
#: as people and spreadsheets write days; never a bare number, which pydantic would take for seconds since 1970
_DAY = re.compile(r"^(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})$", re.ASCII)
#: 46000 is 2025-12-09 to a spreadsheet whose cell lost its format
_DAY_NUMBER = re.compile(r"^[2-7]\d{4}(?:\.\d+)?$", re.ASCII)
#: what a spreadsheet makes of an id of more than 15 digits
_DIGITS_LOST = re.compile(r"^\d(?:\.\d+)?e\+?\d\d$", re.ASCII | re.I)


def _fen(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Decimal)):
        raise PydanticCustomError("not_an_amount", "not an amount")
    try:
        fen = yuan_from_text(str(value)) * 100
    except ValueError:
        raise PydanticCustomError("not_an_amount", "not an amount") from None
    if fen != fen.to_integral_value():
        raise PydanticCustomError("too_many_decimals", "at most two decimals")
    return int(fen)


def _budget(value: Any) -> int:
    if isinstance(value, str) and value.strip().lower() in {"unlimited", "不限"}:
        return UNLIMITED
    return _fen(value)


def _day(value: Any) -> Any:
    if isinstance(value, date):
        return value
    if _DAY_NUMBER.match(str(value).strip()):
        raise PydanticCustomError("date_number", "a spreadsheet's number of a day")
    match = _DAY.match(value.strip()) if isinstance(value, str) else None
    try:
        return date(*(int(part) for part in match.groups())) if match else _not_a_date()
    except ValueError:
        return _not_a_date()


def _not_a_date() -> NoReturn:
    raise PydanticCustomError("not_a_date", "not a date")


def _split(value: Any) -> Any:
    if isinstance(value, str):
        return [part.strip() for part in value.split(LIST_SEPARATOR) if part.strip()]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return [value]
    return value


def _word(value: Any) -> Any:
    return value.strip().lower() if isinstance(value, str) else value


def _words(value: Any) -> Any:
    parts = _split(value)
    return [_word(part) for part in parts] if isinstance(parts, list) else parts


def _materials(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    found = []
    for part in _split(value):
        kind, _, rest = part.partition(":")
        remote_id, _, cover_id = rest.partition(":")
        found.append({"kind": kind, "id": remote_id, "cover_id": cover_id})
    return found


def _schedule(value: Any) -> Any:
    if not isinstance(value, str):
        raise PydanticCustomError("schedule_unreadable", "not a schedule")
    try:
        return read_schedule(value)
    except BadSchedule as error:
        raise PydanticCustomError(error.code, "not a schedule") from None


def _whole(value: Any) -> Any:
    """An id's digits as they are; true is not 1, and 1.7E+18 is not the number that it was."""
    if isinstance(value, bool):
        raise PydanticCustomError("int_type", "not a whole number")
    if _DIGITS_LOST.match(str(value).strip()):
        raise PydanticCustomError("digits_lost", "digits are lost")
    return value


def _remote_id(value: Any) -> Any:
    if _DIGITS_LOST.match(str(value).strip()):
        raise PydanticCustomError("digits_lost", "digits are lost")
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value.strip() if isinstance(value, str) else value


def _switch(value: Any) -> Any:
    word = _word(value)
    return {"on": True, "off": False, "yes": True, "no": False, "是": True, "否": False}.get(word, word)


RemoteId = Annotated[str, BeforeValidator(_remote_id), Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
#: a file's id as the media give it, such as ``tos-cn-p-0051/ab12`` or ``market12.png``; cells need ``:`` and ``|``
MaterialId = Annotated[str, BeforeValidator(_remote_id), Field(pattern=r"^[^\s:|\x00-\x1f\x7f]{1,200}$")]
Id = Annotated[int, Field(ge=1, le=MOST_ID), BeforeValidator(_whole)]
Ids = Annotated[tuple[Id, ...], BeforeValidator(_split), Field(max_length=500)]
Day = Annotated[date, BeforeValidator(_day)]
Words = BeforeValidator(_words)
Word = BeforeValidator(_word)


class Material(BaseModel):
    """A file of the account's library."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    kind: Annotated[Literal["video", "video_vertical", "image", "image_vertical"], Word]
    id: MaterialId
    cover_id: MaterialId | Literal[""] = ""


class PlanRow(BaseModel):
    """The unified row of a plan for all three media. Every field may be missing here; the rules know what may not."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, coerce_numbers_to_str=True)

    client_ref: Annotated[str, Field(max_length=64, pattern=r"^[^#\s'=+\-@][^\t\r\n]*$")] = ""
    media: Annotated[Literal["douyin", "toutiao", "kuaishou"], Word] | None = None
    account_id: RemoteId | None = None
    campaign: Annotated[str, Field(max_length=100)] = ""
    name: Annotated[str, Field(max_length=200)] = ""
    objective: Annotated[Literal["leads"], Word] = "leads"
    goal: Annotated[Literal["form", "valid_lead", "pay"], Word] = "form"
    bid_type: Annotated[Literal["target_cpa", "max_conversion"], Word] = "target_cpa"
    bid: Annotated[int, BeforeValidator(_fen)] | None = None
    budget: Annotated[int, BeforeValidator(_budget)] | None = None
    schedule: Annotated[str, BeforeValidator(_schedule)] = ""
    start_date: Day | None = None
    end_date: Day | None = None
    gender: Annotated[Literal["any", "male", "female"], Word] = "any"
    ages: Annotated[tuple[Literal["18-23", "24-30", "31-40", "41-49", "50+"], ...], Words] = ()
    regions: Ids = ()
    systems: Annotated[tuple[Literal["android", "ios"], ...], Words] = ()
    interests: Ids = ()
    audiences_include: Ids = ()
    audiences_exclude: Ids = ()
    expansion: Annotated[bool, BeforeValidator(_switch)] = False
    landing_url: Annotated[str, Field(max_length=1000, pattern=r"^https?://[^\s/]+\.?[^\s]*$")] = ""
    titles: Annotated[tuple[str, ...], BeforeValidator(_split)] = ()
    materials: Annotated[tuple[Material, ...], BeforeValidator(_materials)] = ()
    brand_name: str = ""
    call_to_action: str = ""
