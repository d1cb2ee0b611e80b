"""Money is integer fen everywhere in our tables; yuan only where people read and write."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

CENT = Decimal("0.01")


def fen_from_yuan(value: Decimal | str | int | float) -> int:
    """Exact fen of a yuan amount; raises ``ValueError`` for more than two decimals, NaN or text that is no number."""
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        raise ValueError("not a number") from None
    if not amount.is_finite():
        raise ValueError("not a number")
    fen = amount * 100
    if fen != fen.to_integral_value():
        raise ValueError("more than two decimals")
    return int(fen)


def yuan_from_fen(fen: int) -> Decimal:
    """Yuan with two decimals."""
    return (Decimal(fen) / 100).quantize(CENT, rounding=ROUND_HALF_UP)
