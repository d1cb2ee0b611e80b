"""Money is integer fen everywhere in our tables; yuan only where people read and write."""

from __future__ import annotations

import re
import unicodedata
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

CENT = Decimal("0.01")
#: far above any budget, far below what a column of fen holds
MOST_YUAN = 10**12
#: commas only where they part thousands: "12,5" is twelve and a half to many people, and must not become 125
_AMOUNT = re.compile(
    r"^[¥￥]?\s*(?P<number>[+-]?(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d*)?(?:e[+-]?\d{1,3})?)$", re.ASCII | re.I
)


def fen_from_yuan(value: Decimal | str | int | float) -> int:
    """Exact fen of a yuan amount; raises ``ValueError`` for more than two decimals, for NaN, for text that is no number
    and for more than all the money there is, which neither a column nor a calculation would hold."""
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        raise ValueError("not a number") from None
    if not amount.is_finite() or amount.copy_abs() > MOST_YUAN:  # abs() would calculate, and overflow
        raise ValueError("not a number")
    fen = amount * 100
    if fen != fen.to_integral_value():
        raise ValueError("more than two decimals")
    return int(fen)


def yuan_from_text(text: str) -> Decimal:
    """Yuan of an amount as programs and spreadsheets write it; raises ``ValueError`` for what could be another one."""
    match = _AMOUNT.match(text.strip())
    amount = Decimal(match["number"].replace(",", "")) if match else None
    if amount is None or abs(amount) > MOST_YUAN:
        raise ValueError("not an amount")
    return amount


def fen_from_text(text: str) -> int:
    """Exact fen of an amount as people type and paste it: full-width digits, ¥ or 元; else as strict.

    >>> fen_from_text("￥１，２３４．５"), fen_from_text("88 元")
    (123450, 8800)
    """
    folded = "".join(unicodedata.normalize("NFKC", text).replace("−", "-").split())
    return fen_from_yuan(yuan_from_text(folded.removesuffix("元")))


def yuan_from_fen(fen: int) -> Decimal:
    """Yuan with two decimals."""
    return (Decimal(fen) / 100).quantize(CENT, rounding=ROUND_HALF_UP)
