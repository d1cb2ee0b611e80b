"""The key of a row: a short suffix in the plan's name, by which a lost answer is found again at the media."""

from __future__ import annotations

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's: no i, l, o, u
KEY_LENGTH = 6
SUFFIX_LENGTH = 1 + KEY_LENGTH
_SPACE = len(ALPHABET) ** KEY_LENGTH
_STRIDE = 0x2545F491  # odd, so multiplication is a bijection modulo a power of two; spreads neighbouring ids


def row_key(row_id: int) -> str:
    """Six characters; two rows share one only when their ids differ by a multiple of 2**30.

    >>> row_key(1) != row_key(2)
    True
    """
    number = row_id * _STRIDE % _SPACE
    characters = []
    for _ in range(KEY_LENGTH):
        number, digit = divmod(number, len(ALPHABET))
        characters.append(ALPHABET[digit])
    return "".join(characters)


def name_at_media(name: str, key: str) -> str:
    """The plan's name with the row's key."""
    return f"{name}#{key}"
